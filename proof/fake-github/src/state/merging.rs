//! Merges a pull request: whether it is allowed, by which method, directly or through a merge queue.
//!
//! Required checks are read from the head, as on GitHub; for a queue, from the queue's own commit.

use super::State;
use super::people::{Actor, Role};
use super::pulls::{PullRequest, PullState};
use super::refusal::Refusal;
use super::statuses::Verdict;
use crate::ids::{CommitId, PullNumber};
use crate::repository::{Merge, MergeMethod, Repository, Signature};

/// The parameters of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeRequest {
    /// The pull request.
    pub pull: PullNumber,
    /// The method.
    pub method: MergeMethod,
    /// The head that the caller expects; any other is refused.
    pub expected_head: Option<String>,
    /// The subject of the commit message.
    pub title: Option<String>,
    /// The body of the commit message.
    pub message: Option<String>,
}

impl MergeRequest {
    /// Merges a pull request with GitHub's default message.
    #[must_use]
    pub fn new(pull: PullNumber, method: MergeMethod) -> Self {
        Self {
            pull,
            method,
            expected_head: None,
            title: None,
            message: None,
        }
    }
}

impl State {
    /// Returns GitHub's `mergeable_state`, assuming that it is computed.
    #[must_use]
    pub fn mergeable_state(&self, pull: &PullRequest) -> &'static str {
        match () {
            () if !pull.is_open() => "unknown",
            () if pull.draft => "draft",
            () if pull.test_merge.is_none() => "dirty",
            () if self.blocker(&pull.base_branch, &pull.head_sha).is_some() => "blocked",
            () if self.newest_statuses(&pull.head_sha).is_empty() => "clean",
            () if self.combined_status(&pull.head_sha) == Verdict::Success => "clean",
            () => "unstable",
        }
    }

    /// Merges a pull request; returns the new tip of the base branch.
    pub fn merge_pull(
        &mut self,
        actor: &Actor,
        now: i64,
        git: &dyn Repository,
        order: &MergeRequest,
    ) -> Result<CommitId, Refusal> {
        let login = actor.with(Role::Write)?.to_owned();
        self.sync(now, git)?;
        let pull = self.pull(order.pull)?.clone();
        check_open(&pull)?;
        if order
            .expected_head
            .as_ref()
            .is_some_and(|head| head != pull.head_sha.as_str())
        {
            let message = "Head branch was modified. Review and try the merge again.";
            return Err(Refusal::Conflict(message.into()));
        }
        if pull.test_merge.is_none() {
            return Err(Refusal::NotAllowed("Pull Request is not mergeable".into()));
        }
        if let Some(blocker) = self.blocker(&pull.base_branch, &pull.head_sha) {
            return Err(Refusal::NotAllowed(blocker));
        }
        let merge = Merge {
            base: pull.base_sha.clone(),
            head: pull.head_sha.clone(),
            method: order.method,
            by: signature(&login, now),
            message: message(&pull, order),
        };
        let commit = git.merge(&merge)?;
        let commit = commit.ok_or_else(|| {
            Refusal::NotAllowed("This branch can't be rebased due to conflicts".into())
        })?;
        self.land(now, git, &pull, &login, commit)
    }

    /// Puts a pull request into the merge queue: creates the group's commit and its branch, on which checks have to
    /// report. Returns that commit, the `merge_group.head_sha`.
    pub fn enqueue(
        &mut self,
        now: i64,
        git: &dyn Repository,
        number: PullNumber,
    ) -> Result<CommitId, Refusal> {
        self.sync(now, git)?;
        let pull = self.pull(number)?.clone();
        check_open(&pull)?;
        let merge = Merge {
            base: pull.base_sha.clone(),
            head: pull.head_sha.clone(),
            method: MergeMethod::Merge,
            by: signature("github-merge-queue[bot]", now),
            message: message(&pull, &MergeRequest::new(number, MergeMethod::Merge)),
        };
        let commit = git.merge(&merge)?;
        let commit =
            commit.ok_or_else(|| Refusal::NotAllowed("Pull Request is not mergeable".into()))?;
        git.set_reference(&group_branch(&pull), &commit)?;
        Ok(commit)
    }

    /// Returns the group's commit of a queued pull request. A push to its head, or to the base branch, removes it from
    /// the queue.
    pub fn queued(&self, git: &dyn Repository, number: PullNumber) -> Result<CommitId, Refusal> {
        let pull = self.pull(number)?;
        check_open(pull)?;
        let commit = git.resolve(&group_branch(pull))?.ok_or(Refusal::NotFound)?;
        let made = git.commit(&commit)?.ok_or(Refusal::NotFound)?;
        let present = made.parents.contains(&pull.head_sha);
        present.then_some(commit).ok_or(Refusal::NotFound)
    }

    /// Merges the group's commit of a queued pull request, if its checks passed.
    pub fn land_queued(
        &mut self,
        now: i64,
        git: &dyn Repository,
        number: PullNumber,
    ) -> Result<CommitId, Refusal> {
        self.sync(now, git)?;
        let commit = self.queued(git, number)?;
        let pull = self.pull(number)?.clone();
        let branch = group_branch(&pull);
        if let Some(blocker) = self.blocker(&pull.base_branch, &commit) {
            return Err(Refusal::NotAllowed(blocker));
        }
        git.delete_reference(&branch)?;
        self.land(now, git, &pull, "github-merge-queue[bot]", commit)
    }

    /// Closes a pull request without merging it.
    pub fn close_pull(&mut self, now: i64, number: PullNumber) -> Result<(), Refusal> {
        let pull = self.pull(number)?;
        // A draft can be closed, although it cannot be merged.
        if !pull.is_open() {
            check_open(pull)?;
        }
        self.edit_pull(now, number, |pull| {
            pull.state = PullState::Closed { at: now }
        })
    }

    fn land(
        &mut self,
        now: i64,
        git: &dyn Repository,
        pull: &PullRequest,
        by: &str,
        commit: CommitId,
    ) -> Result<CommitId, Refusal> {
        git.set_reference(&format!("refs/heads/{}", pull.base_branch), &commit)?;
        self.edit_pull(now, pull.number, |pull| {
            pull.state = PullState::Merged {
                at: now,
                by: by.to_owned(),
                commit: commit.clone(),
            };
        })?;
        self.sync(now, git)?;
        Ok(commit)
    }

    /// Returns why the required checks keep `commit` out of `branch`, if they do.
    fn blocker(&self, branch: &str, commit: &CommitId) -> Option<String> {
        if branch != self.repository.default_branch {
            return None;
        }
        let newest = self.newest_statuses(commit);
        self.settings.required_contexts.iter().find_map(|required| {
            let same = |context: &str| context.eq_ignore_ascii_case(required);
            let verdict = newest
                .iter()
                .find(|it| same(&it.context))
                .map(|it| it.verdict);
            let what = match verdict {
                Some(Verdict::Success) => return None,
                Some(Verdict::Failure | Verdict::Error) => "is failing",
                Some(Verdict::Pending) | None => "is expected",
            };
            Some(format!("Required status check \"{required}\" {what}."))
        })
    }
}

