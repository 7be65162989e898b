//! The receipt, published with the release: the record of what was promoted, from which sources, and by whom.

use serde::{Deserialize, Serialize};

use super::{Document, Executable, Manifest, Sums};
use crate::ids::{
    ArtifactId, AssetName, BranchName, CommitId, Digest, Login, ObjectId, PullNumber, RepositoryId,
    RepositoryName, Tag, WorkflowId,
};

/// The origin of the bytes: everything that the promotion was bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The id of the repository, which a rename does not change.
    pub repository_id: RepositoryId,
    /// The name of the repository at the time.
    pub repository: RepositoryName,
    /// The pull request.
    pub pull_request: PullNumber,
    /// The head of the pull request when it was promoted.
    pub head: CommitId,
    /// The base branch of the pull request.
    pub base: BranchName,
    /// The tip of that branch at the time.
    pub base_commit: CommitId,
    /// The workflow that built it.
    pub workflow_id: WorkflowId,
    /// The path of the workflow.
    pub workflow_path: String,
    /// The git object of the workflow file: the same in head and base.
    pub workflow_blob: ObjectId,
    /// The workflow artifacts that were read, by name; no duplicates.
    pub artifacts: Vec<OriginArtifact>,
}

/// One workflow artifact that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginArtifact {
    /// GitHub's id of the artifact.
    pub id: ArtifactId,
    /// The name of the artifact.
    pub name: String,
    /// GitHub's digest of the stored artifact (of the zip, if it is one), if GitHub reported one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
}

/// The account and the program that promoted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoter {
    /// The maintainer.
    pub login: Login,
    /// Lockgate's version.
    pub lockgate: String,
}

/// The record of one promotion.
///
/// `signatures` is reserved for a later version; a reader that does not know them ignores them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The release it belongs to.
    pub tag: Tag,
    /// The manifest of what was promoted.
    pub manifest: Manifest,
    /// The origin of the bytes.
    pub origin: Origin,
    /// The promoter.
    pub promoter: Promoter,
    /// The time of the promotion, in seconds since 1970-01-01 UTC.
    pub promoted_at: u64,
}

impl Receipt {
    /// Returns the matching `SHA256SUMS`.
    pub fn sums(&self) -> Sums {
        Sums::of(&self.manifest)
    }

    /// Returns the executable of a name.
    pub fn executable(&self, name: &AssetName) -> Option<&Executable> {
        let mut executables = self.manifest.executables.iter();
        executables.find(|executable| executable.name == *name)
    }
}

impl Document for Receipt {
    const NAME: &'static str = "receipt";
    const FORMAT: &'static str = "lockgate.receipt";

    fn check(&self) -> Result<(), String> {
        self.manifest.check()?;
        if self.origin.head != self.manifest.commit {
            return Err(
                "its manifest is of another commit than the head that was promoted".to_owned(),
            );
        }
        Ok(())
    }
}
