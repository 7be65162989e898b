"""The tool-support sample: both executables are built, run (the foreign one under emulation) and attacked."""

import hashlib
import json
import os
import random
import subprocess
import sys
import unittest
from pathlib import Path

from support import ARCHES, EXAMPLES, SampleTest, environment, on_this_machine, readelf, run

BUILD = "src/inspect_tool_support/build_within_container.py"
VERSION_FILE = "src/inspect_ai/tool/tool_support_version.txt"
BINARIES = "src/inspect_ai/binaries"
FINGERPRINT = "sha256:" + "5e" * 32
MACHINE = {"amd64": "X86-64", "arm64": "AArch64"}

PING = b'{"jsonrpc":"2.0","method":"ping","id":1}'


def build(repository: Path, *arguments: str, **more: str):
    return run([sys.executable, BUILD, *arguments], cwd=repository, env=environment(**more))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Tool(SampleTest):
    """What the executables do."""

    sample = "tool-support"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.repository = cls.copy("repository")
        cls.executables = {}
        for arch in ARCHES:
            told = {"LOCKGATE_VERSION": "1", "LOCKGATE_VARIANT": arch, "LOCKGATE_FINGERPRINT": FINGERPRINT}
            done = build(cls.repository, "--include-version", "--arch", arch, "--engine", "none", **told)
            assert done.returncode == 0, done.stderr.decode()
            cls.executables[arch] = cls.repository / BINARIES / f"inspect-tool-support-{arch}-v1"

    def call(self, arch: str, *arguments: str, input: bytes = b""):
        return run([*on_this_machine(self.executables[arch], arch), *arguments], input=input)

    def answer(self, arch: str, request: bytes):
        """The response, or None if there was none."""
        done = self.call(arch, "exec", input=request)
        self.assertEqual((done.returncode, done.stderr), (0, b""), request[:80])
        if not done.stdout:
            return None
        self.assertEqual(done.stdout.count(b"\n"), 1, "a response is one line")
        return json.loads(done.stdout)

    def test_healthcheck_is_well(self) -> None:
        for arch in ARCHES:
            done = self.call(arch, "healthcheck")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            words = json.loads(done.stdout)
            self.assertEqual((words["status"], words["tool"]["arch"]), ("ok", arch))

    def test_version_says_what_was_compiled_in(self) -> None:
        for arch in ARCHES:
            wanted = {
                "name": "inspect-tool-support",
                "version": "1",
                "variant": arch,
                "arch": arch,
                "fingerprint": FINGERPRINT,
            }
            self.assertEqual(json.loads(self.call(arch, "version").stdout), wanted)
            request = b'{"jsonrpc":"2.0","method":"version","id":"v"}'
            self.assertEqual(self.answer(arch, request), {"jsonrpc": "2.0", "result": wanted, "id": "v"})

    def test_exec_answers_every_request_of_the_table(self) -> None:
        table = EXAMPLES / self.sample / "src/inspect_tool_support/tests/exec.json"
        for name, request, wanted in json.loads(table.read_text(encoding="utf-8")):
            for arch in ARCHES:
                with self.subTest(name, arch=arch):
                    got = self.answer(arch, request.encode("utf-8"))
                    if isinstance(wanted, int):
                        self.assertEqual((got["error"]["code"], set(got)), (wanted, {"jsonrpc", "error", "id"}))
                    else:
                        self.assertEqual(got, wanted)

    def test_an_error_names_the_request_where_it_can(self) -> None:
        unknown = b'{"jsonrpc":"2.0","method":"no","id":"abc"}'
        self.assertEqual(self.answer("amd64", unknown)["id"], "abc")
        self.assertEqual(self.answer("amd64", b'{"jsonrpc":"2.0","id":"abc"}')["id"], "abc")
        self.assertIsNone(self.answer("amd64", b'{"jsonrpc":"2.0","id":[]}')["id"])
        self.assertIsNone(self.answer("amd64", b"{")["id"])

    def test_exec_refuses_what_is_no_utf_8(self) -> None:
        for wrong in (b"\xff", b"\xc3", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80"):
            for request in (b'["' + wrong + b'"]', b'["' + wrong, wrong):
                self.assertEqual(self.answer("amd64", request)["error"]["code"], -32700, request)

    def test_exec_takes_64_levels_and_no_more(self) -> None:
        def echo(levels: int) -> bytes:  # the request itself is the first
            inner = levels - 1
            return b'{"jsonrpc":"2.0","method":"echo","id":1,"params":' + b"[" * inner + b"]" * inner + b"}"

        for arch in ARCHES:
            self.assertIn("result", self.answer(arch, echo(64)))
            self.assertEqual(self.answer(arch, echo(65))["error"]["data"], "nested too deeply (byte 112)")
            self.assertEqual(self.answer(arch, b"[" * 1_000_000)["error"]["code"], -32700)

    def test_exec_takes_one_mebibyte_and_no_more(self) -> None:
        for arch in ARCHES:
            self.assertEqual(self.answer(arch, PING.ljust(1 << 20))["result"], "pong")
            self.assertEqual(self.answer(arch, PING.ljust((1 << 20) + 1))["error"]["code"], -32600)

    def test_standard_input_that_cannot_be_read_is_a_failure(self) -> None:
        for arch in ARCHES:
            folder = os.open("/", os.O_RDONLY)
            call = [*on_this_machine(self.executables[arch], arch), "exec"]
            done = subprocess.run(call, stdin=folder, capture_output=True)
            os.close(folder)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertIn(b"standard input can't be read", done.stderr)

    def test_wrong_usage_exits_with_2_and_says_nothing_on_standard_output(self) -> None:
        for arguments in ([], ["no"], ["exec", "more"], ["--version"]):
            done = self.call("amd64", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(b"healthcheck", done.stderr)

    def test_an_answer_that_nobody_got_is_a_failure(self) -> None:
        for command in ("version", "healthcheck", "exec"):
            with open("/dev/full", "wb") as full:
                call = [*on_this_machine(self.executables["amd64"], "amd64"), command]
                done = subprocess.run(call, input=PING, stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1, command)

    def test_the_executables_are_static_and_for_their_machine(self) -> None:
        for arch in ARCHES:
            words = readelf(self.executables[arch], "--headers", "--dynamic")
            self.assertIn(MACHINE[arch], words)
            self.assertRegex(words, r"GNU_STACK .* RW ")
            for unwanted in ("INTERP", "RPATH", "RUNPATH", "RWE", "NEEDED"):
                self.assertNotIn(unwanted, words)

    def test_the_same_sources_give_the_same_bytes_in_another_folder(self) -> None:
        elsewhere = self.copy("another folder/below")
        for arch in ARCHES:
            build(elsewhere, "--arch", arch, "--engine", "none", LOCKGATE_FINGERPRINT=FINGERPRINT)
            self.assertEqual(
                digest(elsewhere / BINARIES / f"inspect-tool-support-{arch}"), digest(self.executables[arch])
            )


class Attack(SampleTest):
    """The tool under the address and undefined-behaviour sanitizers, fed with broken requests."""

    sample = "tool-support"

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        sources = cls.copy("repository") / "src/inspect_tool_support"
        cls.tool = cls.folder / "tool"
        strict = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
        sanitized = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        defines = ['-DTOOL_VERSION="1"', '-DTOOL_VARIANT="test"', '-DTOOL_FINGERPRINT="unknown"']
        files = [str(path) for path in sorted(sources.glob("*.c"))]
        done = run(["cc", *strict, *sanitized, *defines, "-o", str(cls.tool), *files])
        assert done.returncode == 0, done.stderr.decode()

    def survives(self, request: bytes) -> bytes:
        done = run([str(self.tool), "exec"], input=request)
        self.assertEqual((done.returncode, done.stderr), (0, b""), request)
        return done.stdout

    def test_every_prefix_of_a_request_is_a_parse_error(self) -> None:
        request = '{"jsonrpc":"2.0","method":"echo","params":["\\uD83D\\uDE00é",-1.5e+3,true,{}],"id":1}'.encode()
        self.assertIn(b'"result"', self.survives(request))
        for length in range(len(request)):
            self.assertIn(b"-32700", self.survives(request[:length]))

    def test_a_character_cut_off_at_the_very_end_of_the_memory_is_a_parse_error(self) -> None:
        for size in (
            256,
            512,
            1024,
            4096,
            1 << 20,
        ):  # where the buffer is full, the sanitizer sees a byte too many read
            for cut in (b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\\", b"\\u00", b"\\ud83d\\"):
                self.assertIn(b"-32700", self.survives(b'"'.ljust(size - len(cut), b"a") + cut))
            self.assertIn(b"-32700", self.survives(b" " * (size - 3) + b"tru"))

    def test_mutilated_requests_are_answered_as_python_reads_them(self) -> None:
        seeds = [
            PING,
            b'{"jsonrpc":"2.0","method":"echo","params":{"a":["\\u00e9",null,1e9]},"id":"x"}',
            b'[[[{"a":"\\ud83d\\ude00"}]]]',
        ]
        dice = random.Random(20250801)
        for _ in range(400):
            request = dice.choice(seeds)
            for _ in range(dice.randint(1, 3)):
                request = mutilated(request, dice)
            response = self.survives(request)
            self.assertEqual(b"-32700" in response, not is_json(request), request)

    def test_the_deepest_and_the_largest_are_survived(self) -> None:
        for request in (
            b"[" * 1_000_000,
            b'{"a":' * 200_000,
            b'"' + b"a" * (1 << 20),
            b"\xf0" * 100_000,
            b"1" * (1 << 20),
        ):
            self.survives(request)
        self.assertEqual(run([str(self.tool), "healthcheck"]).returncode, 0)


def mutilated(text: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(text))
    before, after = text[:at], text[at:]
    return dice.choice(
        [
            before + bytes([dice.randrange(256)]) + after[1:],
            before + bytes([dice.choice(b'"\\{}[],:0e-u\x00')]) + after,
            before + after[dice.randint(1, 4) :],
            text + after,
        ]
    )


def is_json(text: bytes) -> bool:
    """As Python reads it, less what Python lets through: halves of surrogate pairs, NaN, a byte-order mark."""
    try:
        json.dumps(json.loads(text.decode("utf-8"), parse_constant=refuse), ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return False
    return True


def refuse(word: str) -> None:
    raise ValueError(word)


class Build(SampleTest):
    """What the build script refuses, and which way it goes."""

    sample = "tool-support"

    def setUp(self) -> None:
        self.repository = self.copy(self.id())
        self.version_file = self.repository / VERSION_FILE

    def names(self):
        folder = self.repository / BINARIES
        return sorted(os.listdir(folder)) if folder.exists() else []

    def refuses(self, words: str, *arguments: str, **more: str) -> None:
        done = build(self.repository, "--include-version", "--arch", "amd64", *arguments, **more)
        self.assertEqual((done.returncode, done.stdout, self.names()), (1, b"", []))
        self.assertIn(words, done.stderr.decode())

    def test_include_version_puts_the_version_into_the_name(self) -> None:
        self.version_file.write_text("27\n")
        for arguments in ([], ["--include-version"]):
            build(self.repository, "--arch", "amd64", "--engine", "none", *arguments)
        self.assertEqual(self.names(), ["inspect-tool-support-amd64", "inspect-tool-support-amd64-v27"])

    def test_the_variant_is_in_the_name(self) -> None:
        build(
            self.repository, "--include-version", "--arch", "amd64", "--engine", "none", LOCKGATE_VARIANT="amd64-musl"
        )
        self.assertEqual(self.names(), ["inspect-tool-support-amd64-musl-v1"])

    def test_refuses_without_a_version_file(self) -> None:
        self.version_file.unlink()
        self.refuses("tool_support_version.txt can't be read: No such file")

    def test_refuses_a_malformed_version(self) -> None:
        for content in (
            b"",
            b"\n",
            b"v2\n",
            b"02\n",
            b"2 \n",
            b"2\n\n",
            b"1.0\n",
            b"-1\n",
            b"+1\n",
            b"\xef\xbb\xbf2\n",
            b"\xd9\xa2\n",
            b"12345678901\n",
        ):
            self.version_file.write_bytes(content)
            self.refuses("must hold one integer")

    def test_refuses_when_lockgate_means_another_version(self) -> None:
        self.refuses("LOCKGATE_VERSION is '2'", LOCKGATE_VERSION="2")

    def test_refuses_what_would_break_out_of_the_compilers_command_line(self) -> None:
        for value in ("", '"', "a b", "../x", "-x", "a\nb"):
            self.refuses("LOCKGATE_FINGERPRINT is", LOCKGATE_FINGERPRINT=value)
            self.refuses("LOCKGATE_VARIANT is", LOCKGATE_VARIANT=value)

    def test_refuses_a_cross_compiler_that_is_not_there(self) -> None:
        self.refuses("LOCKGATE_ZIG is '/nowhere/zig'", "--engine", "none", LOCKGATE_ZIG="/nowhere/zig")

    def test_says_what_to_install_when_there_is_no_way_to_build(self) -> None:
        (self.folder / "shadow").mkdir()
        (self.folder / "shadow" / "ziglang.py").write_text("raise SystemExit(1)\n")  # this Python may have the package
        self.refuses("'pip install ziglang'", LOCKGATE_ZIG="", PATH="/nowhere", PYTHONPATH=str(self.folder / "shadow"))

    def test_a_source_that_does_not_compile_is_an_error_and_leaves_nothing(self) -> None:
        (self.repository / "src/inspect_tool_support/main.c").write_text("int main(void) { int unused; }\n")
        self.refuses("zig failed with exit code 1", "--engine", "none")

    # A stand-in for an engine: a script on PATH that answers as docker and podman do.

    def with_engine(self, name: str, script: str) -> str:
        folder = self.folder / f"bin-{self.id()}"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f'#!/bin/sh\ncase "$*" in\n{script}\nesac\n')
        (folder / name).chmod(0o755)
        return f"{folder}:/nowhere"

    def engines(self, docker: str, podman: str) -> str:
        self.with_engine("docker", docker)
        return self.with_engine("podman", podman) + ":/usr/bin:/bin"

    def way(self, path: str, *arguments: str):
        done = build(self.repository, "--include-version", "--arch", "amd64", *arguments, PATH=path)
        return done.returncode, done.stderr.decode()

    NO_ENGINE = "*) echo no daemon >&2; exit 1 ;;"
    NO_IMAGE = 'info) ;;\n*) echo "no registry answers" >&2; exit 1 ;;'

    def engine_that_builds(self, output: Path) -> str:
        return f"""info) ;;
        "image inspect"*) echo linux/amd64 ;;
        *" cc -dumpmachine") echo x86_64-linux-gnu ;;
        "run "*"--network none"*":/src:ro"*" -static "*) cat {output} ;;
        *) exit 9 ;;"""

    def test_goes_native_and_says_why_when_no_engine_answers(self) -> None:
        code, words = self.way(self.engines(self.NO_ENGINE, self.NO_IMAGE))
        self.assertEqual(code, 0, words)
        self.assertIn("docker: its engine doesn't answer", words)
        self.assertIn("podman: image gcc:14-bookworm isn't here and can't be pulled: no registry answers", words)
        self.assertIn("building natively with zig 0.", words)
        self.assertEqual(self.names(), ["inspect-tool-support-amd64-v1"])

    def test_builds_within_the_engine_that_answers(self) -> None:
        built = self.folder / "from-a-container"
        built.write_bytes(b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + b"\x3e\0".ljust(100, b"\0"))
        code, words = self.way(self.engines(self.NO_ENGINE, self.engine_that_builds(built)))
        self.assertEqual(code, 0, words)
        self.assertIn("building within podman, image gcc:14-bookworm, linux/amd64", words)
        output = self.repository / BINARIES / "inspect-tool-support-amd64-v1"
        self.assertEqual((output.read_bytes(), output.stat().st_mode & 0o7777), (built.read_bytes(), 0o755))

    def test_refuses_a_container_that_builds_for_another_machine(self) -> None:
        built = self.folder / "for-arm64"
        built.write_bytes(b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + b"\xb7\0".ljust(100, b"\0"))
        code, words = self.way(self.engines(self.engine_that_builds(built), self.NO_ENGINE))
        self.assertEqual((code, self.names()), (1, []))
        self.assertIn("is for ELF machine 183, not for amd64", words)

    def test_a_named_engine_that_cannot_build_is_an_error(self) -> None:
        code, words = self.way(self.engines(self.NO_ENGINE, self.NO_IMAGE), "--engine", "docker")
        self.assertEqual((code, self.names()), (1, []))
        self.assertIn("docker can't build this: its engine doesn't answer", words)

    def test_a_failed_build_within_a_container_does_not_fall_back(self) -> None:
        code, words = self.way(self.engines(self.engine_that_builds(Path("/nowhere/tool")), self.NO_ENGINE))
        self.assertEqual((code, self.names()), (1, []))
        self.assertIn("the compiler within docker failed", words)


if __name__ == "__main__":
    unittest.main()
