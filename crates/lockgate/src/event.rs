//! The event file of a workflow run: the few fields that Lockgate reads, each parsed into a type of the glossary.

use lockgate_core::{Attempt, BranchName, CommitId, PullNumber, RunId};
use serde::Deserialize;

/// The fields of an event that Lockgate reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Event {
    /// The pull request of `pull_request` and `pull_request_target`.
    #[serde(default)]
    pub pull_request: Option<EventPull>,
    /// The merge group of `merge_group`.
    #[serde(default)]
    pub merge_group: Option<MergeGroup>,
    /// The workflow run of `workflow_run`.
    #[serde(default)]
    pub workflow_run: Option<EventRun>,
    /// The repository, present in every event.
    #[serde(default)]
    pub repository: Option<EventRepository>,
    /// The updated branch of `push`.
    #[serde(default, rename = "ref")]
    pub reference: Option<String>,
}

/// The repository in an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventRepository {
    /// The default branch.
    #[serde(default)]
    pub default_branch: Option<BranchName>,
}

/// A pull request in an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventPull {
    /// The number of the pull request.
    pub number: PullNumber,
    /// The head of the pull request.
    pub head: EventHead,
    /// The base of the pull request.
    pub base: EventBase,
}

/// The head of a pull request in an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventHead {
    /// The commit.
    pub sha: CommitId,
    /// `OWNER:BRANCH`.
    #[serde(default)]
    pub label: Option<String>,
}

/// The base of a pull request in an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventBase {
    /// The branch. Its commit in the event is stale, and is not read.
    #[serde(rename = "ref")]
    pub branch: BranchName,
}

/// A group of pull requests that a merge queue wants to merge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MergeGroup {
    /// The commit that the branch would move to.
    pub head_sha: CommitId,
    /// The commit that the branch is at.
    pub base_sha: CommitId,
    /// The branch that the queue made for it, with or without `refs/heads/`.
    #[serde(default)]
    pub head_ref: Option<String>,
    /// The branch that it is for, with or without `refs/heads/`.
    #[serde(default)]
    pub base_ref: Option<String>,
}

/// Parses the name of a merge queue's own branch: returns its target branch, and the pull request that its tip adds.
///
/// They are named `gh-readonly-queue/<branch>/pr-<number>-<commit>` ("Merging a pull request with a merge queue").
pub fn queue_branch(name: &str) -> Option<(BranchName, PullNumber)> {
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    let queued = name.strip_prefix("gh-readonly-queue/")?;
    let (branch, last) = queued.rsplit_once("/pr-")?;
    let (number, _commit) = last.split_once('-')?;
    Some((branch.parse().ok()?, number.parse().ok()?))
}

/// A workflow run in an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventRun {
    /// The id of the run.
    pub id: RunId,
    /// The triggering event.
    #[serde(default)]
    pub event: Option<String>,
    /// The commit that it ran for.
    #[serde(default)]
    pub head_sha: Option<CommitId>,
    /// The branch that it ran for; for a merge group, one created by the queue.
    #[serde(default)]
    pub head_branch: Option<String>,
    /// The path of its workflow file.
    #[serde(default)]
    pub path: Option<String>,
    /// The attempt.
    #[serde(default)]
    pub run_attempt: Option<Attempt>,
    /// The conclusion, once it has ended.
    #[serde(default)]
    pub conclusion: Option<String>,
}

impl EventRun {
    /// Returns the merge group that it ran for, if any, and the parsed name of its branch.
    ///
    /// Only GitHub can set a merge group as the event of a run.
    pub fn merge_group(&self) -> Option<(&CommitId, Option<(BranchName, PullNumber)>)> {
        if self.event.as_deref() != Some("merge_group") {
            return None;
        }
        let reported = self.head_branch.as_deref().and_then(queue_branch);
        Some((self.head_sha.as_ref()?, reported))
    }
}

impl Event {
    /// Reads the file.
    ///
    /// # Errors
    /// The error of serde, for any invalid bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Returns the repository's default branch.
    pub fn default_branch(&self) -> Option<&BranchName> {
        self.repository.as_ref()?.default_branch.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pull_request_event_is_read() {
        let json = format!(
            r#"{{"action":"opened","number":7,"pull_request":{{"number":7,"head":{{"sha":"{0}","ref":"x"}},"base":{{"ref":"main","sha":"{0}"}}}}}}"#,
            "a".repeat(40)
        );
        let event = Event::parse(json.as_bytes()).unwrap();
        assert_eq!(
            event.pull_request.map(|pull| pull.number),
            Some(PullNumber(7))
        );
    }

    #[test]
    fn a_run_of_a_merge_group_names_its_commit_and_the_branch_it_is_for() {
        let run = |event: &str, branch: &str| {
            let json = format!(
                r#"{{"workflow_run":{{"id":5,"event":"{event}","head_sha":"{}","head_branch":"{branch}"}}}}"#,
                "a".repeat(40)
            );
            Event::parse(json.as_bytes()).unwrap().workflow_run.unwrap()
        };
        let group = run("merge_group", "gh-readonly-queue/release/2/pr-7-bbbb");
        let (commit, reported) = group.merge_group().unwrap();
        assert_eq!(commit.as_str(), "a".repeat(40));
        assert_eq!(
            reported,
            Some(("release/2".parse().unwrap(), PullNumber(7)))
        );
        assert_eq!(run("merge_group", "other").merge_group().unwrap().1, None);
        assert_eq!(
            run("pull_request", "gh-readonly-queue/main/pr-7-bbbb").merge_group(),
            None
        );
    }

    #[test]
    fn a_commit_that_is_none_is_refused() {
        assert!(
            Event::parse(
                br#"{"pull_request":{"number":7,"head":{"sha":"$(id)"},"base":{"ref":"main"}}}"#
            )
            .is_err()
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Event::parse(&bytes);
        }
    }
}
