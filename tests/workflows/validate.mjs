// Reads workflows and action files as GitHub's own editor support does, with the parser that GitHub publishes.
//
//     node validate.mjs TOOLS FILE...    TOOLS holds node_modules; prints a line for each diagnostic, of any severity
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

// The parser imports its tables of keys as JSON, in a way that bundlers understand and Node does not.
const hook = `
  import { readFileSync } from "node:fs";
  export async function load(url, context, next) {
    if (!url.endsWith(".json")) return next(url, context);
    return { format: "module", shortCircuit: true, source: "export default " + readFileSync(new URL(url), "utf8") };
  }`;
register("data:text/javascript," + encodeURIComponent(hook));

const [tools, ...files] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(tools, "node_modules", path)));
const { validate } = await load("@actions/languageservice/dist/index.js");
const { TextDocument } = await load("vscode-languageserver-textdocument/lib/esm/main.js");

// The inputs that the pinned versions of the actions have; what they do not have is an error.
const inputs = (...names) => Object.fromEntries(names.map((name) => [name, { description: name }]));
const ACTIONS = {
  "actions/checkout": inputs("repository", "ref", "fetch-depth", "persist-credentials"),
  "actions/upload-artifact": inputs("name", "path", "if-no-files-found", "retention-days", "overwrite"),
  "example/lockgate": inputs("sha256", "version", "emulate", "releases"),
};
const actionsMetadataProvider = {
  fetchActionMetadata: async ({ owner, name }) => {
    const known = ACTIONS[`${owner}/${name}`];
    return known && { name, description: name, inputs: known };
  },
};

let found = 0;
for (const file of files) {
  const uri = pathToFileURL(file).toString();
  const document = TextDocument.create(uri, "yaml", 1, readFileSync(file, "utf8"));
  for (const { message, range } of await validate(document, { actionsMetadataProvider })) {
    found += 1;
    console.log(`${file}:${range.start.line + 1}: ${message}`);
  }
}
console.log(`${files.length} files, ${found} findings, such as ${basename(files[0] ?? "none")}`);
process.exit(found === 0 ? 0 : 1);
