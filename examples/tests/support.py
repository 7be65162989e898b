"""What the tests of the examples share: a copy of a sample to build in, and a way to run what was built."""

import os
import platform
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Optional

EXAMPLES = Path(__file__).resolve().parents[1]
CHECKOUT = EXAMPLES.parent
ARCHES = ("amd64", "arm64")
QEMU = {"amd64": "qemu-x86_64", "arm64": "qemu-aarch64"}
HOST = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def environment(**more: str) -> dict[str, str]:
    """This process's, without what Lockgate or a forge's runner may have left in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKGATE_", "GITHUB_"))}
    zig = os.environ.get("LOCKGATE_ZIG") or str(CHECKOUT / "target" / "tools" / "bin" / "zig")
    return {**kept, "LOCKGATE_ZIG": zig, **more}


def run(command: list[str], input: bytes = b"", env: Optional[dict[str, str]] = None, cwd: Optional[Path] = None):
    return subprocess.run(command, input=input, env=env or environment(), cwd=cwd, capture_output=True, timeout=300)


def on_this_machine(executable: Path, arch: str) -> list[str]:
    """The command that runs an executable of `arch` here: as it is, or under emulation."""
    if arch == HOST:
        return [str(executable)]
    emulator = shutil.which(QEMU[arch] + "-static") or shutil.which(QEMU[arch])
    if emulator is None:
        raise AssertionError(f"{QEMU[arch]} is missing; run scripts/setup.sh test")
    return [emulator, str(executable)]


def readelf(executable: Path, *options: str) -> str:
    done = run(["readelf", "--wide", *options, str(executable)], env=environment(LC_ALL="C"))
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.decode()


class SampleTest(unittest.TestCase):
    """Builds in copies of a sample, never in the sample."""

    sample = ""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp(prefix="lockgate-example-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    @classmethod
    def copy(cls, name: str) -> Path:
        made_by_builds = shutil.ignore_patterns("binaries", "dist", "__pycache__")
        return Path(shutil.copytree(EXAMPLES / cls.sample, cls.folder / name, ignore=made_by_builds))
