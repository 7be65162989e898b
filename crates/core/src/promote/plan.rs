//! A promotion as a plain value: all that is to be published, and all that it is bound to.

use super::PullState;
use crate::document::{Document as _, Executable, Receipt};
use crate::words::{
    ArtifactId, AssetName, Attempt, BranchName, CommitId, Digest, Fingerprint, ObjectId,
    PullNumber, RepositoryId, RunId, Tag, WorkflowId,
};

/// What a promotion is bound to; read again just before it is published, and compared field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The repository's number.
    pub repository_id: RepositoryId,
    /// The pull request.
    pub pull: PullNumber,
    /// Open or merged: one that is closed meanwhile is no longer wanted.
    pub state: PullState,
    /// Its head.
    pub head: CommitId,
    /// Its base branch.
    pub base: BranchName,
    /// The run.
    pub run: RunId,
    /// Its attempt.
    pub attempt: Attempt,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The path of the workflow.
    pub workflow_path: String,
    /// The workflow's file: the same object in head and base.
    pub workflow_blob: ObjectId,
    /// The artifacts, by name.
    pub artifacts: Vec<BoundArtifact>,
    /// Of the merge of the head into the base as it is now: what main would get.
    pub merged: Fingerprint,
}

/// A workflow artifact that the promotion is bound to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundArtifact {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: ArtifactId,
    /// Of what is stored, if the forge says so.
    pub sha256: Option<Digest>,
}

impl Binding {
    /// The first thing that is not as it was, in words for people.
    pub fn difference(&self, now: &Self) -> Option<&'static str> {
        let checks = [
            (self.repository_id == now.repository_id, "repository"),
            (self.pull == now.pull, "pull request"),
            (
                self.state == now.state || now.state == PullState::Merged,
                "state of the pull request",
            ),
            (self.head == now.head, "head of the pull request"),
            (self.base == now.base, "base branch of the pull request"),
            (self.run == now.run, "run"),
            (self.attempt == now.attempt, "attempt of the run"),
            (self.workflow_id == now.workflow_id, "workflow of the run"),
            (
                self.workflow_path == now.workflow_path,
                "path of the workflow",
            ),
            (
                self.workflow_blob == now.workflow_blob,
                "file of the workflow",
            ),
            (self.artifacts == now.artifacts, "set of workflow artifacts"),
            (self.merged == now.merged, "merge with the base branch"),
        ];
        checks
            .into_iter()
            .find(|(same, _)| !same)
            .map(|(_, what)| what)
    }
}

/// What was found when everything was read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rechecked {
    /// All of it could be read.
    Read(Box<Binding>),
    /// This is no longer there at all.
    Gone(&'static str),
    /// Somebody has made the tag meanwhile.
    Tagged,
    /// Somebody has made a tag below its name meanwhile, beside which it cannot be made.
    Blocked(String),
}

/// Publish this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it is bound to.
    pub binding: Binding,
    /// The release's tag.
    pub tag: Tag,
    /// The release's title.
    pub title: String,
    /// The release's notes, in Markdown.
    pub notes: String,
    /// Whether the version is one before a release.
    pub prerelease: bool,
    /// The commit that the tag will name: the head that was built.
    pub target: CommitId,
    /// The record of it, published beside the executables.
    pub receipt: Receipt,
    /// All files of the release, in the order in which they are sent.
    pub items: Vec<Item>,
    /// What people are shown of it; see [`Plan::text`].
    pub shown: Vec<String>,
}

/// One file of the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An executable: streamed from a workflow artifact.
    Executable {
        /// What it must be.
        executable: Executable,
        /// Where it is.
        artifact: ArtifactId,
        /// Of the artifact as stored, if the forge says so.
        stored_sha256: Option<Digest>,
    },
    /// A document that Lockgate writes.
    Document {
        /// Its name.
        name: AssetName,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

impl Item {
    /// Its name in the release.
    pub fn name(&self) -> &AssetName {
        match self {
            Self::Executable { executable, .. } => &executable.name,
            Self::Document { name, .. } => name,
        }
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Executable { executable, .. } => executable.size,
            Self::Document { bytes, .. } => bytes.len() as u64,
        }
    }

    /// Of its bytes.
    pub fn sha256(&self) -> Digest {
        match self {
            Self::Executable { executable, .. } => executable.sha256,
            Self::Document { bytes, .. } => Digest::of(bytes),
        }
    }
}

/// Already so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The release.
    pub tag: Tag,
    /// Its record.
    pub receipt: Box<Receipt>,
    /// Whether its bytes are those of the candidate that was named; `false` where it was built again from the same sources.
    pub same_bytes: bool,
}

pub(super) fn documents(receipt: &Receipt) -> [(&'static str, Vec<u8>); 2] {
    [
        (
            crate::config::SUMS_ASSET,
            receipt.sums().to_string().into_bytes(),
        ),
        (crate::config::RECEIPT_ASSET, receipt.to_json().into_bytes()),
    ]
}
