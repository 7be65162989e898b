//! `lockgate report`: writes one comment per pull request and package, and updates it in place. Runs in the privileged workflow.

use lockgate_core::gate::StatusState;
use lockgate_core::{PackageName, PullNumber, RunId};
use lockgate_forge::{Forge as _, Pull};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::event::{Event, EventRun};
use crate::exit::Failure;
use crate::observe::gate::{self, Vouched};
use crate::observe::pulls::{pulls_of_event, pulls_of_run, target};
use crate::observe::remote::{Remote, View};
use crate::output::comment;

/// Runs the command.
pub fn run(context: &Context, args: &cli::Report) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let event = context.env.event()?.unwrap_or_default();
    let mut comments = Comments::default();
    for pull in subjects(&remote, &event, args)? {
        let written = remote
            .view_of(pull)
            .and_then(|view| of_pull(context, &remote, &view, args, &mut comments));
        if let Err(failure) = written {
            comments.failures.push(failure);
        }
    }
    // A failure for one does not affect the others.
    let failure = comments.failures.into_iter().next();
    let result = Reported {
        comments: comments.written,
    };
    context
        .reporter
        .end(&comments.texts.join("\n"), &result, failure)
}

#[derive(Serialize)]
struct Reported {
    comments: Vec<Written>,
}

#[derive(Serialize)]
struct Written {
    package: PackageName,
    pull_request: PullNumber,
    /// The address of the comment; `None` if it was up to date.
    url: Option<String>,
    state: StatusState,
}

#[derive(Default)]
struct Comments {
    texts: Vec<String>,
    written: Vec<Written>,
    failures: Vec<Failure>,
}

fn of_pull(
    context: &Context,
    remote: &Remote<'_>,
    view: &View,
    args: &cli::Report,
    comments: &mut Comments,
) -> Result<(), Failure> {
    let number = view.pull.facts.number;
    for name in gate::packages(view, args.package.as_deref())? {
        // Without a gate there is nothing to report.
        if remote.context_of(&view.pull, &name)?.is_none() {
            return Ok(());
        }
        let observation = gate::of_package(remote, view, &name, Vouched::ByNobody)?;
        let Some(text) = comment::text(remote, view, &name, &observation)? else {
            continue;
        };
        let written = comment::write(remote, number, &name, &text)?;
        context.reporter.summary(&text)?;
        comments.written.push(Written {
            package: name,
            pull_request: number,
            url: written.map(|comment| comment.url),
            state: observation.status.state,
        });
        comments.texts.push(text);
    }
    Ok(())
}

/// Returns the pull requests to report on: by option, else by the event. A merge group has a status and no comment; after a branch
/// has moved, only the pull requests that the gate names get a comment.
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
