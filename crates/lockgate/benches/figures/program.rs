//! Runs a program and measures time, memory, and bytes written to disk.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The release executable.
pub(crate) const LOCKGATE: &str = env!("CARGO_BIN_EXE_lockgate");

/// Returns a program in a folder, with only the environment that it needs to find git.
pub(crate) fn command(program: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).stdin(Stdio::null()).env_clear();
    command.envs(
        ["PATH", "HOME", "TMPDIR"]
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?))),
    );
    command.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ]);
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "Bench")
            .env(format!("GIT_{role}_EMAIL"), "bench@example.invalid");
    }
    command
}

/// Runs a command and returns its output; a failure ends the benchmark.
pub(crate) fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{stderr}",
        output.status
    );
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let mut git = command("git", dir);
    git.args(args);
    run(git)
}

/// The resources that a process used.
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// The peak resident memory in bytes.
    pub(crate) peak: f64,
    /// The bytes written to storage, including the child processes that it waited for.
    pub(crate) written: f64,
}

/// Runs a command and watches it in `/proc`, where its last figures remain until it is waited for. Every two
/// milliseconds `look` receives the number of seconds that have passed.
pub(crate) fn watched(mut command: Command, mut look: impl FnMut(f64)) -> Took {
    let started = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let file = |name: &str| {
        std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap_or_default()
    };
    let mut peak = 0.0_f64;
    let seconds = loop {
        let status = file("status");
        peak = peak.max(field(&status, "VmHWM:").unwrap_or_default() * 1024.0);
        if status.is_empty() || status.contains("State:\tZ") {
            break started.elapsed().as_secs_f64();
        }
        look(started.elapsed().as_secs_f64());
        std::thread::sleep(Duration::from_millis(2));
    };
    let written = field(&file("io"), "write_bytes:").unwrap_or(f64::NAN);
    let status = child.wait().unwrap();
    assert!(status.success(), "{command:?}: {status}");
    Took {
        seconds,
        peak,
        written,
    }
}

fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
