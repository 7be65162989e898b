//! `lockgate report`: one comment per pull request and package, updated in place. Runs in the trusted half.

use lockgate_core::config::Level;
use lockgate_core::detect::Done;
use lockgate_core::document::Candidate;
use lockgate_core::promote::{CandidateFacts, RunOutcome};
use lockgate_core::render::{self, Artifacts, Outcome, Report};
use lockgate_core::{Login, PackageName, PullNumber, RunId, Verdict};
use lockgate_forge::{Comment, ErrorKind, Forge as _, Pull};
use serde_json::json;

use super::Context;
use super::gate::{GateObservation, look, number_of_run, pulls_of_event, pulls_of_run, wanted};
use crate::cli;
use crate::command_error::CommandError;
use crate::event::{Event, EventRun};
use crate::exit::Failure;
use crate::remote::{Remote, View};

/// Runs the flow.
pub fn run(context: &Context, args: &cli::Report) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let event = context.env.event()?.unwrap_or_default();
    let mut comments = Comments::default();
    for pull in subjects(&remote, &event, args)? {
        let number = pull.facts.number;
        let written = remote
            .view_of(pull)
            .and_then(|view| of_pull(context, &remote, &view, args, &mut comments));
        if let Err(failure) = written {
            comments.failures.push((number, failure));
        }
    }
    context.reporter.result(
        "report",
        &comments.texts.join("\n"),
        json!({ "pull-request": comments.pull, "comments": comments.objects }),
    );
    // What failed for one is no reason to leave the others out.
    match comments.failures.into_iter().next() {
        Some((_, failure)) => Err(failure),
        None => Ok(()),
    }
}

#[derive(Default)]
struct Comments {
    texts: Vec<String>,
    objects: Vec<serde_json::Value>,
    pull: Option<PullNumber>,
    failures: Vec<(PullNumber, Failure)>,
}

fn of_pull(
    context: &Context,
    remote: &Remote<'_>,
    view: &View,
    args: &cli::Report,
    comments: &mut Comments,
) -> Result<(), Failure> {
    let number = view.pull.facts.number;
    comments.pull.get_or_insert(number);
    for name in wanted(view, args.package.as_deref())? {
        // Without a gate there is nothing to report on.
        if remote.context_of(&view.pull, &name)?.is_none() {
            return Ok(());
        }
        let observation = look(remote, view, &name)?;
        let Some(text) = text(remote, view, &name, &observation)? else {
            continue;
        };
        let written = write(remote, number, &name, &text)?;
        context.reporter.summary(&text)?;
        comments.objects.push(json!({ "package": name, "pull-request": number, "comment": written.map(|comment| comment.url), "state": observation.status.state }));
        comments.texts.push(text);
    }
    Ok(())
}

/// The pull requests that are meant: by option, else by the event. A merge group has a status and no comment; a branch that moved
/// has comments only where the gate names them.
fn subjects(remote: &Remote<'_>, event: &Event, args: &cli::Report) -> Result<Vec<Pull>, Failure> {
    if let Some(cli::Numbers(numbers)) = &args.pr
        && !numbers.is_empty()
    {
        let read = numbers
            .iter()
            .map(|number| remote.forge.pull(PullNumber(*number)));
        return Ok(read.collect::<Result<_, _>>()?);
    }
    if let Some(run) = args.run {
        return pulls_of_run(remote, RunId(run));
    }
    let group = event.workflow_run.as_ref().and_then(EventRun::merge_group);
    if group.is_some() || event.merge_group.is_some() || event.reference.is_some() {
        return Ok(Vec::new());
    }
    match (&event.pull_request, &event.workflow_run) {
        (None, Some(run)) => pulls_of_run(remote, run.id),
        (Some(pull), _) => pulls_of_event(remote, pull),
        (None, None) => {
            let number = target(remote, &cli::Target::default(), event)?;
            Ok(vec![remote.forge.pull(number)?])
        }
    }
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
        (None, None, None, None) => Err(CommandError::Unsaid {
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
        // A comment that an earlier push deserved must not stay as it was.
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
