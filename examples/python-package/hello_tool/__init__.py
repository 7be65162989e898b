"""Runs `hello` of the repository example/minimal, in the version that this package names."""

import os
import sys
from importlib.resources import files

import lockgate


def path(**options):
    """The path of the executable for this machine; downloaded at first use, verified each time."""
    here = files(__name__)
    return lockgate.fetch(
        repository="example/minimal", tag="hello-v{version}", asset="hello-{variant}-v{version}",
        version_file=here / "VERSION", pins=here / "SHA256SUMS", **options)  # fmt: skip


def main():
    """The command `hello-tool`: this process becomes the executable."""
    try:
        tool = path()
    except lockgate.LockgateError as error:
        sys.exit(f"hello-tool: {error}")
    os.execv(tool, [tool, *sys.argv[1:]])
