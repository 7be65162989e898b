#!/usr/bin/env python3
"""Writes a tiny Linux executable that says hello: real ELF, real machine code, no compiler, a few milliseconds.

The same arguments give the same bytes. Rehearsals turn the knobs in `hello/build.json` (README.md lists them), so that
a build fails, or makes something that Lockgate must refuse.
"""

import argparse
import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any, NamedTuple

KNOBS_FILE = Path(__file__).resolve().parent / "hello" / "build.json"
KNOBS = {"empty", "fail", "glibc", "greeting", "log", "padding", "setuid", "wrong_arch"}
ARCHES = ("amd64", "arm64")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", required=True, choices=ARCHES)
    parser.add_argument("--version", required=True, help="what the executable says it is")
    parser.add_argument("--output", required=True, type=Path, help="the file to write")
    options = parser.parse_args()
    try:
        knobs = read_knobs(options.arch)
        for line in knobs.get("log", []):
            print(line, flush=True)
        if knobs.get("fail"):
            raise ValueError(f"hello/build.json lets the build for {options.arch} fail")
        write(options.output, content(options.arch, options.version, knobs), 0o4755 if knobs.get("setuid") else 0o755)
    except (OSError, ValueError) as error:
        print(f"build.py: error: {error}", file=sys.stderr)
        return 1
    return 0


def write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


# --- the knobs -------------------------------------------------------------------------------------------------------


def read_knobs(arch: str) -> dict[str, Any]:
    """The knobs as they stand for one architecture."""
    if not KNOBS_FILE.exists():
        return {}
    everything = json.loads(KNOBS_FILE.read_text(encoding="utf-8"))
    unknown = sorted(set(everything) - KNOBS)
    if unknown:
        raise ValueError(f"hello/build.json has no knob {unknown[0]!r}; the knobs are: {', '.join(sorted(KNOBS))}")
    return {name: for_arch(name, value, arch) for name, value in everything.items()}


def for_arch(name: str, value: Any, arch: str) -> Any:
    if name in ("empty", "fail", "setuid", "wrong_arch"):
        return arch in value
    if isinstance(value, dict):
        return value.get(arch, [] if name == "log" else None)
    return value


def content(arch: str, version: str, knobs: dict[str, Any]) -> bytes:
    if knobs.get("empty"):
        return b""
    message = f"{knobs.get('greeting') or 'hello'} {arch} v{version}\n".encode()
    if len(message) > 0xFFFF:
        raise ValueError("the greeting is too long")
    if knobs.get("wrong_arch"):
        arch = "arm64" if arch == "amd64" else "amd64"
    executable = dynamic(arch, message, knobs["glibc"]) if knobs.get("glibc") else static(arch, message)
    return executable + padding(knobs.get("padding") or 0)


def padding(size: int) -> bytes:
    """Bytes that don't compress, as in real executables, and are the same every time."""
    return hashlib.shake_256(b"padding").digest(size)


# --- machine code: write(1, message, length); exit(0) ----------------------------------------------------------------


def code(arch: str, message: bytes) -> bytes:
    """The program, with the message right behind it."""
    return (code_amd64 if arch == "amd64" else code_arm64)(len(message)) + message


def code_amd64(length: int) -> bytes:
    tail = (
        b"\xba" + struct.pack("<I", length)  # mov edx, length
        + b"\x0f\x05"  # syscall
        + b"\xb8\x3c\x00\x00\x00"  # mov eax, 60 (exit)
        + b"\x31\xff"  # xor edi, edi
        + b"\x0f\x05"  # syscall
    )  # fmt: skip
    return (
        b"\xb8\x01\x00\x00\x00"  # mov eax, 1 (write)
        + b"\xbf\x01\x00\x00\x00"  # mov edi, 1
        + b"\x48\x8d\x35" + struct.pack("<i", len(tail))  # lea rsi, [rip + what is left]
        + tail
    )  # fmt: skip


