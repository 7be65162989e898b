"""Fetch and verify an executable that Lockgate published.

One call returns the path of the right executable for this machine, in the version that your package names, verified byte for
byte, from a folder, the cache, a mirror or the release:

    here = importlib.resources.files("my_package")
    tool = lockgate.fetch(repository="OWNER/NAME", tag="tool-v{version}", asset="tool-{variant}-v{version}",
                          version_file=here / "VERSION", pins=here / "SHA256SUMS")

`fetch_async` does the same for asyncio, and stops when its task is cancelled.

Every failure is a `LockgateError`. Outcomes that must never be confused have classes of their own, such as `NotPublished`,
`NetworkError`, `WrongBytes` and `Withdrawn`.

Events are reported to the logger "lockgate" of the standard library.
"""

from ._args import Variant
from ._errors import (
    AmbiguousVariant,
    CacheError,
    DocumentError,
    InternalError,
    InvalidInput,
    LockgateError,
    NetworkError,
    NoCache,
    NoExec,
    NoPin,
    NotPublished,
    NoVariant,
    Offline,
    RepositoryMismatch,
    Stopped,
    TooLarge,
    UnsupportedProxy,
    WebPageError,
    Withdrawn,
    WrongBytes,
)
from ._fetch import fetch, fetch_async
from ._native import __version__

__all__ = [
    "AmbiguousVariant",
    "CacheError",
    "DocumentError",
    "InternalError",
    "InvalidInput",
    "LockgateError",
    "NetworkError",
    "NoCache",
    "NoExec",
    "NoPin",
    "NoVariant",
    "NotPublished",
    "Offline",
    "RepositoryMismatch",
    "Stopped",
    "TooLarge",
    "UnsupportedProxy",
    "Variant",
    "WebPageError",
    "Withdrawn",
    "WrongBytes",
    "__version__",
    "fetch",
    "fetch_async",
]
