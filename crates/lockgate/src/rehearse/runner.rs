//! Plays the runner of the workflows: starts this very executable with the environment that a runner gives it.
//!
//! The environment is built from nothing, so that no variable of whoever rehearses gets in; only what the build needs to find
//! its tools is handed on.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::exit::Failure;
use crate::trouble::Trouble;

/// Variables of whoever rehearses that a build needs.
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

/// How a command ended.
pub(super) struct Ended {
    /// Its exit code; `None` where it was killed.
    pub code: Option<i32>,
    /// What it printed to stdout.
    pub stdout: String,
    /// What it printed to stderr.
    pub stderr: String,
}

/// The process that runs now, so that a fault can kill it.
#[derive(Clone, Default)]
pub(super) struct Running(Arc<Mutex<Option<u32>>>);

impl Running {
    /// Ends the process at once, without a chance to say anything.
    pub(super) fn kill(&self) {
        if let Ok(pid) = self.0.lock()
            && let Some(pid) = *pid
        {
            // SIGKILL by the command, because sending signals needs unsafe code or one more library.
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

/// Runs a program in a folder with just these variables; every line of its talk goes to `watch` as it comes.
pub(super) fn run(
    program: &Path,
    args: &[String],
    dir: &Path,
    vars: &[(String, String)],
    running: &Running,
    watch: &(dyn Fn(&str) + Sync),
) -> Result<Ended, Failure> {
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
    let failed = |error: &std::io::Error| Trouble::Rehearsal {
        problem: format!("{} could not be started: {error}", program.display()),
    };
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    running.set(Some(child.id()));
    let (stdout, stderr) = both(&mut child, watch);
    let status = child.wait().map_err(|error| failed(&error))?;
    running.set(None);
    Ok(Ended {
        code: status.code(),
        stdout,
        stderr,
    })
}

/// Both streams to their ends, at the same time.
fn both(child: &mut Child, watch: &(dyn Fn(&str) + Sync)) -> (String, String) {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let talk = scope.spawn(move || {
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
            talk.join().unwrap_or_default(),
        )
    })
}

/// Reads the file that `GITHUB_OUTPUT` names, in the form that the runner understands: `KEY<<DELIMITER`, lines, `DELIMITER`.
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

/// This executable.
pub(super) fn this() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| Trouble::file("find this executable", &error).into())
}
