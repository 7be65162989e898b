//! `lockgate report`: one comment per pull request and package, updated in place. Runs in the trusted half.

use lockgate_core::config::Level;
use lockgate_core::detect::Done;
use lockgate_core::document::Candidate;
use lockgate_core::promote::{CandidateFacts, RunOutcome};
use lockgate_core::render::{self, Artifacts, Outcome, Report};
use lockgate_core::{Login, PackageName, PullNumber, RunId, Verdict};
use lockgate_forge::{Comment, ErrorKind, Forge as _};
use serde_json::json;

use super::Context;
use super::gate::{Looked, look, number_of_run, wanted};
use crate::cli;
use crate::event::{Event, EventRun};
use crate::exit::Failure;
use crate::remote::{Remote, View};
use crate::trouble::Trouble;

/// Runs the flow.
pub fn run(context: &Context, args: &cli::Target) -> Result<(), Failure> {
    let remote = Remote::open(&context.around)?;
    let event = context.around.event()?.unwrap_or_default();
    let group = event.workflow_run.as_ref().and_then(EventRun::merge_group);
    if group.is_some() && args.pr.is_none() && args.run.is_none() {
        // A group is no pull request: it has a status and no comment.
        context.talk.result("report", "", json!({ "comments": [] }));
        return Ok(());
    }
    let number = target(&remote, args, &event)?;
    let view = remote.view(number)?;
    let mut texts = Vec::new();
    let mut objects = Vec::new();
    for name in wanted(&view, args.package.as_deref())? {
        let looked = look(&remote, &view, &name)?;
        let Some(text) = text(&remote, &view, &name, &looked)? else {
            continue;
        };
        let written = write(&remote, view.pull.facts.number, &name, &text)?;
        context.talk.summary(&text)?;
        objects.push(json!({ "package": name, "comment": written.map(|comment| comment.url), "state": looked.status.state }));
        texts.push(text);
    }
    context.talk.result(
        "report",
        &texts.join("\n"),
        json!({ "pull-request": number, "comments": objects }),
    );
    Ok(())
}

/// The pull request that is meant: by option, else by the event.
pub fn target(
    remote: &Remote<'_>,
    args: &cli::Target,
    event: &Event,
) -> Result<PullNumber, Failure> {
    match (args.pr, args.run, &event.pull_request, &event.workflow_run) {
        (Some(number), ..) => Ok(PullNumber(number)),
        (None, Some(id), ..) => number_of_run(remote, RunId(id)),
        (None, None, Some(pull), _) => Ok(pull.number),
        (None, None, None, Some(run)) => number_of_run(remote, run.id),
        (None, None, None, None) => Err(Trouble::Unsaid {
            what: "which pull request is meant",
            how: "name it with --pr or --run",
        }
        .into()),
    }
}

/// The comment; `None` where there is nothing to say, and a pull request that does not concern the package stays quiet.
pub fn text(
    remote: &Remote<'_>,
    view: &View,
    name: &PackageName,
    looked: &Looked,
) -> Result<Option<String>, Failure> {
    let Some(decision) = &looked.decision else {
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
        // A comment that an earlier push deserved must not stay as it was.
        let ours = find(remote, view.pull.facts.number, name)?;
        if ours.is_none() {
            return Ok(None);
        }
    }
    let run = looked.progress.run.as_ref();
    let expire = looked
        .progress
        .artifacts
        .iter()
        .filter_map(|artifact| artifact.expires_at.clone())
        .min();
    let outcome = match (
        run.map(|run| &run.facts.outcome),
        &looked.progress.candidate,
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
    let published = looked.status.code == "gate.published";
    let seen = looked.seen.as_ref().filter(|_| published);
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
        changed: looked.seen.as_ref().map_or(&[], |seen| &seen.changed),
        outcome,
        status: &looked.status,
        run_url: run.map(|run| run.url.as_str()),
        release_url: release_url.as_deref(),
    })))
}

/// Writes the comment, unless it says just that already.
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

/// Our comment: by author, and by the marker that only tells our own comments apart.
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

/// The account that writes: the App's, else the workflow's own, inside Actions.
fn us(remote: &Remote<'_>) -> Result<Option<Login>, Failure> {
    if let Some(app) = remote.around.app_login() {
        return Ok(Some(app.clone()));
    }
    if remote.around.in_actions() {
        return Ok("github-actions[bot]".parse().ok());
    }
    match remote.forge.viewer() {
        Ok(login) => Ok(Some(login)),
        Err(error) if error.kind == ErrorKind::Denied => Ok("github-actions[bot]".parse().ok()),
        Err(error) => Err(error.into()),
    }
}
