"""The minimal sample: its executables run, and each knob does what README.md says."""

import json
import stat
import sys
import unittest
from pathlib import Path

from support import ARCHES, EXAMPLES, SampleTest, on_this_machine, readelf, run

MACHINE = {"amd64": "X86-64", "arm64": "AArch64"}


class Minimal(SampleTest):
    sample = "minimal"

    def setUp(self) -> None:
        self.repository = self.copy(self.id())

    def build(self, arch: str, version: str = "1", **knobs):
        if knobs:
            (self.repository / "hello" / "build.json").write_text(json.dumps(knobs), encoding="utf-8")
        self.output = self.repository / "dist" / f"hello-{arch}-v{version}"
        arguments = ["--arch", arch, "--version", version, "--output", str(self.output)]
        return run([sys.executable, "build.py", *arguments], cwd=self.repository)

    def built(self, arch: str, version: str = "1", **knobs) -> Path:
        done = self.build(arch, version, **knobs)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return self.output

    def says(self, executable: Path, arch: str) -> str:
        done = run(on_this_machine(executable, arch))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()

    def test_both_executables_run_and_say_who_they_are(self) -> None:
        for arch in ARCHES:
            self.assertEqual(self.says(self.built(arch, "4294967295"), arch), f"hello {arch} v4294967295\n")

    def test_readelf_finds_a_static_executable_and_nothing_to_complain_about(self) -> None:
        for arch in ARCHES:
            words = readelf(self.built(arch), "--all")
            self.assertIn(MACHINE[arch], words)
            self.assertRegex(words, r"GNU_STACK .* RW ")
            self.assertRegex(words, r"LOAD .* R E ")
            for unwanted in ("Warning", "INTERP", "RPATH", "RWE"):
                self.assertNotIn(unwanted, words)

    def test_the_same_arguments_give_the_same_bytes(self) -> None:
        for arch in ARCHES:
            first = self.built(arch, padding=5000).read_bytes()
            self.output.unlink()
            self.assertEqual(first, self.built(arch).read_bytes())

    def test_another_version_gives_other_bytes(self) -> None:
        self.assertNotEqual(self.built("amd64", "1").read_bytes(), self.built("amd64", "2").read_bytes())

    def test_fail_fails_the_named_architecture_after_its_log(self) -> None:
        done = self.build("arm64", fail=["arm64"], log=["one", "::error::two"])
        self.assertEqual((done.returncode, done.stdout), (1, b"one\n::error::two\n"))
        self.assertIn(b"lets the build for arm64 fail", done.stderr)
        self.assertFalse(self.output.exists())
        self.assertEqual(self.build("amd64").returncode, 0)

    def test_wrong_arch_makes_an_executable_of_the_other_one(self) -> None:
        self.assertEqual(self.says(self.built("arm64", wrong_arch=["arm64"]), "amd64"), "hello arm64 v1\n")

    def test_empty_makes_an_empty_file(self) -> None:
        self.assertEqual(self.built("arm64", empty=["arm64"]).stat().st_size, 0)
        self.assertGreater(self.built("amd64").stat().st_size, 0)

    def test_setuid_sets_the_bit_for_the_named_architecture(self) -> None:
        self.assertTrue(self.built("amd64", setuid=["amd64"]).stat().st_mode & stat.S_ISUID)
        self.assertFalse(self.built("arm64").stat().st_mode & stat.S_ISUID)

    def test_glibc_asks_the_loader_for_that_version(self) -> None:
        for arch in ARCHES:
            words = readelf(self.built(arch, glibc="2.39"), "--all")
            self.assertIn("Shared library: [libc.so.6]", words)
            self.assertIn("Name: GLIBC_2.39", words)
            self.assertIn("Requesting program interpreter: /lib", words)
            self.assertNotIn("Warning", words)

    def test_greeting_and_padding_can_differ_by_architecture(self) -> None:
        knobs = {"greeting": {"amd64": "grüß dich"}, "padding": {"arm64": 1_000_000}}
        self.assertEqual(self.says(self.built("amd64", **knobs), "amd64"), "grüß dich amd64 v1\n")
        self.assertLess(self.output.stat().st_size, 1000)
        self.assertEqual(self.says(self.built("arm64", **knobs), "arm64"), "hello arm64 v1\n")
        self.assertGreater(self.output.stat().st_size, 1_000_000)

    def test_an_unknown_knob_fails_the_build(self) -> None:
        done = self.build("amd64", wrong_arc=["amd64"])
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"no knob 'wrong_arc'", done.stderr)

    def test_every_knob_is_in_the_readme(self) -> None:
        source = (EXAMPLES / "minimal" / "build.py").read_text(encoding="utf-8")
        knobs = source.split("KNOBS = {")[1].split("}")[0].replace('"', "").split(", ")
        readme = (EXAMPLES / "minimal" / "README.md").read_text(encoding="utf-8")
        self.assertEqual(len(knobs), 8)
        for knob in knobs:
            self.assertIn(f"| `{knob}` |", readme)


if __name__ == "__main__":
    unittest.main()
