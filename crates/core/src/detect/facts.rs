//! What `detect` has to know of base, head and merge.

use std::collections::{BTreeMap, BTreeSet};

use crate::fingerprint::SourceDigests;
use crate::identity;
use crate::ids::{Fingerprint, PullNumber};
use crate::version::{Scheme, Version};

/// The state of a package in one tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The scheme of the version.
    pub scheme: Scheme,
    /// The version file.
    pub version_file: VersionFile,
    /// The digests of the sources.
    pub digests: SourceDigests,
}

/// The entry at the path of the version file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionFile {
    /// No entry.
    Absent,
    /// A symbolic link; it is not followed.
    Symlink,
    /// A folder or a submodule.
    NotAFile,
    /// A file of more than [`LARGEST_VERSION_FILE`](super::LARGEST_VERSION_FILE) bytes.
    TooLarge(u64),
    /// A file with these bytes.
    Content(Vec<u8>),
}

/// The merge of the head into the base, as git would make it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The merge has no conflict.
    Clean(Snapshot),
    /// The merge has a conflict.
    Conflict,
    /// The merge is impossible: the two have no commit in common.
    Unrelated,
}

/// The owner of the version number that the head requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionOwner {
    /// The number is free.
    Nobody,
    /// A release that Lockgate published, with this fingerprint, promoted from this pull request.
    Release(Fingerprint, PullNumber),
    /// A release that is not publicly readable yet, though GitHub lists its receipt.
    NotReadable,
    /// A tag or release without a readable receipt.
    Foreign,
}

/// The facts that the decision depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The tip of the base branch; `None` if the package does not exist there yet.
    pub base: Option<Snapshot>,
    /// The head of the pull request.
    pub head: Snapshot,
    /// The merge of the two.
    pub merged: Merged,
    /// The versions whose tags exist, whatever created them.
    pub taken: BTreeSet<Version>,
    /// Versions whose tags cannot be created, each with the existing tag below it that prevents it; see [`tags`](super::tags).
    pub blocked: BTreeMap<Version, String>,
    /// The owner of the version that the head names.
    pub holder: VersionOwner,
    /// The version at the point where the head left the base branch, if it matters and can be read. It tells a change that forgot
    /// to raise the version from one whose number was taken meanwhile.
    pub fork: Option<Version>,
    /// The changes that the merge makes to the package's identity.
    pub identity: Vec<identity::Change>,
}
