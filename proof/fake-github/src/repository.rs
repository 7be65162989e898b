//! The port to the git repository behind the fake: refs, commits, trees, merges.
//!
//! [`GitRepository`](crate::GitRepository) uses a real bare repository, [`MemoryRepository`](crate::MemoryRepository) a
//! map, for simulators. Neither knows pull requests or releases.

use serde::{Deserialize, Serialize};

use crate::ids::CommitId;

/// What the fake needs of a git repository.
///
/// Reads return `None` for missing objects; an error means that the repository itself failed.
pub trait Repository: Send + Sync {
    /// Returns the ref with this full name (`refs/heads/main`).
    fn reference(&self, name: &str) -> Result<Option<Reference>, RepositoryError>;

    /// Returns all refs whose full names start with `prefix`, by name.
    fn references(&self, prefix: &str) -> Result<Vec<Reference>, RepositoryError>;

    /// Returns the commit of a branch, a tag, a full ref name or a commit id.
    fn resolve(&self, revision: &str) -> Result<Option<CommitId>, RepositoryError>;

    /// Returns a commit.
    fn commit(&self, id: &CommitId) -> Result<Option<Commit>, RepositoryError>;

    /// Returns the best common ancestor.
    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError>;

    /// Returns the commits of `tip` that are missing from `base`, oldest first.
    fn commits_between(
        &self,
        base: &CommitId,
        tip: &CommitId,
    ) -> Result<Vec<CommitId>, RepositoryError>;

    /// Returns the differences from the tree of `from` to that of `to`.
    fn changes(&self, from: &CommitId, to: &CommitId) -> Result<Vec<Change>, RepositoryError>;

    /// Returns whether anything below `folder` differs between the two trees.
    fn touches(
        &self,
        from: &CommitId,
        to: &CommitId,
        folder: &str,
    ) -> Result<bool, RepositoryError>;

    /// Returns the tree of a tree id, a commit id or a ref.
    fn tree(&self, treeish: &str, recursive: bool) -> Result<Option<Tree>, RepositoryError>;

    /// Returns the bytes of a blob.
    fn blob(&self, id: &str) -> Result<Option<Vec<u8>>, RepositoryError>;

    /// Points a ref at a commit, creating it if necessary.
    fn set_reference(&self, name: &str, to: &CommitId) -> Result<(), RepositoryError>;

    /// Deletes a ref.
    fn delete_reference(&self, name: &str) -> Result<(), RepositoryError>;

    /// Creates the commit of a merge, without changing any ref. `None` means a conflict.
    fn merge(&self, order: &Merge) -> Result<Option<CommitId>, RepositoryError>;

    /// Returns whether `ancestor` is `tip` or one of its ancestors.
    fn is_ancestor(&self, ancestor: &CommitId, tip: &CommitId) -> Result<bool, RepositoryError> {
        Ok(self.merge_base(ancestor, tip)?.as_ref() == Some(ancestor))
    }
}

/// A failure to read or write the repository itself.
#[derive(Debug, thiserror::Error)]
#[error("the git repository failed while {operation}: {detail}")]
pub struct RepositoryError {
    /// The action and its object.
    pub operation: String,
    /// The error message.
    pub detail: String,
}

/// A ref and the object that it points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The full name, `refs/...`.
    pub name: String,
    /// The object that it points to: a commit, or an annotated tag.
    pub object: String,
    /// Whether that object is a tag object rather than a commit.
    pub annotated: bool,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The id.
    pub id: CommitId,
    /// The id of the tree.
    pub tree: String,
    /// The parents, first parent first.
    pub parents: Vec<CommitId>,
    /// The author.
    pub author: Signature,
    /// The committer.
    pub committer: Signature,
    /// Subject and body.
    pub message: String,
}

/// The author or committer of a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// The name.
    pub name: String,
    /// The email address.
    pub email: String,
    /// Seconds since 1970.
    pub at: i64,
}

/// A tree, flat or nested one level deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The id.
    pub id: String,
    /// The entries, by path.
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
    /// The path, in the newer tree if it exists there.
    pub path: String,
    /// The kind of change.
    pub kind: ChangeKind,
    /// The newer blob, or the older one if the file was deleted.
    pub blob: String,
    /// Lines added; 0 for a binary file.
    pub additions: u64,
    /// Lines removed; 0 for a binary file.
    pub deletions: u64,
}

/// How a file changed. A rename is a removal and an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// The file was deleted.
    Removed,
    /// The content or the mode changed.
    Modified,
}

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeMethod {
    /// Creates a commit with two parents.
    Merge,
    /// Creates one commit with all changes.
    Squash,
    /// Re-creates each commit on top of the base.
    Rebase,
}

/// The parameters of a merge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Merge {
    /// The commit to merge into.
    pub base: CommitId,
    /// The commit to merge.
    pub head: CommitId,
    /// The method.
    pub method: MergeMethod,
    /// The committer and the time.
    pub by: Signature,
    /// The message; a rebase keeps those of its commits.
    pub message: String,
}
