//! `lockgate detect`: decides what a pull request means for each package. Runs in the build workflow, next to untrusted code, with
//! a read-only token; so it reads git, and releases as an anonymous client.

use lockgate_core::detect;
use lockgate_core::{CommitId, PackageName, Reason, Verdict};
use serde_json::json;

use super::Context;
use crate::cli;
use crate::event::Event;
use crate::exit::{Exit, Failure};

use crate::command_error::CommandError;
use crate::observe::remote::Remote;
use crate::observe::{PackageObservation, Trees};

/// Runs the command.
pub fn run(context: &Context, args: &cli::Detect) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let (base, head) = sides(&remote, args)?;
    let trees = Trees::read(&remote.git, &base, &head)?;
    trees.head.config(&format!("the commit {}", head.short()))?;
    let mut found = Vec::new();
    for name in trees.choose(args.package.as_deref())? {
        let seen = match trees.see(&remote.git, &name, &remote)? {
            Some(seen) => Found::PackageObservation(Box::new(seen)),
            None => Found::Removed(trees.removal(&name)),
        };
        found.push((name, seen));
    }
    render(context, &base, &head, &found)
}

/// The result for a package of base or head.
enum Found {
    /// The head has the package.
    PackageObservation(Box<PackageObservation>),
    /// The head does not have it; with the refusal if the base's policy forbids its removal.
    Removed(Option<detect::Refusal>),
}

impl Found {
    fn as_str(&self) -> &'static str {
        match self {
            Self::PackageObservation(seen) => seen.decision.as_str(),
            Self::Removed(Some(_)) => "refused",
            Self::Removed(None) => "removed",
        }
    }

    fn refusal(&self) -> Option<&detect::Refusal> {
        match self {
            Self::Removed(refusal) => refusal.as_ref(),
            Self::PackageObservation(seen) => match &seen.decision {
                Verdict::Refuse(refusal) => Some(refusal),
                Verdict::Done(_) | Verdict::Proceed(_) | Verdict::Wait(_) => None,
            },
        }
    }
}

/// Returns the current tip of the base branch, and the head.
fn sides(remote: &Remote<'_>, args: &cli::Detect) -> Result<(CommitId, CommitId), Failure> {
    let event = remote.env.event()?;
    let pull = event.as_ref().and_then(|event| event.pull_request.as_ref());
    let group = event.as_ref().and_then(|event| event.merge_group.as_ref());
    let head = match (&args.head, pull, group) {
        (Some(revision), ..) => remote.git.commit(revision)?,
        (None, Some(pull), _) => remote.git.commit(pull.head.sha.as_str())?,
        (None, None, Some(group)) => remote.git.commit(group.head_sha.as_str())?,
        (None, None, None) => remote.git.commit("HEAD")?,
    };
    let base = match (&args.base, pull, group) {
        (Some(revision), ..) => remote.git.commit(revision)?,
        (None, Some(pull), _) => remote.fetch_branch(&pull.base.branch)?,
        (None, None, Some(group)) => remote.git.commit(group.base_sha.as_str())?,
        // A run started by hand builds for the default branch.
        (None, None, None) => match event.as_ref().and_then(Event::default_branch) {
            Some(branch) => remote.fetch_branch(branch)?,
            None => {
                return Err(CommandError::Unsaid {
                    what: "which branch the change is for",
                    how: "name its tip with --base",
                }
                .into());
            }
        },
    };
    Ok((base, head))
}

fn render(
    context: &Context,
    base: &CommitId,
    head: &CommitId,
    found: &[(PackageName, Found)],
) -> Result<(), Failure> {
    let mut lines = Vec::new();
    let mut packages = Vec::new();
    let mut matrix = Vec::new();
    for (name, seen) in found {
        let seen = match seen {
            Found::PackageObservation(seen) => seen,
            Found::Removed(refusal) => {
                let removed = || format!("the pull request removes the package {name}");
                lines.push(refusal.as_ref().map_or_else(removed, ToString::to_string));
                let code = refusal.as_ref().map(Reason::code);
                let word = if refusal.is_some() {
                    "refused"
                } else {
                    "removed"
                };
                packages.push(json!({ "package": name, "decision": word, "code": code }));
                continue;
            }
        };
        lines.push(seen.decision.summary(name));
        packages.push(object(name, seen));
        if let Verdict::Proceed(plan) = &seen.decision {
            if plan.behind {
                lines.push(format!("  the base branch has changed the sources of {name}: update the branch before it is promoted"));
            }
            matrix.extend(seen.package.variants.iter().map(|variant| {
                json!({
                    "package": name,
                    "version": plan.version,
                    "variant": variant.name,
                    "arch": variant.arch,
                    "runner": variant.runner,
                    "artifact": seen.package.asset(variant, &plan.version),
                })
            }));
        }
    }
    let words: Vec<&str> = found.iter().map(|(_, found)| found.as_str()).collect();
    let overall = ["refused", "build", "published", "nothing"]
        .into_iter()
        .find(|word| words.contains(word))
        .unwrap_or("nothing");
    context.reporter.output("decision", overall)?;
    context
        .reporter
        .output("matrix", &json!({ "include": matrix }).to_string())?;
    context.reporter.summary(
        &lines
            .iter()
            .map(|line| format!("- {}\n", lockgate_core::render::markdown::summary(line)))
            .collect::<String>(),
    )?;
    context.reporter.result(
        "detect",
        &lines.join("\n"),
        json!({ "decision": overall, "base": base, "head": head, "packages": packages, "matrix": { "include": matrix } }),
    );
    // Every package has been reported; the first refusal decides the exit status.
    let refusal = found.iter().find_map(|(_, found)| found.refusal());
    refusal.map_or(Ok(()), |refusal| {
        Err(Failure {
            reported: true,
            ..Failure::new(Exit::Refused, refusal)
        })
    })
}

fn object(name: &PackageName, seen: &PackageObservation) -> serde_json::Value {
    let version = seen.head_version();
    let (code, message) = match &seen.decision {
        Verdict::Refuse(refusal) => (Some(Reason::code(refusal)), Some(refusal.to_string())),
        Verdict::Done(_) | Verdict::Proceed(_) | Verdict::Wait(_) => (None, None),
    };
    json!({
        "package": name,
        "decision": seen.decision.as_str(),
        "code": code,
        "message": message,
        "version": version,
        "fingerprint": seen.head_fingerprint(),
        "merged-fingerprint": seen.merged_fingerprint(),
        "tag": version.as_ref().map(|version| seen.package.tag(version)),
    })
}
