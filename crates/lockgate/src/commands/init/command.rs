//! A command of the command line: split into words, and looked for before it is written down.

use std::path::Path;

use lockgate_core::escape::quoted;

use super::Problem;
use crate::process_env::ProcessEnv;

/// Programs whose first argument without a hyphen is a script.
const INTERPRETERS: [&str; 8] = [
    "python3", "python", "sh", "bash", "node", "perl", "ruby", "deno",
];

/// Splits a command as a shell would, without any of a shell's other doings.
pub(super) fn words(option: &'static str, text: &str) -> Result<Vec<String>, Problem> {
    let words = shlex::split(text).filter(|words| !words.is_empty());
    words.ok_or_else(|| Problem::BadCommand {
        option,
        value: quoted(text),
    })
}

/// Whether its program is there, and its script, if it names one.
pub(super) fn look(env: &ProcessEnv, root: &Path, words: &[String]) -> Result<(), Problem> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(());
    };
    // A placeholder stands for what is known when it is built.
    if program.contains('{') {
        return Ok(());
    }
    let missing = |what: String| Err(Problem::NoCommand { what });
    if program.contains('/') {
        if !root.join(program).is_file() {
            return missing(format!("there is no file {}", quoted(program)));
        }
        return Ok(());
    }
    let path = env.var("PATH").unwrap_or_default();
    if !std::env::split_paths(path).any(|folder| folder.join(program).is_file()) {
        return missing(format!(
            "there is no program {} on the PATH",
            quoted(program)
        ));
    }
    let script = arguments.first().filter(|word| {
        INTERPRETERS.contains(&program.as_str()) && !word.starts_with('-') && !word.contains('{')
    });
    match script {
        Some(script) if !root.join(script).is_file() => {
            missing(format!("there is no file {}", quoted(script)))
        }
        Some(_) | None => Ok(()),
    }
}
