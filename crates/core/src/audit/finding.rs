//! What an audit can find, and which findings break the promise.

use crate::ids::{AssetName, CommitId};
use crate::reason::reasons;
use crate::version::Version;

reasons! {
    /// A finding; some break the promise.
    pub enum Finding {
        /// A commit names a version that is not published.
        NotPublished { /** Version. */ version: Version, /** Commit. */ commit: CommitId } =>
            "audit.not-published", "commit {commit} names version {version}, which is not published", "raise the version in a new pull request, and promote that; `lockgate doctor` says how this could get in, and --since begins an audit after it";
        /// A release lacks its receipt.
        NoReceipt { /** Version. */ version: Version, /** What. */ problem: String } =>
            "audit.no-receipt", "version {version} is published without a receipt that can be used: {problem}", "find out who published it; if it was before Lockgate, begin after it with --since";
        /// A release lacks a file.
        Incomplete { /** Version. */ version: Version, /** File. */ name: AssetName } =>
            "audit.incomplete", "version {version} is published without {name}, which its receipt lists", "find out who deleted it; withdraw the version, and raise it; --since begins an audit after it";
        /// A file differs from what was promoted.
        ChangedBytes { /** Version. */ version: Version, /** File. */ name: AssetName } =>
            "audit.changed-bytes", "{name} of version {version} has other bytes than were promoted", "tell users not to use it; find out who replaced it, withdraw the version, and raise it; --since begins an audit after it";
        /// A release contains a file that was not promoted.
        ForeignFile { /** Version. */ version: Version, /** File. */ name: String } =>
            "audit.foreign-file", "version {version} is published with {name}, which was not promoted", "find out who added it, and delete it; where releases are frozen, withdraw the version and raise it";
        /// The tag points to another commit.
        TagMoved { /** Version. */ version: Version, /** Commit. */ commit: CommitId } =>
            "audit.tag-moved", "the tag of version {version} names {commit}, which was not promoted", "find out who made or moved it; source archives of this tag are not what was reviewed";
        /// A release was published by hand.
        ForeignRelease { /** Version. */ version: Version, /** Who. */ who: String } =>
            "audit.foreign-release", "version {version} was not published by a promotion: {who}", "find out why; a maintainer withdraws it and raises the version, if its bytes are not what the build made";
        /// A commit expects a file that was not promoted.
        OtherNames { /** Version. */ version: Version, /** Commit. */ commit: CommitId, /** File. */ name: AssetName } =>
            "audit.other-names", "commit {commit} looks for {name} in version {version}, which was promoted without it", "raise the version in a new pull request, and promote that, as names and variants belong to a version; --since begins an audit after it";
        /// No commit has the published sources.
        OtherSources { /** Version. */ version: Version, /** Commit. */ commit: CommitId } =>
            "audit.other-sources", "commit {commit} names version {version}, which was built from other sources than any commit of the branch has", "raise the version in a new pull request, and promote that; --since begins an audit after it";
        /// Sources changed and the version did not.
        Drifted { /** Version. */ version: Version, /** Commit. */ commit: CommitId, /** How many. */ count: usize } =>
            "audit.drifted", "commits that name version {version} have changed its sources since it was built: {count} of them, from {commit} on", "raise the version; set `change-without-bump = \"deny\"` to have the gate demand it";
        /// A commit of a pull request that landed commit by commit.
        Early { /** Version. */ version: Version, /** Commit. */ commit: CommitId, /** How many. */ count: usize } =>
            "audit.early", "commits name version {version} before its sources are those that were published: {count} of them, from {commit} on", "land such pull requests as one commit: by squash, merge or a merge queue";
        /// Pins and release differ.
        PinsDiffer { /** Version. */ version: Version, /** Commit. */ commit: CommitId, /** How. */ problem: String } =>
            "audit.pins-differ", "the pins of commit {commit} are not those of version {version}: {problem}", "find out which is right; users with these pins cannot fetch the version";
        /// A version file that cannot be read.
        Malformed { /** Commit. */ commit: CommitId, /** What. */ problem: String } =>
            "audit.malformed", "commit {commit} names no version: {problem}", "fix the version file in a new pull request; --since begins an audit after it";
        /// The version existed when the audited history began.
        Inherited { /** Version. */ version: Version } =>
            "audit.inherited", "version {version} was there before the audited history begins, and is not published", "nothing: the next version is published before it is merged";
        /// The version is published, and was never merged.
        NeverMerged { /** Version. */ version: Version } =>
            "audit.never-merged", "version {version} is published, and no commit names it: its number is retired", "nothing: the next version skips it";
        /// The version was withdrawn.
        Withdrawn { /** Version. */ version: Version } =>
            "audit.withdrawn", "version {version} is withdrawn", "nothing, unless the newest commit names it: then raise the version";
        /// The version has no pins.
        Unpinned { /** Version. */ version: Version } =>
            "audit.unpinned", "no commit pins the digests of version {version}", "nothing, if pins came later; else run `lockgate pin`";
    }
}

impl Finding {
    /// Returns whether the finding breaks the promise.
    pub fn breaks(&self, strict: bool) -> bool {
        match self {
            Self::NotPublished { .. }
            | Self::NoReceipt { .. }
            | Self::Incomplete { .. }
            | Self::ChangedBytes { .. }
            | Self::ForeignFile { .. }
            | Self::TagMoved { .. }
            | Self::ForeignRelease { .. }
            | Self::OtherSources { .. }
            | Self::OtherNames { .. }
            | Self::PinsDiffer { .. }
            | Self::Malformed { .. } => true,
            Self::Drifted { .. } | Self::Early { .. } => strict,
            Self::Inherited { .. }
            | Self::NeverMerged { .. }
            | Self::Withdrawn { .. }
            | Self::Unpinned { .. } => false,
        }
    }
}
