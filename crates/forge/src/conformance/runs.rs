//! Checks for runs and artifacts.

use lockgate_core::promote::RunOutcome;
use lockgate_core::{ArtifactId, Attempt, Digest, RunId};

use super::{Check, Outcome, Who, World, holds, present, read, refused, same};
use crate::{Artifact, ErrorKind};

pub(super) const CHECKS: &[Check] = &[
    (
        "a run tells its commit, its workflow and how it ended",
        one_run,
    ),
    (
        "the runs of a workflow come newest first",
        runs_of_a_workflow,
    ),
    (
        "an artifact comes back as it was stored, with its digest",
        stored_artifact,
    ),
    (
        "an expired artifact is still listed, and its bytes are not found",
        expired_artifact,
    ),
    ("an artifact is for those who have a token", artifact_rights),
    (
        "a hundred and twenty artifacts all come back",
        many_artifacts,
    ),
];

fn one_run(world: &dyn World) -> Outcome {
    let pull = world.open_pull("bump");
    let id = world.run(pull.number, &[]);
    let forge = world.forge_as(Who::Automation);
    let run = forge.run(id)?;
    same("the number", run.facts.id, id)?;
    same("the attempt", run.facts.attempt, Attempt(1))?;
    same("the end", run.facts.outcome, RunOutcome::Succeeded)?;
    same("the event", run.facts.event.as_str(), "pull_request")?;
    same("the commit", run.facts.head, pull.head)?;
    same(
        "the commit's repository",
        run.facts.head_repository,
        Some(forge.repository()?.id),
    )?;
    same(
        "the workflow",
        run.facts.workflow_path.as_str(),
        world.workflow(),
    )?;
    same("the branch", run.facts.head_branch.as_deref(), Some("bump"))?;
    same("no artifacts", forge.artifacts(id)?, vec![])?;
    refused(
        "a run that is not there",
        forge.run(RunId(987_654)),
        &[ErrorKind::NotFound],
    )
}

fn runs_of_a_workflow(world: &dyn World) -> Outcome {
    let (pull, other) = (world.open_pull("bump"), world.open_pull("other"));
    let (old, _, new) = (
        world.run(pull.number, &[]),
        world.run(other.number, &[]),
        world.run(pull.number, &[]),
    );
    let forge = world.forge_as(Who::Automation);
    let found: Vec<_> = forge
        .runs_of(world.workflow(), &pull.head, None)?
        .into_iter()
        .map(|run| run.facts.id)
        .collect();
    same("the runs", found, vec![new, old])?;
    refused(
        "an unknown workflow",
        forge.runs_of("no-such-workflow.yml", &pull.head, None),
        &[ErrorKind::NotFound],
    )
}

fn one_artifact(world: &dyn World, bytes: &[u8]) -> (RunId, super::OpenPull) {
    let pull = world.open_pull("bump");
    (
        world.run(pull.number, &[("tool-amd64".to_owned(), bytes.to_vec())]),
        pull,
    )
}

fn stored_artifact(world: &dyn World) -> Outcome {
    let bytes: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    let (run, pull) = one_artifact(world, &bytes);
    let forge = world.forge_as(Who::Automation);
    let Artifact { facts, expires_at } = present("the artifact", forge.artifacts(run)?.pop())?;
    same("the name", facts.name.as_str(), "tool-amd64")?;
    same("the size", facts.size, bytes.len() as u64)?;
    same(
        "the digest",
        facts.sha256.unwrap_or_else(|| Digest::of(&bytes)),
        Digest::of(&bytes),
    )?;
    same("the run", facts.run, Some(run))?;
    same("the run's commit", facts.head, Some(pull.head))?;
    same(
        "the commit's repository",
        facts.head_repository,
        Some(forge.repository()?.id),
    )?;
    holds(
        "that it says when it expires, and has not",
        expires_at.is_some() && !facts.expired,
    )?;
    let body = forge.open_artifact(facts.id)?;
    same(
        "the announced size",
        body.size.unwrap_or(facts.size),
        facts.size,
    )?;
    holds("that the bytes are the same", read(body)? == bytes)?;
    refused(
        "an artifact that is not there",
        forge.open_artifact(ArtifactId(987_654)),
        &[ErrorKind::NotFound],
    )
}

fn expired_artifact(world: &dyn World) -> Outcome {
    let (run, _) = one_artifact(world, b"bytes");
    world.expire();
    let forge = world.forge_as(Who::Automation);
    let artifact = present("the artifact", forge.artifacts(run)?.pop())?.facts;
    holds("that it is expired", artifact.expired)?;
    refused(
        "its bytes",
        forge.open_artifact(artifact.id),
        &[ErrorKind::NotFound],
    )
}

fn artifact_rights(world: &dyn World) -> Outcome {
    let (run, _) = one_artifact(world, b"bytes");
    let forge = world.forge_as(Who::Anonymous);
    let artifact = present("the artifact", forge.artifacts(run)?.pop())?.facts;
    refused(
        "its bytes",
        forge.open_artifact(artifact.id),
        &[ErrorKind::Denied, ErrorKind::NotFound],
    )
}

fn many_artifacts(world: &dyn World) -> Outcome {
    let pull = world.open_pull("bump");
    let all: Vec<_> = (0..120)
        .map(|number| (format!("artifact-{number:03}"), vec![b'x']))
        .collect();
    let run = world.run(pull.number, &all);
    let mut found: Vec<_> = world
        .forge_as(Who::Automation)
        .artifacts(run)?
        .into_iter()
        .map(|artifact| artifact.facts.name)
        .collect();
    found.sort();
    same(
        "the names",
        found,
        all.into_iter().map(|(name, _)| name).collect(),
    )
}
