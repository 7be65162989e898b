//! Runs one workflow file with act, with jobs on this host.
//!
//! It knows no events: its callers determine the environment of a run. Where act differs from GitHub, it is adapted
//! here: see docs/contributing/runner.md.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::tools::{act, here, modules, root};
use crate::workflows::Workflow;

/// The parameters of a run.
pub(crate) struct Order<'a> {
    /// A folder of its own, which exists and is empty.
    pub(crate) folder: &'a Path,
    /// The home of its jobs.
    pub(crate) home: &'a Path,
    /// The workflow file, as it was read at the commit that GitHub reads it from.
    pub(crate) file: &'a Path,
    pub(crate) workflow: &'a Workflow,
    pub(crate) event: &'a str,
    pub(crate) payload: &'a Value,
    pub(crate) actor: &'a str,
    pub(crate) token: &'a str,
    pub(crate) vars: Vec<(&'a str, String)>,
}

/// The result of a run.
pub(crate) struct ProcessOutput {
    /// `success`, `failure`, or `skipped` if no job ran.
    pub(crate) conclusion: String,
    /// The conclusion of each job that ran, by its name.
    pub(crate) jobs: BTreeMap<String, String>,
    /// The output of all steps.
    pub(crate) log: String,
}

/// Runs a workflow to its end.
pub(crate) fn run(order: &Order<'_>) -> ProcessOutput {
    let payload = order.folder.join("event.json");
    std::fs::write(&payload, order.payload.to_string()).unwrap();
    // Not in the environment, which act passes to every step: a step has only the token that the file gives to it.
    let secrets = order.folder.join("secrets");
    std::fs::write(&secrets, format!("GITHUB_TOKEN={}\n", order.token)).unwrap();
    let work = order.folder.join("work");
    std::fs::create_dir(&work).unwrap();
    let log = order.folder.join("act.jsonl");
    let mut command = Command::new(act());
    command
        .arg(order.event)
        .arg("--json")
        .arg("--no-skip-checkout") // else it copies its own folder instead of a checkout
        .arg("--no-cache-server")
        .arg("--action-offline-mode")
        .args(["--actor", order.actor, "--rm"])
        .args(flag("--workflows", order.file))
        .args(flag("--directory", &work))
        .args(flag("--eventpath", &payload))
        .args(flag("--secret-file", &secrets))
        .args(flag("--action-cache-path", &order.folder.join("actions")));
    for label in ["ubuntu-24.04", "ubuntu-24.04-arm", "ubuntu-latest"] {
        command.args(["--platform", &format!("{label}=-self-hosted")]);
    }
    for action in &order.workflow.uses {
        command.args(stand_in(action));
    }
    for (name, value) in &order.vars {
        command.args(["--env", &format!("{name}={value}")]);
    }
    command
        .current_dir(&work)
        .env_clear()
        .env("PATH", path(order.folder))
        .env("HOME", order.home)
        .env("LC_ALL", "C.UTF-8")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("NODE_PATH", modules())
        .env("ACT_DISABLE_VERSION_CHECK", "1")
        .stdin(Stdio::null())
        .stdout(File::create(&log).unwrap())
        .stderr(File::create(order.folder.join("act.err")).unwrap());
    let status = command.status().unwrap();
    let lines = std::fs::read_to_string(&log).unwrap();
    let mut ended = read(&lines);
    if !status.success() && ended.conclusion != "failure" {
        let reporter = std::fs::read_to_string(order.folder.join("act.err")).unwrap();
        panic!(
            "act could not run {}: {reporter}\n{}",
            order.file.display(),
            ended.log
        );
    }
    ended.log = format!("{} of {}:\n{}", order.event, order.workflow.name, ended.log);
    ended
}

/// A wrapper for the shell of every step: act gives a step a terminal, GitHub does not.
const SHELL: &str = "#!/bin/bash\nset -o pipefail\n/bin/bash \"$@\" </dev/null 2>&1 | cat\n";

/// Returns the path: the executable under test first, then what jobs expect on a runner.
fn path(folder: &Path) -> std::ffi::OsString {
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_lockgate"), bin.join("lockgate")).unwrap();
    let shell = bin.join("bash");
    std::fs::write(&shell, SHELL).unwrap();
    std::fs::set_permissions(&shell, std::fs::Permissions::from_mode(0o755)).unwrap();
    let usual = std::env::var_os("PATH").unwrap();
    let all = std::iter::once(bin).chain(std::env::split_paths(&usual));
    std::env::join_paths(all).unwrap()
}

fn flag(name: &str, value: &Path) -> [std::ffi::OsString; 2] {
    [name.into(), value.as_os_str().to_owned()]
}

/// Returns the folder that replaces an action; those of the repository itself need none.
fn stand_in(action: &str) -> Vec<String> {
    if action.starts_with("./") {
        return Vec::new();
    }
    let (path, reference) = action.split_once('@').unwrap();
    let folder: PathBuf = match path {
        "actions/checkout" | "actions/upload-artifact" => here()
            .join("actions")
            .join(path.trim_start_matches("actions/")),
        _ if path.ends_with("/lockgate") => root(),
        _ => panic!("nothing stands in for the action {action}"),
    };
    let folder = folder.canonicalize().unwrap();
    let mapped = format!("{path}@{reference}={}", folder.display());
    vec!["--local-repository".to_owned(), mapped]
}

/// Parses the output of act, one JSON object per line.
fn read(lines: &str) -> ProcessOutput {
    let mut log = String::new();
    let mut jobs = BTreeMap::new();
    for line in lines.lines() {
        let Ok(stderr) = serde_json::from_str::<Value>(line) else {
            log += &format!("{line}\n");
            continue;
        };
        let text = |key: &str| stderr[key].as_str().unwrap_or_default().to_owned();
        let job = text("job")
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        if !text("msg").starts_with("LocalRepositoryCache") {
            log += &format!("[{job}] {}\n", text("msg").trim_end());
        }
        match stderr["jobResult"].as_str() {
            Some("skipped") | None => {}
            // The jobs of a matrix share one result in act, so the second may report the first's: a failure counts.
            Some(result) => {
                jobs.insert(job, result.to_owned());
            }
        }
    }
    assert!(
        !log.contains('\u{1b}'),
        "a step had a terminal, which none has on GitHub:\n{log}"
    );
    let conclusion = match () {
        () if jobs.values().any(|it| it == "failure") => "failure",
        () if jobs.is_empty() => "skipped",
        () => "success",
    };
    ProcessOutput {
        conclusion: conclusion.to_owned(),
        jobs,
        log,
    }
}
