//! `lockgate detect`: decides what a pull request means for each package. Runs in the build workflow, next to untrusted code, with
//! a read-only token; so it reads git, and releases as an anonymous client.

use lockgate_core::detect;
use lockgate_core::{
    AssetName, CommitId, Fingerprint, PackageName, Tag, VariantName, Verdict, Version,
};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::event::Event;
use crate::exit::{Exit, Failure};
use crate::observe::remote::Remote;
use crate::observe::{PackageObservation, Trees};
use crate::output::document::Problem;

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
    let (mut lines, mut include) = (Vec::new(), Vec::new());
    for (name, found) in found {
        let seen = match found {
            Found::PackageObservation(seen) => seen,
            Found::Removed(refusal) => {
                let removed = || format!("the pull request removes the package {name}");
                lines.push(refusal.as_ref().map_or_else(removed, ToString::to_string));
                continue;
            }
        };
        lines.push(seen.decision.summary(name));
        if let Verdict::Proceed(plan) = &seen.decision {
            if plan.behind {
                lines.push(format!("  the base branch has changed the sources of {name}: update the branch before it is promoted"));
            }
            include.extend(seen.package.variants.iter().map(|variant| Job {
                package: name,
                version: &plan.version,
                variant: &variant.name,
                arch: &variant.arch,
                runner: &variant.runner,
                artifact: seen.package.asset(variant, &plan.version),
            }));
        }
    }
    let words: Vec<&str> = found.iter().map(|(_, found)| found.as_str()).collect();
    let decision = ["refused", "build", "published", "nothing"]
        .into_iter()
        .find(|word| words.contains(word))
        .unwrap_or("nothing");
    let matrix = Matrix { include };
    context.reporter.output("decision", decision)?;
    context.reporter.output("matrix", &matrix.text())?;
    context.reporter.summary(
        &lines
            .iter()
            .map(|line| format!("- {}\n", lockgate_core::render::markdown::summary(line)))
            .collect::<String>(),
    )?;
    let packages = found.iter().map(|(name, found)| Detected::of(name, found));
    let result = Detection {
        decision,
        base,
        head,
        packages: packages.collect(),
        matrix,
    };
    // Every package has been reported; the first refusal decides the exit status.
    let refusal = found.iter().find_map(|(_, found)| found.refusal());
    let failure = refusal.map(|refusal| Failure::new(Exit::Refused, refusal));
    context.reporter.end(&lines.join("\n"), &result, failure)
}

#[derive(Serialize)]
struct Detection<'a> {
    decision: &'static str,
    base: &'a CommitId,
    head: &'a CommitId,
    packages: Vec<Detected<'a>>,
    matrix: Matrix<'a>,
}

#[derive(Serialize)]
struct Detected<'a> {
    package: &'a PackageName,
    decision: &'static str,
    package_version: Option<Version>,
    tag: Option<Tag>,
    fingerprint: Option<Fingerprint>,
    merged_fingerprint: Option<Fingerprint>,
    #[serde(flatten)]
    problem: Option<Problem>,
}

/// The matrix of the build workflow.
#[derive(Serialize)]
struct Matrix<'a> {
    include: Vec<Job<'a>>,
}

#[derive(Serialize)]
struct Job<'a> {
    package: &'a PackageName,
    version: &'a Version,
    variant: &'a VariantName,
    arch: &'a str,
    runner: &'a str,
    artifact: AssetName,
}

impl Matrix<'_> {
    #[expect(clippy::expect_used, reason = "it holds nothing but texts")]
    fn text(&self) -> String {
        serde_json::to_string(self).expect("texts always serialise")
    }
}

impl<'a> Detected<'a> {
    fn of(package: &'a PackageName, found: &Found) -> Self {
        let seen = match found {
            Found::PackageObservation(seen) => Some(seen),
            Found::Removed(_) => None,
        };
        let package_version = seen.and_then(|seen| seen.head_version());
        let tag = seen.zip(package_version.as_ref());
        Self {
            package,
            decision: found.as_str(),
            tag: tag.map(|(seen, version)| seen.package.tag(version)),
            package_version,
            fingerprint: seen.map(|seen| seen.head_fingerprint()),
            merged_fingerprint: seen.and_then(|seen| seen.merged_fingerprint()),
            problem: found.refusal().map(Problem::of),
        }
    }
}
