//! What every implementation of the port must do, as sentences. The decisions in `lockgate-core` rely on each of them.
//!
//! Run the suite with [`failures`]. It does not know which server it talks to; a [`World`] does what the port cannot do
//! (commits, pull requests, runs, settings) or see (tags).

mod files;
mod releases;
mod runs;
mod users;

use std::fmt::Debug;

use lockgate_core::{CommitId, PullNumber, RunId, Tag};

use crate::{ErrorKind, Forge, ForgeError};

/// The account that makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// An account that may promote.
    Maintainer,
    /// An account that may push.
    Developer,
    /// The token of a workflow.
    Automation,
    /// A caller without a token.
    Anonymous,
}

/// A new public repository with one branch and one commit. Its methods panic if the preparation fails.
pub trait World {
    /// Returns the port, for this account.
    fn forge_as(&self, who: Who) -> Box<dyn Forge>;
    /// Commits to a new branch, and opens a pull request by the developer from it into the default branch.
    fn open_pull(&self, branch: &str) -> OpenPull;
    /// Merges a pull request.
    fn merge(&self, pull: PullNumber);
    /// Closes a pull request without merging it.
    fn close(&self, pull: PullNumber);
    /// Returns the path of the workflow that [`Self::run`] runs.
    fn workflow(&self) -> &str;
    /// Records a successful run for a pull request's head, with artifacts: names and bytes as stored.
    fn run(&self, pull: PullNumber, artifacts: &[(String, Vec<u8>)]) -> RunId;
    /// Advances the clock until all artifacts expire.
    fn expire(&self);
    /// Makes all releases immutable that are published from now on.
    fn freeze(&self);
    /// Publishes a release unrelated to Lockgate, as the repository's latest.
    fn publish_other(&self, tag: &Tag);
    /// Returns the tag of the repository's latest release.
    fn latest(&self) -> Option<String>;
    /// Returns the commit that a tag points to.
    fn tag(&self, tag: &Tag) -> Option<CommitId>;
}

/// A pull request of the [`World`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPull {
    /// The number.
    pub number: PullNumber,
    /// The head commit.
    pub head: CommitId,
}

/// A sentence, and a function that checks it in a new world.
pub type Check = (&'static str, fn(&dyn World) -> Outcome);

/// Whether a sentence holds.
pub type Outcome = Result<(), Broken>;

/// The reason why a sentence does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl From<ForgeError> for Broken {
    fn from(error: ForgeError) -> Self {
        Self(format!("{error} ({:?})", error.kind))
    }
}

/// Returns all sentences.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    [users::CHECKS, runs::CHECKS, releases::CHECKS, files::CHECKS]
        .into_iter()
        .flatten()
}

/// Returns the sentences that do not hold, and why; each is checked in a world of its own.
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

/// Asserts that a call was refused in one of these ways.
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

/// Parses a value that the suite itself chose.
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
