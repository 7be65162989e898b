#!/usr/bin/env python3
"""Checks the prose of the pages and of Rust comments against a list of words, each with the word to write instead.

Only prose is checked: code, code blocks, code spans, quoted text, comments and link targets are skipped. A phrase that a page must have
all the same, such as a name that a test compares, is listed in ALLOWED. No arguments: `make lint` calls it. `--test` checks this
script itself.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PAGES = [
    "*.md",
    "crates/*/README.md",
    "proof/README.md",
    "examples/python-package/README.md",
    "docs/**/*.md",
]

# Pages that do not follow the list yet. The changelog keeps its entries as they were written.
LATER = {
    "CHANGELOG.md",
}

# Crates whose comments follow the list.
COMMENTS = [
    "crates/artifact",
    "crates/client",
    "crates/python",
]

# Files of them that do not follow it yet.
COMMENTS_LATER = "crates/client/src/document/"

# Phrases that are names: of the model's properties and rejected designs, and of rows that a test compares.
ALLOWED = [
    "who reports success is right",
    "who reports that nothing was published is right",
    "a receipt is believed, whoever published it",
    "anybody can make the package's tags",
    "anybody's status counts",
]

# What not to write, and what to write instead. The case of letters does not matter.
WORDS = [
    (r"whoever|whomever|somebody|nobody|anybody|everybody", "name the component or the role"),
    (r"(?:\A|(?<=\n\n)|(?<=[.;:|]\n)|[.;:|] )who(?= )(?!.*\?)", "name the component or the role"),
    (r"(?:the|a|an|any|no|our|another|rehearsal) forge(?:'s)?|forges", "GitHub, or the fake GitHub"),
    (r"(?:un)?trusted half", "(un)privileged workflow"),
    (r"burnt", "retired"),
    (r"for ever", "permanently"),
    (r"(?:weaker|better|firm) ground", "verified by the receipt, or by pinned digests"),
    (r"held against|holds? (?:it|them|the code) to", "tested against, validated against"),
    (r"what decides (?:what is built|the build)|decides what is built", "source files"),
    (r"belie(?:ve|ves|ved|f)", "trust"),
    (r"st(?:ands?|ood)(?! for\b)", "is, was"),
    (r"lies", "is"),
    (r"says|said|tells|told", "reports, returns, shows, names"),
    (r"talks?", "messages"),
    (r"mends?|mended", "fix"),
    (r"leave away|left away", "omit"),
    (r"(?<!there )(?:is|are) none(?= |[.,;])", "is not, does not exist"),
    (r"(?:is|are) gone on with", "is resumed"),
    (r"makes? no sense", "is invalid"),
    (r"could not find out", "could not determine"),
    (r"of no use", "invalid"),
    (r"beside", "next to"),
    (r"trouble", "error, failure"),
    (r"strangers?", "anonymous client, outsider"),
    (r"deeds?|mischief|luck", "action, adversary, fault"),
    (r"rises|rose", "is raised"),
    (r"all the same", "still, anyway"),
    (r"hands? out", "returns"),
]

FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r" *//[/!]?(?: |$)")
SKIPPED = re.compile(r"<!--.*?-->|`[^`\n]+`|\"[^\"\n]+\"|\]\([^)\s]*\)|https?://[^\s)]+", re.DOTALL)


def blank(match):
    """The same text as spaces, so that lines keep their numbers; a mark keeps words on both sides apart."""
    return re.sub(r"[^\n]", " ", match.group()[:-1]) + "_"


def findings(text):
    """Yields line number, words found, and what to write instead."""
    text = SKIPPED.sub(blank, FENCE.sub(blank, text))
    for phrase in ALLOWED:
        text = text.replace(phrase, "_" * len(phrase))
    for pattern, instead in WORDS:
        for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE):
            yield text.count("\n", 0, match.start()) + 1, match.group().strip(".;:| "), instead


def comments(code):
    """The comments that have lines of their own; other lines are empty, so that lines keep their numbers."""
    found = ((line, COMMENT.match(line)) for line in code.splitlines())
    return "\n".join(line[start.end() :] if start else "" for line, start in found)


def main():
    pages = sorted({page for pattern in PAGES for page in ROOT.glob(pattern)})
    sources = sorted(source for crate in COMMENTS for source in (ROOT / crate).rglob("*.rs"))
    failed = 0
    for page in pages + sources:
        name = page.relative_to(ROOT).as_posix()
        if name in LATER or name.startswith(COMMENTS_LATER):
            continue
        text = page.read_text(encoding="utf-8")
        for number, words, instead in sorted(findings(comments(text) if page.suffix == ".rs" else text)):
            print(f"{name}:{number}: '{words}': write instead: {instead}", file=sys.stderr)
            failed += 1
    if not pages or not sources or failed:
        sys.exit(f"prose: {failed} findings in {len(pages)} pages and {len(sources)} sources (the list is in scripts/prose.py)")


def self_test():
    """Each word is found in prose, and in nothing that is skipped."""
    for text in ["A version is burnt.", "| Who promotes | x |", "It is\nbeside it.", "so Whoever reads", "it stands there", "All.\nWho reads"]:
        assert list(findings(text)), text
    for text in ["```\nburnt\n```", "`burnt`", 'the button "burnt"', "[a](burnt.md)", "besides", "a maintainer who reads", "a maintainer\nwho reads", "stands for"]:
        assert not list(findings(text)), text
    assert [number for number, _, _ in findings("```\na\n```\n\nburnt")] == [5]
    code = "let burnt = 1; // burnt\n    /// `burnt`\n    /// A burnt version.\nurl = \"//burnt\";\n//! beside"
    assert [(number, words) for number, words, _ in findings(comments(code))] == [(3, "burnt"), (5, "beside")]


if __name__ == "__main__":
    self_test() if sys.argv[1:] == ["--test"] else main()
