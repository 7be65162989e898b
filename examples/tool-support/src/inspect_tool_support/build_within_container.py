#!/usr/bin/env python3
"""Builds inspect-tool-support for one architecture: within a container where an engine answers, natively elsewhere.

The result is a Linux executable in `src/inspect_ai/binaries/`. The same sources, version, variant, fingerprint and
compiler give the same bytes, wherever the checkout lies.

The version comes from the version file and from nowhere else. `lockgate build` adds LOCKGATE_VARIANT and
LOCKGATE_FINGERPRINT; it also gives LOCKGATE_VERSION, which must agree with the file.
"""

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple, Optional

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VERSION_FILE = ROOT / "src" / "inspect_ai" / "tool" / "tool_support_version.txt"
BINARIES = ROOT / "src" / "inspect_ai" / "binaries"
NAME = "inspect-tool-support"

DEFAULT_IMAGE = "gcc:14-bookworm"  # made for both architectures; its compiler links static executables
ANSWER_SECONDS = 5  # an engine that is there answers at once
PULL_SECONDS = 600
OLDEST_GLIBC = "2.17"


class Arch(NamedTuple):
    machine: str  # as compilers say it
    elf: int  # e_machine


ARCHES = {"amd64": Arch("x86_64", 62), "arm64": Arch("aarch64", 183)}

COMPILE = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wdate-time", "-Werror"]
LINK = ["-s", "-Wl,-z,noexecstack", "-Wl,-z,relro", "-Wl,--build-id=none"]


class BuildError(Exception):
    """One sentence for the person who reads the log."""


class Identity(NamedTuple):
    """What the executable will say of itself."""

    version: str
    variant: str
    fingerprint: str


def main() -> int:
    options = parse_arguments()
    try:
        identity = read_identity(options.arch)
        executable = build(options, identity)
        check_executable(executable, options.arch)
        path = publish(executable, output_name(identity, options.include_version))
    except BuildError as error:
        say(f"error: {error}")
        return 1
    say(f"built {path.relative_to(ROOT)} ({path.stat().st_size} bytes)")
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", required=True, choices=sorted(ARCHES), help="for which architecture")
    parser.add_argument("--include-version", action="store_true", help="let the file's name end with -v{version}")
    parser.add_argument(
        "--engine",
        choices=["auto", "docker", "podman", "none"],
        default="auto",
        help="auto: a container where possible, else native; docker, podman: that one or fail; none: native",
    )
    parser.add_argument("--image", default=DEFAULT_IMAGE, help="image with a C compiler (default: %(default)s)")
    parser.add_argument(
        "--libc",
        choices=["auto", "musl", "glibc"],
        default="auto",
        help=f"auto: static, with the libc at hand (native: musl); musl: static; "
        f"glibc: dynamic (native: for glibc {OLDEST_GLIBC} and newer; container: for the image's and newer)",
    )
    return parser.parse_args()


# --- what is built ---------------------------------------------------------------------------------------------------


def read_identity(arch: str) -> Identity:
    version = read_version()
    told = os.environ.get("LOCKGATE_VERSION", version)
    if told != version:
        raise BuildError(f"LOCKGATE_VERSION is {told!r}, but {VERSION_FILE.relative_to(ROOT)} says {version!r}")
    return Identity(
        version=version,
        variant=from_environment("LOCKGATE_VARIANT", arch),
        fingerprint=from_environment("LOCKGATE_FINGERPRINT", "unknown"),
    )


def read_version() -> str:
    name = VERSION_FILE.relative_to(ROOT)
    try:
        content = VERSION_FILE.read_bytes()
    except OSError as error:
        raise BuildError(f"the version file {name} can't be read: {error.strerror}") from error
    found = re.fullmatch(rb"(0|[1-9][0-9]{0,9})(\r?\n)?", content)
    if found is None:
        raise BuildError(f"the version file {name} must hold one integer, but holds {content[:40]!r}")
    return found.group(1).decode("ascii")


def from_environment(name: str, otherwise: str) -> str:
    """These end up inside the executable and in a file name: nothing but plain words."""
    value = os.environ.get(name, otherwise)
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}", value) is None:
        raise BuildError(f"{name} is {value!r}; letters, digits and ._:+- are allowed")
    return value


def output_name(identity: Identity, include_version: bool) -> str:
    name = f"{NAME}-{identity.variant}"
    return f"{name}-v{identity.version}" if include_version else name


def sources() -> list[str]:
    return sorted(path.name for path in HERE.glob("*.c"))


def compiler_arguments(identity: Identity, static: bool) -> list[str]:
    defines = [f'-DTOOL_{name.upper()}="{value}"' for name, value in identity._asdict().items()]
    return COMPILE + defines + LINK + (["-static"] if static else []) + sources()


# --- how it is built -------------------------------------------------------------------------------------------------


def build(options: argparse.Namespace, identity: Identity) -> bytes:
    """The bytes of the executable."""
    if options.engine == "none":
        return build_natively(options, identity, "no container was asked for")
    if options.engine != "auto":
        problem = engine_problem(options.engine, options)
        if problem is not None:
            raise BuildError(f"{options.engine} can't build this: {problem}")
        return build_in_container(options.engine, options, identity)
    problems = []
    for engine in ("docker", "podman"):
        problem = engine_problem(engine, options)
        if problem is None:
            return build_in_container(engine, options, identity)
        problems.append(f"{engine}: {problem}")
    return build_natively(options, identity, f"no container engine can build this ({'; '.join(problems)})")


