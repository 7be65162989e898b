"""While a download stalls: other threads go on, Ctrl-C ends it, callbacks run, and no terminal is needed."""

import http.server
import json
import os
import signal
import subprocess
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import ASSET, BYTES, Release, environment, python, sha256

WHOLE = BYTES * 100_000

# Says what becomes of a fetch, and fetches again if it was interrupted.
# The thread is in Python's own code, below a call of `lockgate.fetch`, when the interpreter takes it away.
BUSY = """
import json, logging, sys, threading, lockgate

called = threading.Event()

def busy(record):
    called.set()
    while True:
        pass

# No handler: those are locked while they work, and locked once more at the end.
logging.getLogger("lockgate").addFilter(busy)
logging.getLogger("lockgate").setLevel(logging.DEBUG)
options = json.loads(sys.stdin.readline())
threading.Thread(target=lambda: lockgate.fetch(**options), daemon=True).start()
called.wait()
"""

CHILD = """
import json, sys, threading, lockgate
options = json.loads(sys.stdin.readline())
heard, main = threading.Event(), threading.get_ident()
options["progress"] = lambda received, size: heard.set()
def watch():
    # Once the callback has returned, no line of Python runs in the main thread: nothing but the extension can see a signal.
    heard.wait()
    while sys._current_frames()[main].f_code.co_name != "ended":
        pass
    print("waiting", flush=True)
if "watch" in sys.argv:
    threading.Thread(target=watch, daemon=True).start()
print("ready", flush=True)
try:
    print(lockgate.fetch(**options))
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.readline()
    print(lockgate.fetch(**options))
"""


