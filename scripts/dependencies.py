#!/usr/bin/env python3
"""Checks the licence and the source of every dependency against deny.toml, from Cargo.lock's own packages, without the network.

cargo-deny does more (`make deny`), but takes minutes to compile, and a check that runs on every change should not.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"


def allowed(expression, licences):
    """Returns whether an SPDX expression can be met with these licences. `/` is an old way to write OR."""
    words = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    # `A WITH B` is one licence.
    while "WITH" in words:
        at = words.index("WITH")
        words[at - 1 : at + 2] = [" ".join(words[at - 1 : at + 2])]
    return disjunction(words, licences) and not words


def disjunction(words, licences):
    met = conjunction(words, licences)
    while words and words[0] == "OR":
        words.pop(0)
        met = conjunction(words, licences) or met
    return met


def conjunction(words, licences):
    met = one(words, licences)
    while words and words[0] == "AND":
        words.pop(0)
        met = one(words, licences) and met
    return met


def one(words, licences):
    word = words.pop(0) if words else ""
    if word != "(":
        return word in licences
    met = disjunction(words, licences)
    return bool(words) and words.pop(0) == ")" and met


def test():
    table = {
        "MIT": True, "GPL-3.0": False, "MIT OR GPL-3.0": True, "GPL-3.0/MIT": True, "MIT AND GPL-3.0": False,
        "(MIT OR GPL-3.0) AND ISC": True, "ISC AND (GPL-3.0 OR LGPL-3.0)": False, "MIT WITH GCC-exception": False,
        "Apache-2.0 WITH LLVM-exception": True, "GPL-3.0 OR MIT AND ISC": True, "": False, "(MIT": False, "MIT ISC": False,
    }  # fmt: skip
    licences = {"MIT", "ISC", "Apache-2.0 WITH LLVM-exception"}
    for expression, expected in table.items():
        assert allowed(expression, licences) == expected, expression


def main():
    test()
    licences = re.search(r"^allow = \[(.*?)^\]", (ROOT / "deny.toml").read_text(), re.S | re.M)
    licences = set(re.findall(r'"([^"]+)"', licences[1]))
    ask = ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"]
    metadata = json.loads(subprocess.run(ask, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    wrong = []
    for package in metadata["packages"]:
        name = f"{package['name']} {package['version']}"
        if not allowed(package["license"] or "", licences):
            wrong.append(f"{name} is under {package['license']!r}, which deny.toml does not allow")
        if package["source"] not in (None, CRATES_IO):
            wrong.append(f"{name} comes from {package['source']}, not from crates.io")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
