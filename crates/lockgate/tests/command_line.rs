//! The command line: what it refuses, its messages, and its output for users who ask for help.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "command_line/checkout.rs"]
mod checkout;
#[path = "command_line/environment.rs"]
mod environment;
#[path = "command_line/paths.rs"]
mod paths;
mod schemas;

use std::path::Path;
use std::process::{Command, Output};

fn lockgate(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("GITHUB_")
            || text.starts_with("GIT_")
            || text.starts_with("LOCKGATE_")
            || text == "GH_TOKEN"
        {
            command.env_remove(name);
        }
    }
    command.args(args).current_dir(dir).output().unwrap()
}

fn git(dir: &Path, args: &[&str]) {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.invalid",
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Creates a clone with two commits, and its remote next to it.
fn clone(workspace: &Path) -> std::path::PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal");
    git(workspace, &["init", "--quiet", "--bare", "origin.git"]);
    git(workspace, &["clone", "--quiet", "origin.git", "clone"]);
    let dir = workspace.join("clone");
    std::fs::create_dir(dir.join("hello")).unwrap();
    for file in ["lockgate.toml", "build.py", "hello/VERSION"] {
        std::fs::copy(source.join(file), dir.join(file)).unwrap();
    }
    git(&dir, &["add", "--all"]);
    git(&dir, &["commit", "--quiet", "-m", "one"]);
    git(&dir, &["push", "--quiet", "origin", "HEAD:main"]);
    std::fs::write(dir.join("hello/VERSION"), "2\n").unwrap();
    git(&dir, &["commit", "--quiet", "-am", "two"]);
    dir
}

fn ends(output: &Output, exit: i32, code: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{stderr}");
    assert!(
        stderr.contains(&format!("({code}):")) && stderr.contains("next: "),
        "{code} is not in:\n{stderr}"
    );
}

#[test]
fn every_end_that_is_not_good_names_its_code_and_what_to_do() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    let repo = ["--repo", "o/r"];
    let with = |args: &[&str]| lockgate(&dir, &[args, &repo[..]].concat());
    ends(
        &lockgate(
            workspace.path(),
            &["detect", "--base", "main", "--repo", "o/r"],
        ),
        1,
        "git.not-a-repository",
    );
    ends(&with(&["detect"]), 2, "environment.missing");
    ends(
        &with(&["detect", "--base", "nowhere"]),
        3,
        "git.unknown-revision",
    );
    ends(
        &with(&["detect", "--base", "origin/main", "--package", "other"]),
        2,
        "package.unknown",
    );
    ends(&with(&["build", "--variant", "mips"]), 2, "variant.unknown");
    ends(
        &with(&["fetch", "hello", "--variant", "mips"]),
        2,
        "variant.unknown",
    );
    ends(
        &with(&["fetch", "hello", "--version", "v2"]),
        2,
        "environment.value",
    );
    ends(
        &with(&["promote", "--pr", "1", "--expect-head", "abc"]),
        2,
        "environment.value",
    );
    ends(
        &lockgate(&dir, &["detect", "--base", "main", "--repo", "nonsense"]),
        2,
        "environment.value",
    );
    ends(
        &lockgate(&dir, &["detect", "--base", "main", "--forge", "ftp://x"]),
        2,
        "environment.value",
    );
    ends(&lockgate(&dir, &["promote"]), 2, "usage.arguments");
    ends(&lockgate(&dir, &["deploy"]), 2, "usage.arguments");
    std::fs::remove_file(dir.join("lockgate.toml")).unwrap();
    ends(&with(&["fetch", "hello"]), 3, "config.not-found");
    ends(&with(&["build", "--variant", "amd64"]), 3, "build.dirty");
}

#[test]
fn a_shallow_clone_and_a_head_that_is_not_here_are_told_with_their_remedy() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    git(&dir, &["push", "--quiet", "origin", "HEAD:two"]);
    git(
        workspace.path(),
        &[
            "clone",
            "--quiet",
            "--depth=1",
            "--branch=two",
            &format!("file://{}", workspace.path().join("origin.git").display()),
            "shallow",
        ],
    );
    let shallow = workspace.path().join("shallow");
    ends(
        &lockgate(&shallow, &["detect", "--base", "HEAD~1", "--repo", "o/r"]),
        3,
        "git.shallow",
    );
    // An event for a head that was replaced in the meantime.
    let event = workspace.path().join("event.json");
    std::fs::write(
        &event,
        format!(
            r#"{{"pull_request":{{"number":1,"head":{{"sha":"{}"}},"base":{{"ref":"main"}}}}}}"#,
            "a".repeat(40)
        ),
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["detect", "--repo", "o/r"])
        .current_dir(&dir)
        .env("GITHUB_EVENT_PATH", &event)
        .output()
        .unwrap();
    ends(&output, 3, "git.unknown-revision");
    std::fs::write(&event, "not json").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["detect", "--repo", "o/r"])
        .current_dir(&dir)
        .env("GITHUB_EVENT_PATH", &event)
        .output()
        .unwrap();
    ends(&output, 1, "environment.event");
}

