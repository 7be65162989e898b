//! `init` and `check` through the real command: what they write, what they refuse, and that they write everything or
//! nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod schemas;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn scrubbed(program: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["GITHUB_", "GIT_", "LOCKGATE_"]
            .iter()
            .any(|start| text.starts_with(start))
            || text == "GH_TOKEN"
        {
            command.env_remove(name);
        }
    }
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
}

fn lockgate(dir: &Path, args: &[&str]) -> Output {
    scrubbed(env!("CARGO_BIN_EXE_lockgate"), dir)
        .args(args)
        .output()
        .unwrap()
}

fn git(dir: &Path, args: &[&str]) {
    let fixed = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"];
    let output = scrubbed("git", dir)
        .args(fixed)
        .args(args)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Creates an empty repository.
fn repository(branch: &str) -> tempfile::TempDir {
    let workspace = tempfile::tempdir().unwrap();
    let branch = format!("--initial-branch={branch}");
    git(workspace.path(), &["init", "--quiet", &branch]);
    workspace
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ends(output: &Output, exit: i32, code: &str) {
    let stderr = stderr(output);
    assert_eq!(output.status.code(), Some(exit), "{stderr}");
    assert!(
        stderr.contains(&format!("({code}):")) && stderr.contains("next: "),
        "{code} is not in:\n{stderr}"
    );
}

fn good(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
}

/// Returns every file with its text, except git's.
fn files(dir: &Path) -> Vec<(String, String)> {
    fn collect(root: &Path, dir: &Path, into: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() && name != ".git" {
                collect(root, &path, into);
            } else if path.is_file() {
                into.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut all = Vec::new();
    collect(dir, dir, &mut all);
    all.sort();
    all
}

const SMALL: &[&str] = &[
    "init",
    "--package",
    "tool",
    "--version-file",
    "VERSION",
    "--first-version",
    "1",
    "--sources",
    "src/**",
    "--build-command",
    "sh src/build.sh {arch}",
];

fn small(dir: &Path, more: &[&str]) -> Output {
    lockgate(dir, &[SMALL, more].concat())
}

#[test]
fn the_examples_are_as_lockgate_would_write_them() {
    for name in ["minimal", "tool-support"] {
        let output = lockgate(&examples().join(name), &["check"]);
        good(&output);
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn one_command_gives_the_files_of_the_repository_that_all_began_with() {
    let workspace = repository("main");
    let example = examples().join("tool-support");
    for file in [
        "src/inspect_ai/tool/tool_support_version.txt",
        "src/inspect_tool_support/build_within_container.py",
    ] {
        let target = workspace.path().join(file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(example.join(file), target).unwrap();
    }
    let output = lockgate(
        workspace.path(),
        &[
            "init",
            "--package",
            "tool-support",
            "--version-file",
            "src/inspect_ai/tool/tool_support_version.txt",
            "--sources",
            "src/inspect_tool_support/**",
            "--exclude",
            "**/*.md",
            "--exclude",
            "**/tests/**",
            "--asset",
            "inspect-tool-support-{variant}-v{version}",
            "--build-command",
            "python3 src/inspect_tool_support/build_within_container.py --include-version --arch {arch}",
            "--output",
            "src/inspect_ai/binaries/{asset}",
            "--smoke",
            "{output} healthcheck",
        ],
    );
    good(&output);
    let written = String::from_utf8(output.stdout).unwrap();
    let expected = [
        "lockgate.toml",
        ".github/workflows/build-tool-support.yml",
        ".github/workflows/gate-tool-support.yml",
        ".github/workflows/promote-tool-support.yml",
    ];
    assert_eq!(written.lines().collect::<Vec<_>>(), expected);
    for path in expected {
        let ours = std::fs::read_to_string(workspace.path().join(path)).unwrap();
        let example = std::fs::read_to_string(example.join(path)).unwrap();
        assert_eq!(ours, example, "{path}");
    }
}

#[test]
fn an_empty_repository_is_set_up_by_one_command() {
    let workspace = repository("trunk");
    let output = small(workspace.path(), &["--allow-missing"]);
    good(&output);
    for words in [
        "no commit yet",
        "no remote yet",
        "WARNING",
        "branch is taken to be trunk",
        "require the status `lockgate/tool`",
    ] {
        assert!(
            stderr(&output).contains(words),
            "{words}: {}",
            stderr(&output)
        );
    }
    assert_eq!(
        std::fs::read_to_string(workspace.path().join("VERSION")).unwrap(),
        "1\n"
    );
    let gate =
        std::fs::read_to_string(workspace.path().join(".github/workflows/gate-tool.yml")).unwrap();
    assert!(gate.contains("branches: [trunk]"));
    good(&lockgate(workspace.path(), &["check"]));
    // Again: nothing to do. A second package: the first one's text is unchanged.
    let config = std::fs::read_to_string(workspace.path().join("lockgate.toml")).unwrap();
    assert!(lockgate(workspace.path(), &["init"]).stdout.is_empty());
    let second = lockgate(
        workspace.path(),
        &[
            "init",
            "--package",
            "other",
            "--version-file",
            "VERSION",
            "--sources",
            "o/**",
            "--build-command",
            "git {arch}",
        ],
    );
    good(&second);
    let both = std::fs::read_to_string(workspace.path().join("lockgate.toml")).unwrap();
    assert!(both.starts_with(&config) && both.contains("[package.other]"));
    good(&lockgate(workspace.path(), &["check"]));
}

#[test]
fn an_administrator_is_asked_for_all_that_the_doctor_looks_for() {
    let workspace = repository("main");
    let output = small(
        workspace.path(),
        &["--level", "hardened", "--allow-missing"],
    );
    good(&output);
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    for wanted in [
        "require the status `lockgate/tool`, from the App only",
        "up to date before merging",
        "merges only what does not fail",
        "Block force pushes",
        "make `release`, with required reviewers, for the branch main only",
        "make releases immutable",
        "only the App creates, changes or deletes the packages' tags",
        "`lockgate doctor`",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in:\n{text}");
    }
}

#[test]
fn whatever_is_wrong_is_told_before_anything_is_written() {
    let workspace = repository("main");
    let dir = workspace.path();
    std::fs::create_dir(dir.join("src")).unwrap();
    std::fs::write(dir.join("src/build.sh"), "").unwrap();
    std::fs::write(dir.join("BAD"), "v1\n").unwrap();
    std::fs::write(dir.join("THREE"), "3\n").unwrap();
    let before = files(dir);
    let with = |args: &[&str]| lockgate(dir, &[&["init"], args].concat());
    let base = [
        "--package",
        "tool",
        "--sources",
        "src/**",
        "--build-command",
        "sh src/build.sh {arch}",
    ];
    let version =
        |file: &str, more: &[&str]| with(&[&base, &["--version-file", file][..], more].concat());
    ends(&with(&[]), 2, "init.missing");
    ends(&with(&["--package", "tool"]), 2, "init.missing");
    ends(&version("NONE", &[]), 3, "init.no-version-file");
    ends(&version("BAD", &[]), 3, "init.bad-version");
    ends(&version("src", &[]), 3, "init.bad-version");
    ends(
        &version("THREE", &["--first-version", "1"]),
        3,
        "init.version-file-there",
    );
    ends(
        &version("NEW", &["--first-version", "01"]),
        2,
        "environment.value",
    );
    ends(&version("../THREE", &[]), 3, "config.bad-value");
    ends(
        &version("THREE", &["--tag", "v 1"]),
        3,
        "config.bad-template",
    );
    ends(
        &version("THREE", &["--tag", "$(id)-{version}"]),
        3,
        "config.bad-template",
    );
    ends(
        &version("THREE", &["--asset", "a:{variant}{version}"]),
        3,
        "config.bad-template",
    );
    ends(
        &version("THREE", &["--emulate", "mips"]),
        2,
        "init.no-variant",
    );
    ends(&version("THREE", &["--smoke", "'"]), 2, "init.bad-command");
    ends(&version("THREE", &["--branch", "a..b"]), 2, "init.bad-name");
    ends(
        &version("THREE", &["--action", "o/lockgate@v1"]),
        2,
        "init.bad-action",
    );
    std::fs::write(dir.join("sums"), "nonsense\n").unwrap();
    let pin = format!("o/lockgate@{}", "a".repeat(40));
    ends(
        &version("THREE", &["--action", &pin, "--sha256sums", "sums"]),
        3,
        "init.no-digest",
    );
    std::fs::remove_file(dir.join("sums")).unwrap();
    for name in ["a b", "a]b", "A", "a-", "$(id)", "a/b", "a\nb"] {
        ends(
            &with(&[
                "--package",
                name,
                "--version-file",
                "THREE",
                "--sources",
                "x",
                "--build-command",
                "git",
            ]),
            2,
            "init.bad-name",
        );
    }
    for command in [
        "no-such-program-anywhere",
        "./build.sh",
        "python3 src/other.py",
        "sh src/other.sh",
    ] {
        let args = [
            "--package",
            "t",
            "--version-file",
            "THREE",
            "--sources",
            "x",
            "--build-command",
            command,
        ];
        ends(&with(&args), 3, "init.no-command");
    }
    assert_eq!(files(dir), before);
    good(&version("THREE", &[]));
    ends(&version("THREE", &[]), 2, "init.known-package");
    good(&with(&["--level", "hardened"]));
    ends(&with(&["--level", "hardened"]), 2, "init.known-settings");
    let outside = tempfile::tempdir().unwrap();
    ends(
        &lockgate(outside.path(), &["init"]),
        1,
        "git.not-a-repository",
    );
    ends(&lockgate(outside.path(), &["check"]), 3, "config.not-found");
}

#[test]
fn what_was_found_is_proposed_to_whoever_cannot_be_asked() {
    let workspace = repository("main");
    let example = examples().join("minimal");
    std::fs::create_dir(workspace.path().join("hello")).unwrap();
    for file in ["hello/VERSION", "build.py"] {
        std::fs::copy(example.join(file), workspace.path().join(file)).unwrap();
    }
    let stderr = stderr(&lockgate(workspace.path(), &["init", "--package", "hello"]));
    for words in [
        "--version-file hello/VERSION",
        "--build-command 'python3 build.py --arch {arch}'",
    ] {
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn a_workflow_of_somebody_else_is_shown_and_kept() {
    let workspace = repository("main");
    let path = ".github/workflows/build-tool.yml";
    std::fs::create_dir_all(workspace.path().join(".github/workflows")).unwrap();
    std::fs::write(workspace.path().join(path), "name: mine\n").unwrap();
    let before = files(workspace.path());
    let output = small(workspace.path(), &["--allow-missing"]);
    ends(&output, 3, "init.not-ours");
    assert!(
        stderr(&output).contains("\n-name: mine\n"),
        "{}",
        stderr(&output)
    );
    assert_eq!(files(workspace.path()), before);
    good(&small(workspace.path(), &["--allow-missing", "--force"]));
    good(&lockgate(workspace.path(), &["check"]));
}

#[test]
fn all_files_are_written_or_none() {
    let workspace = repository("main");
    // The last of the files cannot be renamed into place.
    let taken = workspace.path().join(".github/workflows/promote-tool.yml");
    std::fs::create_dir_all(taken.join("x")).unwrap();
    ends(
        &small(workspace.path(), &["--allow-missing"]),
        1,
        "file.failed",
    );
    assert_eq!(files(workspace.path()), []);
    std::fs::remove_dir_all(workspace.path().join(".github")).unwrap();
    let plan = small(workspace.path(), &["--allow-missing", "--dry-run"]);
    good(&plan);
    assert!(stderr(&plan).contains("+++ b/lockgate.toml"));
    assert_eq!(files(workspace.path()), []);
}

#[test]
fn a_difference_is_shown_and_mended_and_what_is_yours_stays() {
    let workspace = repository("main");
    good(&small(workspace.path(), &["--allow-missing"]));
    let path = workspace.path().join(".github/workflows/build-tool.yml");
    let right = std::fs::read_to_string(&path).unwrap();
    let mark = "# lockgate:begin-custom after-build\n";
    let mine = right.replace(mark, &format!("{mark}      - run: echo done\n"));
    std::fs::write(&path, &mine).unwrap();
    good(&lockgate(workspace.path(), &["check"]));
    std::fs::write(&path, mine.replace("fail-fast: false", "fail-fast: true")).unwrap();
    let output = lockgate(workspace.path(), &["check"]);
    ends(&output, 3, "check.drift");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("-      fail-fast: true\n+      fail-fast: false\n"),
        "{text}"
    );
    let json = lockgate(workspace.path(), &["check", "--output-format", "json"]);
    let json = schemas::document(&json.stdout).unwrap();
    assert_eq!(json["findings"][0]["code"], "check.drift");
    assert_eq!(json["version"], 1);
    good(&lockgate(workspace.path(), &["init"]));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), mine);
    let renamed = mine.replace("custom after-build", "custom after-bild");
    std::fs::write(&path, renamed).unwrap();
    ends(&lockgate(workspace.path(), &["init"]), 3, "init.lost");
    std::fs::remove_file(&path).unwrap();
    ends(&lockgate(workspace.path(), &["check"]), 3, "check.absent");
    good(&lockgate(workspace.path(), &["init"]));
    std::fs::copy(&path, path.with_file_name("build-gone.yml")).unwrap();
    ends(
        &lockgate(workspace.path(), &["check"]),
        3,
        "check.left-over",
    );
}

#[test]
fn the_remote_is_named_where_there_are_several() {
    let workspace = repository("main");
    let remote = |name: &str| {
        git(
            workspace.path(),
            &[
                "remote",
                "add",
                name,
                &format!("https://example.invalid/{name}/tool.git"),
            ],
        )
    };
    remote("one");
    let output = small(workspace.path(), &["--allow-missing", "--dry-run"]);
    assert!(
        stderr(&output).contains("of one/tool"),
        "{}",
        stderr(&output)
    );
    remote("two");
    ends(
        &small(workspace.path(), &["--allow-missing"]),
        2,
        "init.remotes",
    );
    let output = small(
        workspace.path(),
        &["--allow-missing", "--remote", "two", "--dry-run"],
    );
    assert!(
        stderr(&output).contains("of two/tool"),
        "{}",
        stderr(&output)
    );
    remote("origin");
    let output = small(workspace.path(), &["--allow-missing"]);
    assert!(
        stderr(&output).contains("of origin/tool"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_action_is_pinned_by_commit_and_digests() {
    let workspace = repository("main");
    let (commit, digest) = ("c".repeat(40), "d".repeat(64));
    let sums = format!(
        "{digest}  lockgate-amd64-v1\n{digest}  lockgate-arm64-v1\n{digest}  receipt.json\n"
    );
    std::fs::write(workspace.path().join("SUMS"), sums).unwrap();
    let action = format!("o/lockgate@{commit}");
    let more = [
        "--allow-missing",
        "--level",
        "hardened",
        "--action",
        &action,
        "--sha256sums",
        "SUMS",
        "--emulate",
        "arm64",
    ];
    let output = small(workspace.path(), &more);
    good(&output);
    assert!(
        !stderr(&output).contains("WARNING") && stderr(&output).contains("GitHub App"),
        "{}",
        stderr(&output)
    );
    let build =
        std::fs::read_to_string(workspace.path().join(".github/workflows/build-tool.yml")).unwrap();
    assert!(build.contains(&format!("uses: {action}\n        with:\n          sha256: |\n            {digest}  amd64\n            {digest}  arm64\n")), "{build}");
    assert!(build.contains("emulate: ${{ matrix.arch }}"));
    good(&lockgate(workspace.path(), &["check"]));
}
