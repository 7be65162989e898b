#!/usr/bin/env python3
"""Copies what Lockgate needs of GitHub's description of its REST API into the checkout.

    scripts/openapi.py [DESCRIPTION [OUTPUT]]

DESCRIPTION is `generated/api.github.com.json` of the npm package `@octokit/openapi`, as scripts/setup.sh installs it.
Of it, the operations that `operations.txt` lists are kept, with the schemas that they reach, and of those only what
a validator reads: no prose, no examples. Nothing is changed on the way; the same input gives the same bytes.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / "target/tools/node/openapi/package/generated/api.github.com.json"
FOLDER = ROOT / "proof/openapi/openapi"

# What a schema says that a validator reads.
SCHEMA = {
    "$ref", "additionalProperties", "allOf", "anyOf", "enum", "format", "items", "maxItems", "maxLength", "maxProperties",
    "maximum", "minItems", "minLength", "minProperties", "minimum", "not", "nullable", "oneOf", "pattern", "properties",
    "required", "type", "uniqueItems",
}
# What a parameter says of itself.
PARAMETER = {"$ref", "in", "name", "required", "schema", "x-multi-segment"}


def main(arguments):
    source = Path(arguments[0]) if arguments else DESCRIPTION
    target = Path(arguments[1]) if len(arguments) > 1 else FOLDER / "github.json"
    if not source.exists():
        sys.exit(f"openapi: {source} is not there; scripts/setup.sh test installs it")
    description = json.loads(source.read_text(encoding="utf-8"))
    target.write_text(laid_out(subset(description, operations())), encoding="utf-8")


def operations():
    """The pairs of method and path in operations.txt."""
    lines = (FOLDER / "operations.txt").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]


def subset(description, wanted):
    """The operations, and what they reach."""
    paths, missing = {}, []
    for method, path in wanted:
        found = description["paths"].get(path, {}).get(method.lower())
        if found is None:
            missing.append(f"{method} {path}")
        else:
            paths.setdefault(path, {})[method.lower()] = operation(found)
    if missing:
        sys.exit("openapi: the description has no " + ", no ".join(missing))
    components, waiting = {}, references(paths)
    while waiting:
        kind, name = waiting.pop().split("/")[2:]
        if name not in components.setdefault(kind, {}):
            found = COMPONENTS[kind](description["components"][kind][name])
            components[kind][name] = found
            waiting |= references(found)
    return {"info": {"version": description["info"]["version"]}, "openapi": description["openapi"],
            "components": components, "paths": paths}


def operation(found):
    kept = {"operationId": found["operationId"],
            "parameters": [parameter(one) for one in found.get("parameters", [])],
            "responses": {status: response(one) for status, one in found["responses"].items()}}
    if "requestBody" in found:
        body = found["requestBody"]
        kept["requestBody"] = {"required": body.get("required", False), "content": content(body)}
    return kept


def parameter(found):
    return {key: schema(value) if key == "schema" else value for key, value in found.items() if key in PARAMETER}


def response(found):
    return found if "$ref" in found else {"content": content(found)}


def content(found):
    kept = {}
    for media, one in found.get("content", {}).items():
        kept[media] = {"schema": schema(one["schema"])} if "schema" in one else {}
    return kept


def schema(found):
    """A schema without prose. Names of properties are names, whatever they are."""
    if isinstance(found, list):
        return [schema(one) for one in found]
    if not isinstance(found, dict):
        return found
    kept = {}
    for key, value in found.items():
        if key == "properties":
            kept[key] = {name: schema(one) for name, one in value.items()}
        elif key in ("enum", "required"):
            kept[key] = value
        elif key in SCHEMA:
            kept[key] = schema(value)
    return kept


COMPONENTS = {"schemas": schema, "parameters": parameter, "responses": response}


def references(found):
    """The components that something names."""
    if isinstance(found, list):
        return set().union(*map(references, found))
    if not isinstance(found, dict):
        return set()
    own = {found["$ref"]} if isinstance(found.get("$ref"), str) else set()
    return own.union(*(references(value) for value in found.values()))


def laid_out(found):
    """JSON with a line for each component and each operation, so that an update can be read."""
    def line(value):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def block(members, indent, inner):
        rows = [f"{indent} {line(name)}: {inner(value)}" for name, value in sorted(members.items())]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"

    def two_deep(members):
        return block(members, " ", lambda inner: block(inner, "  ", line))

    parts = {name: line(value) for name, value in found.items() if name in ("info", "openapi")}
    parts["components"] = two_deep(found["components"])
    parts["paths"] = two_deep(found["paths"])
    return "{\n" + ",\n".join(f" {line(name)}: {text}" for name, text in sorted(parts.items())) + "\n}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
