#!/usr/bin/env python3
"""Fails when a name that only this project used comes back as an identifier or as the name of a source file.

The names were replaced by the terms of the field, so that a Rust engineer can guess what is in a file from its name. `make lint`
runs this. A word of the list may be right in one place: then that place is exempt below, with its reason.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The old name, and the one in its place.
RETIRED = {
    "Talk": "Reporter",
    "Trouble": "CommandError, TransferError",
    "Surroundings": "ProcessEnv",
    "Looked": "BuildOutput, GateObservation",
    "Hands": "EffectExecutor",
    "Again": "Recheck, RetryAdvice, CachePolicy",
    "SeenAsset": "ObservedAsset",
    "SeenDraft": "ObservedDraft",
    "SeenRelease": "ObservedRelease",
    "NotAWord": "ParseError",
    "Light": "StatusState",
    "Stranger": "Foreign",
    "Flaw": "ReleaseDefect, ValidationError",
    "Unfit": "DocumentError",
    "Spent": "Poisoned",
    "Garbled": "InvalidResponse",
    "Belief": "ExpectedDigest",
    "Ground": "TrustSource",
    "Claim": "DownloadLock",
    "Tally": "HashingCounter",
    "Pumped": "Digested",
    "Arrival": "PartialDownload",
    "Got": "Located",
    "OrderError": "FetchSpecError",
    "NotUsable": "InvalidInput",
    "OtherRepository": "RepositoryMismatch",
    "Wish": "Args",
    "Wire": "HttpClient",
    "Desk": "RequestContext",
    "Landing": "MergeRequest",
    "Luck": "FaultKind",
    "Chance": "Rng",
    "Sabotage": "Mutant",
    "Deed": "UserAction",
    "Stage": "Fixture",
    "Room": "Workspace",
    "Actors": "Interpreter",
    "Teller": "Narrator",
    "Did": "StepResult",
    "talk": "reporter",
    "trouble": "command_error, transfer_error",
    "surroundings": "process_env",
    "around": "env",
    "belief": "expected",
    "mischief": "adversary",
    "sabotage": "mutant",
    "luck": "fault, fault_kind",
    "desk": "context",
    "deeds": "user_actions",
    "scenery": "sample_repository",
    "teller": "narrator",
    "unsettled": "not_finalized",
    "patience": "retry_budget",
    "told": "reported",
    "doing": "operation",
    "burnt": "retired",
}

FILES = {
    "talk", "trouble", "surroundings", "whole", "foreign", "look", "words", "belief", "claim", "pump", "order", "wish", "bring",
    "raise", "watch", "wire", "luck", "sabotage", "mischief", "stage", "scenery", "actors", "story", "settle", "hands", "chance",
}  # fmt: skip

# (path, name): why it is right there.
EXEMPT = {
    ("crates/artifact/src/foreign.rs", "foreign"): "what a foreign format is called",
}

TOKEN = re.compile(
    r"""(?P<raw>\b[bc]?r(?P<h>\#*)".*?"(?P=h))|(?P<text>"(?:\\.|[^"\\])*")|(?P<line>//[^\n]*)|(?P<block>/\*.*?\*/)"""
    r"""|(?P<char>b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[^}]*\}|.)|[^\\'])')|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<other>.)""",
    re.S,
)


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "crates", "proof"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    problems = []
    for path in listed.stdout.splitlines():
        file = ROOT / path
        if file.suffix != ".rs" or not file.is_file():
            continue
        if file.stem in FILES and (path, file.stem) not in EXEMPT:
            problems.append(f"{path}: the file name {file.stem} is retired")
        text = file.read_text(encoding="utf-8")
        for token in TOKEN.finditer(text):
            name = token.group("name")
            if name in RETIRED and (path, name) not in EXEMPT:
                line = text.count("\n", 0, token.start()) + 1
                problems.append(f"{path}:{line}: the name {name} is retired: use {RETIRED[name]}")
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
