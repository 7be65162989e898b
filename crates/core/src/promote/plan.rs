//! A promotion as a plain value: everything to publish, and everything that it is bound to.

use super::PullState;
use crate::document::{Document as _, Executable, Receipt};
use crate::ids::{
    ArtifactId, AssetName, Attempt, BranchName, CommitId, Digest, Fingerprint, ObjectId,
    PullNumber, RepositoryId, RunId, Tag, WorkflowId,
};

/// The inputs that a promotion is bound to; read again just before it is published, and compared field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The id of the repository.
    pub repository_id: RepositoryId,
    /// The pull request.
    pub pull: PullNumber,
    /// Open or merged: a pull request closed meanwhile is no longer wanted.
    pub state: PullState,
    /// The head.
    pub head: CommitId,
    /// The base branch.
    pub base: BranchName,
    /// The build run.
    pub run: RunId,
    /// The attempt of the run.
    pub attempt: Attempt,
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The path of the workflow.
    pub workflow_path: String,
    /// The workflow's file: the same object in head and base.
    pub workflow_blob: ObjectId,
    /// The artifacts, by name.
    pub artifacts: Vec<BoundArtifact>,
    /// The fingerprint of the merge of the head into the current base: what main would get.
    pub merged: Fingerprint,
}

/// A workflow artifact that the promotion is bound to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundArtifact {
    /// The name of the artifact.
    pub name: String,
    /// The id of the artifact.
    pub id: ArtifactId,
    /// The digest of the stored bytes, if GitHub reports one.
    pub sha256: Option<Digest>,
}

impl Binding {
    /// Returns the first difference, as text for display.
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

/// The result of reading everything again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rechecked {
    /// Everything could be read.
    Read(Box<Binding>),
    /// This no longer exists.
    Gone(&'static str),
    /// The tag was created meanwhile.
    Tagged,
    /// A tag below its name was created meanwhile, so the tag cannot be created.
    Blocked(String),
}

/// Publish this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The inputs that it is bound to.
    pub binding: Binding,
    /// The release's tag.
    pub tag: Tag,
    /// The release's title.
    pub title: String,
    /// The release's notes, in Markdown.
    pub notes: String,
    /// Whether the version is a pre-release.
    pub prerelease: bool,
    /// The commit that the tag will name: the head that was built.
    pub target: CommitId,
    /// The record of it, published next to the executables.
    pub receipt: Receipt,
    /// All files of the release, in the order in which they are sent.
    pub items: Vec<Item>,
    /// The lines shown to the user; see [`Plan::text`].
    pub shown: Vec<String>,
}

/// One file of the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An executable: streamed from a workflow artifact.
    Executable {
        /// The expected executable.
        executable: Executable,
        /// The artifact that contains it.
        artifact: ArtifactId,
        /// The digest of the stored artifact, if GitHub reports one.
        stored_sha256: Option<Digest>,
    },
    /// A document that Lockgate writes.
    Document {
        /// The name of the document.
        name: AssetName,
        /// The bytes of the document.
        bytes: Vec<u8>,
    },
}

impl Item {
    /// Returns the name of the asset.
    pub fn name(&self) -> &AssetName {
        match self {
            Self::Executable { executable, .. } => &executable.name,
            Self::Document { name, .. } => name,
        }
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Executable { executable, .. } => executable.size,
            Self::Document { bytes, .. } => bytes.len() as u64,
        }
    }

    /// Returns the digest of its bytes.
    pub fn sha256(&self) -> Digest {
        match self {
            Self::Executable { executable, .. } => executable.sha256,
            Self::Document { bytes, .. } => Digest::of(bytes),
        }
    }
}

/// Nothing to do: it is published already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The tag of the release.
    pub tag: Tag,
    /// The receipt of the release.
    pub receipt: Box<Receipt>,
    /// Whether its bytes are those of the candidate in question; `false` if that was built again from the same sources.
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
