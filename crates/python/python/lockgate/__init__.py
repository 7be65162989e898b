"""Fetch and verify an executable that Lockgate published.

One call gives the path of the right executable for this machine, in the version that your package names, verified byte
for byte, out of a folder, the cache, a mirror or the release:

    here = importlib.resources.files("my_package")
    tool = lockgate.fetch(repository="OWNER/NAME", tag="tool-v{version}", asset="tool-{variant}-v{version}",
                          version_file=here / "VERSION", pins=here / "SHA256SUMS")

Whatever goes wrong is a `LockgateError`. The outcomes that must never be confused have classes of their own:
`NotPublished`, `NetworkError`, `WrongBytes`, `Withdrawn`.

What it does it tells to the logger "lockgate" of the standard library.
"""

from ._errors import LockgateError, NetworkError, NotPublished, NotUsable, Withdrawn, WrongBytes
from ._fetch import Variant, fetch
from ._native import __version__

__all__ = [
    "LockgateError",
    "NetworkError",
    "NotPublished",
    "NotUsable",
    "Variant",
    "Withdrawn",
    "WrongBytes",
    "__version__",
    "fetch",
]