/// Hooks, aliases and earlier steps leave such variables behind, for a repository of their own.
#[test]
fn no_variable_of_git_changes_what_a_commit_holds() {
    let workspace = tempfile::tempdir().unwrap();
    let (dir, other) = (clone(workspace.path()), workspace.path().join("other"));
    git(workspace.path(), &["init", "--quiet", "other"]);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let tip = text(&workspace.path().join("tip"));
    let head = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(&dir)
        .output();
    std::fs::write(&tip, head.unwrap().stdout).unwrap();
    let work = dir.join("hello");
    // From a subfolder, so that the root has to be found.
    let run = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockgate"));
        command.args(args).current_dir(&work);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null");
        for name in ["GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let reported = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code(), reported, stderr)
    };
    #[rustfmt::skip]
    let detect = ["detect", "--base", "origin/main", "--repo", "o/r", "--output-format", "json"];
    let dirty = ["build", "--variant", "amd64", "--repo", "o/r"];
    let decided = run(&[], &detect);
    assert_eq!(decided.0, Some(0), "{decided:?}");
    std::fs::write(dir.join("hello/planted.c"), "x").unwrap();
    let refused = run(&[], &dirty);
    assert!(refused.2.contains("planted.c"), "{refused:?}");
    let git_dir = text(&other.join(".git"));
    let objects = text(&other.join(".git/objects"));
    let ignore = text(&workspace.path().join("ignore"));
    std::fs::write(&ignore, "planted.c\n").unwrap();
    let setting = |key: &'static str, value: &str| {
        vec![
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", key.to_owned()),
            ("GIT_CONFIG_VALUE_0", value.to_owned()),
        ]
    };
    let table: Vec<Vec<(&str, String)>> = vec![
        vec![("GIT_DIR", git_dir.clone())],
        vec![("GIT_COMMON_DIR", git_dir)],
        vec![("GIT_WORK_TREE", text(&other))],
        vec![("GIT_INDEX_FILE", text(&other.join("index")))],
        vec![("GIT_OBJECT_DIRECTORY", objects.clone())],
        vec![("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects)],
        vec![("GIT_SHALLOW_FILE", tip.clone())],
        vec![("GIT_GRAFT_FILE", tip)],
        vec![("GIT_NAMESPACE", "elsewhere".to_owned())],
        vec![("GIT_CEILING_DIRECTORIES", text(&dir))],
        vec![("GIT_LITERAL_PATHSPECS", "1".to_owned())],
        vec![("GIT_EXTERNAL_DIFF", "false".to_owned())],
        vec![("GIT_CONFIG_PARAMETERS", "'core.worktree=/'".to_owned())],
        vec![(
            "GIT_CONFIG_PARAMETERS",
            format!("'core.excludesFile={ignore}'"),
        )],
        setting("core.excludesFile", &ignore),
        setting("core.worktree", &text(&other)),
        setting("core.bare", "true"),
    ];
    for variables in &table {
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(run(&variables, &detect), decided, "{variables:?}");
        assert_eq!(run(&variables, &dirty), refused, "{variables:?}");
    }
}

#[test]
fn a_failure_is_json_for_programs() {
    let workspace = tempfile::tempdir().unwrap();
    let output = lockgate(
        workspace.path(),
        &[
            "detect",
            "--base",
            "x",
            "--repo",
            "o/r",
            "--output-format",
            "json",
        ],
    );
    let object = schemas::document(&output.stdout).unwrap();
    assert_eq!(
        (
            object["version"].as_u64(),
            object["error"]["code"].as_str(),
            object["exit"].as_u64()
        ),
        (Some(1), Some("git.not-a-repository"), Some(1))
    );
}

#[test]
fn detect_tells_programs_the_decision_and_the_matrix() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    let output = lockgate(
        &dir,
        &[
            "detect",
            "--base",
            "origin/main",
            "--repo",
            "o/r",
            "--output-format",
            "json",
        ],
    );
    let object = schemas::document(&output.stdout).unwrap();
    assert_eq!(
        object["decision"],
        "build",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let artifacts: Vec<_> = object["matrix"]["include"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["artifact"].as_str().unwrap())
        .collect();
    assert_eq!(artifacts, ["hello-amd64-v2", "hello-arm64-v2"]);
}

#[test]
fn a_stale_output_of_an_earlier_build_is_not_taken_for_this_one() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    std::fs::write(dir.join(".gitignore"), "dist/\n").unwrap();
    std::fs::write(dir.join("build.py"), "print('did nothing')\n").unwrap();
    git(&dir, &["add", "--all"]);
    git(
        &dir,
        &["commit", "--quiet", "-m", "a build that does nothing"],
    );
    std::fs::create_dir(dir.join("dist")).unwrap();
    std::fs::copy(
        std::env::current_exe().unwrap(),
        dir.join("dist/hello-amd64-v2"),
    )
    .unwrap();
    ends(
        &lockgate(&dir, &["build", "--variant", "amd64", "--repo", "o/r"]),
        3,
        "build.no-output",
    );
}

