//! Many promotions at once, each in a process of its own, which all wait before they draft and before they publish
//! until the last has come as far.

use std::collections::BTreeSet;
use std::process::{Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::fixture::{Fixture, ended};
use crate::message::Message;
use crate::relay::Relay;
use crate::verdict::{has_a_stable_code, is_published, public, releases};

/// A point at which a number of processes wait for each other, once.
struct Meeting {
    missing: Mutex<usize>,
    complete: Condvar,
}

impl Meeting {
    fn of(count: usize) -> Self {
        Self {
            missing: Mutex::new(count),
            complete: Condvar::new(),
        }
    }

    /// Waits for the others, with a limit, because a crashed one never arrives.
    fn join(&self) {
        let mut missing = self.missing.lock().unwrap();
        *missing = missing.saturating_sub(1);
        self.complete.notify_all();
        let retry_budget = Duration::from_secs(60);
        drop(
            self.complete
                .wait_timeout_while(missing, retry_budget, |missing| *missing > 0),
        );
    }

    fn was_complete(&self) -> bool {
        *self.missing.lock().unwrap() == 0
    }
}

/// The result of one process, and its requests.
struct One {
    output: Output,
    asked: Vec<Message>,
}

/// Promotes at once, with these arguments each. All of them draft, and all of them ask to publish.
fn crowd(fixture: &Fixture, all: &[Vec<String>]) -> Vec<One> {
    let draft = Arc::new(Meeting::of(all.len()));
    let publish = Arc::new(Meeting::of(all.len()));
    let relays: Vec<Relay> = all
        .iter()
        .map(|_| {
            let (draft, publish) = (Arc::clone(&draft), Arc::clone(&publish));
            let watch = move |name: &str, answer: Option<&Message>| {
                if answer.is_none() && name.starts_with("POST ") && name.ends_with("/releases") {
                    draft.join();
                }
                if answer.is_none() && name.starts_with("PATCH ") && name.contains("/releases/") {
                    publish.join();
                }
            };
            Relay::start(fixture.server.addr(), Box::new(watch))
        })
        .collect();
    let children: Vec<_> = all
        .iter()
        .zip(&relays)
        .enumerate()
        .map(|(at, (words, relay))| {
            let checkout = format!("job-{at}");
            fixture.checkout(&checkout);
            let mut command = fixture.lockgate(&relay.url(), &checkout, &["promote"]);
            command.args(words).env("LOCKGATE_TIMEOUT", "120");
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let ended = children
        .into_iter()
        .zip(relays)
        .map(|(child, relay)| One {
            output: child.wait_with_output().unwrap(),
            asked: relay.asked(),
        })
        .collect();
    assert!(draft.was_complete() && publish.was_complete());
    ended
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Asserts that it uploaded only to its own draft, published that one, and changed and deleted nothing else.
fn kept_to_its_own_draft(one: &One) -> String {
    let of_release = |message: &Message| {
        let path = message.first.split(' ').nth(1).unwrap().to_owned();
        let (_, rest) = path.split_once("/releases/")?;
        let id = rest.split(['/', '?']).next().unwrap().to_owned();
        Some(id).filter(|_| !message.first.starts_with("GET "))
    };
    let drafts: BTreeSet<String> = one.asked.iter().filter_map(of_release).collect();
    assert_eq!(drafts.len(), 1, "{drafts:?}");
    assert!(!one.asked.iter().any(|m| m.first.starts_with("DELETE ")));
    drafts.into_iter().next().unwrap()
}

#[test]
fn eight_promotions_of_one_version_at_once_publish_it_once() {
    const CROWD: usize = 8;
    let fixture = Fixture::set(&["hello"]);
    let pull = fixture.open("raise", &["hello"]);
    let candidate = fixture.build(pull, "hello");
    let number = pull.to_string();
    let all = crowd(&fixture, &vec![words(&["--pr", &number]); CROWD]);

    let release = is_published(&fixture, pull, "hello", &candidate);
    let mut published = 0;
    let mut drafts = BTreeSet::new();
    for one in &all {
        let own = kept_to_its_own_draft(one);
        let (code, stderr) = ended(&one.output);
        if code == Some(0) {
            let first = stderr.contains("published hello-v2: ");
            assert_eq!(first, own == release.id.to_string(), "{stderr}");
            assert!(
                first || stderr.contains("was published already"),
                "{stderr}"
            );
            published += usize::from(first);
        } else {
            assert_eq!(code, Some(4), "{stderr}");
            has_a_stable_code(code, &stderr);
        }
        assert!(drafts.insert(own), "two used the same draft");
    }
    assert_eq!((published, drafts.len()), (1, CROWD));

    // When run again, each of them succeeds without changes: the drafts of the losers are still drafts.
    let (code, stderr) = ended(
        &fixture
            .lockgate(
                &fixture.server.base_url(),
                "job-0",
                &["promote", "--pr", &number],
            )
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(0), "{stderr}");
    let after = is_published(&fixture, pull, "hello", &candidate);
    assert_eq!(after.id, release.id);
    assert_eq!(
        releases(&fixture.server)
            .iter()
            .filter(|one| one.draft)
            .count(),
        CROWD - 1
    );
}

#[test]
fn of_sixteen_pull_requests_for_one_number_one_wins_and_the_others_hear_the_next_number() {
    const CROWD: usize = 16;
    let fixture = Fixture::set(&["hello"]);
    let pulls: Vec<_> = (0..CROWD)
        .map(|at| {
            let pull = fixture.open(&format!("raise-{at}"), &["hello"]);
            (pull, fixture.build(pull, "hello"))
        })
        .collect();
    let all: Vec<_> = pulls
        .iter()
        .map(|(pull, _)| words(&["--pr", &pull.to_string()]))
        .collect();
    let all = crowd(&fixture, &all);

    let won = |one: &One| one.output.status.success();
    let winners: Vec<usize> = (0..CROWD).filter(|at| won(&all[*at])).collect();
    assert_eq!(winners.len(), 1);
    let (pull, candidate) = &pulls[winners[0]];
    is_published(&fixture, *pull, "hello", candidate);
    for (at, one) in all.iter().enumerate().filter(|(_, one)| !won(one)) {
        let (code, stderr) = ended(&one.output);
        assert_eq!(code, Some(3), "{stderr}");
        for reported in [
            "refused (promote.version-taken)",
            &format!("by pull request #{pull}"),
            "raise the version to 3",
        ] {
            assert!(stderr.contains(reported), "{reported}: {stderr}");
        }
        let (other, candidate) = &pulls[at];
        assert!(
            public(&fixture.server, "hello-v2", candidate)
                .unwrap()
                .is_err()
        );
        assert_ne!(
            crate::verdict::gate(&fixture.server, *other, "hello"),
            "success"
        );
    }
}

#[test]
fn two_packages_promoted_at_once_are_both_published() {
    for together in [true, false] {
        let fixture = Fixture::set(&["hello", "other"]);
        let (mut pulls, mut candidates) = (Vec::new(), Vec::new());
        for packages in if together {
            vec![vec!["hello", "other"]]
        } else {
            vec![vec!["hello"], vec!["other"]]
        } {
            let pull = fixture.open(packages[0], &packages);
            for package in packages {
                candidates.push(fixture.build(pull, package));
                pulls.push((pull, package));
            }
        }
        let all: Vec<_> = pulls
            .iter()
            .map(|(pull, package)| words(&["--pr", &pull.to_string(), "--package", package]))
            .collect();
        for one in crowd(&fixture, &all) {
            let (code, stderr) = ended(&one.output);
            assert_eq!(code, Some(0), "{stderr}");
            assert!(stderr.contains("published "), "{stderr}");
        }
        for ((pull, package), candidate) in pulls.iter().zip(&candidates) {
            is_published(&fixture, *pull, package, candidate);
        }
        assert_eq!(releases(&fixture.server).len(), 2);
    }
}
