//! Selects the runs of the build workflow that belong to a pull request, and those whose executed file can be determined.
//!
//! This depends on the following (GitHub, "Events that trigger workflows" and the REST API's pages on workflow runs and issue events):
//! - A `pull_request` run executes the workflow file of the *merge* of the head and that pull request's base. Another pull request of
//!   the same head, or the same one with another base, results in a run with the same path, workflow id, head, repository and event.
//! - A closed or merged pull request still starts runs (a label, an edit), from its last merge.
//! - A `workflow_dispatch` run executes the file of the commit that it names as its head.
//! - A re-run keeps event, head and `created_at` of the first attempt.
//! - The list `pull_requests` of a run is computed from open pull requests and is no property of the run.
//! - A writer cannot delete a pull request, or the events of one.

use super::{PullFacts, RunFacts, RunOutcome};
use crate::ids::{BranchName, PullNumber, Timestamp};

/// The event of a run whose file depends on a base branch.
const PULL_REQUEST: &str = "pull_request";
/// The event of a run whose file is that of its head.
pub const DISPATCH: &str = "workflow_dispatch";

/// The events whose runs may be promoted.
pub const EVENTS: [&str; 2] = [PULL_REQUEST, DISPATCH];

/// The largest assumed delay of a run, in seconds: a run is created some time after its event and does not record the time of the
/// event. GitHub documents no bound, so this is our choice and not a measured one: with a longer delay, a run of the base before a change
/// would be mistaken for one of the base after it.
const LATE: i64 = 15 * 60;

/// The other base branches against which a head may have been built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaseHistory {
    /// The other pull requests of the head's branch, whatever their state.
    pub others: Vec<OtherPull>,
    /// The times when the base of this pull request was changed.
    pub changed: Vec<Timestamp>,
}

/// Another pull request of the same branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherPull {
    /// The number of the pull request.
    pub number: PullNumber,
    /// The base branch.
    pub base: BranchName,
    /// The time when it was opened; `None` if GitHub did not report it.
    pub opened: Option<Timestamp>,
}

/// Returns whether a run belongs to a pull request: same repository, branch and head, started by an event that starts builds. Runs of
/// another pull request's branch, or of a fork's branch with the same name and commit, do not belong to it.
pub fn is_of(run: &RunFacts, pull: &PullFacts) -> bool {
    run.head == pull.head
        && run.head_repository.is_some()
        && run.head_repository == pull.head_repository
        && run.head_branch.as_deref() == Some(pull.head_branch.as_str())
        && EVENTS.contains(&run.event.as_str())
}

/// Returns whether a run built nothing because every job was skipped: only the title was edited. Such a run is ignored.
pub fn is_skipped(run: &RunFacts) -> bool {
    matches!(&run.outcome, RunOutcome::Failed(how) if how == "skipped")
}

/// Returns whether the file that a run executed depends on a base branch.
pub fn depends_on_base(run: &RunFacts) -> bool {
    run.event != DISPATCH
}

