//! The port to the git repository behind the forge: refs, commits, trees, merges.
//!
//! [`GitRepository`](crate::GitRepository) answers from a real bare repository,
//! [`MemoryRepository`](crate::MemoryRepository) from a map, for simulators. Neither knows pull
//! requests or releases.

use serde::{Deserialize, Serialize};

use crate::ids::CommitId;

/// What the forge needs of a git repository.
///
/// Reads answer `None` for what is not there; an error means that the repository itself failed.
pub trait Repository: Send + Sync {
    /// The ref with this full name (`refs/heads/main`).
    fn reference(&self, name: &str) -> Result<Option<Reference>, RepositoryError>;

    /// All refs whose full names start with `prefix`, by name.
    fn references(&self, prefix: &str) -> Result<Vec<Reference>, RepositoryError>;

    /// The commit that a branch, a tag, a full ref name or a commit id means.
    fn resolve(&self, revision: &str) -> Result<Option<CommitId>, RepositoryError>;

    /// What a commit says about itself.
    fn commit(&self, id: &CommitId) -> Result<Option<Commit>, RepositoryError>;

    /// The best common ancestor.
    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError>;

    /// The commits that `tip` has and `base` lacks, oldest first.
    fn commits_between(
        &self,
        base: &CommitId,
        tip: &CommitId,
    ) -> Result<Vec<CommitId>, RepositoryError>;

    /// How the tree of `to` differs from that of `from`.
    fn changes(&self, from: &CommitId, to: &CommitId) -> Result<Vec<Change>, RepositoryError>;

    /// Whether anything below `folder` differs between the two trees.
    fn touches(
        &self,
        from: &CommitId,
        to: &CommitId,
        folder: &str,
    ) -> Result<bool, RepositoryError>;

    /// The tree that a tree id, a commit id or a ref means.
    fn tree(&self, treeish: &str, recursive: bool) -> Result<Option<Tree>, RepositoryError>;

    /// The bytes of a blob.
    fn blob(&self, id: &str) -> Result<Option<Vec<u8>>, RepositoryError>;

    /// Points a ref at a commit, whether it existed or not.
    fn set_reference(&self, name: &str, to: &CommitId) -> Result<(), RepositoryError>;

    /// Removes a ref.
    fn delete_reference(&self, name: &str) -> Result<(), RepositoryError>;

    /// Makes the commit that a merge would make, without touching any ref. `None`: a conflict.
    fn merge(&self, order: &Merge) -> Result<Option<CommitId>, RepositoryError>;

    /// Whether `ancestor` is `tip` or lies behind it.
    fn is_ancestor(&self, ancestor: &CommitId, tip: &CommitId) -> Result<bool, RepositoryError> {
        Ok(self.merge_base(ancestor, tip)?.as_ref() == Some(ancestor))
    }
}

/// The repository itself could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the git repository failed while {doing}: {detail}")]
pub struct RepositoryError {
    /// What was being done to what.
    pub doing: String,
    /// What was said about it.
    pub detail: String,
}

/// A ref and what it points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The full name, `refs/...`.
    pub name: String,
    /// The object it points at: a commit, or an annotated tag.
    pub object: String,
    /// Whether that object is a tag object rather than a commit.
    pub annotated: bool,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// The id of its tree.
    pub tree: String,
    /// Its parents, first parent first.
    pub parents: Vec<CommitId>,
    /// Who wrote it.
    pub author: Signature,
    /// Who committed it.
    pub committer: Signature,
    /// Subject and body.
    pub message: String,
}

/// A name under a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// The person's name.
    pub name: String,
    /// The person's mail address.
    pub email: String,
    /// Seconds since 1970.
    pub at: i64,
}

/// A tree, flat or nested one level deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Its id.
    pub id: String,
    /// Its entries, by path.
    pub entries: Vec<TreeEntry>,
}

/// One entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The path from the tree's root.
    pub path: String,
    /// `100644`, `100755`, `120000`, `040000` or `160000`.
    pub mode: String,
    /// `blob`, `tree` or `commit`.
    pub kind: String,
    /// The object's id.
    pub id: String,
    /// The size in bytes, for blobs.
    pub size: Option<u64>,
}

/// One file that differs between two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path, in the newer tree if it is there.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// The newer blob, or the older where the file is gone.
    pub blob: String,
    /// Lines added; 0 for a binary file.
    pub additions: u64,
    /// Lines removed; 0 for a binary file.
    pub deletions: u64,
}

/// What happened to a file. Renames show as a removal and an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// New.
    Added,
    /// Gone.
    Removed,
    /// Other bytes, or another mode.
    Modified,
}

/// How a pull request lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeMethod {
    /// A commit with two parents.
    Merge,
    /// One commit with all changes.
    Squash,
    /// Each commit again, on top of the base.
    Rebase,
}

/// An order to merge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merge {
    /// What is merged into.
    pub base: CommitId,
    /// What is merged.
    pub head: CommitId,
    /// How.
    pub method: MergeMethod,
    /// Who commits, and when.
    pub by: Signature,
    /// The message; a rebase keeps those of its commits.
    pub message: String,
}
