//! Joins the parts of all variants to one candidate, or fails. Builds nothing.

use std::path::Path;

use lockgate_core::document::{Candidate, Document as _, LARGEST, Part, failures};
use lockgate_core::{Attempt, VariantName};
use lockgate_forge::Forge as _;

use super::{Build, Source, write};
use crate::cli;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::observe::candidate::{CANDIDATE_FILE, Contained, PART_FILE, read_document};

/// Reads the parts from a folder or from this run, and writes the candidate. A failed part is an error, and is recorded too.
pub(super) fn join(context: &Context, args: &cli::Build, source: &Source) -> Result<(), Failure> {
    let parts = match &args.parts {
        Some(folder) => parts_in(folder)?,
        None => parts_of_run(context, source)?,
    };
    let names: Vec<VariantName> = source
        .package
        .variants
        .iter()
        .map(|variant| variant.name.clone())
        .collect();
    let candidate = Candidate::join(&source.manifest, &names, &parts);
    let path = write(&args.out, CANDIDATE_FILE, &candidate.to_json())?;
    let artifact = source
        .package
        .candidate_artifact(&source.version, source.manifest.attempt);
    context.reporter.output("artifact", &artifact)?;
    context
        .reporter
        .output("path", &path.display().to_string())?;
    let (text, failure) = match &candidate {
        Candidate::Complete(manifest) => {
            let (package, version) = (&manifest.package, &manifest.package_version);
            let count = manifest.executables.len();
            let text = format!("{package} {version}: all {count} variants are built");
            (text, None)
        }
        Candidate::Failed { failed, .. } => {
            let (failed, next) = failures(failed);
            let incomplete = CommandError::Incomplete { failed, next };
            (String::new(), Some(incomplete.into()))
        }
    };
    let joined = Build::Join {
        candidate: &candidate,
        path: path.display().to_string(),
    };
    context.reporter.end(&text, &joined, failure)
}

fn parts_in(folder: &Path) -> Result<Vec<Part>, Failure> {
    let operation = || format!("read the parts in {}", folder.display());
    let entries =
        std::fs::read_dir(folder).map_err(|error| CommandError::file(operation(), &error))?;
    let mut parts = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| CommandError::file(operation(), &error))?
            .path()
            .join(PART_FILE);
        if !path.is_file() || path.metadata().map_or(0, |meta| meta.len()) > LARGEST {
            continue;
        }
        let bytes =
            std::fs::read(&path).map_err(|error| CommandError::file(operation(), &error))?;
        parts.push(
            Part::from_json(&bytes).map_err(|problem| Failure::new(Exit::Refused, &problem))?,
        );
    }
    Ok(parts)
}

/// Reads the parts that the jobs of this run have uploaded, the newest for each variant: with "Re-run failed jobs", the others come
/// from an earlier attempt. A part that cannot be read counts as absent, and fails its variant.
fn parts_of_run(context: &Context, source: &Source) -> Result<Vec<Part>, Failure> {
    let place = context.env.place_at(None)?;
    let forge = context.env.forge(&place)?;
    let manifest = &source.manifest;
    let artifacts = forge.artifacts(manifest.run)?;
    let mut parts = Vec::new();
    for variant in &source.package.variants {
        let named = |attempt: u64| {
            let attempt = Attempt(attempt);
            let name = source
                .package
                .part_artifact(&variant.name, &source.version, attempt);
            let found = artifacts.iter().filter(|it| it.facts.name == name);
            let found: Vec<_> = found.collect();
            (!found.is_empty()).then_some((name, found))
        };
        let newest = (1..=manifest.attempt.0).rev().find_map(named);
        let (name, found) = newest.unwrap_or_default();
        for artifact in found {
            match read_document(&forge, artifact, PART_FILE)? {
                Contained::Document(part) => parts.push(part),
                Contained::Unusable(problem) => context.reporter.say(&format!("{name}: {problem}")),
            }
        }
    }
    Ok(parts)
}
