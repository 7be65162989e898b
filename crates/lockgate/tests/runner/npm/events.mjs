// Copies the few payloads that the tests need out of GitHub's examples, as they are.
// usage: node events.mjs FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const examples = createRequire(import.meta.url)("@octokit/webhooks-examples");
const wanted = {
  merge_group: (payload) => payload.action === "checks_requested",
  pull_request: (payload) => payload.action === "synchronize",
  push: (payload) => payload.ref.startsWith("refs/heads/") && payload.head_commit,
  workflow_dispatch: () => true,
  workflow_run: (payload) => payload.action === "completed" && payload.workflow_run.event === "pull_request",
};

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
for (const [event, fits] of Object.entries(wanted)) {
  const payloads = examples.find((group) => group.name === event).examples;
  const payload = payloads.find(fits) ?? payloads[0];
  writeFileSync(`${folder}/${event}.json`, JSON.stringify(payload, null, 1) + "\n");
}