/// Returns why the file that a run executed cannot be determined; `None` if it was the merge of this head into this base.
pub fn ambiguity(run: &RunFacts, pull: &PullFacts, history: &BaseHistory) -> Option<String> {
    if !depends_on_base(run) {
        return None;
    }
    // Equal seconds have no order, and neither does an unreported time.
    let before = |then: Option<&Timestamp>| match (then, &run.created) {
        (Some(then), Some(created)) => then <= created,
        (None, _) | (_, None) => true,
    };
    let mut others = history.others.iter();
    let other = others.find(|other| {
        other.number != pull.number && other.base != pull.base && before(other.opened.as_ref())
    });
    if let Some(other) = other {
        return Some(format!(
            "pull request #{} has the same branch, and goes into {}",
            other.number,
            crate::escape::quoted(other.base.as_str())
        ));
    }
    let before_change = |then: &Timestamp| {
        let created = run.created.as_ref().map(Timestamp::seconds);
        created.is_none_or(|created| created - LATE <= then.seconds())
    };
    let changed = history.changed.iter().any(before_change);
    changed.then(|| {
        "the base branch of the pull request was changed after it, or just before".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Attempt, RepositoryId, RunId, WorkflowId};
    use proptest::prelude::*;

    fn at(minute: u32) -> Timestamp {
        format!("2026-11-27T10:{minute:02}:00Z").parse().unwrap()
    }

    fn pull() -> PullFacts {
        PullFacts {
            number: PullNumber(7),
            state: super::super::PullState::Open,
            head: "a".repeat(40).parse().unwrap(),
            head_branch: "bump".to_owned(),
            head_repository: Some(RepositoryId(42)),
            base: "main".parse().unwrap(),
        }
    }

    fn run() -> RunFacts {
        RunFacts {
            id: RunId(1),
            attempt: Attempt(1),
            outcome: RunOutcome::Succeeded,
            event: PULL_REQUEST.to_owned(),
            head: "a".repeat(40).parse().unwrap(),
            head_branch: Some("bump".to_owned()),
            head_repository: Some(RepositoryId(42)),
            created: Some(at(30)),
            workflow_id: WorkflowId(11),
            workflow_path: ".github/workflows/build.yml".to_owned(),
        }
    }

    #[test]
    fn a_run_of_another_repository_branch_head_or_event_is_none_of_its() {
        assert!(is_of(&run(), &pull()));
        type Change = fn(&mut RunFacts);
        let table: [Change; 6] = [
            |run| run.head = "b".repeat(40).parse().unwrap(),
            |run| run.head_repository = Some(RepositoryId(4242)),
            |run| run.head_repository = None,
            |run| run.head_branch = Some("other".to_owned()),
            |run| run.head_branch = None,
            |run| run.event = "pull_request_target".to_owned(),
        ];
        for (row, change) in table.iter().enumerate() {
            let mut run = run();
            change(&mut run);
            assert!(!is_of(&run, &pull()), "row {row}");
        }
        // If the head's repository was deleted, nothing can be determined about a run.
        let mut gone = pull();
        gone.head_repository = None;
        assert!(!is_of(&run(), &gone));
    }

    #[test]
    fn a_run_is_ambiguous_where_another_base_could_have_given_its_file() {
        let other = |base: &str, opened| OtherPull {
            number: PullNumber(8),
            base: base.parse().unwrap(),
            opened,
        };
        let history =
            |others: Vec<OtherPull>, changed: Vec<Timestamp>| BaseHistory { others, changed };
        let of = |history: &BaseHistory| ambiguity(&run(), &pull(), history).is_some();
        let table = [
            (history(vec![], vec![]), false),
            // Another pull request of the branch, into another base: opened before, at the same second, after, at an unknown time.
            (history(vec![other("evil", Some(at(10)))], vec![]), true),
            (history(vec![other("evil", Some(at(30)))], vec![]), true),
            (history(vec![other("evil", Some(at(31)))], vec![]), false),
            (history(vec![other("evil", None)], vec![]), true),
            // Into the same base it would have executed the same file.
            (history(vec![other("main", Some(at(10)))], vec![]), false),
            // Its own base was changed: before the run, at the same second, after.
            (history(vec![], vec![at(14)]), false),
            // Events arrive late: its own event may have been before the change.
            (history(vec![], vec![at(15)]), true),
            (history(vec![], vec![at(29)]), true),
            (history(vec![], vec![at(30)]), true),
            (history(vec![], vec![at(10), at(31)]), true),
        ];
        for (row, (history, ambiguous)) in table.iter().enumerate() {
            assert_eq!(of(history), *ambiguous, "row {row}");
            // The file of a manually started run is its head's, whatever else there was.
            let by_hand = RunFacts {
                event: DISPATCH.to_owned(),
                ..run()
            };
            assert_eq!(ambiguity(&by_hand, &pull(), history), None, "row {row}");
        }
        let unknown = RunFacts {
            created: None,
            ..run()
        };
        let old = history(vec![other("evil", Some(at(10)))], vec![]);
        assert!(ambiguity(&unknown, &pull(), &old).is_some());
    }

    proptest! {
        #[test]
        fn runs_of_others_never_change_which_run_is_taken(foreign in proptest::collection::vec((0_usize..4, 0_u64..50), 0..8)) {
            let mut all = vec![run()];
            for (kind, id) in foreign {
                let mut other = RunFacts { id: RunId(100 + id), ..run() };
                match kind {
                    0 => other.head_repository = Some(RepositoryId(4242)),
                    1 => other.head_branch = Some("other".to_owned()),
                    2 => other.event = "push".to_owned(),
                    _ => other.head = "c".repeat(40).parse().unwrap(),
                }
                all.insert(0, other);
            }
            let ours: Vec<_> = all.iter().filter(|run| is_of(run, &pull())).map(|run| run.id).collect();
            prop_assert_eq!(ours, vec![RunId(1)]);
        }
    }
}
