// octokit drives the rehearsal forge. Started by test_octokit.py, which says where the forge and octokit are.

import assert from "node:assert/strict";
import test from "node:test";

const { Octokit, RequestError } = await import(process.env.OCTOKIT);
const [owner, repo] = process.env.FORGE_REPOSITORY.split("/");
const tag = process.env.FORGE_TAG;
const here = { owner, repo };

function octokit(who = "maintainer") {
  const patient = { retry: { enabled: false }, throttle: { enabled: false } };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return new Octokit({ baseUrl: process.env.FORGE_API, auth: `${who}-token`, log, ...patient });
}

async function refused(status, call) {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof RequestError, error);
    assert.equal(error.status, status, error.message);
    return error;
  }
  assert.fail(`was not refused with ${status}`);
}

test("a release from draft to deletion", async () => {
  const { repos, git } = octokit().rest;
  const draft = await repos.createRelease({ ...here, tag_name: "js-v1", name: "One", body: "Notes", draft: true });
  assert.equal(draft.status, 201);
  const release_id = draft.data.id;
  const upload = (name) =>
    octokit().request({
      method: "POST",
      url: draft.data.upload_url,
      name,
      data: "bytes of a tool",
      headers: { "content-type": "application/octet-stream" },
    });
  const asset = await upload("js-tool");
  assert.deepEqual([asset.data.name, asset.data.size, asset.data.state], ["js-tool", 15, "uploaded"]);
  const again = await refused(422, upload("js-tool"));
  assert.equal(again.response.data.errors[0].code, "already_exists");
  const edited = await repos.updateRelease({ ...here, release_id, name: "One, at last", draft: false });
  assert.equal(edited.data.draft, false);
  const found = await repos.getReleaseByTag({ ...here, tag: "js-v1" });
  assert.equal(found.data.name, "One, at last");
  const assets = await repos.listReleaseAssets({ ...here, release_id });
  assert.equal(assets.data.length, 1);
  const asset_id = asset.data.id;
  const bytes = await repos.getReleaseAsset({ ...here, asset_id, headers: { accept: "application/octet-stream" } });
  assert.equal(Buffer.from(bytes.data).toString(), "bytes of a tool");
  await repos.updateReleaseAsset({ ...here, asset_id, name: "js-tool-2", label: "L" });
  assert.equal((await repos.deleteReleaseAsset({ ...here, asset_id })).status, 204);
  assert.equal((await repos.deleteRelease({ ...here, release_id })).status, 204);
  await refused(404, repos.getReleaseByTag({ ...here, tag: "js-v1" }));
  assert.equal((await git.deleteRef({ ...here, ref: "tags/js-v1" })).status, 204);
});

test("the release of the story is listed and viewed by anybody", async () => {
  const { repos } = octokit("stranger").rest;
  const all = await repos.listReleases({ ...here });
  assert.ok(all.data.some((one) => one.tag_name === tag));
  const one = await repos.getReleaseByTag({ ...here, tag });
  assert.ok(one.data.assets.some((asset) => asset.name === "SHA256SUMS"));
});

test("artifacts are listed and downloaded", async () => {
  const { actions } = octokit().rest;
  const runs = await actions.listWorkflowRunsForRepo({ ...here });
  const run_id = runs.data.workflow_runs[0].id;
  const listed = await actions.listWorkflowRunArtifacts({ ...here, run_id });
  const artifact = listed.data.artifacts[0];
  const all = await actions.listArtifactsForRepo({ ...here, name: artifact.name });
  assert.ok(all.data.total_count >= 1);
  const zip = await actions.downloadArtifact({ ...here, artifact_id: artifact.id, archive_format: "zip" });
  assert.equal(Buffer.from(zip.data).subarray(0, 2).toString(), "PK");
  assert.equal(zip.data.byteLength, artifact.size_in_bytes);
});

test("a pull request with comments, statuses and a merge", async () => {
  const { issues, pulls, repos } = octokit().rest;
  const head = process.env.FORGE_BRANCH;
  const opened = await pulls.create({ ...here, base: "main", head, title: "A topic", body: "Text" });
  const number = opened.data.number;
  const sha = opened.data.head.sha;
  const list = await pulls.list({ ...here, state: "open", head: `${owner}:${head}` });
  assert.deepEqual(list.data.map((one) => one.number), [number]);
  const comment = await issues.createComment({ ...here, issue_number: number, body: "First" });
  await issues.updateComment({ ...here, comment_id: comment.data.id, body: "Second" });
  const comments = await issues.listComments({ ...here, issue_number: number });
  assert.deepEqual(comments.data.map((one) => one.body), ["Second"]);
  await repos.createCommitStatus({ ...here, sha, state: "success", context: "lockgate/hello", description: "fine" });
  const statuses = await repos.listCommitStatusesForRef({ ...here, ref: sha });
  assert.equal(statuses.data[0].context, "lockgate/hello");
  const combined = await repos.getCombinedStatusForRef({ ...here, ref: sha });
  assert.equal(combined.data.state, "success");
  await refused(409, pulls.merge({ ...here, pull_number: number, sha: "0".repeat(40) }));
  const merged = await pulls.merge({ ...here, pull_number: number, sha, merge_method: "squash" });
  assert.equal(merged.data.merged, true);
  assert.equal((await pulls.get({ ...here, pull_number: number })).data.merged, true);
  await refused(405, pulls.merge({ ...here, pull_number: number }));
});

test("refs, and listings in pages", async () => {
  const { git, repos } = octokit().rest;
  const sha = (await repos.getBranch({ ...here, branch: "main" })).data.commit.sha;
  for (const number of [0, 1, 2, 3, 4]) {
    await git.createRef({ ...here, ref: `refs/tags/js-page/${number}`, sha });
  }
  await refused(422, git.createRef({ ...here, ref: "refs/tags/js-page/0", sha }));
  const pages = octokit().paginate.iterator(git.listMatchingRefs, { ...here, ref: "tags/js-page/", per_page: 2 });
  const sizes = [];
  for await (const page of pages) sizes.push(page.data.length);
  assert.deepEqual(sizes, [2, 2, 1]);
  const one = await git.getRef({ ...here, ref: "tags/js-page/4" });
  assert.equal(one.data.object.sha, sha);
});

test("what did not change is not sent again", async () => {
  const { repos } = octokit().rest;
  const first = await repos.getReleaseByTag({ ...here, tag });
  const known = { "if-none-match": first.headers.etag };
  await refused(304, repos.getReleaseByTag({ ...here, tag, headers: known }));
});

test("refusals are those of their kind", async () => {
  await refused(401, octokit("nobody").rest.repos.get(here));
  const sha = (await octokit().rest.repos.getBranch({ ...here, branch: "main" })).data.commit.sha;
  await refused(403, octokit("stranger").rest.git.createRef({ ...here, ref: "refs/heads/mine", sha }));
  await refused(404, octokit().rest.pulls.get({ ...here, pull_number: 4711 }));
});

test("what the forge lacks it says", async () => {
  const error = await refused(501, octokit().rest.issues.listMilestones(here));
  assert.match(error.message, /not implemented by the rehearsal forge/);
  const query = await refused(501, octokit().graphql("{ viewer { login } }").catch((it) => Promise.reject(it)));
  assert.match(query.message, /not implemented by the rehearsal forge/);
});
