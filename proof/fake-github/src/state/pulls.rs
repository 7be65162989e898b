//! Pull requests, updated from git: where the head is, and whether they can be merged.
//!
//! `refs/pull/N/head` is the head, `refs/pull/N/merge` the test merge, as on GitHub. Merging is in `merging`.

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::refusal::Refusal;
use crate::ids::{CommitId, PullNumber, RepositoryId};
use crate::repository::{Merge, MergeMethod, Repository, Signature};

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The number, as shown to users.
    pub number: PullNumber,
    /// The id in the API.
    pub id: u64,
    /// The title.
    pub title: String,
    /// The description.
    pub body: Option<String>,
    /// The login of the author.
    pub author: String,
    /// The base branch.
    pub base_branch: String,
    /// The tip of the base branch at the last update.
    pub base_sha: CommitId,
    /// The head branch.
    pub head_branch: String,
    /// The repository of the head branch.
    pub head_repository: HeadRepository,
    /// The tip of the head branch at the last update.
    pub head_sha: CommitId,
    /// Whether it is a draft.
    pub draft: bool,
    /// Open, closed or merged.
    pub state: PullState,
    /// The commit of a test merge; `None` for a conflict.
    pub test_merge: Option<CommitId>,
    /// How often its mergeability was read since the last change.
    pub asked: u32,
    /// The time at which it was opened.
    pub created_at: i64,
    /// The time of the last change.
    pub updated_at: i64,
    /// The changes of its base branch, oldest first.
    #[serde(default)]
    pub base_changes: Vec<BaseChange>,
}

/// A change of a pull request's base branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseChange {
    /// The id of the event.
    pub id: u64,
    /// The time.
    pub at: i64,
}

impl PullRequest {
    /// Returns whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == PullState::Open
    }
}

/// The repository of a pull request's head branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeadRepository {
    /// This repository.
    Here,
    /// A fork.
    Fork {
        /// The id of the fork.
        id: RepositoryId,
        /// The account that owns it.
        owner: String,
        /// The name.
        name: String,
    },
    /// A fork that was deleted.
    Deleted,
}

/// Whether a pull request is open, closed or merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullState {
    /// It is open.
    Open,
    /// It was closed without being merged.
    Closed {
        /// The time.
        at: i64,
    },
    /// It was merged.
    Merged {
        /// The time.
        at: i64,
        /// The login of the account that merged it.
        by: String,
        /// The merge commit.
        commit: CommitId,
    },
}

/// The parameters of a new pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPull {
    /// The title.
    pub title: String,
    /// The description.
    pub body: Option<String>,
    /// The login of the author.
    pub author: String,
    /// The base branch; empty for the default branch.
    pub base: String,
    /// The head branch.
    pub head: String,
    /// The repository of the head branch.
    pub head_repository: HeadRepository,
    /// The head of a fork's branch, whose objects are already in this repository.
    pub fork_head: Option<CommitId>,
    /// Whether it is a draft.
    pub draft: bool,
}

impl State {
    /// Opens a pull request.
    pub fn open_pull(
        &mut self,
        now: i64,
        git: &dyn Repository,
        order: NewPull,
    ) -> Result<PullNumber, Refusal> {
        let base_branch = match order.base.as_str() {
            "" => self.repository.default_branch.clone(),
            other => other.to_owned(),
        };
        let base = git.resolve(&format!("refs/heads/{base_branch}"))?;
        let base_sha = base.ok_or_else(|| Refusal::invalid("PullRequest", "base"))?;
        let head = match order.fork_head {
            Some(head) => git.commit(&head)?.map(|commit| commit.id),
            None => git.resolve(&format!("refs/heads/{}", order.head))?,
        };
        let head_sha = head.ok_or_else(|| Refusal::invalid("PullRequest", "head"))?;
        if git.is_ancestor(&head_sha, &base_sha)? {
            let message = format!("No commits between {base_branch} and {}", order.head);
            return Err(Refusal::custom("PullRequest", "base", message));
        }
        let number = PullNumber(self.pulls.len() as u64 + 1);
        let pull = PullRequest {
            number,
            id: self.allocate(),
            title: order.title,
            body: order.body,
            author: order.author,
            base_branch,
            base_sha,
            head_branch: order.head,
            head_repository: order.head_repository,
            head_sha,
            draft: order.draft,
            state: PullState::Open,
            test_merge: None,
            asked: 0,
            created_at: now,
            updated_at: now,
            base_changes: Vec::new(),
        };
        git.set_reference(&format!("refs/pull/{number}/head"), &pull.head_sha)?;
        self.pulls.insert(number, pull);
        self.follow(now, git, number, true)?;
        Ok(number)
    }

    /// Opens a pull request as an account that may push to its branch.
    pub fn request_pull(
        &mut self,
        actor: &Actor,
        now: i64,
        git: &dyn Repository,
        mut order: NewPull,
    ) -> Result<PullNumber, Refusal> {
        order.author = actor.with(Role::Write)?.to_owned();
        let same = |pull: &PullRequest| {
            (pull.is_open() && pull.head_repository == HeadRepository::Here)
                && (&pull.head_branch, &pull.base_branch) == (&order.head, &order.base)
        };
        if self.pulls.values().any(same) {
            let label = format!("{}:{}", self.repository.owner, order.head);
            let message = format!("A pull request already exists for {label}.");
            return Err(Refusal::custom("PullRequest", "head", message));
        }
        self.open_pull(now, git, order)
    }

    /// Returns the pull requests, newest first.
    #[must_use]
    pub fn pulls(&self) -> Vec<&PullRequest> {
        self.pulls.values().rev().collect()
    }

