//! Finds the pull requests of an option, an event or a run.

use lockgate_core::promote::PullState;
use lockgate_core::{PullNumber, RunId};
use lockgate_forge::{Forge as _, Pull, Run};

use super::remote::Remote;
use crate::cli;
use crate::command_error::CommandError;
use crate::event::{Event, EventPull};
use crate::exit::Failure;

/// Returns the pull request: by option, else by the event.
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

/// Returns the pull request of an event, with the other open ones of its branch. GitHub keeps only the newest of several pending
/// runs of the gate for a branch, so that run has to replace the others. As many calls as for one.
pub fn pulls_of_event(remote: &Remote<'_>, event: &EventPull) -> Result<Vec<Pull>, Failure> {
    let mut pulls = Vec::new();
    let label = event
        .head
        .label
        .as_deref()
        .and_then(|label| label.split_once(':'));
    if let Some((owner, branch)) = label
        && let Ok(branch) = branch.parse()
    {
        pulls = remote.forge.pulls_from(owner, &branch)?;
        pulls.retain(|pull| pull.facts.state == PullState::Open);
    }
    if !pulls.iter().any(|pull| pull.facts.number == event.number) {
        pulls.push(remote.forge.pull(event.number)?);
    }
    Ok(pulls)
}

/// Returns the open pull requests of a run's branch: by the run's own branch and repository, because GitHub lists none for forks.
/// If none is open, returns the newest closed one.
pub fn pulls_of_run(remote: &Remote<'_>, id: RunId) -> Result<Vec<Pull>, Failure> {
    let run = remote.forge.run(id)?;
    // The end of a promotion affects every pull request of what it published; its run does not contain the pull request.
    if run
        .facts
        .workflow_path
        .starts_with(".github/workflows/promote-")
    {
        let branch = run.facts.head_branch.as_deref().unwrap_or_default();
        return Ok(match branch.parse() {
            Ok(branch) => remote.forge.open_pulls(&branch)?,
            Err(_) => Vec::new(),
        });
    }
    let mut pulls = of_branch(remote, &run)?;
    let open = |pull: &Pull| pull.facts.state == PullState::Open;
    match pulls.iter().any(open) {
        true => pulls.retain(open),
        false => drop(pulls.drain(..pulls.len().saturating_sub(1))),
    }
    Ok(pulls)
}

/// Returns a run and its pull request: the one whose head it built, else the newest of its branch. In that case its head has moved,
/// and the decision reports that.
pub fn pull_of_run(remote: &Remote<'_>, id: RunId) -> Result<(Run, Pull), Failure> {
    let run = remote.forge.run(id)?;
    let mut pulls = of_branch(remote, &run)?;
    let none = || {
        Failure::from(CommandError::NoPull {
            run: id.to_string(),
        })
    };
    let pull = pulls.pop().ok_or_else(none)?;
    Ok((run, pull))
}

/// Returns the pull requests of a run's branch; the best is last.
fn of_branch(remote: &Remote<'_>, run: &Run) -> Result<Vec<Pull>, Failure> {
    let none = || {
        Failure::from(CommandError::NoPull {
            run: run.facts.id.to_string(),
        })
    };
    let branch = run
        .facts
        .head_branch
        .as_deref()
        .and_then(|branch| branch.parse().ok())
        .ok_or_else(none)?;
    let owner = run.head_owner.as_deref().ok_or_else(none)?;
    let mut pulls = remote.forge.pulls_from(owner, &branch)?;
    pulls.retain(|pull| pull.facts.head_repository == run.facts.head_repository);
    if pulls.is_empty() {
        return Err(none());
    }
    // A branch can have pull requests into several branches: the default branch always has a gate, others may not.
    pulls.sort_by_key(|pull| {
        let facts = &pull.facts;
        let by_default = facts.base == pull.repository.default_branch;
        (facts.head == run.facts.head, by_default, facts.number)
    });
    Ok(pulls)
}

/// Returns only the number of a run's pull request.
fn number_of_run(remote: &Remote<'_>, id: RunId) -> Result<PullNumber, Failure> {
    Ok(pull_of_run(remote, id)?.1.facts.number)
}
