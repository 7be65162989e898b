"""The arguments of `lockgate.fetch`, checked and in the form that the extension takes."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Callable, NamedTuple, Optional, Protocol, TypedDict, Union

from ._errors import invalid, of


class Readable(Protocol):
    """A file of `importlib.resources.files`."""

    def read_bytes(self) -> bytes: ...


StrPath = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Resource = Union[StrPath, Readable]
Progress = Callable[[int, Optional[int]], object]


class Variant(NamedTuple):
    """A row of the table `variant` of `lockgate.toml`. What is omitted is taken from the name, as there.

    Attributes:
        name: such as "amd64" or "arm64-musl".
        arch: "amd64", "arm64", "386", "arm", "riscv64", "ppc64le" or "s390x".
        os: "linux".
        libc: "glibc", "musl" or "static".
        glibc_floor: the oldest glibc that it runs with, such as "2.31".
    """

    name: str
    arch: Optional[str] = None
    os: Optional[str] = None
    libc: Optional[str] = None
    glibc_floor: Optional[str] = None


class VariantRow(NamedTuple):
    """A `Variant` as the extension takes it."""

    name: str
    os: Optional[str]
    arch: Optional[str]
    libc: Optional[str]
    glibc_floor: Optional[tuple[int, int]]


class Args(TypedDict):
    """One item for each argument; `src/args.rs` reads them by these names."""

    server: str
    repository: str
    repository_id: Optional[int]
    package: Optional[str]
    tag: str
    asset: str
    version: Optional[str]
    version_file: Optional[tuple[bytes, str]]
    pins: Optional[str]
    variant: Optional[str]
    variants: Sequence[VariantRow]
    file: Optional[str]
    cache: Optional[str]
    bundled: Optional[str]
    mirrors: Optional[Sequence[str]]
    offline: bool
    check_withdrawn: bool
    proxy: Optional[str]
    ca_files: Sequence[str]
    timeout: Optional[int]
    total_timeout: Optional[int]
    retries: Optional[int]
    max_size: Optional[int]


def checked(
    *,
    repository: str,
    tag: str,
    asset: str,
    version: Union[str, int, None],
    version_file: Optional[Resource],
    pins: Optional[Resource],
    package: Optional[str],
    repository_id: Optional[int],
    variant: Optional[str],
    variants: Iterable[Union[Variant, str]],
    server: str,
    file: Optional[StrPath],
    bundled: Optional[StrPath],
    cache: Optional[StrPath],
    mirrors: Optional[Sequence[StrPath]],
    offline: bool,
    check_withdrawn: bool,
    proxy: Optional[str],
    ca_files: Sequence[StrPath],
    timeout: Optional[int],
    total_timeout: Optional[int],
    retries: Optional[int],
    max_size: Optional[int],
) -> Args:
    """Checks the arguments and reads the files that they name.

    Raises:
        TypeError: an argument has the wrong type.
        InvalidInput: a value is not in the expected form.
        DocumentError: a file cannot be read.
    """
    if (version is None) == (version_file is None):
        raise TypeError("fetch() needs either 'version' or 'version_file'")
    for name, many in (("mirrors", mirrors), ("ca_files", ca_files)):
        if isinstance(many, (str, bytes, os.PathLike)):
            raise TypeError(f"'{name}' is a list, not a single {type(many).__name__}")
    return {
        "server": _str("server", server),
        "repository": _str("repository", repository),
        "repository_id": _number("repository_id", repository_id, 1, 2**64 - 1),
        "package": _optional_str("package", package),
        "tag": _str("tag", tag),
        "asset": _str("asset", asset),
        "version": None if version is None else _version(version),
        "version_file": None if version_file is None else (_read("version file", version_file), _shown(version_file)),
        "pins": None if pins is None else _text("SHA256SUMS", pins),
        "variant": _optional_str("variant", variant),
        "variants": [_row(one) for one in variants],
        "file": _path(file),
        "cache": _path(cache),
        "bundled": _path(bundled),
        "mirrors": None if mirrors is None else [_str("mirrors", os.fsdecode(one)) for one in mirrors],
        "offline": _bool("offline", offline),
        "check_withdrawn": _bool("check_withdrawn", check_withdrawn),
        "proxy": _optional_str("proxy", proxy, shown=False),
        "ca_files": [os.fsdecode(one) for one in ca_files],
        "timeout": _number("timeout", timeout, 1, 86_400),
        "total_timeout": _number("total_timeout", total_timeout, 1, 604_800),
        "retries": _number("retries", retries, 0, 100),
        "max_size": _number("max_size", max_size, 1, 2**63 - 1),
    }


def _str(name: str, text: str, *, shown: bool = True) -> str:
    if not isinstance(text, str):
        raise TypeError(f"'{name}' is a str, not {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, or a byte of a file name that is not UTF-8. A proxy's address may hold a password.
        raise invalid(f"{name}={_quoted(text)}" if shown else name, "text that UTF-8 can encode") from None
    return text


def _version(version: Union[str, int]) -> str:
    if not isinstance(version, int):
        return _str("version", version)
    try:
        return str(version)
    except ValueError as error:
        # Python does not convert numbers of thousands of digits to text.
        raise invalid("version", "a version: it has thousands of digits") from error


def _optional_str(name: str, text: Optional[str], *, shown: bool = True) -> Optional[str]:
    return None if text is None else _str(name, text, shown=shown)


def _number(name: str, number: Optional[int], least: int, most: int) -> Optional[int]:
    if number is None:
        return None
    number = operator.index(number)
    if not least <= number <= most:
        shown = number if abs(number) < 10**30 else "a very large number"
        raise invalid(f"{name}={shown}", f"a number from {least} to {most}")
    return number


def _bool(name: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"'{name}' is a bool, not {type(value).__name__}")
    return value


# The bytes of a file name that are not UTF-8 are represented as surrogates (PEP 383).
def _path(path: Optional[StrPath]) -> Optional[str]:
    return None if path is None else os.fsdecode(path)


def _shown(resource: Resource) -> str:
    text = os.fsdecode(resource) if isinstance(resource, (str, bytes, os.PathLike)) else str(resource)
    return text.encode("utf-8", "backslashreplace").decode()


def _read(what: str, resource: Resource) -> bytes:
    try:
        if isinstance(resource, (str, bytes, os.PathLike)):
            return Path(os.fsdecode(resource)).read_bytes()
        read_bytes = resource.read_bytes
    except (OSError, ValueError) as error:
        raise _unreadable(what, error) from error
    except AttributeError:
        raise TypeError(f"the {what} is a path or a file of importlib.resources, not {type(resource).__name__}") from None
    try:
        return bytes(read_bytes())
    # An importer's own files may raise more than OSError: a broken zip has errors of its own.
    except Exception as error:
        raise _unreadable(what, error) from error


def _unreadable(what: str, error: Exception) -> Exception:
    words = f"{type(error).__name__}: {error}".encode("utf-8", "backslashreplace").decode()
    return of("fetch.document", f"cannot read the {what}: {words}", "check that it is shipped with the program")


def _text(what: str, resource: Resource) -> str:
    try:
        return _read(what, resource).decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the {what} from {_shown(resource)} is invalid: {error}"
        raise of("fetch.document", message, "check where it comes from: Lockgate writes UTF-8 only") from error


def _row(variant: Union[Variant, str]) -> VariantRow:
    row = Variant(variant) if isinstance(variant, str) else variant
    if not isinstance(row, Variant):
        raise TypeError(f"'variants' holds names and Variants, not {type(variant).__name__}")
    libc = _optional_str("libc", row.libc)
    if libc is not None and libc not in ("glibc", "musl", "static"):
        raise invalid(f"libc={_quoted(libc)}", "'glibc', 'musl' or 'static'")
    system, arch = _optional_str("os", row.os), _optional_str("arch", row.arch)
    return VariantRow(_str("name", row.name), system, arch, libc, _floor(_optional_str("glibc_floor", row.glibc_floor)))


def _floor(text: Optional[str]) -> Optional[tuple[int, int]]:
    if text is None:
        return None
    major, dot, minor = text.partition(".")
    for part in (major, minor):
        if not (dot and part.isascii() and part.isdigit() and len(part) < 10):
            raise invalid(f"glibc_floor={_quoted(text)}", "a version of glibc, such as '2.31'")
    return int(major), int(minor)


def _quoted(text: str) -> str:
    return ascii(text if len(text) <= 80 else text[:80] + "...")
