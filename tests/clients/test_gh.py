"""gh, GitHub's own command, drives the rehearsal forge.

To `github.localhost` it speaks plain HTTP; the forge is its proxy, and takes whole addresses. Nothing else is reachable for it.
"""

import json
import subprocess
import unittest

from support import REPOSITORY, TAG, ClientTest, environment, tool


class GhTest(ClientTest):
    agent = "GitHub CLI"

    def gh(self, *arguments: str, who: str = "maintainer", fails: bool = False) -> str:
        proxy = f"http://{self.forge.address}"
        env = environment(
            GH_CONFIG_DIR=str(self.forge.folder / "gh"),
            GH_HOST="github.localhost",
            GH_NO_UPDATE_NOTIFIER="1",
            GH_PROMPT_DISABLED="1",
            GH_REPO=f"github.localhost/{REPOSITORY}",
            GH_TELEMETRY="false",
            GH_TOKEN=f"{who}-token",
            HTTP_PROXY=proxy,
            HTTPS_PROXY=proxy,
            NO_COLOR="1",
        )
        gh = tool("clients-venv/bin/gh")
        done = subprocess.run([gh, *arguments], env=env, cwd=self.forge.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode != 0, fails, f"gh {arguments}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr if fails else done.stdout

    def api(self, *arguments: str, **named):
        return json.loads(self.gh("api", *arguments, **named))

    def at(self, path: str) -> str:
        return f"repos/{REPOSITORY}{path}"

    def test_a_release_from_draft_to_deletion(self) -> None:
        folder = self.forge.folder
        for name in ("gh-tool", "gh-more"):
            (folder / name).write_bytes(name.encode() * 1000)
        made = self.gh("release", "create", "gh-v1", "gh-tool", "--draft", "--title", "One", "--notes", "Notes", "--target", "main")
        self.assertIn("/releases/tag/untagged-", made)
        self.assertIn("gh-v1", self.gh("release", "list"))
        self.gh("release", "upload", "gh-v1", "gh-more")
        self.assertIn("already", self.gh("release", "upload", "gh-v1", "gh-more", fails=True))
        self.gh("release", "edit", "gh-v1", "--title", "One, at last", "--draft=false")
        viewed = json.loads(self.gh("release", "view", "gh-v1", "--json", "name,isDraft,assets,tagName"))
        self.assertEqual((viewed["name"], viewed["isDraft"], viewed["tagName"]), ("One, at last", False, "gh-v1"))
        self.assertEqual(sorted(asset["name"] for asset in viewed["assets"]), ["gh-more", "gh-tool"])
        self.gh("release", "download", "gh-v1", "--dir", "down")
        for name in ("gh-tool", "gh-more"):
            self.assertEqual((folder / "down" / name).read_bytes(), (folder / name).read_bytes())
        self.gh("release", "delete", "gh-v1", "--yes", "--cleanup-tag")
        self.assertIn("release not found", self.gh("release", "view", "gh-v1", fails=True))
        self.assertIn("HTTP 404", self.gh("api", self.at("/git/ref/tags/gh-v1"), fails=True))

    def test_the_release_of_the_story_is_there(self) -> None:
        listed = json.loads(self.gh("release", "list", "--json", "tagName,isDraft,isLatest"))
        self.assertIn(TAG, [one["tagName"] for one in listed])
        self.assertIn("asset:\tSHA256SUMS", self.gh("release", "view", TAG, who="stranger"))

    def test_artifacts_are_listed_and_downloaded(self) -> None:
        runs = json.loads(self.gh("run", "list", "--json", "databaseId,status,conclusion,event"))
        self.assertEqual(sorted(run["event"] for run in runs), ["pull_request", "workflow_dispatch"])
        for run in runs:
            self.assertEqual((run["status"], run["conclusion"]), ("completed", "success"))
            number = str(run["databaseId"])
            listed = self.api(self.at(f"/actions/runs/{number}/artifacts"))["artifacts"]
            self.gh("run", "download", number, "--dir", f"artifacts-{number}")
            # One artifact alone is unpacked without a folder of its own.
            got = sorted(path.name for path in (self.forge.folder / f"artifacts-{number}").iterdir())
            self.assertTrue(got)
            if len(listed) > 1:
                self.assertEqual(got, sorted(one["name"] for one in listed))

    def test_a_pull_request_with_comments_and_statuses(self) -> None:
        commit = self.forge.branch("gh-topic")
        pull = self.api(self.at("/pulls"), "-f", "base=main", "-f", "head=gh-topic", "-f", "title=A topic", "-f", "body=Text")
        self.assertEqual((pull["state"], pull["head"]["sha"]), ("open", commit))
        comments = self.at(f"/issues/{pull['number']}/comments")
        for text in ("One", "Two", "Three"):
            self.api(comments, "-f", f"body={text}")
        pages = self.api(f"{comments}?per_page=2", "--paginate")
        self.assertEqual([one["body"] for one in pages], ["One", "Two", "Three"])
        self.api(self.at(f"/statuses/{commit}"), "-f", "state=success", "-f", "context=gh", "-f", "description=fine")
        combined = self.api(self.at(f"/commits/{commit}/status"))
        self.assertEqual((combined["state"], combined["statuses"][0]["context"]), ("success", "gh"))
        stale = ("-X", "PUT", self.at(f"/pulls/{pull['number']}/merge"), "-f", f"sha={'0' * 40}")
        self.assertIn("HTTP 409", self.gh("api", *stale, fails=True))
        self.api("-X", "PATCH", self.at(f"/pulls/{pull['number']}"), "-f", "state=closed")
        self.assertEqual(self.api(self.at(f"/pulls/{pull['number']}"))["state"], "closed")

    def test_refs_are_made_moved_and_deleted(self) -> None:
        commit = self.forge.branch("gh-source")
        main = self.api(self.at("/branches/main"))["commit"]["sha"]
        made = ("-f", "ref=refs/heads/gh/one", "-f", f"sha={main}")
        self.assertEqual(self.api(self.at("/git/refs"), *made)["object"]["sha"], main)
        self.assertIn("Reference already exists (HTTP 422)", self.gh("api", self.at("/git/refs"), *made, fails=True))
        moved = self.api("-X", "PATCH", self.at("/git/refs/heads/gh/one"), "-f", f"sha={commit}")
        self.assertEqual(moved["object"]["sha"], commit)
        self.assertEqual(len(self.api(self.at("/git/matching-refs/heads/gh/one"))), 1)
        self.assertEqual(self.gh("api", "-X", "DELETE", self.at("/git/refs/heads/gh/one")), "")

    def test_what_did_not_change_is_not_sent_again(self) -> None:
        path = self.at(f"/releases/tags/{TAG}")
        head = self.gh("api", "--include", path).split("\n\n")[0].splitlines()
        [etag] = [line.split(": ", 1)[1].strip() for line in head if line.lower().startswith("etag:")]
        self.assertIn("304", self.gh("api", "--include", "-H", f"If-None-Match: {etag}", path, fails=True))

    def test_refusals_are_those_of_their_kind(self) -> None:
        self.assertIn("HTTP 401", self.gh("api", "user", who="nobody", fails=True))
        self.assertIn("HTTP 404", self.gh("api", self.at("/pulls/4711"), fails=True))
        main = self.api(self.at("/branches/main"))["commit"]["sha"]
        mine = (self.at("/git/refs"), "-f", "ref=refs/heads/mine", "-f", f"sha={main}")
        self.assertIn("HTTP 403", self.gh("api", *mine, who="stranger", fails=True))

    def test_what_the_forge_lacks_it_says(self) -> None:
        for arguments in (("pr", "list"), ("api", self.at("/milestones"))):
            said = self.gh(*arguments, fails=True)
            self.assertIn("501", said)
            self.assertIn("not implemented by the rehearsal forge", said)


if __name__ == "__main__":
    unittest.main()
