//! Which commits a gate is asked about: by option, else by the event. Reads; judges nothing.

use lockgate_core::promote::PullState;
use lockgate_core::{BranchName, CommitId, PullNumber, RunId};
use lockgate_forge::{Forge as _, Pull, Run};

use crate::cli;
use crate::command_error::CommandError;
use crate::commands::report;
use crate::event::{Event, EventPull, EventRun, queue_branch};
use crate::exit::Failure;
use crate::remote::Remote;

/// What is judged.
pub(super) enum Subjects {
    /// A commit of a merge queue.
    Group(Group),
    /// Pull requests, newest first.
    Pulls(Vec<Pull>),
}

/// A merge group: what the branch is, and what it would become with a pull request more.
pub(super) struct Group {
    /// The branch that it is for.
    pub(super) branch: BranchName,
    /// Its tip, or the group's commit before.
    pub(super) base: CommitId,
    /// The group's own commit.
    pub(super) head: CommitId,
    /// The pull request that it adds, if the name of the queue's branch tells.
    pub(super) pull: Option<PullNumber>,
}

/// The subjects of this call.
pub(super) fn subjects(
    remote: &Remote<'_>,
    event: &Event,
    args: &cli::Gate,
) -> Result<Subjects, Failure> {
    let target = &args.target;
    let named = target.pr.is_some() || target.run.is_some() || args.all_open.is_some();
    if !named && let Some(group) = group(remote, event)? {
        return Ok(Subjects::Group(group));
    }
    if let Some(branch) = moved(args, event.reference.as_deref())? {
        return Ok(Subjects::Pulls(remote.forge.open_pulls(&branch)?));
    }
    // The end of a run concerns each open pull request of its branch, whatever the base.
    let ended = event
        .workflow_run
        .as_ref()
        .filter(|_| event.pull_request.is_none());
    if !named && let Some(run) = ended {
        return Ok(Subjects::Pulls(pulls_of_run(remote, run.id)?));
    }
    if !named && let Some(pull) = &event.pull_request {
        return Ok(Subjects::Pulls(pulls_of_event(remote, pull)?));
    }
    let number = report::target(remote, target, event)?;
    Ok(Subjects::Pulls(vec![remote.forge.pull(number)?]))
}

/// The merge group that the event is about: its own event, or the end of a run that a group started. The run does not tell the
/// base; then it is what the branch is now.
fn group(remote: &Remote<'_>, event: &Event) -> Result<Option<Group>, Failure> {
    if let Some(group) = &event.merge_group {
        let reported = group.head_ref.as_deref().and_then(queue_branch).unzip();
        let base = group.base_ref.as_deref();
        let base = base.and_then(|base| {
            base.strip_prefix("refs/heads/")
                .unwrap_or(base)
                .parse()
                .ok()
        });
        return Ok(Some(Group {
            branch: base
                .or(reported.0)
                .map_or_else(|| remote.default_branch(event), Ok)?,
            base: group.base_sha.clone(),
            head: group.head_sha.clone(),
            pull: reported.1,
        }));
    }
    let run = event.workflow_run.as_ref();
    let Some((head, reported)) = run.and_then(EventRun::merge_group) else {
        return Ok(None);
    };
    let (branch, pull) = reported.unzip();
    let branch = branch.map_or_else(|| remote.default_branch(event), Ok)?;
    Ok(Some(Group {
        base: remote.branch(&branch)?,
        branch,
        head: head.clone(),
        pull,
    }))
}

/// The branch that moved.
fn moved(args: &cli::Gate, reference: Option<&str>) -> Result<Option<BranchName>, Failure> {
    let name = match (&args.all_open, reference) {
        (Some(branch), _) => branch.as_str(),
        (None, Some(reference)) if args.target.pr.is_none() && args.target.run.is_none() => {
            match reference.strip_prefix("refs/heads/") {
                Some(branch) => branch,
                None => return Ok(None),
            }
        }
        (None, _) => return Ok(None),
    };
    let wrong = |_| CommandError::BadValue {
        name: "--all-open",
        value: lockgate_core::escape::quoted(name),
        expected: "the name of a branch",
    };
    Ok(Some(name.parse().map_err(wrong)?))
}

/// The pull request of an event, with the other open ones of its branch. Of several runs of the gate for a branch that wait, the forge
/// keeps the newest only: it has to say what the others would have. As many calls as for one.
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

/// The open pull requests of a run's branch: by the run's own branch and repository, because the forge lists none for forks. Where
/// none is open any more, the newest that was.
pub fn pulls_of_run(remote: &Remote<'_>, id: RunId) -> Result<Vec<Pull>, Failure> {
    let run = remote.forge.run(id)?;
    // The end of a promotion concerns whatever it has published: its run does not tell which.
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

/// A run and its pull request: the one whose head it built, else the newest of its branch. Its head has moved on then, and the
/// decision will say so.
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

/// The pull requests of a run's branch; the best is last.
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
    // A branch can be opened into several: the default one always has a gate, others need not.
    pulls.sort_by_key(|pull| {
        let facts = &pull.facts;
        let by_default = facts.base == pull.repository.default_branch;
        (facts.head == run.facts.head, by_default, facts.number)
    });
    Ok(pulls)
}

/// The number of a pull request, for those who only need that.
pub fn number_of_run(remote: &Remote<'_>, id: RunId) -> Result<PullNumber, Failure> {
    Ok(pull_of_run(remote, id)?.1.facts.number)
}
