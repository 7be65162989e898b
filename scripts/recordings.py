#!/usr/bin/env python3
"""Copies the recorded answers of GitHub that the adapter's tests replay into the checkout.

    scripts/recordings.py [PACKAGE [OUTPUT]]

PACKAGE is what scripts/setup.sh takes out of the npm package `@octokit/fixtures`. The recordings are copied as they are, with
the licence that they come under.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "target/tools/node/fixtures/package"
FOLDER = ROOT / "crates/forge/src/github/tests/recordings"
SCENARIOS = ["create-status", "errors", "git-refs", "release-assets", "release-assets-conflict"]


def main(arguments):
    package = Path(arguments[0]) if arguments else PACKAGE
    folder = Path(arguments[1]) if len(arguments) > 1 else FOLDER
    if not package.exists():
        sys.exit(f"recordings: {package} is not there; scripts/setup.sh test installs it")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package / "LICENSE.md", folder / "LICENSE.md")
    for name in SCENARIOS:
        recorded = package / "scenarios/api.github.com" / name / "normalized-fixture.json"
        shutil.copyfile(recorded, folder / f"{name}.json")


if __name__ == "__main__":
    main(sys.argv[1:])
