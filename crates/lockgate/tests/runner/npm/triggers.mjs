// Prints what GitHub reads in workflow files to know when to run them, as one JSON object by path.
// usage: NODE_PATH=... node triggers.mjs FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { parse } = createRequire(import.meta.url)("yaml");

const list = (value) => (value == null ? [] : [value].flat());
const all = {};
for (const file of process.argv.slice(2)) {
  const { name, on, jobs, permissions } = parse(readFileSync(file, "utf8"));
  const events = typeof on === "string" || Array.isArray(on) ? Object.fromEntries(list(on).map((event) => [event, null])) : on;
  const uses = Object.values(jobs).flatMap((job) => list(job.steps).flatMap((step) => list(step.uses)));
  const rights = {};
  for (const job of Object.values(jobs)) {
    const right = job.permissions ?? permissions;
    if (typeof right !== "object" || right === null) throw new Error(`${file}: a job without permissions of its own`);
    for (const [scope, access] of Object.entries(right)) {
      if (rights[scope] !== "write") rights[scope] = access;
    }
  }
  all[file] = {
    name: name ?? file,
    on: Object.entries(events).map(([event, filter]) => ({
      event,
      types: list(filter?.types),
      branches: list(filter?.branches),
      workflows: list(filter?.workflows),
      narrowed: Object.keys(filter ?? {}).filter((key) => !["types", "branches", "workflows", "inputs"].includes(key)),
    })),
    uses: [...new Set(uses)],
    rights,
  };
}
console.log(JSON.stringify(all));
