//! Formats the comment of a pull request about one package, and writes it only if it changed.

use lockgate_core::config::Level;
use lockgate_core::detect::Done;
use lockgate_core::document::Candidate;
use lockgate_core::promote::{CandidateFacts, RunOutcome};
use lockgate_core::render::{self, Artifacts, Outcome, Report};
use lockgate_core::{Login, PackageName, PullNumber, Verdict};
use lockgate_forge::{Comment, ErrorKind, Forge as _};

use crate::exit::Failure;
use crate::observe::gate::GateObservation;
use crate::observe::remote::{Remote, View};

/// Returns the comment; `None` if there is nothing to report, so that a pull request that does not affect the package gets no
/// comment.
pub fn text(
    remote: &Remote<'_>,
    view: &View,
    name: &PackageName,
    observation: &GateObservation,
) -> Result<Option<String>, Failure> {
    let Some(decision) = &observation.decision else {
        return Ok(None);
    };
    if let Verdict::Done(
        Done::Unchanged { .. }
        | Done::ChangedWithoutBump {
            level: Level::Allow,
            ..
        },
    ) = decision
    {
        // A comment from an earlier push must not stay outdated.
        let ours = find(remote, view.pull.facts.number, name)?;
        if ours.is_none() {
            return Ok(None);
        }
    }
    let run = observation.progress.run.as_ref();
    let expire = observation
        .progress
        .artifacts
        .iter()
        .filter_map(|artifact| artifact.expires_at.clone())
        .min();
    let outcome = match (
        run.map(|run| &run.facts.outcome),
        &observation.progress.candidate,
    ) {
        (None, _) => Outcome::None,
        (Some(RunOutcome::Running), _) => Outcome::Running,
        (Some(_), CandidateFacts::Read(Candidate::Failed { failed, .. })) => {
            Outcome::Failed(failed)
        }
        (Some(RunOutcome::Succeeded), CandidateFacts::Read(Candidate::Complete(manifest))) => {
            Outcome::Built(
                manifest,
                Artifacts {
                    expire: expire.map(|date| date.chars().take(10).collect()),
                },
            )
        }
        (Some(RunOutcome::Succeeded), CandidateFacts::Absent) => Outcome::None,
        (Some(RunOutcome::Succeeded | RunOutcome::Failed(_)), _) => Outcome::Failed(&[]),
    };
    let machines = observation
        .seen
        .as_ref()
        .map(|seen| seen.package.other_machines());
    let machines = machines.unwrap_or_default();
    let published = observation.status.code == "gate.published";
    let seen = observation.seen.as_ref().filter(|_| published);
    let tag = seen.and_then(|seen| Some(seen.package.tag(&seen.merged_version()?)));
    let release_url = tag.map(|tag| {
        format!(
            "{}/{}/releases/tag/{tag}",
            remote.place.server_url, remote.place.repository
        )
    });
    Ok(Some(render::comment(&Report {
        package: name,
        pull: view.pull.facts.number,
        head: &view.pull.facts.head,
        decision,
        changed: observation.seen.as_ref().map_or(&[], |seen| &seen.changed),
        config: observation
            .seen
            .as_ref()
            .map_or(&[], |seen| &seen.config_diff),
        machines: &machines,
        from_fork: view.pull.facts.head_repository != Some(view.pull.repository.id),
        outcome,
        status: &observation.status,
        run_url: run.map(|run| run.url.as_str()),
        release_url: release_url.as_deref(),
    })))
}

/// Writes the comment, unless the existing one is the same.
pub fn write(
    remote: &Remote<'_>,
    pull: PullNumber,
    name: &PackageName,
    text: &str,
) -> Result<Option<Comment>, Failure> {
    match find(remote, pull, name)? {
        Some(comment) if comment.body == text => Ok(None),
        Some(comment) => Ok(Some(remote.forge.update_comment(comment.id, text)?)),
        None => Ok(Some(remote.forge.create_comment(pull, text)?)),
    }
}

/// Finds our comment: by author, and by the marker that only distinguishes our own comments.
fn find(
    remote: &Remote<'_>,
    pull: PullNumber,
    name: &PackageName,
) -> Result<Option<Comment>, Failure> {
    let marker = render::marker(name);
    let us = us(remote)?;
    let comments = remote.forge.comments(pull)?;
    Ok(comments
        .into_iter()
        .find(|comment| comment.author == us && comment.body.starts_with(&marker)))
}

/// Returns the account that writes: the App's, else the workflow's own, inside Actions.
fn us(remote: &Remote<'_>) -> Result<Option<Login>, Failure> {
    if let Some(app) = remote.env.app_login() {
        return Ok(Some(app.clone()));
    }
    if remote.env.in_actions() {
        return Ok("github-actions[bot]".parse().ok());
    }
    match remote.forge.viewer() {
        Ok(login) => Ok(Some(login)),
        Err(error) if error.kind == ErrorKind::Denied => Ok("github-actions[bot]".parse().ok()),
        Err(error) => Err(error.into()),
    }
}
