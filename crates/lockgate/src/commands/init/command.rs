//! Parses a command given as one text, and checks that it exists before it is written to the config.

use std::path::Path;

use lockgate_core::escape::quoted;

use super::Problem;
use crate::process_env::ProcessEnv;

/// Programs whose first argument without a hyphen is a script.
const INTERPRETERS: [&str; 8] = [
    "python3", "python", "sh", "bash", "node", "perl", "ruby", "deno",
];

/// Splits a command into words as a shell would, without any other feature of a shell.
pub(super) fn words(option: &'static str, text: &str) -> Result<Vec<String>, Problem> {
    let words = shlex::split(text).filter(|words| !words.is_empty());
    words.ok_or_else(|| Problem::BadCommand {
        option,
        value: quoted(text),
    })
}

/// Checks that the program exists, and its script if it names one.
pub(super) fn look(env: &ProcessEnv, root: &Path, words: &[String]) -> Result<(), Problem> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(());
    };
    // The value of a placeholder is known only at the build.
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
