"""`lockgate.fetch` and `lockgate.fetch_async`."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from ._args import Progress, Resource, StrPath, Variant, checked
from ._run import Run

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    _P = ParamSpec("_P")

# How long a cancelled fetch waits for its work to end, in seconds. It usually takes a tenth of that.
_GRACE = 1.0


def fetch(
    *,
    repository: str,
    tag: str,
    asset: str,
    version: Union[str, int, None] = None,
    version_file: Optional[Resource] = None,
    pins: Optional[Resource] = None,
    package: Optional[str] = None,
    repository_id: Optional[int] = None,
    variant: Optional[str] = None,
    variants: Iterable[Union[Variant, str]] = (),
    server: str = "https://github.com",
    file: Optional[StrPath] = None,
    bundled: Optional[StrPath] = None,
    cache: Optional[StrPath] = None,
    mirrors: Optional[Sequence[StrPath]] = None,
    offline: bool = False,
    check_withdrawn: bool = True,
    proxy: Optional[str] = None,
    ca_files: Sequence[StrPath] = (),
    timeout: Optional[int] = None,
    total_timeout: Optional[int] = None,
    retries: Optional[int] = None,
    max_size: Optional[int] = None,
    progress: Optional[Progress] = None,
) -> Path:
    """Returns the path of the verified executable for this machine.

    It is taken from the first source that has it: `file` (alone), `bundled`, the cache, the mirrors, the release. Call `fetch`
    each time rather than storing the path: a local file is verified again, which is fast.

    Any number of threads and processes may call it at once; one of them downloads and the others wait for it. Other threads
    run meanwhile. Ctrl-C, and an exception of `progress`, end the download; the next call resumes it. For asyncio there is
    `fetch_async`, which a cancelled task or a time-out ends in the same way.

    Args:
        repository: "OWNER/NAME".
        tag: the release's tag as in lockgate.toml, with "{version}".
        asset: the executable's name as in lockgate.toml, with "{variant}" and "{version}".
        version: the version. Either this or `version_file`.
        version_file: the file that holds the version: a path, or a file of `importlib.resources`.
        pins: the SHA256SUMS that your package ships. It alone determines which bytes are right. Without it the release's
            receipt does, which is weaker: an attacker who can replace the executables can replace the receipt.
        package: its name in lockgate.toml. A receipt must name it; it replaces "{package}" in `tag` and `asset`.
        repository_id: GitHub's number of the repository, which a receipt must name.
        variant: the variant. Default: the best for this machine.
        variants: the variants to choose from. Default: those that the pins or the receipt name, each described by its name.
        server: GitHub's address.
        file: take the bytes from this file, and verify them as usual.
        bundled: a folder with executables that came with your program, by asset name.
        cache: the folder for executables. Default: LOCKGATE_CACHE, else the user's cache folder.
        mirrors: addresses or folders (beginning with "/" or ".") to ask before the release. Default: LOCKGATE_MIRROR.
        offline: never use the network.
        check_withdrawn: check whether the version was withdrawn, with one short request. Leave it on.
        proxy: the proxy for every address. Default: LOCKGATE_PROXY, else HTTPS_PROXY, HTTP_PROXY and ALL_PROXY.
        ca_files: certificates to trust in addition to the system's. Default: LOCKGATE_CA_FILE.
        timeout: the longest silence of the network, in seconds (30).
        total_timeout: the time limit of one file, in seconds (1800).
        retries: the number of retries after a failure (2).
        max_size: the largest accepted file, in bytes. Default: LOCKGATE_MAX_SIZE, else 2 GiB.
        progress: a function that is called repeatedly, in this thread, with the number of bytes received and the size, if known.
            An exception from it ends the fetch.

    Raises:
        LockgateError: there is no verified executable. Each reason has a class, such as `NotPublished`, `NetworkError`,
            `WrongBytes`, `Withdrawn` and `InvalidInput` (also a ValueError), and a stable `code`.
        TypeError: an argument is unknown or has the wrong type.
    """
    arguments = dict(locals())
    progress = arguments.pop("progress")
    run = Run(checked(**arguments), progress)
    try:
        while not run.ended(50):
            pass
    except BaseException:
        run.task.stop()
        end = time.monotonic() + _GRACE
        while not run.task.wait(5) and time.monotonic() < end:
            pass
        raise
    return run.path()


def _with_arguments_of(fetch: Callable[_P, Path]) -> Callable[[Callable[..., object]], Callable[_P, Coroutine[Any, Any, Path]]]:
    def same(function: Any) -> Any:
        # `help` and `inspect.signature` follow this attribute.
        function.__wrapped__ = fetch
        return function

    return same


@_with_arguments_of(fetch)
async def fetch_async(*, progress: Optional[Progress] = None, **arguments: Any) -> Path:
    """Returns the path of the verified executable for this machine, without blocking the event loop of asyncio.

    Arguments and exceptions are those of `fetch`. A cancelled task, also by `asyncio.timeout` or `asyncio.wait_for`, ends the
    work and not only the waiting: the download stops, its lock is released and its connection closed before the
    `CancelledError` is raised again, or a second later at most. The next call resumes the download.

    `asyncio.to_thread(lockgate.fetch, ...)` cannot do that: asyncio cannot stop a thread.
    """
    import asyncio

    defaults = fetch.__kwdefaults__ or {}
    given = {name: arguments.pop(name, default) for name, default in defaults.items() if name != "progress"}
    run = Run(checked(**given, **arguments), progress)
    pause = 0.001
    try:
        while not run.ended(0):
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.05)
    except GeneratorExit:
        run.task.stop()
        raise
    except BaseException:
        run.task.stop()
        end = time.monotonic() + _GRACE
        while not run.task.wait(0) and time.monotonic() < end:
            await asyncio.sleep(0.005)
        raise
    return run.path()
