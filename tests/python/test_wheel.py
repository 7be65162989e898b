"""The wheel: what is in it, that its types hold, and that it brings the command."""

import os
import re
import subprocess
import unittest
import zipfile
from pathlib import Path

from support import CHECKOUT, ROOM, TOOLS, environment, lockgate, python, run, wheel

VERSION = re.search(r'^version = "(.*)"', (CHECKOUT / "Cargo.toml").read_text(), re.MULTILINE).group(1)

RIGHT = """
from importlib.resources import files
from pathlib import Path
import lockgate

def progress(received: int, size: int | None) -> None: ...

async def waits() -> Path:
    return await lockgate.fetch_async(repository="o/n", tag="t", asset="a", version=2, cache=b"/c")

here = files("p")
path: Path = lockgate.fetch(
    repository="o/n", tag="t-v{version}", asset="t-{variant}-v{version}", version_file=here / "VERSION",
    pins=here / "SHA256SUMS", mirrors=["https://m", Path("/m")], variants=[lockgate.Variant("a", libc="musl"), "b"],
    progress=progress, cache="/c", timeout=5,
)
try:
    lockgate.fetch(repository="o/n", tag="t", asset="a", version=2)
except (lockgate.NotPublished, lockgate.NetworkError, lockgate.WrongBytes, lockgate.Withdrawn) as error:
    code: str = error.code
    hint: str = error.hint
    base: lockgate.LockgateError = error
"""

WRONG = """
import lockgate
lockgate.fetch("o/n", tag="t", asset="a", version=2)
lockgate.fetch(repository="o/n", tag="t", asset="a", version=2.5)
lockgate.fetch(repository="o/n", tag="t", version=2)
number: int = lockgate.fetch(repository="o/n", tag="t", asset="a", version=2)
lockgate.fetch_async(repository="o/n", tag="t", asset="a", version=2.5)
"""


class Contents(unittest.TestCase):
    def test_it_holds_the_package_its_types_and_the_command(self) -> None:
        with zipfile.ZipFile(wheel()) as archive:
            names = {re.sub(r"-[^/]*?\.(data|dist-info)/", r".\1/", name) for name in archive.namelist()}
            command = next(one for one in archive.infolist() if one.filename.endswith(".data/scripts/lockgate"))
        ours = {name for name in names if not name.startswith("lockgate.dist-info/")}
        package = {"__init__.py", "_args.py", "_errors.py", "_fetch.py", "_native.pyi", "_native.abi3.so", "_run.py", "py.typed"}
        self.assertEqual(ours, {f"lockgate/{name}" for name in package} | {"lockgate.data/scripts/lockgate"})
        self.assertTrue((command.external_attr >> 16) & 0o111, "the command may be run")

    def test_it_brings_its_licences(self) -> None:
        with zipfile.ZipFile(wheel()) as archive:
            brought = {name.rsplit("/", 1)[1]: archive.read(name) for name in archive.namelist() if "/licenses/" in name}
        texts = {name: (CHECKOUT / name).read_bytes() for name in ("LICENSE-APACHE", "LICENSE-MIT")}
        self.assertEqual(brought, texts)

    def test_one_wheel_serves_every_python_from_3_9_on(self) -> None:
        self.assertRegex(wheel().name, rf"^lockgate-{re.escape(VERSION)}-cp39-abi3-(many)?linux.*\.whl$")
        self.assertEqual(lockgate.__version__, VERSION)


class Command(unittest.TestCase):
    def test_the_command_is_the_executable_itself_and_no_python(self) -> None:
        command = python().parent / "lockgate"
        self.assertEqual(command.read_bytes()[:4], b"\x7fELF")
        self.assertEqual(run(command, "--version").stdout.split()[:2], ["lockgate", VERSION])

    def test_it_fetches_as_ever_in_an_environment_without_anything_else(self) -> None:
        command = python().parent / "lockgate"
        done = subprocess.run([command, "fetch", "hello"], cwd=ROOM.name, capture_output=True, text=True, env={"PATH": os.defpath})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("lockgate.toml", done.stderr)


class Types(unittest.TestCase):
    def mypy(self, *what: str) -> subprocess.CompletedProcess:
        command = [TOOLS / "bin" / "python", "-m", *what]
        return subprocess.run(command, cwd=ROOM.name, capture_output=True, text=True, env=environment(MYPY_CACHE_DIR=f"{ROOM.name}/mypy"))

    def check(self, name: str, text: str) -> list[str]:
        file = Path(ROOM.name) / name
        file.write_text(text)
        done = self.mypy("mypy", "--strict", "--python-executable", str(python()), str(file))
        return [line for line in done.stdout.splitlines() if ": error: " in line] + done.stderr.splitlines()

    def test_the_package_holds_its_own_types_strictly(self) -> None:
        done = self.mypy("mypy", "--strict", "--python-executable", str(python()), "-p", "lockgate")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_right_use_passes_and_each_wrong_use_is_found(self) -> None:
        self.assertEqual(self.check("right.py", RIGHT), [])
        found = self.check("wrong.py", WRONG)
        self.assertEqual({int(line.split(":")[1]) for line in found}, {3, 4, 5, 6, 7}, found)

    def test_the_stubs_are_what_the_extension_really_has(self) -> None:
        site = next(python().parents[1].glob("lib/python*/site-packages"))
        # Nothing lies here that mypy could take for another copy of the modules.
        empty = Path(ROOM.name) / "empty folder"
        empty.mkdir()
        done = subprocess.run(
            [TOOLS / "bin" / "python", "-m", "mypy.stubtest", "lockgate._native"],
            cwd=empty,
            capture_output=True,
            text=True,
            env=environment(PYTHONPATH=str(site), MYPYPATH=str(site)),
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Metadata(unittest.TestCase):
    def test_the_project_file_names_what_setup_installs(self) -> None:
        project = (CHECKOUT / "crates" / "python" / "pyproject.toml").read_text()
        wanted = re.search(r'^requires = \["(.*)"\]', project, re.MULTILINE).group(1)
        self.assertIn(f"\n{wanted} ", (CHECKOUT / "scripts" / "wheel-requirements.txt").read_text())


if __name__ == "__main__":
    unittest.main()