    /// Returns one pull request.
    pub fn pull(&self, number: PullNumber) -> Result<&PullRequest, Refusal> {
        self.pulls.get(&number).ok_or(Refusal::NotFound)
    }

    /// Changes the text, the draft mark, or where a fork's branch is.
    pub fn edit_pull(
        &mut self,
        now: i64,
        number: PullNumber,
        change: impl FnOnce(&mut PullRequest),
    ) -> Result<(), Refusal> {
        let pull = self.pulls.get_mut(&number).ok_or(Refusal::NotFound)?;
        let base = pull.base_branch.clone();
        change(pull);
        pull.updated_at = now;
        if pull.base_branch != base {
            let id = self.allocate();
            let pull = self.pulls.get_mut(&number).ok_or(Refusal::NotFound)?;
            pull.base_changes.push(BaseChange { id, at: now });
        }
        Ok(())
    }

    /// Changes the base branch of an open pull request to an existing branch.
    pub fn retarget(
        &mut self,
        now: i64,
        git: &dyn Repository,
        number: PullNumber,
        base: &str,
    ) -> Result<(), Refusal> {
        let tip = git.resolve(&format!("refs/heads/{base}"))?;
        let tip = tip.ok_or_else(|| Refusal::invalid("PullRequest", "base"))?;
        if !self.pull(number)?.is_open() {
            let text = "Cannot change the base branch of a closed pull request.";
            return Err(Refusal::custom("PullRequest", "base", text));
        }
        self.edit_pull(now, number, |pull| {
            pull.base_branch = base.to_owned();
            pull.base_sha = tip;
        })?;
        self.follow(now, git, number, true)?;
        Ok(())
    }

    /// Reopens a closed pull request, if its branch still exists.
    pub fn reopen_pull(
        &mut self,
        now: i64,
        git: &dyn Repository,
        number: PullNumber,
    ) -> Result<(), Refusal> {
        let pull = self.pull(number)?;
        let branch = git.resolve(&format!("refs/heads/{}", pull.head_branch))?;
        let gone = pull.head_repository == HeadRepository::Here && branch.is_none();
        if gone || !matches!(pull.state, PullState::Closed { .. }) {
            let text = "state cannot be changed.";
            return Err(Refusal::custom("PullRequest", "state", text));
        }
        self.edit_pull(now, number, |pull| pull.state = PullState::Open)?;
        self.follow(now, git, number, true)?;
        Ok(())
    }

    /// Counts a read of a pull request's mergeability, and returns whether GitHub would have computed it by now.
    pub fn ask_mergeable(&mut self, number: PullNumber) -> Result<bool, Refusal> {
        let slow = self.settings.mergeable_unknown_at_first;
        let pull = self.pulls.get_mut(&number).ok_or(Refusal::NotFound)?;
        pull.asked = pull.asked.saturating_add(1);
        Ok(!slow || pull.asked > 1)
    }

    /// Updates all open pull requests from their branches. Returns whether any changed.
    pub fn sync(&mut self, now: i64, git: &dyn Repository) -> Result<bool, Refusal> {
        let open = self.pulls.values().filter(|pull| pull.is_open());
        let numbers: Vec<PullNumber> = open.map(|pull| pull.number).collect();
        let mut changed = false;
        for number in numbers {
            changed |= self.follow(now, git, number, false)?;
        }
        Ok(changed)
    }

    /// Updates one pull request from its branches, and repeats the test merge if they moved.
    fn follow(
        &mut self,
        now: i64,
        git: &dyn Repository,
        number: PullNumber,
        anew: bool,
    ) -> Result<bool, Refusal> {
        let mut pull = self.pull(number)?.clone();
        let base = git.resolve(&format!("refs/heads/{}", pull.base_branch))?;
        let base = base.unwrap_or_else(|| pull.base_sha.clone());
        let head = match pull.head_repository {
            HeadRepository::Here => git.resolve(&format!("refs/heads/{}", pull.head_branch))?,
            HeadRepository::Fork { .. } | HeadRepository::Deleted => {
                git.resolve(&format!("refs/pull/{number}/head"))?
            }
        };
        let head = head.unwrap_or_else(|| pull.head_sha.clone());
        if !anew && head == pull.head_sha && base == pull.base_sha {
            return Ok(false);
        }
        if head != pull.head_sha {
            pull.updated_at = now;
            git.set_reference(&format!("refs/pull/{number}/head"), &head)?;
        }
        pull.asked = 0;
        pull.head_sha = head;
        if git.is_ancestor(&pull.head_sha, &base)? {
            // The head was pushed to the base: GitHub calls that merged.
            let by = pull.author.clone();
            pull.state = PullState::Merged {
                at: now,
                by,
                commit: pull.head_sha.clone(),
            };
        } else {
            pull.base_sha = base;
            pull.test_merge = git.merge(&test_merge(now, &pull))?;
            let name = format!("refs/pull/{number}/merge");
            match &pull.test_merge {
                Some(commit) => git.set_reference(&name, commit)?,
                None => git.delete_reference(&name)?,
            }
        }
        self.pulls.insert(number, pull);
        Ok(true)
    }
}

fn test_merge(now: i64, pull: &PullRequest) -> Merge {
    Merge {
        base: pull.base_sha.clone(),
        head: pull.head_sha.clone(),
        method: MergeMethod::Merge,
        by: Signature {
            name: "GitHub".into(),
            email: "noreply@github.com".into(),
            at: now,
        },
        message: format!("Merge {} into {}", pull.head_sha, pull.base_sha),
    }
}
