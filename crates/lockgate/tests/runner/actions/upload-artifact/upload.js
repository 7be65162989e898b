// The order of the steps is that of actions/upload-artifact v4: src/upload/upload-artifact.ts, src/shared/search.ts.
// The libraries are found by NODE_PATH; the real action has them in one file.
"use strict";

// The only use that the library makes of this address is to tell GitHub from an Enterprise Server, which it refuses.
process.env.GITHUB_SERVER_URL = "https://github.com";

const path = require("path");
const fs = require("fs");
const core = require("@actions/core");
const glob = require("@actions/glob");
const { DefaultArtifactClient, ArtifactNotFoundError } = require("@actions/artifact");

async function main() {
  const name = core.getInput("name");
  const missing = core.getInput("if-no-files-found");
  if (!["warn", "error", "ignore"].includes(missing)) {
    throw new Error(`Unrecognized if-no-files-found input. Provided: ${missing}. Available options: warn,error,ignore`);
  }
  const options = {};
  const days = core.getInput("retention-days");
  if (days) {
    options.retentionDays = parseInt(days);
    if (isNaN(options.retentionDays)) throw new Error("Invalid retention-days");
  }
  const level = core.getInput("compression-level");
  if (level) options.compressionLevel = parseInt(level);
  const { files, root } = await search(core.getInput("path", { required: true }));
  if (files.length === 0) {
    const text = `No files were found with the provided path: ${core.getInput("path")}. No artifacts will be uploaded.`;
    if (missing === "error") core.setFailed(text);
    if (missing === "warn") core.warning(text);
    return;
  }
  const client = new DefaultArtifactClient();
  if (core.getBooleanInput("overwrite")) await deleteIfThere(client, name);
  const made = await client.uploadArtifact(name, files, root, options);
  core.setOutput("artifact-id", made.id);
  core.setOutput("artifact-digest", made.digest);
}

async function search(pattern) {
  const hidden = core.getBooleanInput("include-hidden-files");
  const globber = await glob.create(pattern, { implicitDescendants: true, excludeHiddenFiles: !hidden });
  const found = await globber.glob();
  const files = found.filter((file) => !fs.statSync(file).isDirectory());
  const paths = globber.getSearchPaths();
  const single = files.length === 1 && paths.length === 1 && paths[0] === files[0];
  if (paths.length > 1) throw new Error("several search paths are not stood in for");
  return { files, root: single ? path.dirname(files[0]) : paths[0] };
}

async function deleteIfThere(client, name) {
  try {
    await client.deleteArtifact(name);
  } catch (error) {
    if (!(error instanceof ArtifactNotFoundError)) throw error;
    core.debug(`Skipping deletion of '${name}', it does not exist`);
  }
}

main().catch((error) => core.setFailed(error.message));
