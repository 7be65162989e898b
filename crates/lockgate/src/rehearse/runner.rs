//! Plays the workflow runner: starts this executable with the environment that a runner provides.
//!
//! The environment is built from scratch, so that it contains no variable of the calling user; only those are passed on
//! that the build needs to find its tools.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::command_error::CommandError;
use crate::exit::Failure;

/// Variables of the calling user that a build needs.
const HANDED_ON: [&str; 9] = [
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "LOCKGATE_ZIG",
    "ZIG_GLOBAL_CACHE_DIR",
    "RUSTUP_HOME",
    "CARGO_HOME",
    "GOCACHE",
];

/// The result of a command.
pub(super) struct ProcessOutput {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// Its output on stdout.
    pub stdout: String,
    /// Its output on stderr.
    pub stderr: String,
}

/// The running process, so that a fault can kill it.
#[derive(Clone, Default)]
pub(super) struct Running(Arc<Mutex<Option<u32>>>);

impl Running {
    /// Kills the process at once, without any chance to clean up.
    pub(super) fn kill(&self) {
        if let Ok(pid) = self.0.lock()
            && let Some(pid) = *pid
        {
            // SIGKILL through the `kill` command, because sending signals needs unsafe code or another library.
            let _ = Command::new("kill")
                .args(["-KILL", &pid.to_string()])
                .stderr(Stdio::null())
                .status();
        }
    }

    fn set(&self, pid: Option<u32>) {
        if let Ok(mut slot) = self.0.lock() {
            *slot = pid;
        }
    }
}

/// Runs a program in a folder with only these variables; every line of its messages goes to `watch` as it arrives.
pub(super) fn run(
    program: &Path,
    args: &[String],
    dir: &Path,
    vars: &[(String, String)],
    running: &Running,
    watch: &(dyn Fn(&str) + Sync),
) -> Result<ProcessOutput, Failure> {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(dir)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.envs(
        HANDED_ON
            .iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?))),
    );
    command.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("NO_COLOR", "1"),
    ]);
    command.envs(vars.iter().map(|(name, value)| (name, value)));
    let failed = |error: &std::io::Error| CommandError::Rehearsal {
        problem: format!("{} could not be started: {error}", program.display()),
    };
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    running.set(Some(child.id()));
    let (stdout, stderr) = both(&mut child, watch);
    let status = child.wait().map_err(|error| failed(&error))?;
    running.set(None);
    Ok(ProcessOutput {
        code: status.code(),
        stdout,
        stderr,
    })
}

/// Reads both streams to their ends at the same time.
fn both(child: &mut Child, watch: &(dyn Fn(&str) + Sync)) -> (String, String) {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let reporter = scope.spawn(move || {
            let mut text = String::new();
            for line in err
                .into_iter()
                .flat_map(|err| BufReader::new(err).lines())
                .map_while(Result::ok)
            {
                watch(&line);
                text += &line;
                text.push('\n');
            }
            text
        });
        let mut text = Vec::new();
        if let Some(mut out) = out {
            let _ = out.read_to_end(&mut text);
        }
        (
            String::from_utf8_lossy(&text).into_owned(),
            reporter.join().unwrap_or_default(),
        )
    })
}

/// Parses the file that `GITHUB_OUTPUT` names, in the runner's format: `KEY<<DELIMITER`, lines, `DELIMITER`.
pub(super) fn outputs(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some((key, delimiter)) = line.split_once("<<") {
            let value: Vec<&str> = lines
                .by_ref()
                .take_while(|line| *line != delimiter)
                .collect();
            found.push((key.to_owned(), value.join("\n")));
        } else if let Some((key, value)) = line.split_once('=') {
            found.push((key.to_owned(), value.to_owned()));
        }
    }
    found
}

/// Returns the path of this executable.
pub(super) fn this() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|error| CommandError::file("find this executable", &error).into())
}