def engine_problem(engine: str, options: argparse.Namespace) -> Optional[str]:
    """Why a container can't be used, or None. After None, whatever goes wrong is the build's own failure."""
    if shutil.which(engine) is None:
        return "not installed"
    if ask([engine, "info"], ANSWER_SECONDS)[0] != 0:
        return "its engine doesn't answer"
    return image_problem(engine, options) or compiler_problem(engine, options)


def image_problem(engine: str, options: argparse.Namespace) -> Optional[str]:
    wanted = f"linux/{options.arch}"
    here = [engine, "image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", options.image]
    if ask(here, ANSWER_SECONDS) == (0, wanted):
        return None
    say(f"{engine}: pulling image {options.image} for {wanted}")
    code, words = ask([engine, "pull", "--quiet", "--platform", wanted, options.image], PULL_SECONDS)
    if code != 0:
        return f"image {options.image} isn't here and can't be pulled: {last_line(words)}"
    return None


def compiler_problem(engine: str, options: argparse.Namespace) -> Optional[str]:
    """Starts the image once: a foreign architecture needs emulation that the machine may not have."""
    code, words = ask(run_command(engine, options) + ["cc", "-dumpmachine"], 30)
    if code != 0:
        return f"image {options.image} doesn't run as linux/{options.arch}: {last_line(words)}"
    machine, libc = ARCHES[options.arch].machine, {"musl": "musl", "glibc": "gnu", "auto": ""}[options.libc]
    if not words.startswith(machine + "-") or libc not in words:
        return f"the compiler of image {options.image} is for {words}, not for {machine} with libc {options.libc}"
    return None


def run_command(engine: str, options: argparse.Namespace) -> list[str]:
    """A container that can do nothing but read the sources and talk."""
    return [
        engine, "run", "--rm", "--platform", f"linux/{options.arch}", "--pull", "never",
        "--network", "none", "--read-only", "--tmpfs", "/tmp", "--security-opt", "no-new-privileges",
        "--security-opt", "label=disable", "--volume", f"{HERE}:/src:ro", "--workdir", "/src", options.image,
    ]  # fmt: skip


def build_in_container(engine: str, options: argparse.Namespace, identity: Identity) -> bytes:
    """The executable comes out as standard output, so whoever calls owns the file, whatever the engine's users are."""
    say(f"building within {engine}, image {options.image}, linux/{options.arch}")
    arguments = compiler_arguments(identity, static=options.libc != "glibc")
    script = 'cc -o /tmp/tool "$@" 1>&2 && cat /tmp/tool'
    done = subprocess.run(run_command(engine, options) + ["sh", "-c", script, "sh", *arguments], stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise BuildError(f"the compiler within {engine} failed with exit code {done.returncode} (its words are above)")
    return done.stdout


def build_natively(options: argparse.Namespace, identity: Identity, why: str) -> bytes:
    zig, version = find_zig()
    say(f"{why}: building natively with zig {version}")
    static = options.libc != "glibc"
    system = "linux-musl" if static else f"linux-gnu.{OLDEST_GLIBC}"
    target = ["-target", f"{ARCHES[options.arch].machine}-{system}"]
    with tempfile.TemporaryDirectory(prefix="tool-support-") as folder:
        output = Path(folder) / "tool"
        command = [*zig, "cc", *target, *compiler_arguments(identity, static), "-o", str(output)]
        code = subprocess.run(command, cwd=HERE).returncode
        if code != 0:
            raise BuildError(f"zig failed with exit code {code} (its words are above)")
        return output.read_bytes()


def find_zig() -> tuple[list[str], str]:
    """LOCKGATE_ZIG if it is set, else `zig` on PATH, else the package `ziglang` of this Python."""
    chosen = os.environ.get("LOCKGATE_ZIG")
    for zig in [[chosen]] if chosen else [["zig"], [sys.executable, "-m", "ziglang"]]:
        code, version = ask([*zig, "version"], 30)
        if code == 0:
            return zig, version
    if chosen:
        raise BuildError(f"LOCKGATE_ZIG is {chosen!r}, which doesn't answer to 'version'")
    raise BuildError("no container engine and no cross compiler is at hand: start one, or 'pip install ziglang'")


# --- what came out ---------------------------------------------------------------------------------------------------


def check_executable(content: bytes, arch: str) -> None:
    """Is it for the architecture that was asked for? Lockgate looks closer; this is for builds by hand."""
    if len(content) < 64 or content[:6] != b"\x7fELF\x02\x01":
        raise BuildError("the compiler's output is no 64-bit ELF file")
    machine = struct.unpack_from("<H", content, 18)[0]
    if machine != ARCHES[arch].elf:
        raise BuildError(f"the compiler's output is for ELF machine {machine}, not for {arch}")


def publish(content: bytes, name: str) -> Path:
    """Writes aside, then renames: nobody finds half an executable under its name."""
    path, aside = BINARIES / name, BINARIES / f".{name}.{os.getpid()}"
    try:
        BINARIES.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.chmod(0o755)
        aside.replace(path)
    except OSError as error:
        raise BuildError(f"{path.relative_to(ROOT)} can't be written: {error.strerror}") from error
    finally:
        if aside.exists():
            aside.unlink()
    return path


# --- talk ------------------------------------------------------------------------------------------------------------


def ask(command: list[str], seconds: int) -> tuple[int, str]:
    """Exit code and words of a short command; one that isn't there or takes too long has failed, too."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds
        )
    except OSError as error:
        return 127, str(error)
    except subprocess.TimeoutExpired:
        return 124, f"no answer within {seconds} seconds"
    return done.returncode, (done.stdout if done.returncode == 0 else done.stderr).strip()


def last_line(words: str) -> str:
    return words.splitlines()[-1][:200] if words else "it said nothing"


def say(words: str) -> None:
    print(f"{NAME}: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
