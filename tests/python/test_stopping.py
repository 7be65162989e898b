"""A fetch that nobody wants any more ends: the connection is closed, the lock is released, and the next one resumes."""

import asyncio
import gc
import http.server
import inspect
import json
import multiprocessing
import os
import select
import signal
import subprocess
import threading
import time
import unittest

from support import ASSET, BYTES, Release, environment, lockgate, python

# Fetches what it is told to on standard input.
FETCH = "import json, sys, lockgate; print(lockgate.fetch(**json.loads(sys.stdin.readline())))"
# The same, and a child of a fork lives on: it ends with its standard input.
FORKS = """
import json, os, sys, threading, lockgate
options = json.loads(sys.stdin.readline())
started = threading.Event()
threading.Thread(target=lambda: lockgate.fetch(**options, progress=lambda *_: started.set()), daemon=True).start()
started.wait()
child = os.fork()
if child == 0:
    sys.stdin.read()
    os._exit(0)
print(child, flush=True)
sys.stdin.read()
"""


class Slow:
    """Sends a byte now and then, or none after the first half, until the other side closes the connection."""

    def __init__(self, drips: bool) -> None:
        self.drips = drips
        self.asked, self.closed, self.whole = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        start = int((handler.headers["Range"] or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(BYTES) - 1}/{len(BYTES)}")
        handler.send_header("Content-Length", str(len(BYTES) - start))
        handler.end_headers()
        rest = BYTES[start:]
        try:
            while not self.whole.is_set():
                # Never the last byte, so that the file does not become whole before it is told to.
                count = 1 if self.drips else len(rest) // 2
                if len(rest) > 1:
                    self.send(handler, rest[:count])
                    rest = rest[count:]
                if self.hung_up(handler, 0.05 if self.drips else 60):
                    self.closed.set()
                    return
            self.send(handler, rest)
        except OSError:
            self.closed.set()  # It hung up in the middle of a byte.

    def send(self, handler: http.server.BaseHTTPRequestHandler, piece: bytes) -> None:
        handler.wfile.write(piece)
        handler.wfile.flush()
        self.asked.set()

    @staticmethod
    def hung_up(handler: http.server.BaseHTTPRequestHandler, seconds: float) -> bool:
        readable, _, _ = select.select([handler.connection], [], [], seconds)
        return bool(readable) and not handler.connection.recv(1)


class StoppingTest(unittest.TestCase):
    def setUp(self) -> None:
        self.release = Release(self)

    def slow(self, drips: bool) -> Slow:
        slow = Slow(drips)
        self.release.publish(ASSET, slow)
        return slow

    def line(self) -> str:
        plain = self.release.options(timeout=60).items()
        return json.dumps({name: value if isinstance(value, int) else str(value) for name, value in plain}) + "\n"

    def child(self, code: str) -> subprocess.Popen:
        child = subprocess.Popen(
            [python(), "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
        )
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        child.stdin.write(self.line())
        child.stdin.flush()
        return child

    def assert_another_process_gets_it_at_once(self) -> None:
        begun = time.monotonic()
        out, err = self.child(FETCH).communicate(timeout=60)
        self.assertIn(ASSET, out, err)
        # Far less than what waiting for a lock that nobody releases takes: four times the time-out.
        self.assertLess(time.monotonic() - begun, 20)

    def assert_ended(self, slow: Slow) -> None:
        self.assertTrue(slow.closed.wait(5), "the server sees that the connection is closed")
        end = time.monotonic() + 5
        while list(self.release.cache.rglob("*.lock")) and time.monotonic() < end:
            pass
        self.assertEqual(list(self.release.cache.rglob("*.lock")), [])
        slow.whole.set()
        self.assert_another_process_gets_it_at_once()


class Cancelled(StoppingTest):
    def run_and_cancel(self, slow: Slow, cancel) -> None:
        async def main() -> float:
            task = asyncio.ensure_future(lockgate.fetch_async(**self.release.options(timeout=60)))
            await asyncio.get_running_loop().run_in_executor(None, slow.asked.wait, 30)
            begun = time.monotonic()
            await cancel(task)
            return time.monotonic() - begun

        self.assertLess(asyncio.run(main()), 5)
        self.assert_ended(slow)

    def test_a_cancelled_task_ends_the_work_whether_bytes_come_or_not(self) -> None:
        async def cancel(task: asyncio.Task) -> None:
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        for drips in (True, False):
            with self.subTest(drips=drips):
                self.setUp()
                self.run_and_cancel(self.slow(drips), cancel)

    def test_a_time_out_ends_the_work(self) -> None:
        async def time_out(task: asyncio.Task) -> None:
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(task, 0.05)

        self.run_and_cancel(self.slow(drips=False), time_out)

    def test_a_coroutine_that_is_thrown_away_ends_the_work(self) -> None:
        slow = self.slow(drips=True)

        async def main() -> None:
            coroutine = lockgate.fetch_async(**self.release.options(timeout=60))
            # One step, by hand: it now waits for its work.
            coroutine.send(None)
            await asyncio.get_running_loop().run_in_executor(None, slow.asked.wait, 30)
            coroutine.close()

        asyncio.run(main())
        self.assert_ended(slow)

    def test_while_it_waits_the_loop_runs_and_progress_is_called_in_its_thread(self) -> None:
        self.slow(drips=True)
        bundled, heard = self.release.folder / "bundled", []
        bundled.mkdir()
        (bundled / ASSET).write_bytes(BYTES)

        async def main() -> bytes:
            def progress(received: int, size: int) -> None:
                heard.append(threading.get_ident())

            first = asyncio.ensure_future(lockgate.fetch_async(**self.release.options(progress=progress)))
            while not heard:
                await asyncio.sleep(0.001)
            more = {"bundled": bundled, "cache": self.release.folder / "other", "check_withdrawn": False}
            second = await lockgate.fetch_async(**self.release.options(**more))
            self.assertFalse(first.done())
            first.cancel()
            return second.read_bytes()

        self.assertEqual(asyncio.run(main()), BYTES)
        self.assertEqual(set(heard), {threading.get_ident()})

    def test_it_takes_the_arguments_of_fetch_and_fails_as_that_does(self) -> None:
        self.assertEqual(inspect.signature(lockgate.fetch_async), inspect.signature(lockgate.fetch))
        self.assertTrue(inspect.iscoroutinefunction(lockgate.fetch_async))
        with self.assertRaises(lockgate.NotPublished):
            self.release.publish(ASSET, 404)
            asyncio.run(lockgate.fetch_async(**self.release.options()))
        for more in ({"unknown": 1}, {"version": None}):
            with self.assertRaises(TypeError):
                asyncio.run(lockgate.fetch_async(**self.release.options(**more)))
        with self.assertRaises(TypeError):
            asyncio.run(lockgate.fetch_async(repository="o/n", version=2))


class Interrupted(StoppingTest):
    def test_a_ctrl_c_ends_the_work_whether_bytes_come_or_not(self) -> None:
        for drips in (True, False):
            with self.subTest(drips=drips):
                self.setUp()
                slow = self.slow(drips)
                interrupt = threading.Thread(target=lambda: slow.asked.wait(30) and signal.pthread_kill(main, signal.SIGINT))
                main = threading.main_thread().ident
                interrupt.start()
                with self.assertRaises(KeyboardInterrupt):
                    self.release.fetch(timeout=60)
                interrupt.join()
                self.assert_ended(slow)

    def test_work_that_nothing_refers_to_any_more_ends(self) -> None:
        from lockgate._args import checked
        from lockgate._run import Run

        slow = self.slow(drips=True)
        defaults = {name: value for name, value in lockgate.fetch.__kwdefaults__.items() if name != "progress"}
        run = Run(checked(**{**defaults, **self.release.options(timeout=60)}), None)
        self.assertTrue(slow.asked.wait(30))
        del run
        gc.collect()
        self.assert_ended(slow)


class Forked(StoppingTest):
    def test_the_child_of_a_killed_process_keeps_nobody_waiting(self) -> None:
        slow = self.slow(drips=False)
        parent = self.child(FORKS)
        child = int(parent.stdout.readline())
        self.addCleanup(self.end, child)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(30)
        os.kill(child, 0)
        slow.whole.set()
        self.assert_another_process_gets_it_at_once()
        os.kill(child, 0)

    @staticmethod
    def end(child: int) -> None:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def test_a_child_that_is_forked_in_the_middle_of_a_download_keeps_nothing_of_the_cache_open(self) -> None:
        slow = self.slow(drips=True)
        self.release.cache = self.release.folder / "link"
        self.release.cache.symlink_to(self.release.folder / "cache of a link")
        (self.release.folder / "cache of a link").mkdir()
        fetching = threading.Thread(target=self.release.fetch, kwargs={"timeout": 60})
        fetching.start()
        self.assertTrue(slow.asked.wait(30))
        self.assertTrue(self.open_in_cache(), "the parent has lock and data open")
        context = multiprocessing.get_context("fork")
        for _ in range(3):
            answers = context.SimpleQueue()
            child = context.Process(target=lambda: answers.put(self.open_in_cache()))
            child.start()
            self.assertEqual(answers.get(), [])
            child.join()
        self.assertTrue(self.open_in_cache())
        slow.whole.set()
        fetching.join(60)

    def open_in_cache(self) -> list[str]:
        links = []
        for name in os.listdir("/proc/self/fd"):
            try:
                links.append(os.readlink(f"/proc/self/fd/{name}"))
            except OSError:
                pass  # The one that listed them.
        return [link for link in links if "/cache of a link/" in link]

    def test_a_child_that_is_forked_by_the_callback_goes_on_by_itself(self) -> None:
        slow = self.slow(drips=True)
        read, write = os.pipe()
        parent, children = os.getpid(), []

        def progress(received: int, size: int) -> None:
            if os.getpid() == parent and not children:
                children.append(os.fork())
            slow.whole.set()

        try:
            path = self.release.fetch(progress=progress, timeout=60)
            if os.getpid() != parent:
                os.write(write, os.fsencode(path))
        finally:
            if os.getpid() != parent:
                os._exit(0)
        os.close(write)
        self.assertEqual(os.waitpid(children[0], 0)[1], 0)
        with os.fdopen(read, "rb") as told:
            self.assertEqual(os.fsdecode(told.read()), str(path))


if __name__ == "__main__":
    unittest.main()
