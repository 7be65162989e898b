"""The workflows that Lockgate writes, for many configs, as everybody else's tools see them.

zizmor (auditor persona), actionlint, GitHub's own parser and `lockgate check` read every file. None may find anything, but for what
is explained beside the comment that ignores it. scripts/setup.sh test installs the tools.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
TOOLS = CHECKOUT / "target" / "tools"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or CHECKOUT / "target")

# Legal, and known to have been mangled by YAML or by something after it.
HOSTILE = ["on", "null", "1e3", "yes", "0x10", "true", "2024-01-01", "no", "off", "0", "007", "nan", "y", "12e03"]
COMMIT = "0123456789" * 4
DIGEST = "0123456789abcdef" * 4


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LOCKGATE_", "GITHUB_", "GIT_", "GH_", "ZIZMOR_"))}
    return {**kept, "GIT_CONFIG_GLOBAL": "/dev/null"}


def run(*command, cwd=None):
    return subprocess.run([str(word) for word in command], cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300)


def config(packages: list[str], variants: list[str], level: str, action: bool) -> str:
    text = ""
    for name in packages:
        text += f'[package.{name}]\nversion-file = "{name}/V"\nsources = ["{name}/**"]\n'
        text += f'tag = "t-{name}-v{{version}}"\nasset = "{name}-{{variant}}-v{{version}}"\n'
        text += f'[package.{name}.build]\ncommand = ["make"]\noutput = "{name}/{{asset}}"\n'
        for at, variant in enumerate(variants):
            arch = ("amd64", "arm64", "riscv64")[at % 3]
            text += f'[package.{name}.variant.{variant}]\narch = "{arch}"\nglibc-floor = "2.{at}"\n'
    text += f'[workflows]\nlevel = "{level}"\n'
    if action:
        text += f'lockgate = "example/lockgate@{COMMIT}"\n[workflows.sha256]\namd64 = "{DIGEST}"\narm64 = "{DIGEST}"\n'
    return text


def matrix():
    many = [f"variant-{at}" for at in range(12)]
    for level in ("basic", "hardened"):
        for action in (False, True):
            for variants in (["amd64"], ["amd64", "arm64"], many):
                for packages in (["tool"], ["one", "two", "three"]):
                    yield f"{level}-{action}-{len(variants)}-{len(packages)}", config(packages, variants, level, action)
            yield f"{level}-{action}-hostile", config(HOSTILE, HOSTILE, level, action)
    branch = 'branch = "!a+b/#1\'s"\n'
    yield "branch", config(["tool"], ["amd64"], "basic", False) + branch


class Workflows(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        # As `make test` builds it: with the features of the whole workspace, what is built already is not built again.
        built = subprocess.run(["cargo", "test", "--workspace", "--no-run", "--quiet", "--locked"], cwd=CHECKOUT)
        assert built.returncode == 0
        cls.lockgate = TARGET.joinpath("debug", "lockgate").resolve()
        cls.folder = Path(tempfile.mkdtemp(prefix="lockgate-workflows-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.repositories = []
        for name, text in matrix():
            repository = cls.folder / name
            repository.mkdir()
            run("git", "init", "--quiet", repository)
            repository.joinpath("lockgate.toml").write_text(text)
            done = run(cls.lockgate, "init", cwd=repository)
            assert done.returncode == 0, f"{name}: {done.stderr}"
            cls.repositories.append(repository)
        for sample in ("minimal", "tool-support"):
            cls.repositories.append(CHECKOUT / "examples" / sample)
        cls.files = sorted(file for one in cls.repositories for file in one.glob(".github/workflows/*.yml"))
        assert len(cls.files) > 200

    def tool(self, path: str) -> Path:
        tool = TOOLS / path
        self.assertTrue(tool.exists(), f"{tool} is missing; run scripts/setup.sh test")
        return tool

    def test_lockgate_finds_nothing(self):
        for repository in self.repositories:
            done = run(self.lockgate, "check", cwd=repository)
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_zizmor_finds_nothing_that_is_not_explained(self):
        zizmor = self.tool("zizmor-venv/bin/zizmor")
        fixed = ["--offline", "--no-config", "--persona=auditor", "--format=json", "--no-progress"]
        done = run(zizmor, *fixed, CHECKOUT / "action.yml", *self.files)
        found = json.loads(done.stdout)
        lines = [f"{one['ident']}: {one['locations'][0]['symbolic']['key']}" for one in found]
        self.assertEqual((done.returncode, lines), (0, []), done.stderr[-2000:])
        for file in self.files:
            for line in file.read_text().splitlines():
                ignore = re.search(r"zizmor: ignore\[[a-z-]+\](.*)", line)
                self.assertTrue(ignore is None or len(ignore[1].split()) > 4, line)

    def test_zizmor_bites(self):
        bad = self.folder / "bad.yml"
        bad.write_text("on: pull_request_target\njobs:\n  x:\n    runs-on: x\n    steps:\n      - run: echo ${{ github.head_ref }}\n")
        zizmor = self.tool("zizmor-venv/bin/zizmor")
        self.assertNotEqual(run(zizmor, "--offline", "--no-config", "--persona=auditor", bad).returncode, 0)

    def test_actionlint_finds_nothing(self):
        nothing = self.folder / "actionlint.yaml"
        nothing.write_text("self-hosted-runner:\n  labels: []\n")
        fixed = ["-shellcheck=", "-pyflakes=", "-config-file", nothing]
        done = run(self.tool("bin/actionlint"), *fixed, *self.files, cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_the_parser_of_github_finds_nothing(self):
        tools = self.tool("workflows/node_modules").parent
        done = run("node", HERE / "validate.mjs", tools, CHECKOUT / "action.yml", *self.files)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(self.files) + 1} files, 0 findings", done.stdout)

    def test_the_parser_of_github_bites(self):
        bad = self.folder / "input.yml"
        good = self.files[0].read_text()
        bad.write_text(good.replace("fetch-depth", "fetch-deep"))
        tools = self.tool("workflows/node_modules").parent
        done = run("node", HERE / "validate.mjs", tools, bad)
        self.assertIn("fetch-deep", done.stdout)


if __name__ == "__main__":
    unittest.main()