fn check_open(pull: &PullRequest) -> Result<(), Refusal> {
    match (&pull.state, pull.draft) {
        (PullState::Open, false) => Ok(()),
        (PullState::Open, true) => Err(Refusal::NotAllowed("Pull Request is still a draft".into())),
        (PullState::Closed { .. } | PullState::Merged { .. }, _) => {
            Err(Refusal::NotAllowed("Pull Request is not mergeable".into()))
        }
    }
}

fn message(pull: &PullRequest, order: &MergeRequest) -> String {
    let (title, rest) = match order.method {
        MergeMethod::Merge => (
            format!(
                "Merge pull request #{} from {}",
                pull.number, pull.head_branch
            ),
            pull.title.clone(),
        ),
        MergeMethod::Squash | MergeMethod::Rebase => {
            (format!("{} (#{})", pull.title, pull.number), String::new())
        }
    };
    let title = order.title.clone().unwrap_or(title);
    let rest = order.message.clone().unwrap_or(rest);
    format!("{title}\n\n{rest}").trim_end().to_owned()
}

fn group_branch(pull: &PullRequest) -> String {
    let (base, number) = (&pull.base_branch, pull.number);
    format!(
        "refs/heads/gh-readonly-queue/{base}/pr-{number}-{}",
        pull.base_sha
    )
}

fn signature(login: &str, at: i64) -> Signature {
    Signature {
        name: login.to_owned(),
        // GitHub's description does not accept the brackets of a bot's name in an email address.
        email: format!(
            "{}@users.noreply.github.com",
            login.trim_end_matches("[bot]")
        ),
        at,
    }
}
