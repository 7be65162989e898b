//! The candidate of a run: its manifest, and the artifacts that hold its executables.

use super::decide::build_failed;
use super::{ArtifactFacts, CandidateFacts, Facts, Refusal, RunFacts};
use crate::detect;
use crate::document::{Candidate, Manifest};
use crate::ids::{Fingerprint, RunId};
use crate::reason::Verdict;

pub(super) fn manifest(
    facts: &Facts,
    run: &RunFacts,
    fingerprint: Fingerprint,
) -> Result<Manifest, Refusal> {
    let version = detect_version(facts);
    let name = version
        .as_ref()
        .map(|version| facts.package.candidate_artifact(version, run.attempt));
    if let Some(name) = &name {
        one_artifact(facts, run.id, name)?;
    }
    let manifest = match &facts.candidate {
        CandidateFacts::Read(Candidate::Complete(manifest)) => manifest,
        CandidateFacts::Read(Candidate::Failed { .. }) => {
            return Err(build_failed(facts, run.id, "success"));
        }
        CandidateFacts::Unreadable(problem) => {
            return Err(Refusal::ManifestUnreadable {
                problem: problem.to_string(),
            });
        }
        CandidateFacts::Absent => {
            return Err(Refusal::ArtifactMissing {
                artifact: name.unwrap_or_default(),
                run: run.id,
            });
        }
    };
    let differs = |what, says: &dyn ToString, is: &dyn ToString| -> Result<(), Refusal> {
        let (says, is) = (says.to_string(), is.to_string());
        if says == is {
            Ok(())
        } else {
            Err(Refusal::ManifestDiffers { what, says, is })
        }
    };
    differs("package", &manifest.package, &facts.package.name)?;
    differs(
        "version",
        &manifest.package_version,
        &version.map(|v| v.to_string()).unwrap_or_default(),
    )?;
    differs("commit", &manifest.commit, &facts.pull.head)?;
    differs("run", &manifest.run, &run.id)?;
    differs("attempt", &manifest.attempt, &run.attempt)?;
    differs("fingerprint", &manifest.fingerprint, &fingerprint)?;
    let listed: Vec<_> = manifest
        .executables
        .iter()
        .map(|e| format!("{}={}", e.variant, e.name))
        .collect();
    let expected: Vec<_> = facts
        .package
        .variants
        .iter()
        .map(|variant| {
            format!(
                "{}={}",
                variant.name,
                facts.package.asset(variant, &manifest.package_version)
            )
        })
        .collect();
    differs(
        "set of executables",
        &listed.join(", "),
        &expected.join(", "),
    )?;
    Ok(manifest.clone())
}

pub(super) fn detect_version(facts: &Facts) -> Option<crate::Version> {
    match &facts.detected {
        Verdict::Proceed(plan) => Some(plan.version.clone()),
        Verdict::Done(
            detect::Done::Unchanged { version }
            | detect::Done::ChangedWithoutBump { version, .. }
            | detect::Done::AlreadyPublished { version, .. }
            | detect::Done::NotReadable { version },
        ) => Some(version.clone()),
        Verdict::Refuse(_) | Verdict::Wait(_) => None,
    }
}

pub(super) fn artifacts<'a>(
    facts: &'a Facts,
    run: &RunFacts,
    manifest: &Manifest,
) -> Result<Vec<&'a ArtifactFacts>, Refusal> {
    manifest
        .executables
        .iter()
        .map(|executable| one_artifact(facts, run.id, executable.name.as_str()))
        .collect()
}

/// Returns the one artifact of that name, if it can be read and belongs to the run.
fn one_artifact<'a>(
    facts: &'a Facts,
    run: RunId,
    name: &str,
) -> Result<&'a ArtifactFacts, Refusal> {
    let mut named = facts
        .artifacts
        .iter()
        .filter(|artifact| artifact.name == name);
    let artifact = named.next().ok_or_else(|| Refusal::ArtifactMissing {
        artifact: name.to_owned(),
        run,
    })?;
    if named.next().is_some() {
        return Err(Refusal::ArtifactTwice {
            artifact: name.to_owned(),
            run,
        });
    }
    let ours = artifact.run == Some(run)
        && artifact.head_repository == Some(facts.repository_id)
        && artifact.head.as_ref() == Some(&facts.pull.head);
    if !ours {
        return Err(Refusal::ArtifactForeign {
            artifact: name.to_owned(),
        });
    }
    if artifact.expired {
        return Err(Refusal::Expired {
            artifact: name.to_owned(),
        });
    }
    Ok(artifact)
}
