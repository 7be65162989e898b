//! Runs a command that the repository names: shows its output as it arrives, and keeps the end of it.
//!
//! The command is untrusted code. It gets no token and no standard input, and its output is escaped line by line.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use lockgate_core::escape::line;

use crate::credentials::is_credential;

/// The number of lines that are kept.
const TAIL: usize = 30;
/// The part of a line that is kept, in bytes.
const LINE: u64 = 2000;

/// The runner's own files, whose content becomes an output, a variable or a path of the following steps. The command may write to
/// its own copies, which are never read.
const RUNNER_FILES: [&str; 5] = [
    "GITHUB_OUTPUT",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
];

/// The result of a command.
pub struct ProcessOutput {
    /// The exit status.
    pub status: ExitStatus,
    /// The last lines of its output, escaped.
    pub tail: Vec<String>,
}

/// Runs a command to its end.
///
/// # Errors
/// If it cannot be started.
pub fn run(
    words: &[String],
    dir: &Path,
    vars: &[(&str, String)],
    print: &(dyn Fn(&str) + Sync),
) -> std::io::Result<ProcessOutput> {
    let (program, args) = words
        .split_first()
        .ok_or_else(|| std::io::Error::other("there is no command"))?;
    let mut command = Command::new(program);
    // One pipe for both streams, so that the lines keep their order.
    let (read, write) = std::io::pipe()?;
    command
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(write.try_clone()?)
        .stderr(write);
    for (name, _) in std::env::vars_os() {
        if is_credential(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    for name in RUNNER_FILES {
        command.env(name, "/dev/null");
    }
    command.envs(vars.iter().map(|(name, value)| (name, value)));
    let mut child = command.spawn()?;
    // Our own ends of the pipe have to be closed, or reading never ends.
    drop(command);
    let tail = follow(read, print);
    let status = child.wait()?;
    Ok(ProcessOutput {
        status,
        tail: tail.into(),
    })
}

fn follow(stream: impl Read, print: &(dyn Fn(&str) + Sync)) -> VecDeque<String> {
    let mut tail = VecDeque::new();
    let mut lines = BufReader::new(stream);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        // A line without an end must not fill the memory, so it is shown in pieces.
        match lines.by_ref().take(LINE).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return tail,
            Ok(_) => {}
        }
        let text = line(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
        print(&text);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(text);
    }
}

/// Formats an exit status.
pub fn status(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "a signal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> ProcessOutput {
        let words = ["sh", "-c", script].map(str::to_owned);
        run(
            &words,
            Path::new("."),
            &[("MARK", "set".to_owned())],
            &|_| (),
        )
        .unwrap()
    }

    #[test]
    fn the_end_of_the_output_is_kept_and_escaped() {
        let ended = shell("for i in $(seq 1 50); do echo line $i; done; exit 7");
        assert_eq!(ended.tail.len(), TAIL);
        assert!(ended.tail.last().is_some_and(|line| line == "line 50"));
        assert_eq!(shell("printf 'a\\033[31mb\\n' >&2").tail, ["a\\u{1b}[31mb"]);
        assert_eq!(status(ended.status), "exit code 7");
    }

    #[test]
    fn a_line_without_an_end_is_cut_into_pieces() {
        let ended = shell("head -c 100000 /dev/zero | tr '\\0' x");
        assert!(ended.tail.iter().all(|line| line.len() <= LINE as usize));
    }

    #[test]
    fn it_gets_no_token() {
        let ended = shell("env | grep -c -e GITHUB_TOKEN -e ACTIONS_RUNTIME_TOKEN; echo $MARK");
        assert_eq!(ended.tail, ["0", "set"]);
    }
}
