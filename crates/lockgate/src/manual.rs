//! Completions and manual pages, from the same definition as `--help`.

use std::path::Path;

use clap::CommandFactory as _;
use serde::Serialize;

use crate::cli::Cli;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;

#[derive(Serialize)]
struct Completions<'a> {
    script: &'a str,
}

/// Prints the completions of a shell.
pub fn completions(context: &Context, shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lockgate", &mut script);
    context.reporter.result(
        &String::from_utf8_lossy(&script),
        &Completions {
            script: &String::from_utf8_lossy(&script),
        },
    );
    Ok(())
}

/// Writes the manual pages into a folder.
pub fn pages(dir: &Path) -> Result<(), Failure> {
    let operation = || format!("write the manual pages into {}", dir.display());
    std::fs::create_dir_all(dir).map_err(|error| CommandError::file(operation(), &error))?;
    clap_mangen::generate_to(Cli::command(), dir)
        .map_err(|error| CommandError::file(operation(), &error).into())
}
