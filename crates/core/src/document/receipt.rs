//! The receipt: published with the release, it says what was promoted, from where, by whom.

use serde::{Deserialize, Serialize};

use super::{Document, Manifest, Sums};
use crate::words::{
    ArtifactId, AssetName, BranchName, CommitId, Digest, Login, ObjectId, PullNumber, RepositoryId,
    RepositoryName, Tag, WorkflowId,
};

/// Where the bytes came from: all that the promotion was bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its number, which a rename does not change.
    pub repository_id: RepositoryId,
    /// Its name at the time.
    pub repository: RepositoryName,
    /// The pull request.
    pub pull_request: PullNumber,
    /// Its head when it was promoted.
    pub head: CommitId,
    /// The branch it was to be merged into.
    pub base: BranchName,
    /// The tip of that branch at the time.
    pub base_commit: CommitId,
    /// The workflow that built.
    pub workflow_id: WorkflowId,
    /// Its path.
    pub workflow_path: String,
    /// The git object of its file: the same in head and base.
    pub workflow_blob: ObjectId,
    /// The workflow artifacts that were read, by name; none twice.
    pub artifacts: Vec<OriginArtifact>,
}

/// One workflow artifact that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginArtifact {
    /// The forge's number for it.
    pub id: ArtifactId,
    /// Its name.
    pub name: String,
    /// The forge's digest of it as stored (of the zip, where it is one), if the forge gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
}

/// Who promoted, and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoter {
    /// The maintainer.
    pub login: Login,
    /// Lockgate's version.
    pub lockgate: String,
}

/// The record of one promotion.
///
/// `signatures` is where those of a later version go; a reader that does not know them ignores them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The release it belongs to.
    pub tag: Tag,
    /// What was promoted.
    pub manifest: Manifest,
    /// From where.
    pub origin: Origin,
    /// By whom.
    pub promoter: Promoter,
    /// When, in seconds since 1970-01-01 UTC.
    pub promoted_at: u64,
}

impl Receipt {
    /// The `SHA256SUMS` that belongs beside it.
    pub fn sums(&self) -> Sums {
        Sums::of(&self.manifest)
    }

    /// The digest of one executable.
    pub fn digest_of(&self, name: &AssetName) -> Option<Digest> {
        self.manifest
            .executables
            .iter()
            .find(|executable| executable.name == *name)
            .map(|executable| executable.sha256)
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