class Stalled:
    """Answers with the first half, and with the other one when it is told to."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked, self.go_on = threading.Event(), threading.Event()

    def __call__(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        half = len(self.body) // 2
        try:
            handler.wfile.write(self.body[:half])
            handler.wfile.flush()
            self.asked.set()
            self.go_on.wait(60)
            handler.wfile.write(self.body[half:])
        except OSError:
            pass  # nobody listens any more


class WaitingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.release = Release(self)
        self.stalled = Stalled(BYTES)
        self.release.publish(ASSET, self.stalled)
        self.addCleanup(self.stalled.go_on.set)


class Threads(WaitingTest):
    def test_other_threads_make_progress_while_a_download_is_stalled(self) -> None:
        with ThreadPoolExecutor(1) as pool:
            fetching = pool.submit(self.release.fetch, timeout=50)
            self.assertTrue(self.stalled.asked.wait(30))
            # Were the lock held, this thread would not get here, and nobody would let the download go on.
            self.assertEqual(sum(range(1_000_000)), 499999500000)
            self.assertFalse(fetching.done())
            self.stalled.go_on.set()
            self.assertEqual(fetching.result(30).read_bytes(), BYTES)

    def test_sixteen_threads_at_once_are_one_download(self) -> None:
        with ThreadPoolExecutor(16) as pool:
            fetching = [pool.submit(self.release.fetch, timeout=50) for _ in range(16)]
            self.assertTrue(self.stalled.asked.wait(30))
            self.stalled.go_on.set()
            self.assertEqual(len({one.result(30) for one in fetching}), 1)
        self.assertEqual(self.release.downloads(), 1)

    def test_errors_arise_in_the_thread_that_asked(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            wrong = [pool.submit(self.release.fetch, version=number) for number in (7, 8)]
            self.stalled.go_on.set()
            right = pool.submit(self.release.fetch)
            self.assertEqual(right.result(30).read_bytes(), BYTES)
            for one in wrong:
                self.assertEqual(one.exception(30).code, "fetch.no-variant")


class Callbacks(WaitingTest):
    def test_progress_is_told_in_the_callers_thread_up_to_the_last_byte(self) -> None:
        heard = []

        def progress(received: int, size: int) -> None:
            heard.append((received, size, threading.get_ident()))
            self.stalled.go_on.set()

        self.release.fetch(progress=progress)
        self.assertGreaterEqual(len(heard), 2)
        self.assertEqual(heard[0][0], len(BYTES) // 2)
        self.assertEqual(heard[-1], (len(BYTES), len(BYTES), threading.get_ident()))

    def test_what_progress_raises_ends_the_fetch(self) -> None:
        class Enough(Exception):
            pass

        def progress(received: int, size: int) -> None:
            raise Enough

        with self.assertRaises(Enough):
            self.release.fetch(progress=progress, timeout=50)
        self.assertFalse(self.stalled.go_on.is_set())


class Interrupts(WaitingTest):
    def options(self) -> dict[str, object]:
        plain = self.release.options(timeout=50).items()
        return {name: value if isinstance(value, int) else str(value) for name, value in plain}

    def child(self, *words: str) -> subprocess.Popen:
        started = subprocess.Popen(
            [python(), "-c", CHILD, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            # In a session of its own there is no terminal to be asked.
            start_new_session=True,
        )
        self.addCleanup(started.communicate)
        self.addCleanup(started.kill)
        self.say(started, json.dumps(self.options()))
        self.assertEqual(started.stdout.readline(), "ready\n")
        return started

    def say(self, child: subprocess.Popen, line: str) -> None:
        child.stdin.write(line + "\n")
        child.stdin.flush()

    def test_ctrl_c_ends_a_stalled_download_at_once_and_it_can_be_asked_for_again(self) -> None:
        child = self.child("watch")
        self.assertTrue(self.stalled.asked.wait(30))
        self.assertEqual(child.stdout.readline(), "waiting\n")
        os.kill(child.pid, signal.SIGINT)
        # The silence would last 50 seconds; this line is there long before, or the test's own watchdog ends it.
        watchdog = threading.Timer(20, child.kill)
        watchdog.start()
        self.assertEqual(child.stdout.readline(), "interrupted\n")
        watchdog.cancel()
        self.assertFalse(self.stalled.go_on.is_set())
        self.stalled.go_on.set()
        out, err = child.communicate("\n", timeout=60)
        self.assertEqual((child.returncode, err), (0, ""))
        self.assertIn(ASSET, [line.rpartition("/")[2] for line in out.splitlines()])

    def test_without_a_terminal_it_works_and_says_nothing(self) -> None:
        self.stalled.go_on.set()
        child = self.child()
        out, err = child.communicate(timeout=60)
        self.assertEqual((child.returncode, err), (0, ""))
        self.assertIn(ASSET, [line.rpartition("/")[2] for line in out.splitlines()])

    def test_a_process_may_end_while_a_thread_of_it_waits(self) -> None:
        code = "import json, sys, threading, lockgate\noptions = json.loads(sys.stdin.readline())\n"
        code += "threading.Thread(target=lambda: lockgate.fetch(**options), daemon=True).start()\nsys.stdin.readline()\n"
        child = subprocess.Popen([python(), "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(child.kill)
        self.say(child, json.dumps(self.options()))
        self.assertTrue(self.stalled.asked.wait(30))
        _, err = child.communicate("\n", timeout=20)
        self.assertEqual((child.returncode, err), (0, ""))

    def test_a_process_may_end_while_a_thread_of_it_is_called_back(self) -> None:
        child = subprocess.Popen([python(), "-c", BUSY], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        self.say(child, json.dumps(self.options()))
        _, err = child.communicate(timeout=60)
        self.assertEqual((child.returncode, err), (0, ""))


class ManyBytes(unittest.TestCase):
    def test_a_large_file_arrives_whole_and_is_gone_on_with_where_it_broke_off(self) -> None:
        release = Release(self)
        release.pins.write_text(f"{sha256(WHOLE)}  {ASSET}\n")

        def break_off(handler: http.server.BaseHTTPRequestHandler) -> None:
            start = int((handler.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            handler.send_response(206 if start else 200)
            if start:
                handler.send_header("Content-Range", f"bytes {start}-{len(WHOLE) - 1}/{len(WHOLE)}")
            handler.send_header("Content-Length", str(len(WHOLE) - start))
            handler.end_headers()
            # The server closes the connection before the end.
            handler.wfile.write(WHOLE[start : start + len(WHOLE) // 2 + 1])

        release.publish(ASSET, break_off)
        self.assertEqual(release.fetch().read_bytes(), WHOLE)
        self.assertEqual(release.downloads(), 2)


if __name__ == "__main__":
    unittest.main()
