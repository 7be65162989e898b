"""What the extension is handed: the arguments of `lockgate.fetch`, plain and complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional, TypedDict


class Row(NamedTuple):
    """A row of the table of variants."""

    name: str
    os: Optional[str]
    arch: Optional[str]
    libc: Optional[str]
    glibc_floor: Optional[tuple[int, int]]


class Wish(TypedDict):
    """One item for each argument; `src/wish.rs` reads them by these names."""

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
    variants: Sequence[Row]
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
