//! What the machine asks of its caller, what the caller reports, and how a promotion ends.

use super::{Done, Rechecked, Refusal, ReleaseFacts, Wait};
use crate::ids::{AssetName, Digest, ReleaseId};

/// The next action for the caller. One at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Create a draft release according to the plan.
    CreateDraft,
    /// Send an item of the plan to our draft, checking its bytes on the way.
    Send {
        /// The id of our draft.
        draft: ReleaseId,
        /// The index in [`Plan::items`](super::Plan::items).
        item: usize,
    },
    /// Read our draft back. Where GitHub reports no digest, download and hash.
    ReadDraft(ReleaseId),
    /// Read again everything that the plan is bound to.
    Recheck,
    /// Publish our draft. Requested at most once.
    Publish(ReleaseId),
    /// Wait a little, then read the release under the tag; the number counts the reads so far.
    ReadRelease(u32),
    /// Read every file of the release as an anonymous client would, and compare; the number counts the reads so far.
    ReadPublic(u32),
}

/// The result of the last effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The result of [`Effect::CreateDraft`].
    Created(Result<ReleaseId, Fault>),
    /// The result of [`Effect::Send`].
    Sent(Result<Sent, UploadFault>),
    /// The result of [`Effect::ReadDraft`].
    DraftRead(Result<ObservedDraft, Fault>),
    /// The result of [`Effect::Recheck`].
    Rechecked(Result<Rechecked, Fault>),
    /// The result of [`Effect::Publish`].
    Published(Result<(), Fault>),
    /// The result of [`Effect::ReadRelease`].
    ReleaseRead(Result<ReleaseFacts, Fault>),
    /// The result of [`Effect::ReadPublic`].
    PublicRead(ObservedRelease),
}

/// A call that did not simply succeed. Classified for the decision, not for the log: the text is only shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// GitHub reports that it does not exist.
    NotFound(String),
    /// GitHub reports that it exists already, or is immutable.
    Conflict(String),
    /// GitHub denies access.
    Denied(String),
    /// Rate limited; nothing happened.
    RateLimited(String),
    /// It certainly did not happen.
    Unavailable(String),
    /// It may or may not have happened, or may still happen.
    Ambiguous(String),
}

impl Fault {
    /// Returns the text of the error.
    pub fn text(&self) -> String {
        let (Self::NotFound(text)
        | Self::Conflict(text)
        | Self::Denied(text)
        | Self::RateLimited(text)
        | Self::Unavailable(text)
        | Self::Ambiguous(text)) = self;
        text.clone()
    }
}

/// A failure to send an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadFault {
    /// A fault on GitHub's side.
    Forge(Fault),
    /// The artifact could not be read.
    Source(Fault),
    /// The artifact was read, and differs from the manifest or the variant's row. Nothing of it is published.
    WrongBytes(WrongContent),
}

/// The problem with some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongContent {
    /// The problem as one sentence.
    pub problem: String,
    /// What to do about it, if more is known than that the bytes differ.
    pub next: Option<String>,
}

impl<T: Into<String>> From<T> for WrongContent {
    fn from(problem: T) -> Self {
        Self {
            problem: problem.into(),
            next: None,
        }
    }
}

/// GitHub's description of the received asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The name of the asset.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// Whether it is in the state `uploaded`.
    pub complete: bool,
}

/// A draft as it was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedDraft {
    /// Whether it is still a draft.
    pub draft: bool,
    /// The tag it would get.
    pub tag: String,
    /// The commit at which the tag would be created.
    pub target: String,
    /// The title.
    pub title: String,
    /// The notes.
    pub notes: String,
    /// Whether it is marked as a pre-release.
    pub prerelease: bool,
    /// The assets.
    pub assets: Vec<ObservedAsset>,
}

/// An asset of a draft as it was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedAsset {
    /// The name of the asset.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// Whether it is in the state `uploaded`.
    pub complete: bool,
    /// The digest of its bytes.
    pub sha256: Digest,
}

/// The result of an anonymous read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObservedRelease {
    /// Every file is present with the right bytes.
    Right,
    /// A file has wrong bytes under a right name.
    Wrong(AssetName),
    /// Not all files are available yet.
    NotYet(String),
    /// The release contains more than was sent, or its tag points to another commit; with the difference.
    Altered(String),
}

/// The end of a promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Published by this promotion, and read back as an anonymous client.
    Published(ReleaseId),
    /// Another promotion published it first, from the same sources.
    Already(Done),
    /// A person must change something first.
    Refused(Refusal),
    /// Run again later.
    Waiting(Wait),
    /// Some bytes were wrong; contains the problem. Exit status 5.
    WrongBytes(WrongContent),
}

/// The next step of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Apply this effect, and return with the result.
    Do(Effect),
    /// The promotion has ended.
    End(Box<End>),
}