def code_arm64(length: int) -> bytes:
    def movz(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    svc = 0xD4000001
    adr_x1_28 = 0x10000001 | (28 >> 2) << 5  # the message: 7 instructions after this one
    words = [movz(0, 1), adr_x1_28, movz(2, length), movz(8, 64), svc, movz(0, 0), movz(8, 93), svc]
    return struct.pack("<8I", *words)


# --- ELF -------------------------------------------------------------------------------------------------------------

BASE, PAGE = 0x400000, 0x10000  # arm64 kernels may have pages of 64 KiB
MACHINE = {"amd64": 62, "arm64": 183}
INTERPRETER = {"amd64": b"/lib64/ld-linux-x86-64.so.2\0", "arm64": b"/lib/ld-linux-aarch64.so.1\0"}
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_GNU_STACK = 1, 2, 3, 0x6474E551
R, W, X = 4, 2, 1


class Part(NamedTuple):
    """A stretch of the file, and where it will be in memory."""

    offset: int
    size: int

    @property
    def address(self) -> int:
        return BASE + self.offset


class File:
    """An ELF file in the making: parts one after the other, headers at the end."""

    def __init__(self, arch: str, segments: int) -> None:
        self.arch = arch
        self.bytes = bytearray(64 + 56 * segments)

    def add(self, content: bytes) -> Part:
        self.bytes += bytes(-len(self.bytes) % 8)
        part = Part(len(self.bytes), len(content))
        self.bytes += content
        return part

    def loaded(self) -> Part:
        """Everything so far, headers included."""
        return Part(0, len(self.bytes))

    def finish(self, entry: Part, segments: list[tuple[int, int, Part]], sections: bytes = b"") -> bytes:
        table = self.add(sections) if sections else Part(0, 0)
        count = len(sections) // 64
        header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + struct.pack(
            "<HHIQQQIHHHHHH", 2, MACHINE[self.arch], 1, entry.address, 64, table.offset, 0,
            64, 56, len(segments), 64, count, max(count - 1, 0),
        )  # fmt: skip
        self.bytes[:64] = header
        for index, (kind, flags, part) in enumerate(segments):
            align = {PT_LOAD: PAGE, PT_GNU_STACK: 16}.get(kind, 8)
            address = part.address if part.size else 0
            row = struct.pack("<IIQQQQQQ", kind, flags, part.offset, address, address, part.size, part.size, align)
            self.bytes[64 + 56 * index : 120 + 56 * index] = row
        return bytes(self.bytes)


STACK = (PT_GNU_STACK, R | W, Part(0, 0))  # no X: the stack is not executable


def static(arch: str, message: bytes) -> bytes:
    file = File(arch, segments=2)
    entry = file.add(code(arch, message))
    return file.finish(entry, [(PT_LOAD, R | X, file.loaded()), STACK])


def dynamic(arch: str, message: bytes, glibc: str) -> bytes:
    """The same program, but the loader first looks for a C library that knows GLIBC_<glibc>."""
    version = f"GLIBC_{glibc}".encode("ascii")
    names = b"\0libc.so.6\0puts\0" + version + b"\0"
    libc, puts, needed = 1, 11, 16
    file = File(arch, segments=4)
    interpreter = file.add(INTERPRETER[arch])
    symbols = file.add(bytes(24) + struct.pack("<IBBHQQ", puts, 0x12, 0, 0, 0, 0))  # puts: global, function, undefined
    strings = file.add(names)
    buckets = file.add(struct.pack("<5I", 1, 2, 1, 0, 0))  # one bucket with one symbol
    versions = file.add(struct.pack("<2H", 0, 2))  # puts has version 2, which is:
    verneed = file.add(
        struct.pack("<HHIII", 1, 1, libc, 16, 0) + struct.pack("<IHHII", sysv_hash(version), 0, 2, needed, 0)
    )
    tags = [
        (1, libc), (4, buckets.address), (5, strings.address), (6, symbols.address), (10, strings.size), (11, 24),
        (0x6FFFFFF0, versions.address), (0x6FFFFFFE, verneed.address), (0x6FFFFFFF, 1), (0, 0),
    ]  # fmt: skip
    dynamic = file.add(b"".join(struct.pack("<QQ", *tag) for tag in tags))
    entry = file.add(code(arch, message))
    segments = [(PT_INTERP, R, interpreter), (PT_LOAD, R | X, file.loaded()), (PT_DYNAMIC, R, dynamic), STACK]
    sections = [  # name, type, flags, part, link, info, entry size
        (b".interp", 1, 2, interpreter, 0, 0, 0),
        (b".dynsym", 11, 2, symbols, 3, 1, 24),
        (b".dynstr", 3, 2, strings, 0, 0, 0),
        (b".hash", 5, 2, buckets, 2, 0, 4),
        (b".gnu.version", 0x6FFFFFFF, 2, versions, 2, 0, 2),
        (b".gnu.version_r", 0x6FFFFFFE, 2, verneed, 3, 1, 0),
        (b".dynamic", 6, 2, dynamic, 3, 0, 16),
        (b".text", 1, 6, entry, 0, 0, 0),
    ]
    return file.finish(entry, segments, section_headers(file, sections))


def section_headers(file: File, sections: list[tuple[bytes, int, int, Part, int, int, int]]) -> bytes:
    """For readers that look for sections; the loader doesn't."""
    names = b"\0" + b"".join(section[0] + b"\0" for section in sections) + b".shstrtab\0"
    rows = bytes(64)
    for name, kind, flags, part, link, info, entry_size in sections:
        at = names.index(b"\0" + name + b"\0") + 1
        rows += struct.pack(
            "<IIQQQQIIQQ", at, kind, flags, part.address, part.offset, part.size, link, info, 8, entry_size
        )
    own = file.add(names)
    return rows + struct.pack("<IIQQQQIIQQ", names.index(b".shstrtab"), 3, 0, 0, own.offset, own.size, 0, 0, 1, 0)


def sysv_hash(name: bytes) -> int:
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high
    return value


if __name__ == "__main__":
    sys.exit(main())
