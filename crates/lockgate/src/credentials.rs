//! Finds credentials in our own environment, and removes them before untrusted code starts.
//!
//! A child can read the environment that its parent was started with (`/proc/PPID/environ`), whatever the parent has removed since.
//! So a build re-executes this program without them. Their values are passed over a pipe, because the build output is searched for
//! them. Limits: the build job's machine is under the control of the author of the build, and so are the processes above ours, our
//! memory, and our open files.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::command_error::CommandError;

/// Signals that the values come over standard input, each terminated by a zero byte.
const MARK: &str = "LOCKGATE_CREDENTIALS_ON_STDIN";
/// The total size of the values, in bytes, that fits into the pipe, which is not read before the process is replaced. A longer value
/// is searched for by its start.
const ROOM: usize = 48 * 1024;
/// The largest size of one of them, in bytes.
const LONGEST: usize = 8 * 1024;

/// Words in a variable's name that make its value a credential.
const WORDS: [&str; 11] = [
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASSWORD",
    "PASSWD",
    "KEY",
    "APIKEY",
    "PAT",
    "CREDENTIAL",
    "CREDENTIALS",
];
/// Prefixes of the runner's own variables: addresses and tokens of its services, inputs of actions.
const BEGINNINGS: [&str; 2] = ["ACTIONS_", "INPUT_"];

/// Returns whether a variable of this name is withheld from untrusted code.
pub fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let mut words = name.split(['_', '-']);
    // It authenticates us to a mirror.
    name == "LOCKGATE_MIRROR_HEADER"
        || BEGINNINGS.iter().any(|start| name.starts_with(start))
        || words.any(|word| WORDS.contains(&word))
}

/// Re-executes this program without credentials in its environment, and returns their values. Returns at once if there are none.
///
/// # Errors
/// If the program cannot be executed again; then nothing is built.
pub fn shed() -> Result<Vec<String>, CommandError> {
    let failed =
        |error: std::io::Error| CommandError::file("start again without credentials", &error);
    if std::env::var_os(MARK).is_some() {
        let mut bytes = Vec::new();
        let most = u64::try_from(ROOM).unwrap_or(u64::MAX);
        std::io::stdin()
            .take(most)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        let values = bytes
            .split(|byte| *byte == 0)
            .filter(|value| !value.is_empty());
        return Ok(values
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .collect());
    }
    let found: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| is_credential(&name.to_string_lossy()))
        .collect();
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let (read, mut write) = std::io::pipe().map_err(failed)?;
    let mut workspace = ROOM;
    for (_, value) in &found {
        let bytes = value.as_encoded_bytes();
        let start = bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default();
        if start.len() + 1 > workspace {
            break;
        }
        workspace -= start.len() + 1;
        write
            .write_all(start)
            .and_then(|()| write.write_all(&[0]))
            .map_err(failed)?;
    }
    drop(write);
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .stdin(Stdio::from(read));
    for (name, _) in &found {
        command.env_remove(name);
    }
    // Returns only on failure.
    Err(failed(command.exec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_variable_is_called_tells_whether_it_is_a_credential() {
        for name in [
            "GITHUB_TOKEN",
            "GH_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_CACHE_URL",
            "LOCKGATE_APP_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "NPM_TOKEN",
            "my_token",
            "INPUT_GITHUB-TOKEN",
            "GITHUB_PAT",
            "DB_PASSWORD",
            "CARGO_REGISTRY_TOKEN",
            "OPENAI_APIKEY",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "PATH",
            "HOME",
            "GITHUB_SHA",
            "LOCKGATE_APP_ID",
            "KEYBOARD",
            "PATTERN",
            "CARGO_HOME",
            "TOKENIZER",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }
}
