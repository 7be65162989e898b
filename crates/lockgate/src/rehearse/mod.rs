//! `lockgate rehearse`: the whole flow on one machine, with a real git repository, real builds, the fake GitHub on a
//! loopback port, and this command as the workflows call it.
//!
//! `sample_repository` creates the initial repository. `fixture` plays everything except Lockgate: the developer, the workflow
//! runner, the maintainer, the user. `demo` runs the main path; `script` executes scripts with faults and compares
//! their transcripts.

mod bundled;
mod demo;
mod fixture;
mod git;
mod interpreter;
mod journal;
mod placeholders;
mod runner;
mod sample_repository;
mod script;
mod shown;
mod workflow;

use std::path::PathBuf;

use lockgate_core::Tag;
use serde::Serialize;

use crate::cli;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;
use journal::Journal;

/// Runs the rehearsal.
pub fn run(context: &Context, args: &cli::Rehearse) -> Result<(), Failure> {
    if args.list {
        return list(context);
    }
    let mut workspace = Workspace::new(args.keep.clone())?;
    workspace.journal = args.journal.as_deref().map(Journal::new).transpose()?;
    let done = match &args.script {
        Some(file) => script::run(context, &workspace, file, args.bless),
        None => demo::run(context, &workspace, args),
    };
    if workspace.kept && done.is_err() {
        let folder = workspace.path.display();
        context
            .reporter
            .say(&format!("everything is kept in {folder}"));
    }
    done
}

fn list(context: &Context) -> Result<(), Failure> {
    let scripts: Vec<(String, String)> = bundled::scripts()
        .map(|(name, text)| (name, title(text)))
        .collect();
    let width = scripts
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let lines: Vec<String> = scripts
        .iter()
        .map(|(name, title)| format!("{name:width$}  {title}"))
        .collect();
    let scripts = scripts
        .into_iter()
        .map(|(name, title)| Listed { name, title });
    let list = Rehearsed::List {
        scripts: scripts.collect(),
    };
    context.reporter.result(&lines.join("\n"), &list);
    Ok(())
}

/// The result of the command.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Rehearsed<'a> {
    /// The bundled scripts.
    List { scripts: Vec<Listed> },
    /// The script gave its transcript.
    Same {
        script: &'a str,
        instructions: usize,
    },
    /// The transcript was written into the script.
    Blessed { script: &'a str },
    /// The demonstration published a release; the folder is named if it is kept.
    Demonstrated {
        tag: &'a Tag,
        executables: &'a [demo::Row],
        fetched: &'a str,
        folder: Option<String>,
    },
}

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
}

fn title(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches(['#', ' '])
        .to_owned()
}

/// The folder of a rehearsal, which is deleted at the end unless it is to be kept.
pub struct Workspace {
    path: PathBuf,
    kept: bool,
    journal: Option<Journal>,
    _guard: Option<tempfile::TempDir>,
}

impl Workspace {
    /// Records the exchanges of a stage's server, if requested.
    fn watch(&self, fixture: &fixture::Fixture) {
        if let Some(journal) = &self.journal {
            journal.watch(&fixture.forge);
        }
    }

    /// Creates a temporary folder; `keep` with a path uses that one, which must be empty or new.
    fn new(keep: Option<PathBuf>) -> Result<Self, Failure> {
        let failed = |operation: &str, error: std::io::Error| {
            Failure::from(CommandError::file(operation, &error))
        };
        match keep {
            Some(path) if path.as_os_str().is_empty() => {
                let dir = tempfile::Builder::new()
                    .prefix("lockgate-rehearsal-")
                    .tempdir()
                    .map_err(|e| failed("make a folder", e))?;
                Ok(Self {
                    path: dir.keep(),
                    kept: true,
                    journal: None,
                    _guard: None,
                })
            }
            Some(path) => {
                std::fs::create_dir_all(&path)
                    .map_err(|e| failed("make the folder of --keep", e))?;
                let empty = std::fs::read_dir(&path)
                    .map_err(|e| failed("look into the folder of --keep", e))?
                    .next()
                    .is_none();
                if !empty {
                    let problem = format!("{} is not empty", path.display());
                    return Err(CommandError::Rehearsal { problem }.into());
                }
                let path = path
                    .canonicalize()
                    .map_err(|e| failed("find the folder of --keep", e))?;
                Ok(Self {
                    path,
                    kept: true,
                    journal: None,
                    _guard: None,
                })
            }
            None => {
                let dir = tempfile::Builder::new()
                    .prefix("lockgate-rehearsal-")
                    .tempdir()
                    .map_err(|e| failed("make a folder", e))?;
                Ok(Self {
                    path: dir.path().to_owned(),
                    kept: false,
                    journal: None,
                    _guard: Some(dir),
                })
            }
        }
    }
}

fn rehearsal_failed(problem: impl Into<String>) -> Failure {
    CommandError::Rehearsal {
        problem: problem.into(),
    }
    .into()
}

fn io(operation: &str) -> impl FnOnce(std::io::Error) -> Failure + '_ {
    move |error| CommandError::file(operation, &error).into()
}
