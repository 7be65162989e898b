//! What any forge must do behind the port, as sentences. The decisions in `lockgate-core` rely on each of them.
//!
//! Run it against a forge with [`failures`]. Does not know which forge it talks to; what the port cannot do (commits, pull
//! requests, runs, settings) and cannot see (tags) a [`World`] does for it.

mod files;
mod people;
mod releases;
mod runs;

use std::fmt::Debug;

use lockgate_core::{CommitId, PullNumber, RunId, Tag};

use crate::{ErrorKind, Forge, ForgeError};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// May promote.
    Maintainer,
    /// May push.
    Developer,
    /// The token that workflows have.
    Automation,
    /// Has no token.
    Anonymous,
}

/// A public repository on a forge, just made: one branch, one commit, nothing else. Whoever prepares it panics where that
/// fails.
pub trait World {
    /// The forge, for somebody.
    fn forge_as(&self, who: Who) -> Box<dyn Forge>;
    /// Commits to a new branch, and opens a pull request of the developer from it into the default branch.
    fn open_pull(&self, branch: &str) -> OpenPull;
    /// Merges a pull request.
    fn merge(&self, pull: PullNumber);
    /// Closes a pull request without merging it.
    fn close(&self, pull: PullNumber);
    /// The path of the workflow that [`Self::run`] runs.
    fn workflow(&self) -> &str;
    /// A run for a pull request's head that succeeded, with artifacts: names and bytes as stored.
    fn run(&self, pull: PullNumber, artifacts: &[(String, Vec<u8>)]) -> RunId;
    /// Lets so much time pass that all artifacts expire.
    fn expire(&self);
    /// Freezes the releases that are published from now on.
    fn freeze(&self);
    /// Publishes a release that has nothing to do with Lockgate, as the repository's latest.
    fn publish_other(&self, tag: &Tag);
    /// The tag of the repository's latest release.
    fn latest(&self) -> Option<String>;
    /// What a tag points at.
    fn tag(&self, tag: &Tag) -> Option<CommitId>;
}

/// A pull request of the [`World`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPull {
    /// Its number.
    pub number: PullNumber,
    /// Its newest commit.
    pub head: CommitId,
}

/// A sentence, and how to find out whether it holds in a new world.
pub type Check = (&'static str, fn(&dyn World) -> Outcome);

/// Whether a sentence holds.
pub type Outcome = Result<(), Broken>;

/// A sentence does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl From<ForgeError> for Broken {
    fn from(error: ForgeError) -> Self {
        Self(format!("{error} ({:?})", error.kind))
    }
}

/// All sentences.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [
        people::CHECKS,
        runs::CHECKS,
        releases::CHECKS,
        files::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// The sentences that do not hold, and why; each is tried in a world of its own.
pub fn failures(new_world: impl Fn() -> Box<dyn World>) -> Vec<String> {
    let broken = |(sentence, check): &Check| {
        check(&*new_world())
            .err()
            .map(|Broken(why)| format!("{sentence}: {why}"))
    };
    checks().filter_map(broken).collect()
}

fn same<T: Debug + PartialEq>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(Broken(format!("{what} is {found:?}, not {expected:?}")))
    }
}

fn holds(what: &str, condition: bool) -> Outcome {
    if condition {
        Ok(())
    } else {
        Err(Broken(format!("{what} does not hold")))
    }
}

/// That a call was refused in one of these ways.
fn refused<T: Debug>(what: &str, answer: Result<T, ForgeError>, kinds: &[ErrorKind]) -> Outcome {
    match answer {
        Err(error) if kinds.contains(&error.kind) => Ok(()),
        Err(error) => Err(Broken(format!(
            "{what} was refused as {:?}, not as one of {kinds:?}: {error}",
            error.kind
        ))),
        Ok(answer) => Err(Broken(format!("{what} was answered with {answer:?}"))),
    }
}

fn present<T>(what: &str, found: Option<T>) -> Result<T, Broken> {
    found.ok_or_else(|| Broken(format!("{what} is missing")))
}

/// A word that the suite itself chose.
fn word<T: std::str::FromStr>(text: &str) -> Result<T, Broken> {
    text.parse()
        .map_err(|_| Broken(format!("{text} is not a word")))
}

fn read(mut body: crate::Body) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    body.reader
        .read_to_end(&mut bytes)
        .map_err(|error| Broken(format!("a body broke off: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_sentence_is_said_once() {
        let sentences: BTreeSet<_> = super::checks().map(|(sentence, _)| sentence).collect();
        assert_eq!(sentences.len(), super::checks().count());
    }
}