/// Common ways to paste a number. There is no repository here: accepted input fails for that reason, before any
/// request.
#[test]
fn a_pull_request_may_have_its_sign_and_has_to_be_a_number() {
    let workspace = tempfile::tempdir().unwrap();
    for command in ["promote", "gate", "report", "pin"] {
        for (text, taken) in [
            ("7", true),
            ("#7", true),
            (" 7 ", true),
            ("seven", false),
            ("##7", false),
            ("-7", false),
            ("https://forge.example/other/repository/pull/7", false),
        ] {
            let output = lockgate(workspace.path(), &[command, &format!("--pr={text}")]);
            let stderr = String::from_utf8_lossy(&output.stderr);
            let refused = stderr.contains("not the number of a pull request, such as 7 or #7");
            assert_eq!(refused, !taken, "{command} {text:?}: {stderr}");
            assert!(!output.status.success(), "{command} {text:?}");
        }
    }
}

#[test]
fn what_lies_behind_a_link_is_not_ours_to_remove() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    std::fs::write(dir.join(".gitignore"), "dist\n").unwrap();
    git(&dir, &["add", "--all"]);
    git(&dir, &["commit", "--quiet", "-m", "a store beside us"]);
    let store = workspace.path().join("store");
    std::fs::create_dir(&store).unwrap();
    std::fs::write(store.join("hello-amd64-v2"), "of another").unwrap();
    std::os::unix::fs::symlink(&store, dir.join("dist")).unwrap();
    let built = lockgate(&dir, &["build", "--variant", "amd64", "--repo", "o/r"]);
    assert!(built.status.success(), "{built:?}");
    let kept = std::fs::read(store.join("hello-amd64-v2")).unwrap();
    assert_eq!(kept, b"of another");
    let made = dir.join("dist").symlink_metadata().unwrap();
    assert!(made.is_dir());
}

/// A process's initial environment stays readable to its children, even after variables are removed from it.
#[test]
fn a_build_finds_no_credential_in_its_own_environment_nor_in_its_parents() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    let script = "import os\n\
        for pid in ('self', os.getppid()):\n    \
            all = open(f'/proc/{pid}/environ', 'rb').read().split(b'\\0')\n    \
            print(pid, [line for line in all if b'hush' in line], b'PLAIN=here' in all)\n";
    std::fs::write(dir.join("build.py"), script).unwrap();
    git(&dir, &["commit", "--quiet", "-am", "a build that looks"]);
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["build", "--variant", "amd64", "--repo", "o/r"])
        .current_dir(&dir)
        .env("GITHUB_TOKEN", "hush-1")
        .env("SOME_SECRET", "hush-2")
        .env("PLAIN", "here")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("self [] True"), "{stderr}");
    assert_eq!(stderr.matches(" [] True").count(), 2, "{stderr}");
    assert!(!stderr.contains("hush"), "{stderr}");
}

#[test]
fn help_is_there_for_every_command_and_names_the_exit_codes() {
    let here = Path::new(".");
    let help = String::from_utf8(lockgate(here, &["--help"]).stdout).unwrap();
    assert!(
        help.contains("3 refused (a person must change something)"),
        "{help}"
    );
    for command in [
        "detect",
        "build",
        "report",
        "gate",
        "promote",
        "verify",
        "fetch",
        "mirror",
        "withdraw",
        "rehearse",
        "completions",
        "man",
    ] {
        assert!(
            help.contains(&format!("\n  {command}")),
            "{command} is missing:\n{help}"
        );
        let output = lockgate(here, &[command, "--help"]);
        assert!(
            output.status.success() && output.stdout.len() > 200,
            "{command} --help"
        );
    }
}

#[test]
fn completions_and_manual_pages_come_from_the_same_definition() {
    let workspace = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = lockgate(workspace.path(), &["completions", shell]).stdout;
        assert!(
            String::from_utf8_lossy(&script).contains("expect-head"),
            "{shell}"
        );
    }
    let man = workspace.path().join("man");
    assert!(
        lockgate(workspace.path(), &["man", man.to_str().unwrap()])
            .status
            .success()
    );
    let page = std::fs::read_to_string(man.join("lockgate-promote.1")).unwrap();
    assert!(page.contains("expect\\-head"), "{page}");
}
