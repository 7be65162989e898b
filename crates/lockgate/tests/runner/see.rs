//! Reads the state of the fake GitHub: the gate, the comment, artifacts and releases. The runner's output is not used
//! here.

use lockgate_forge_embedded::PullNumber;

use crate::fixture::{Fixture, GATE};
use crate::github::Ran;

impl Fixture {
    /// Returns the gate of a pull request: `pending: version 2 ...`.
    pub(crate) fn gate(&self, number: PullNumber) -> String {
        self.status(self.pull(number).head_sha.as_str())
    }

    /// Returns the gate of a commit.
    pub(crate) fn status(&self, commit: &str) -> String {
        let commit = lockgate_forge_embedded::CommitId::parse(commit).unwrap();
        self.forge.look(|state| {
            let all = state.newest_statuses(&commit);
            let gates: Vec<_> = all.iter().filter(|it| it.context == GATE).collect();
            match gates.as_slice() {
                [] => "none".to_owned(),
                [gate] => {
                    let text = gate.description.clone().unwrap_or_default();
                    format!("{}: {text}", gate.verdict.name())
                }
                _ => panic!("several gates on {commit}"),
            }
        })
    }

    /// Returns the one comment of a pull request; empty if there is none.
    pub(crate) fn comment(&self, number: PullNumber) -> String {
        self.forge.look(|state| {
            let all = state.comments(number).unwrap();
            assert!(all.len() <= 1, "{} comments", all.len());
            all.first().map_or(String::new(), |it| it.body.clone())
        })
    }

    /// Returns the names of a run's artifacts, sorted.
    pub(crate) fn artifacts(&self, ran: &Ran) -> Vec<String> {
        let all = self.forge.look(|state| {
            let all = state.artifacts_of(ran.run).into_iter();
            all.map(|artifact| artifact.name.clone()).collect()
        });
        sorted(all)
    }

    /// Returns the retention of each artifact of a run in days.
    pub(crate) fn days_kept(&self, ran: &Ran) -> Vec<i64> {
        self.forge.look(|state| {
            let all = state.artifacts_of(ran.run).into_iter();
            let seconds = all.map(|artifact| artifact.expires_at - artifact.created_at);
            // The end comes from the client's clock, the beginning from the fake's.
            seconds.map(|seconds| (seconds + 3600) / 86_400).collect()
        })
    }

    /// Returns the writes to the API with a token of this label.
    pub(crate) fn writes_by(&self, label: &str) -> Vec<String> {
        let calls = self.forge.api_calls().into_iter();
        let writes = calls.filter(|call| call.actor == label && call.method != "GET");
        writes.map(|call| call.to_string()).collect()
    }

    /// Returns the names of a published release's files, sorted; empty if nothing is published.
    pub(crate) fn release(&self, tag: &str) -> Vec<String> {
        use lockgate_forge_embedded::state::people::Actor;
        let all = self.forge.look(|state| {
            let Ok(release) = state.release_by_tag(tag) else {
                return Vec::new();
            };
            let assets = state.assets(&Actor::Anonymous, release.id).unwrap();
            assets.iter().map(|asset| asset.name.clone()).collect()
        });
        sorted(all)
    }
}

impl Ran {
    /// Returns whether any step printed this: for the codes of refusals, which appear nowhere else.
    pub(crate) fn stderr(&self, text: &str) -> bool {
        self.ended.log.contains(text)
    }

    /// Returns the names of the jobs that ran.
    pub(crate) fn jobs(&self) -> Vec<&str> {
        self.ended.jobs.keys().map(String::as_str).collect()
    }
}

/// Returns the one run of a file.
pub(crate) fn the<'a>(all: &'a [Ran], file: &str, event: &str) -> &'a Ran {
    let fit = |ran: &&Ran| ran.file.ends_with(file) && ran.event.name() == event;
    let found: Vec<&Ran> = all.iter().filter(fit).collect();
    match found.as_slice() {
        [one] => one,
        _ => panic!("{} runs of {file} at {event} in {all:#?}", found.len()),
    }
}

/// Asserts that a run ended as expected; prints its log otherwise.
pub(crate) fn ended(ran: &Ran, conclusion: &str) {
    assert_eq!(ran.ended.conclusion, conclusion, "{}", ran.ended.log);
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
