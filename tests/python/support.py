"""What the wheel's tests share: the wheel, an environment that it is installed in, and a release on a small server."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Callable, Union

# What a shell starts in the background ignores Ctrl-C, and so does all that it starts. A handler is not handed on.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).resolve().parents[2]
TOOLS = CHECKOUT / "target" / "tools" / "wheel-venv"
ROOM = tempfile.TemporaryDirectory(prefix="lockgate-python-")
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
ASSET, TAG = f"tool-{ARCH}-v2", "tool-v2"
RECEIPT = "lockgate-receipt.json"
BYTES = b"#!/bin/sh\necho it works\n"


def environment(**more: str) -> dict[str, str]:
    """This process's, without what Lockgate, Python or a proxy would take from it."""
    foreign = ("LOCKGATE_", "GITHUB_", "PYTHON", "PIP_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign) and "proxy" not in name.lower()}
    return {**kept, "HOME": ROOM.name, **more}


def run(*command: Union[str, Path], **options) -> subprocess.CompletedProcess[str]:
    """A command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, **{"env": environment(), **options})
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


@functools.cache
def wheel() -> Path:
    """The wheel, quickly built."""
    # The build is cargo's and needs what cargo needs.
    done = run(CHECKOUT / "scripts" / "wheel.sh", "dev", f"{ROOM.name}/wheels", env=None)
    return Path(done.stdout.strip())


def new_venv(name: str) -> Path:
    """The Python of a new virtual environment."""
    folder = Path(ROOM.name) / name
    run(sys.executable, "-m", "venv", folder)
    return folder / "bin" / "python"


def install(python: Path, *what: str) -> None:
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--find-links", wheel().parent, *what)


@functools.cache
def python() -> Path:
    """A Python that has the wheel, and nothing else."""
    made = new_venv("venv")
    install(made, "lockgate")
    return made


for name in [name for name in os.environ if name.startswith("LOCKGATE_")]:
    del os.environ[name]
sys.path[:0] = [str(path) for path in python().parents[1].glob("lib/python*/site-packages")]

import lockgate  # noqa: E402

assert lockgate.__file__ and lockgate.__file__.startswith(ROOM.name), lockgate.__file__

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Release:
    """A release, its server, and a cache to fetch it to. Answers 404 to what it was not given."""

    def __init__(self, test: unittest.TestCase) -> None:
        release = self
        self.answers: dict[str, Union[bytes, int, Answer]] = {}
        self.asked: list[str] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                release.asked.append(self.path)
                answer = release.answers.get(self.path, 404)
                if callable(answer):
                    return answer(self)
                body = answer if isinstance(answer, bytes) else b""
                self.send_response(200 if isinstance(answer, bytes) else answer)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.folder = Path(tempfile.mkdtemp(dir=ROOM.name))
        self.cache = self.folder / "cache"
        self.pins = self.folder / "SHA256SUMS"
        self.pins.write_text(f"{sha256(BYTES)}  {ASSET}\n")
        self.publish(ASSET, BYTES)

    def publish(self, asset: str, answer: Union[bytes, int, Answer], tag: str = TAG) -> None:
        self.answers[f"/o/n/releases/download/{tag}/{asset}"] = answer

    def options(self, **more):
        usual = {
            "repository": "o/n",
            "tag": "tool-v{version}",
            "asset": "tool-{variant}-v{version}",
            "version": 2,
            "pins": self.pins,
            "server": self.url,
            "cache": self.cache,
            "retries": 0,
        }
        return {**usual, **more}

    def fetch(self, **more) -> Path:
        return lockgate.fetch(**self.options(**more))

    def downloads(self) -> int:
        return sum(path.endswith(ASSET) for path in self.asked)

    def kept(self) -> list[Path]:
        return [path for path in self.cache.rglob("*") if path.is_file()]


def receipt(repository_id: int = 7, package: str = "tool") -> bytes:
    executable = {"variant": ARCH, "name": ASSET, "size": len(BYTES), "sha256": sha256(BYTES), "headers": "", "build_seconds": 1}
    manifest = {"package": package, "package_version": "2", "fingerprint": sha256(b"tree"), "commit": "a" * 40, "run": 9, "attempt": 1}
    origin = {"repository_id": repository_id, "repository": "o/n", "pull_request": 12, "head": "a" * 40}
    origin |= {"base": "main", "base_commit": "b" * 40, "workflow_id": 5, "workflow_path": "w.yml", "workflow_blob": "c" * 40, "artifacts": []}
    promoter = {"login": "m", "lockgate": "0.1.0"}
    whole = {"format": "lockgate.receipt", "version": 1, "tag": TAG, "origin": origin, "promoter": promoter, "promoted_at": 1700000000}
    return json.dumps({**whole, "manifest": {**manifest, "executables": [executable]}}).encode()


class FetchTest(unittest.TestCase):
    def setUp(self) -> None:
        self.release = Release(self)

    def fails(self, kind: type, code: str, **more) -> lockgate.LockgateError:
        """A fetch fails like this, and leaves nothing that could be taken for an executable."""
        with self.assertRaises(lockgate.LockgateError) as caught:
            self.release.fetch(**more)
        error = caught.exception
        self.assertIs(type(error), kind, repr(error))
        self.assertEqual(error.code, code, error)
        self.assertTrue(error.message and error.hint)
        self.assertEqual(str(error), f"{error.message} [{code}]; {error.hint}")
        self.assertEqual([path for path in self.release.kept() if path.stat().st_mode & 0o111], [])
        return error
