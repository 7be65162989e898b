"""What the clients' tests share: a forge that the real command serves, and what becomes of its journal."""

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

# What a shell starts in the background ignores Ctrl-C, and so does all that it starts. A handler is not handed on.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLS = CHECKOUT / "target" / "tools"
REPOSITORY = "example/minimal"
TAG = "hello-v2"


def environment(**more: str) -> dict[str, str]:
    """This process's, without what Lockgate, gh or a proxy would take from it."""
    foreign = ("LOCKGATE_", "GITHUB_", "GH_", "GIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign) and "proxy" not in name.lower()}
    return {**kept, **more}


@functools.cache
def built() -> Path:
    """The folder of the checkout's executables, up to date. What `make test` builds before is not built again."""
    subprocess.run(["cargo", "test", "--workspace", "--no-run", "--quiet", "--locked"], cwd=CHECKOUT, check=True)
    return CHECKOUT / (os.environ.get("CARGO_TARGET_DIR") or "target") / "debug"


def tool(path: str) -> Path:
    found = TOOLS / path
    assert found.exists(), f"{found} is missing; run scripts/setup.sh fidelity"
    return found


class Forge:
    """The rehearsal forge after the story: a release, a merged pull request, a run with artifacts."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lockgate-clients-"))
        self.journal = self.folder / "journal"
        self.room = self.folder / "room"
        command = [built() / "lockgate", "rehearse", "--serve", f"--keep={self.room}", "--journal", self.journal, CHECKOUT / "examples" / "minimal"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment())
        watchdog = threading.Timer(120, self.process.kill)
        watchdog.start()
        said = []
        for line in self.process.stderr:
            said.append(line)
            up = re.search(r"The forge is up at (http://(\S+)) \(API (\S+)\)", line)
            if up:
                self.base, self.address, self.api = up.groups()
                break
        else:
            self.end()
            raise AssertionError("the forge did not come up:\n" + "".join(said))
        watchdog.cancel()
        # Nobody reads on; it must never wait for that.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def branch(self, name: str) -> str:
        """A branch with a commit of its own, as if pushed; answers the commit."""
        def git(*arguments: str) -> str:
            names = {f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in (("NAME", "D"), ("EMAIL", "d@example.invalid"))}
            command = ["git", "--git-dir", self.room / "origin.git", *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True, env=environment(**names)).stdout.strip()

        commit = git("commit-tree", "main^{tree}", "-p", "main", "-m", f"On {name}")
        git("update-ref", f"refs/heads/{name}", commit)
        return commit

    def exchanges(self) -> list[dict]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ClientTest(unittest.TestCase):
    """One forge for all tests of a class; at the end, its whole journal is held against GitHub's description."""

    forge: Forge
    # What the client calls itself: proof that it was the client that asked.
    agent = ""

    @classmethod
    def setUpClass(cls) -> None:
        cls.forge = Forge()
        cls.addClassCleanup(shutil.rmtree, cls.forge.folder)
        cls.addClassCleanup(cls.check)

    @classmethod
    def check(cls) -> None:
        cls.forge.end()
        own = [one for one in cls.forge.exchanges() if cls.agent in one["agent"]]
        assert len(own) > 10, f"{cls.agent} asked only {len(own)} times"
        checked = subprocess.run([built() / "lockgate-openapi", cls.forge.journal], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
