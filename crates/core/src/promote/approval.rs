//! The approval of a maintainer: the plan as a text, and the digest of that text.
//!
//! A person takes time between reading a plan and its publication: a workflow's job in a protected environment starts when
//! it is approved, hours later. The facts may have changed by then. So the shown text has a digest, and the publisher names
//! the approved digest: the same text is published, or nothing.

use std::fmt::Write as _;
use std::str::FromStr;

use super::{Facts, Item, Plan};
use crate::escape::{line, quoted};
use crate::ids::{Digest, RepositoryName};
use crate::render::size;

/// The pull request's changes that affect the build; shown, not judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The paths that count for the build, each as git reports it.
    pub paths: Vec<Vec<u8>>,
    /// All diff lines of `lockgate.toml`, in unified format.
    pub config: Vec<String>,
}

/// The approved plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approved {
    /// The plan with this digest.
    Plan(Digest),
    /// The approval of publishing nothing: the release existed when the plan was made.
    Published,
}

/// The text of [`Approved::Published`] in place of a digest.
pub const PUBLISHED: &str = "published";

impl FromStr for Approved {
    type Err = String;

    /// An empty text is not an approval: a job output that was lost must not become one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == PUBLISHED {
            return Ok(Self::Published);
        }
        text.parse().map(Self::Plan).map_err(|_| {
            format!(
                "{} is not the digest of a plan (64 hexadecimal digits, as --dry-run prints them)",
                quoted(text)
            )
        })
    }
}

impl std::fmt::Display for Approved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plan(digest) => write!(f, "plan {digest}"),
            Self::Published => f.write_str("that the release is there already"),
        }
    }
}

/// Returns whether a plan is the approved one, if an approval was given.
pub(super) fn is_approved(facts: &Facts, plan: &Plan) -> bool {
    match facts.approved {
        None => true,
        Some(Approved::Published) => false,
        Some(Approved::Plan(digest)) => plan.digest() == digest,
    }
}

/// Returns the lines of [`Plan::shown`]: the package, its repository, and what is to be published.
pub(super) fn shown(facts: &Facts, plan: &Plan) -> Vec<String> {
    let mut rows = heading(&facts.repository, plan);
    for item in &plan.items {
        rows.push(match item {
            Item::Executable {
                executable,
                artifact,
                stored_sha256,
            } => {
                let stored =
                    stored_sha256.map_or_else(String::new, |it| format!(", stored as {it}"));
                format!(
                    "  {}  {}  sha256:{} (artifact {artifact}{stored})",
                    executable.name,
                    size(executable.size),
                    executable.sha256,
                )
            }
            // Their bytes contain the time of the promotion, and nothing else that is not listed here.
            Item::Document { name, .. } => format!("  {name}, written by Lockgate"),
        });
    }
    let changes = &facts.changes;
    if !changes.paths.is_empty() {
        let paths = changes.paths.iter();
        let paths: Vec<String> = paths
            .map(|path| quoted(&String::from_utf8_lossy(path)))
            .collect();
        rows.push(format!(
            "changed files that decide the build: {}",
            paths.join(", ")
        ));
    }
    if !changes.config.is_empty() {
        rows.push("changed of lockgate.toml:".to_owned());
        rows.extend(changes.config.iter().map(|row| format!("  {}", line(row))));
    }
    let machines = facts.package.other_machines();
    if !machines.is_empty() {
        rows.push(format!(
            "built on machines that are not GitHub's own: {}",
            machines.join(", ")
        ));
    }
    rows
}

fn heading(repository: &RepositoryName, plan: &Plan) -> Vec<String> {
    let binding = &plan.binding;
    let kind = if plan.prerelease {
        "prerelease"
    } else {
        "release"
    };
    vec![
        format!(
            "{kind} {} of {repository} ({})",
            plan.tag, binding.repository_id
        ),
        format!(
            "from pull request #{} into {}, commit {}",
            binding.pull, binding.base, plan.target
        ),
        format!(
            "built by run {}, attempt {}, of {} ({})",
            binding.run, binding.attempt, binding.workflow_path, binding.workflow_blob
        ),
    ]
}

impl Plan {
    /// Returns the text that a person reads before publication, one line after the other.
    ///
    /// It depends neither on the reader nor on the time: the same facts always yield the same text.
    pub fn text(&self) -> String {
        self.shown.iter().fold(String::new(), |mut text, row| {
            let _ = writeln!(text, "{row}");
            text
        })
    }

    /// Returns the SHA-256 of [`Self::text`], which `--expect-plan` names.
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }
}
