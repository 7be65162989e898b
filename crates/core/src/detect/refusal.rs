//! Why a pull request cannot be merged as it is.

use crate::ids::{PackageName, RepoPath, Tag};
use crate::reason::reasons;
use crate::version::Version;

reasons! {
    /// A reason why a pull request cannot be merged as it is.
    pub enum Refusal {
        /// The version file cannot be read.
        Malformed { /** Path. */ path: RepoPath, /** What was read and why it is wrong. */ problem: String, /** What is right. */ expected: &'static str } =>
            "detect.version-malformed", "{path} is not a version file: {problem}", "write {expected}";
        /// The version file does not exist.
        Missing { /** Path. */ path: RepoPath } =>
            "detect.version-missing", "{path} is missing", "put the version file back: a package always names its version";
        /// The version file is not a regular file.
        NotAFile { /** Path. */ path: RepoPath, /** What it is. */ kind: &'static str } =>
            "detect.version-not-a-file", "{path} is {kind}, not a regular file", "make it a regular file that holds the version";
        /// The version falls.
        Lowered { /** From. */ from: Version, /** To. */ to: Version, /** Free. */ free: String } =>
            "detect.lowered", "the version falls from {from} to {to}", "a version never falls; to go back, restore the old sources and raise the version to {free}";
        /// The version is published with other bytes.
        Taken { /** Which. */ version: Version, /** By whom. */ by: String, /** Free. */ free: String } =>
            "detect.taken", "version {version} is taken: {by}", "raise the version to {free}, which is free";
        /// The version's tag cannot be created.
        TagBlocked { /** Which. */ tag: Tag, /** The other, quoted. */ below: String, /** Free. */ free: String } =>
            "detect.tag-blocked", "the tag {tag} cannot be made, because there is a tag {below}: to git, {tag} is a folder", "raise the version to {free}, which is free; or have {below} deleted, if nothing needs it";
        /// The version skips a number.
        Skips { /** From. */ from: Version, /** To. */ to: Version, /** Free. */ free: String } =>
            "detect.skips", "the version changes from {from} to {to} and skips {free}, which is free", "raise the version to {free}, or set step = \"any\" in the package's policy on the base branch first";
        /// The sources changed, the version did not, and the policy denies it.
        ChangeWithoutBump { /** Which. */ version: Version, /** Free. */ free: String } =>
            "detect.change-without-bump", "the sources changed, but the version is still {version}", "raise the version to {free}";
        /// The version rose, the sources did not, and the policy denies it.
        BumpWithoutChange { /** From. */ from: Version, /** To. */ to: Version } =>
            "detect.bump-without-change", "the version changes from {from} to {to}, but the sources do not", "put the version back to {from}";
        /// The head's config cannot be read.
        Config { /** What is wrong. */ problem: String, /** What to do. */ remedy: String } =>
            "detect.config", "lockgate.toml cannot be read: {problem}", "{remedy}";
        /// The package is removed from the config.
        Removed { /** Which. */ package: PackageName, /** What took its place. */ instead: String } =>
            "detect.package-removed", "the pull request takes the package {package} out of lockgate.toml{instead}", "put it back; to remove it for good, set removal = \"allow\" in its policy first, in a pull request of its own";
        /// The identity on which users depend would change.
        Identity { /** What changes. */ change: String, /** What helps. */ remedy: String } =>
            "detect.identity", "{change}, which users follow", "{remedy}";
        /// The head does not merge.
        Conflict =>
            "detect.conflict", "the pull request conflicts with its base branch", "merge the base branch into the pull request, or rebase it";
        /// The head and the base have no history in common.
        Unrelated =>
            "detect.unrelated", "the pull request has no commit in common with its base branch", "rebase its commits onto the base branch";
    }
}
