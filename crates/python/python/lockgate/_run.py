"""A running fetch: starts it, waits for it, reports its events, stops it; also across a fork."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import Optional

from . import _native
from ._args import Args, Progress

# The fetches of this process that have not ended.
_running: weakref.WeakSet[Run] = weakref.WeakSet()


class Run:
    """The work of one call. It ends when the call does, whatever ends the call."""

    def __init__(self, args: Args, progress: Optional[Progress]) -> None:
        self._args = args
        self._progress = progress
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self.task = _native.begin(self._args)
        _running.add(self)

    def ended(self, milliseconds: int) -> bool:
        """Waits at most this long, reports the events, and returns whether the work has ended."""
        if self._process != os.getpid():
            # A forked child does not have its parent's working thread.
            self._begin()
        ended = self.task.wait(milliseconds)
        received, lines = self.task.reported()
        for level, text in lines:
            _log(level, text)
        if self._progress is not None and received is not None:
            self._progress(*received)
        return ended

    def path(self) -> Path:
        """Returns the path of the executable, or raises the error. The work must have ended."""
        path, lines = self.task.end()
        for text in lines:
            _log("info", text)
        return path


def _log(level: str, text: str) -> None:
    # Importing it takes as long as this whole package.
    import logging

    logger = logging.getLogger("lockgate")
    logger.log({"debug": logging.DEBUG, "info": logging.INFO}[level], "%s", text)


def _close_inherited() -> None:
    """Closes the files that a forked child has inherited from its parent's fetches.

    A lock on Linux lasts until its last descriptor is closed. If the parent were killed, the child would hold the lock on the
    download, and its copies of unfinished files would keep other processes from running them.
    """
    folders = [os.path.join(os.path.realpath(run.task.cache), "incomplete", "") for run in _running if run.task.cache]
    _running.clear()
    if not folders:
        return
    try:
        descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return  # Without /proc the client's own time-out applies.
    for descriptor in descriptors:
        try:
            if os.readlink(f"/proc/self/fd/{descriptor}").startswith(tuple(folders)):
                os.close(descriptor)
        except OSError:
            pass  # The descriptor that listed them.


os.register_at_fork(after_in_child=_close_inherited)
