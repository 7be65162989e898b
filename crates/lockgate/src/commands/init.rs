//! `lockgate init`: writes a config and the workflows of its packages, all files or none. All errors are found before anything is
//! written.

mod answers;
mod command;
mod draft;
mod next;
mod problems;
mod propose;

use std::collections::BTreeMap;
use std::path::PathBuf;

use lockgate_core::config::{Config, FILE};
use lockgate_core::escape::quoted;
use lockgate_workflows::files::{self, File, Lost};
use serde::Serialize;

pub use problems::Problem;

use super::Context;
use crate::atomic_write;
use crate::cli;
use crate::exit::Failure;
use crate::git::Git;
use crate::observe::work_tree;

/// Runs the command.
pub fn run(context: &Context, args: &cli::Init) -> Result<(), Failure> {
    let found = observe(context)?;
    let draft = draft::decide(context, args, &found)?;
    let config = work_tree::parse(&draft.config)?;
    let plan = plan(&found, &config, &draft);
    refuse_losses(context, args, &plan.workflows)?;
    if !args.dry_run {
        atomic_write::write(&found.root, &plan.writes())?;
    }
    render(context, args, &found, &config, &plan)
}

/// The state of the repository on disk.
struct Found {
    root: PathBuf,
    git: Git,
    /// The remote for the repository on GitHub, and the repository's name there.
    remote: Option<String>,
    repository: Option<String>,
    config: Option<String>,
    workflows: BTreeMap<String, String>,
}

fn observe(context: &Context) -> Result<Found, Failure> {
    let env = &context.env;
    let git = env.git()?;
    let root = match work_tree::with_config(&env.dir) {
        Some(root) => root,
        None => git.top()?,
    };
    let remotes = git.remotes()?;
    let remote = match remotes.as_slice() {
        [] => None,
        all if all.contains(&env.remote) => Some(env.remote.clone()),
        [only] if env.remote == "origin" => Some(only.clone()),
        all => {
            let known: Vec<String> = all.iter().map(|name| quoted(name)).collect();
            return Err(Problem::Remotes {
                wanted: quoted(&env.remote),
                known: known.join(", "),
            }
            .into());
        }
    };
    let place = env.place_at(remote.as_deref());
    let repository = place.ok().map(|place| place.repository.to_string());
    let config = work_tree::config_text(&root)?;
    let workflows = work_tree::workflows(&root)?;
    Ok(Found {
        root,
        git,
        remote,
        repository,
        config,
        workflows,
    })
}

/// The files to write, and those that are up to date.
struct Plan {
    /// The config and, if requested, the version file: path and text of those that change.
    texts: Vec<(String, String)>,
    workflows: Vec<File>,
}

impl Plan {
    fn writes(&self) -> Vec<(&str, &str)> {
        let texts = self
            .texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        let workflows = self.workflows.iter().filter(|file| !file.is_right());
        let workflows = workflows.map(|file| (file.path.as_str(), file.text.as_str()));
        texts.chain(workflows).collect()
    }
}

fn plan(found: &Found, config: &Config, draft: &draft::Draft) -> Plan {
    let mut texts = Vec::new();
    texts.extend(draft.version_file.clone());
    if found.config.as_ref() != Some(&draft.config) {
        texts.push((FILE.to_owned(), draft.config.clone()));
    }
    let now = |path: &str| found.workflows.get(path).cloned();
    let workflows = files::of(config, &now);
    Plan { texts, workflows }
}

/// Returns an error if manual changes would be lost, unless an option permits that; shows the difference in both cases.
fn refuse_losses(context: &Context, args: &cli::Init, all: &[File]) -> Result<(), Failure> {
    let losing: Vec<&File> = all.iter().filter(|file| file.lost.is_some()).collect();
    for file in &losing {
        context.reporter.say(file.diff().trim_end());
    }
    if args.force {
        return Ok(());
    }
    let strange: Vec<String> = losing
        .iter()
        .filter(|file| file.lost == Some(Lost::NotOurs))
        .map(|file| file.path.clone())
        .collect();
    if !strange.is_empty() {
        let paths = strange.join(" and ");
        return Err(Problem::NotOurs { paths }.into());
    }
    match losing.first().map(|file| (&file.path, &file.lost)) {
        Some((path, Some(Lost::Unreadable(error)))) => Err(Problem::Lost {
            path: path.clone(),
            what: error.to_string(),
        }
        .into()),
        Some((path, Some(Lost::Blocks(names)))) => {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            Err(Problem::Lost {
                path: path.clone(),
                what: format!("it has no custom block {}", names.join(" or ")),
            }
            .into())
        }
        Some((_, Some(Lost::NotOurs) | None)) | None => Ok(()),
    }
}

#[derive(Serialize)]
struct Initialized<'a> {
    files: Vec<Written<'a>>,
    dry_run: bool,
    repository: Option<&'a str>,
}

#[derive(Serialize)]
struct Written<'a> {
    path: &'a str,
    change: Change,
    /// The new text, where nothing is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Planned,
    Written,
    Unchanged,
}

impl<'a> Written<'a> {
    fn new(path: &'a str, change: Change, text: Option<&'a str>) -> Self {
        Self { path, change, text }
    }
}

fn render(
    context: &Context,
    args: &cli::Init,
    found: &Found,
    config: &Config,
    plan: &Plan,
) -> Result<(), Failure> {
    let writes = plan.writes();
    let right = plan.workflows.iter().filter(|file| file.is_right());
    let written = writes.iter().map(|(path, text)| match args.dry_run {
        true => Written::new(path, Change::Planned, Some(text)),
        false => Written::new(path, Change::Written, None),
    });
    let unchanged = right.map(|file| Written::new(&file.path, Change::Unchanged, None));
    let result = Initialized {
        files: written.chain(unchanged).collect(),
        dry_run: args.dry_run,
        repository: found.repository.as_deref(),
    };
    if args.dry_run {
        for (path, text) in &writes {
            let now = std::fs::read_to_string(found.root.join(path)).ok();
            let difference = files::diff(path, now.as_deref(), Some(text));
            context.reporter.say(difference.trim_end());
        }
    }
    let lines: Vec<&str> = writes.iter().map(|(path, _)| *path).collect();
    context
        .reporter
        .say(match (lines.is_empty(), args.dry_run) {
            (true, _) => "every file is right already; nothing was written",
            (false, true) => "nothing was written (--dry-run); these files would be:",
            (false, false) => "written:",
        });
    context.reporter.result(&lines.join("\n"), &result);
    if !lines.is_empty() {
        let left = next::what_is_left(found, config);
        context.reporter.say(&left.join("\n"));
    }
    Ok(())
}
