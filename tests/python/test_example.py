"""The example package: built, installed and run without a network, from a rehearsal forge."""

import os
import re
import signal
import subprocess
import threading
import unittest
from pathlib import Path

from support import ARCH, CHECKOUT, ROOM, TOOLS, environment, install, new_venv, python, run, wheel

EXAMPLE = CHECKOUT / "examples" / "python-package"


class Forge:
    """The rehearsal forge after the story, served by the command that the wheel brings."""

    def __init__(self) -> None:
        command = [python().parent / "lockgate", "rehearse", "--serve", f"--keep={ROOM.name}/room", CHECKOUT / "examples" / "minimal"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment())
        watchdog = threading.Timer(120, self.process.kill)
        watchdog.start()
        said = []
        for line in self.process.stderr:
            said.append(line)
            up = re.search(r"The forge is up at (http://\S+) \(API ", line)
            if up:
                self.url = up.group(1)
                break
        else:
            raise AssertionError("the forge did not come up:\n" + "".join(said))
        watchdog.cancel()
        # Nobody reads on; it must never wait for that.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()


class ExampleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        flit = TOOLS / "bin" / "python"
        wheels = wheel().parent
        copy = Path(ROOM.name) / "python-package"
        run("cp", "-r", EXAMPLE, copy)
        run(flit, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation", "-w", wheels, copy)
        cls.python = new_venv("example")
        install(cls.python, "hello-tool")
        cls.forge = Forge()
        cls.addClassCleanup(cls.forge.end)

    def ask(self, code: str, name: str, **more: str) -> subprocess.CompletedProcess:
        env = environment(LOCKGATE_CACHE=f"{ROOM.name}/{name}", FORGE=self.forge.url, **more)
        code = f"import os, sys, hello_tool, lockgate\nforge = os.environ['FORGE']\n{code}"
        return subprocess.run([self.python, "-c", code], capture_output=True, text=True, env=env, cwd=ROOM.name, timeout=120)

    def fetch(self, version: str) -> str:
        names = "repository='example/minimal', package='hello', tag='hello-v{version}', asset='hello-{variant}-v{version}'"
        return f"lockgate.fetch({names}, server=forge, {version})"

    def test_its_tool_is_fetched_at_first_use_verified_and_run(self) -> None:
        done = self.ask("tool = hello_tool.path(server=forge)\nos.execv(tool, [tool])", "first")
        self.assertEqual((done.stdout, done.stderr, done.returncode), (f"hello {ARCH} v2\n", "", 0))

    def test_afterwards_it_needs_no_network(self) -> None:
        done = self.ask("print(hello_tool.path(server=forge))", "second")
        self.assertEqual(done.returncode, 0, done.stderr)
        again = self.ask("print(hello_tool.path(server='http://127.0.0.1:1', offline=True))", "second")
        self.assertEqual((again.stdout, again.stderr), (done.stdout, ""))

    def test_a_version_that_is_not_published_says_so(self) -> None:
        code = f"try: {self.fetch('version=9')}\nexcept lockgate.NotPublished as error: print(error.code)"
        done = self.ask(code, "third")
        self.assertEqual((done.stdout, done.stderr), ("fetch.not-published\n", ""))

    def test_without_pins_the_receipt_of_the_forge_does(self) -> None:
        done = self.ask(f"print({self.fetch('version=2')}.name)", "fourth")
        self.assertEqual((done.stdout, done.stderr), (f"hello-{ARCH}-v2\n", ""))

    def test_its_command_becomes_the_tool_and_tells_errors_in_one_line(self) -> None:
        command = self.python.parent / "hello-tool"
        folder = Path(ROOM.name) / "brought"
        folder.mkdir()
        done = self.ask("import shutil; shutil.copy(hello_tool.path(server=forge), os.environ['TO'])", "fifth", TO=str(folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        # No network: what came with the machine is enough, and the withdrawal cannot be asked for through this proxy.
        proxy = {"LOCKGATE_PROXY": "http://127.0.0.1:1", "LOCKGATE_RETRIES": "0", "LOCKGATE_CACHE": f"{ROOM.name}/empty"}
        ran = subprocess.run([command], capture_output=True, text=True, env=environment(LOCKGATE_BUNDLED=str(folder), **proxy), timeout=120)
        self.assertEqual((ran.stdout, ran.returncode), (f"hello {ARCH} v2\n", 0), ran.stderr)
        failed = subprocess.run([command], capture_output=True, text=True, env=environment(**proxy), timeout=120)
        self.assertEqual((failed.returncode, failed.stderr.count("\n")), (1, 1), failed.stderr)
        self.assertRegex(failed.stderr, r"^hello-tool: .*\[fetch\.network\]; ")

    def test_the_five_lines_of_the_readme_are_those_of_the_package(self) -> None:
        lines = (EXAMPLE / "README.md").read_text().split("```python\n")[1].split("```")[0].splitlines()
        source = (EXAMPLE / "hello_tool" / "__init__.py").read_text()
        for line in lines:
            self.assertIn(line, source)
        self.assertEqual(len(lines), 4)
        self.assertTrue(os.access(EXAMPLE / "hello_tool" / "SHA256SUMS", os.R_OK))


if __name__ == "__main__":
    unittest.main()
