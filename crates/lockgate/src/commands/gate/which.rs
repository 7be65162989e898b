//! Selects the commits to judge: by option, else by the event. Reads; judges nothing.

use lockgate_core::{BranchName, CommitId, PullNumber};
use lockgate_forge::{Forge as _, Pull};

use crate::cli;
use crate::command_error::CommandError;
use crate::event::{Event, EventRun, queue_branch};
use crate::exit::Failure;
use crate::observe::pulls::{self, pulls_of_event, pulls_of_run};
use crate::observe::remote::Remote;

/// The subjects of a gate.
pub(super) enum Subjects {
    /// A commit of a merge queue.
    Group(Group),
    /// Pull requests, newest first.
    Pulls(Vec<Pull>),
}

/// A merge group: the state of the branch, and the state after merging one more pull request.
pub(super) struct Group {
    /// The target branch.
    pub(super) branch: BranchName,
    /// The branch's tip, or the commit of the group before.
    pub(super) base: CommitId,
    /// The group's own commit.
    pub(super) head: CommitId,
    /// The pull request that it adds, if the name of the queue's branch contains it.
    pub(super) pull: Option<PullNumber>,
}

/// Returns the subjects of this call.
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
    // The end of a run affects each open pull request of its branch, whatever the base.
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
    let number = pulls::target(remote, target, event)?;
    Ok(Subjects::Pulls(vec![remote.forge.pull(number)?]))
}

/// Returns the merge group of the event: its own event, or the end of a run that a group started. Such a run does not contain the
/// base; then the current tip of the branch is used.
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

/// Returns the branch that has moved.
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
