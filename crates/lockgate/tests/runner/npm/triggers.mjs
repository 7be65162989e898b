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
  const rights = [permissions, ...Object.values(jobs).map((job) => job.permissions)];
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
    writes: rights.some((right) => right === "write-all" || Object.values(right ?? {}).includes("write")),
  };
}
console.log(JSON.stringify(all));
