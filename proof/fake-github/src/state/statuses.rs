//! Commit statuses: all are kept, the newest of a context counts.
//!
//! Contexts are case-insensitive, as on GitHub.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::refusal::Refusal;
use crate::ids::{CommitId, StatusId};
use crate::repository::Repository;

/// The most characters of a description.
const DESCRIPTION_LIMIT: usize = 140;

/// The most statuses of one commit and context.
const STATUSES_LIMIT: usize = 1000;

/// The state of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The check itself failed to run.
    Error,
    /// The check failed.
    Failure,
    /// The check is not finished.
    Pending,
    /// The check passed.
    Success,
}

impl Verdict {
    /// Parses GitHub's name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Error, Self::Failure, Self::Pending, Self::Success];
        all.into_iter().find(|verdict| verdict.name() == name)
    }

    /// Returns GitHub's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Failure => "failure",
            Self::Pending => "pending",
            Self::Success => "success",
        }
    }
}

/// A status of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The id.
    pub id: StatusId,
    /// The commit.
    pub commit: CommitId,
    /// The state.
    pub verdict: Verdict,
    /// The context.
    pub context: String,
    /// The description.
    pub description: Option<String>,
    /// The address for details.
    pub target_url: Option<String>,
    /// The login of the account that posted it.
    pub creator: String,
    /// The time of its creation.
    pub created_at: i64,
}

/// The parameters of a new status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewStatus {
    /// GitHub's name of the state.
    pub state: String,
    /// The context; empty for `default`.
    pub context: String,
    /// The description.
    pub description: Option<String>,
    /// The address for details.
    pub target_url: Option<String>,
}

impl State {
    /// Creates a status for a commit.
    pub fn create_status(
        &mut self,
        actor: &Actor,
        now: i64,
        git: &dyn Repository,
        commit: &str,
        order: NewStatus,
    ) -> Result<&Status, Refusal> {
        let creator = actor.with(Role::Write)?.to_owned();
        let unknown = || Refusal::Unprocessable(format!("No commit found for SHA: {commit}"));
        let commit = CommitId::parse(commit).ok_or_else(unknown)?;
        git.commit(&commit)?.ok_or_else(unknown)?;
        let verdict = match Verdict::parse(&order.state) {
            Some(verdict) => verdict,
            None if order.state.is_empty() => return Err(Refusal::missing("Status", "state")),
            None => {
                let message = "state is not included in the list";
                return Err(Refusal::custom("Status", "state", message));
            }
        };
        let length = order
            .description
            .as_deref()
            .map_or(0, |text| text.chars().count());
        if length > DESCRIPTION_LIMIT {
            let message =
                format!("description is too long (maximum is {DESCRIPTION_LIMIT} characters)");
            return Err(Refusal::custom("Status", "description", message));
        }
        let context = match order.context.as_str() {
            "" => "default".to_owned(),
            other => other.to_owned(),
        };
        let same = |status: &&Status| {
            status.commit == commit && status.context.eq_ignore_ascii_case(&context)
        };
        if self.statuses.values().filter(same).count() >= STATUSES_LIMIT {
            let message = "This SHA and context has reached the maximum number of statuses.";
            return Err(Refusal::Unprocessable(message.into()));
        }
        let id = StatusId(self.allocate());
        let status = Status {
            id,
            commit,
            verdict,
            context,
            description: order.description,
            target_url: order.target_url,
            creator,
            created_at: now,
        };
        Ok(self.statuses.entry(id).or_insert(status))
    }

    /// Returns all statuses of a commit, newest first.
    #[must_use]
    pub fn statuses(&self, commit: &CommitId) -> Vec<&Status> {
        let all = self.statuses.values().rev();
        all.filter(|status| status.commit == *commit).collect()
    }

    /// Returns the newest status of each context of a commit.
    #[must_use]
    pub fn newest_statuses(&self, commit: &CommitId) -> Vec<&Status> {
        let mut newest = BTreeMap::new();
        for status in self.statuses(commit) {
            newest
                .entry(status.context.to_ascii_lowercase())
                .or_insert(status);
        }
        newest.into_values().collect()
    }

    /// Returns the combined state of the newest statuses; pending if there are none.
    #[must_use]
    pub fn combined_status(&self, commit: &CommitId) -> Verdict {
        let newest = self.newest_statuses(commit);
        let says = |verdict| newest.iter().any(|status| status.verdict == verdict);
        match () {
            () if says(Verdict::Error) || says(Verdict::Failure) => Verdict::Failure,
            () if newest.is_empty() || says(Verdict::Pending) => Verdict::Pending,
            () => Verdict::Success,
        }
    }
}
