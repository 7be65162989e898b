"""Many threads and processes fetch one executable and run it at once, while others start processes all the time.

What runs has to be closed for writing in every process, also in the children of other threads between fork and exec: otherwise
Linux answers "Text file busy".
"""

import json
import os
import subprocess
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import BYTES, Release, environment, lockgate, python

# A round in a process of its own: threads fetch into one cache and run what they get; others start processes meanwhile.
ROUND = """
import json, subprocess, sys, threading, lockgate
from concurrent.futures import ThreadPoolExecutor

options, threads, others = json.loads(sys.stdin.readline())
end = threading.Event()

def start_processes():
    while not end.is_set():
        subprocess.run(["/bin/true"])

def fetch_and_run(_):
    return subprocess.run([lockgate.fetch(**options)], capture_output=True, check=True).stdout

noise = [threading.Thread(target=start_processes) for _ in range(others)]
for thread in noise:
    thread.start()
sys.stdin.readline()
try:
    with ThreadPoolExecutor(threads) as pool:
        assert set(pool.map(fetch_and_run, range(threads))) == {b"it works\\n"}
finally:
    end.set()
print("all ran")
"""
ROUNDS = int(os.environ.get("LOCKGATE_PYTHON_ROUNDS", "3"))


class Crowds(unittest.TestCase):
    def setUp(self) -> None:
        self.release = Release(self)
        self.options = {name: value if isinstance(value, int) else str(value) for name, value in self.release.options().items()}

    def new_cache(self) -> str:
        return tempfile.mkdtemp(dir=self.release.folder)

    def test_threads_and_processes_run_what_they_fetch(self) -> None:
        processes, threads, others = 4, 4, 2
        for _ in range(ROUNDS):
            options = {**self.options, "cache": self.new_cache(), "check_withdrawn": False}
            crowd = []
            for _ in range(processes):
                child = subprocess.Popen(
                    [python(), "-c", ROUND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
                )
                self.addCleanup(child.kill)
                child.stdin.write(json.dumps([options, threads, others]) + "\n")
                child.stdin.flush()
                crowd.append(child)
            with ThreadPoolExecutor(processes) as pool:
                ends = list(pool.map(lambda child: child.communicate("\n", timeout=300), crowd))
            self.assertEqual({out for out, _ in ends}, {"all ran\n"}, [err for _, err in ends])

    def test_one_thread_runs_what_it_fetches_while_six_start_processes(self) -> None:
        end = threading.Event()

        def start_processes() -> None:
            while not end.is_set():
                subprocess.run(["/bin/true"])

        others = [threading.Thread(target=start_processes) for _ in range(6)]
        self.addCleanup(lambda: [end.set(), *(thread.join() for thread in others)])
        for thread in others:
            thread.start()
        for _ in range(10 * ROUNDS):
            path = lockgate.fetch(**self.release.options(cache=Path(self.new_cache()), check_withdrawn=False))
            self.assertEqual(subprocess.run([path], capture_output=True).stdout, b"it works\n")
        self.assertEqual(self.release.downloads(), 10 * ROUNDS)

    def test_forked_children_do_not_keep_what_they_inherit_busy(self) -> None:
        """Children that never execute anything live on through a download, as those of multiprocessing do."""
        read, write = os.pipe()
        children: list[int] = []

        def progress(received: int, size: int) -> None:
            child = os.fork()
            if child == 0:
                os.close(write)
                os.read(read, 1)
                os._exit(0)
            children.append(child)

        try:
            for _ in range(ROUNDS):
                path = lockgate.fetch(**self.release.options(cache=Path(self.new_cache()), progress=progress))
                self.assertEqual(path.read_bytes(), BYTES)
                self.assertEqual(subprocess.run([path], capture_output=True).stdout, b"it works\n")
        finally:
            os.close(write)
            os.close(read)
            for child in children:
                os.waitpid(child, 0)
        self.assertGreaterEqual(len(children), ROUNDS)


if __name__ == "__main__":
    unittest.main()
