//! What the forge has now: the gate, the comment, artifacts and releases. Nothing here reads what a runner said.

use lockgate_forge_embedded::PullNumber;

use crate::github::Ran;
use crate::stage::{GATE, Stage};

impl Stage {
    /// The gate of a pull request: `pending: version 2 ...`.
    pub(crate) fn gate(&self, number: PullNumber) -> String {
        self.status(self.pull(number).head_sha.as_str())
    }

    /// The gate of a commit.
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

    /// The one comment of a pull request; empty where there is none.
    pub(crate) fn comment(&self, number: PullNumber) -> String {
        self.forge.look(|state| {
            let all = state.comments(number).unwrap();
            assert!(all.len() <= 1, "{} comments", all.len());
            all.first().map_or(String::new(), |it| it.body.clone())
        })
    }

    /// The names of a run's artifacts, sorted.
    pub(crate) fn artifacts(&self, ran: &Ran) -> Vec<String> {
        let all = self.forge.look(|state| {
            let all = state.artifacts_of(ran.run).into_iter();
            all.map(|artifact| artifact.name.clone()).collect()
        });
        sorted(all)
    }

    /// For how many days each artifact of a run is kept.
    pub(crate) fn days_kept(&self, ran: &Ran) -> Vec<i64> {
        self.forge.look(|state| {
            let all = state.artifacts_of(ran.run).into_iter();
            let seconds = all.map(|artifact| artifact.expires_at - artifact.created_at);
            // The client's clock says the end, the forge's the beginning.
            seconds.map(|seconds| (seconds + 3600) / 86_400).collect()
        })
    }

    /// What holders of a token with this label asked the API to change.
    pub(crate) fn writes_by(&self, label: &str) -> Vec<String> {
        let calls = self.forge.api_calls().into_iter();
        let writes = calls.filter(|call| call.actor == label && call.method != "GET");
        writes.map(|call| call.to_string()).collect()
    }

    /// The names of a published release's files, sorted; none where nothing is published.
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
    /// Whether any step said this: for the codes of refusals, which have no other place.
    pub(crate) fn said(&self, text: &str) -> bool {
        self.ended.log.contains(text)
    }

    /// The names of the jobs that ran.
    pub(crate) fn jobs(&self) -> Vec<&str> {
        self.ended.jobs.keys().map(String::as_str).collect()
    }
}

/// The one run of a file among those that happened.
pub(crate) fn the<'a>(all: &'a [Ran], file: &str, event: &str) -> &'a Ran {
    let fit = |ran: &&Ran| ran.file.ends_with(file) && ran.event.name() == event;
    let found: Vec<&Ran> = all.iter().filter(fit).collect();
    match found.as_slice() {
        [one] => one,
        _ => panic!("{} runs of {file} at {event} in {all:#?}", found.len()),
    }
}

/// That a run ended as expected; all that was said otherwise.
pub(crate) fn ended(ran: &Ran, conclusion: &str) {
    assert_eq!(ran.ended.conclusion, conclusion, "{}", ran.ended.log);
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
