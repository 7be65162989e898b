"""`lockgate.fetch`: from Python's arguments to the client's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Callable, NamedTuple, Optional, Protocol, Union

from . import _native
from ._errors import of
from ._wish import Row


class Readable(Protocol):
    """A file of `importlib.resources.files`."""

    def read_bytes(self) -> bytes: ...


StrPath = Union[str, "os.PathLike[str]"]
Resource = Union[StrPath, Readable]


class Variant(NamedTuple):
    """A row of the table `variant` of `lockgate.toml`. What is left out is taken from the name, as there.

    Attributes:
        name: such as "amd64" or "arm64-musl".
        arch: "amd64", "arm64", "386", "arm", "riscv64", "ppc64le" or "s390x".
        os: "linux".
        libc: "glibc", "musl" or "static".
        glibc_floor: the oldest glibc that does, such as "2.31".
    """

    name: str
    arch: Optional[str] = None
    os: Optional[str] = None
    libc: Optional[str] = None
    glibc_floor: Optional[str] = None


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
    progress: Optional[Callable[[int, Optional[int]], object]] = None,
) -> Path:
    """Give the path of the verified executable for this machine.

    It is taken from the first place that has it: `file` (alone), `bundled`, the cache, the mirrors, the release. Ask for the
    path each time rather than keeping it: what is here is verified again, and that is fast.

    May be called from many threads and processes at once; whoever comes second waits for the first one's download. Other
    threads run meanwhile. Ctrl-C ends it at once; what had arrived is gone on with the next time.

    Args:
        repository: "OWNER/NAME".
        tag: the release's tag as in lockgate.toml, with "{version}".
        asset: the executable's name as in lockgate.toml, with "{variant}" and "{version}".
        version: the version. Either this or `version_file`.
        version_file: the file that holds it: a path, or a file of `importlib.resources`.
        pins: the SHA256SUMS that your package ships. Then it alone decides which bytes are right. Without it the receipt of
            the release is believed, which is weaker: whoever may replace the executables may replace the receipt.
        package: its name in lockgate.toml. A receipt has to name it; "{package}" in `tag` and `asset` stands for it.
        repository_id: the forge's number of the repository, which a receipt has to name.
        variant: the variant. Without it, the best for this machine.
        variants: those to choose among. Without them, the ones that the pins or the receipt name; their names say what they
            are for.
        server: the forge's address.
        file: take the bytes from here, and verify them all the same.
        bundled: a folder with executables that came with your program, by asset name.
        cache: where executables are kept. Without it LOCKGATE_CACHE, else the user's cache folder.
        mirrors: addresses or folders (beginning with "/" or ".") to ask before the release. Without it LOCKGATE_MIRROR.
        offline: never use the network.
        check_withdrawn: ask whether the version was withdrawn, one short request. Leave it on.
        proxy: for every address. Without it LOCKGATE_PROXY, else HTTPS_PROXY and its like.
        ca_files: certificates to trust besides the system's. Without them LOCKGATE_CA_FILE.
        timeout: for how many seconds the network may be silent (30).
        total_timeout: how many seconds one file may take in all (1800).
        retries: how often to ask again where nothing came (2).
        max_size: the most bytes. Without it LOCKGATE_MAX_SIZE, else 2 GiB.
        progress: called now and then, in this thread, with the bytes that are here and the size, if that is known. What it
            raises ends the fetch.

    Raises:
        NotPublished: the release does not have it for the public.
        NetworkError: nobody can tell.
        WrongBytes: what came is not what was promised. Nothing of it was kept.
        Withdrawn: the version must not be used.
        NotUsable: an argument is malformed. Also a ValueError.
        LockgateError: anything else; see its `code`.
    """
    if (version is None) == (version_file is None):
        raise TypeError("fetch() needs either 'version' or 'version_file'")
    if isinstance(mirrors, (str, os.PathLike)) or isinstance(ca_files, (str, os.PathLike)):
        raise TypeError("'mirrors' and 'ca_files' are lists")
    for name, number, least, most in (
        ("timeout", timeout, 1, 86_400),
        ("total_timeout", total_timeout, 1, 604_800),
        ("retries", retries, 0, 100),
        ("repository_id", repository_id, 1, 2**64 - 1),
        ("max_size", max_size, 1, 2**63 - 1),
    ):
        if number is not None and not least <= number <= most:
            raise _not_usable(f"{name}={number}", f"a number from {least} to {most}")
    call = _native.begin(
        {
            "server": server,
            "repository": repository,
            "repository_id": repository_id,
            "package": package,
            "tag": tag,
            "asset": asset,
            "version": None if version is None else str(version),
            "version_file": None if version_file is None else (_read(version_file, "version file"), str(version_file)),
            "pins": None if pins is None else _text(_read(pins, "pins"), str(pins)),
            "variant": variant,
            "variants": [_row(one) for one in variants],
            "file": _path(file),
            "cache": _path(cache),
            "bundled": _path(bundled),
            "mirrors": None if mirrors is None else [os.fspath(one) for one in mirrors],
            "offline": offline,
            "check_withdrawn": check_withdrawn,
            "proxy": proxy,
            "ca_files": [os.fspath(one) for one in ca_files],
            "timeout": timeout,
            "total_timeout": total_timeout,
            "retries": retries,
            "max_size": max_size,
        }
    )
    try:
        while not call.wait():
            _report(call, progress)
        # Whoever counts bytes wants to hear of the last ones.
        _report(call, progress)
    except BaseException:
        call.give_up()
        raise
    path, words = call.end()
    for line in words:
        _tell("info", line)
    return path


def _report(call: _native.Call, progress: Optional[Callable[[int, Optional[int]], object]]) -> None:
    far, lines = call.told()
    for level, words in lines:
        _tell(level, words)
    if progress is not None and far is not None:
        progress(*far)


def _tell(level: str, words: str) -> None:
    # Importing it takes as long as all of ours; whoever only imports us does not wait for it.
    import logging

    log = logging.getLogger("lockgate")
    log.log({"debug": logging.DEBUG, "info": logging.INFO}[level], "%s", words)


def _path(path: Optional[StrPath]) -> Optional[str]:
    return None if path is None else os.fspath(path)


def _read(resource: Resource, what: str) -> bytes:
    try:
        if isinstance(resource, (str, os.PathLike)):
            return Path(resource).read_bytes()
        return resource.read_bytes()
    except OSError as error:
        raise of("fetch.document", f"cannot read the {what}: {error}", "see that it is shipped with the program") from error


def _text(pins: bytes, origin: str) -> str:
    try:
        return pins.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the SHA256SUMS from {origin} is of no use: {error}"
        raise of("fetch.document", message, "find out who wrote it: Lockgate writes none like this") from error


def _row(variant: Union[Variant, str]) -> Row:
    if isinstance(variant, str):
        variant = Variant(variant)
    if variant.libc not in (None, "glibc", "musl", "static"):
        raise _not_usable(variant.libc, "'glibc', 'musl' or 'static'")
    return Row(variant.name, variant.os, variant.arch, variant.libc, _floor(variant.glibc_floor))


def _floor(text: Optional[str]) -> Optional[tuple[int, int]]:
    if text is None:
        return None
    major, dot, minor = text.partition(".")
    if not (dot and major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit()):
        raise _not_usable(text, "a version of glibc, such as '2.31'")
    return int(major), int(minor)


def _not_usable(text: object, expected: str) -> Exception:
    return of("fetch.not-usable", f"{text!r} is not {expected}", "give it in the form that is expected")
