//! detect: turns the facts of base, head and their merge into one decision per package.
//!
//! Compares the *current* tip of the base branch with the merge of the head into it, because the merge is what the base
//! branch would become: two pull requests with the same version bump merge without a conflict, and a branch that lags behind
//! has not lowered a version. The head is what is built. Does not know git: see [`crate::fingerprint`] for the digests of a tree.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::checkout::LFS_POINTER;
use crate::config::{IdentityCheck, Level, Package, Removal, Step};
use crate::escape::quoted;
use crate::fingerprint::SourceDigests;
use crate::identity;
use crate::ids::{Fingerprint, PackageName, PullNumber, RepoPath, Tag};
use crate::reason::{Verdict, reasons};
use crate::version::{Scheme, Version};

/// The largest accepted version file, in bytes.
pub const LARGEST_VERSION_FILE: u64 = 1024;

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
    /// A file of more than [`LARGEST_VERSION_FILE`] bytes.
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
    /// Versions whose tags cannot be created, each with the existing tag below it that prevents it; see [`tags`].
    pub blocked: BTreeMap<Version, String>,
    /// The owner of the version that the head names.
    pub holder: VersionOwner,
    /// The version at the point where the head left the base branch, if it matters and can be read. It tells a change that forgot
    /// to raise the version from one whose number was taken meanwhile.
    pub fork: Option<Version>,
    /// The changes that the merge makes to the package's identity.
    pub identity: Vec<identity::Change>,
}

/// Nothing to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Neither sources nor version changed.
    Unchanged {
        /// The current version.
        version: Version,
    },
    /// The sources changed, the version did not, and the policy allows it.
    ChangedWithoutBump {
        /// The current version.
        version: Version,
        /// [`Level::Warn`] or [`Level::Allow`].
        level: Level,
    },
    /// The release of this version is published with exactly this fingerprint.
    AlreadyPublished {
        /// The version.
        version: Version,
        /// The fingerprint of the release.
        fingerprint: Fingerprint,
    },
    /// A release of this version exists but is not publicly readable yet, so its sources cannot be determined.
    NotReadable {
        /// The version.
        version: Version,
    },
}

/// Build all variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The version of the base, if there was one.
    pub from: Option<Version>,
    /// The version to build.
    pub version: Version,
    /// The fingerprint of the head, which is what is built.
    pub fingerprint: Fingerprint,
    /// Whether the sources of the merge differ from the head: then the head must be updated before it is promoted.
    pub behind: bool,
    /// The version rose, the sources did not change, and the policy is to warn.
    pub without_change: bool,
}

/// Detect never waits.
pub type Never = std::convert::Infallible;

/// The decision of detect.
pub type Decision = Verdict<Done, Plan, Never, Refusal>;

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

/// Reads the version from a version file.
///
/// # Errors
/// The refusal for a head with such a file.
pub fn version_of(package: &Package, file: &VersionFile) -> Result<Version, Refusal> {
    read(package, package.scheme, file)
}

fn read(package: &Package, scheme: Scheme, file: &VersionFile) -> Result<Version, Refusal> {
    let path = package.version_file.clone();
    let malformed = |problem| Refusal::Malformed {
        path: path.clone(),
        problem,
        expected: scheme.expected(),
    };
    match file {
        VersionFile::Absent => Err(Refusal::Missing { path }),
        VersionFile::Symlink => Err(Refusal::NotAFile {
            path,
            kind: "a symbolic link",
        }),
        VersionFile::NotAFile => Err(Refusal::NotAFile {
            path,
            kind: "a folder or a submodule",
        }),
        VersionFile::TooLarge(size) => Err(malformed(format!(
            "it holds {size} bytes, which is too long"
        ))),
        VersionFile::Content(bytes) if bytes.starts_with(LFS_POINTER) => Err(Refusal::Malformed {
            path,
            problem: "it is in Git LFS, so the commit itself holds a pointer and no version"
                .to_owned(),
            expected: "the version into it, and take it out of Git LFS in .gitattributes (`git lfs untrack`)",
        }),
        VersionFile::Content(bytes) => {
            Version::from_file(scheme, bytes).map_err(|error| malformed(error.to_string()))
        }
    }
}

/// Returns the versions that have a tag among all tags of the repository, and the versions that cannot get one: git stores a name
/// either as a ref or as a folder of refs, so if `tool-v2/old` exists, `tool-v2` cannot be created.
pub fn tags<'t>(
    package: &Package,
    tags: impl IntoIterator<Item = &'t str>,
) -> (BTreeSet<Version>, BTreeMap<Version, String>) {
    let (mut taken, mut blocked) = (BTreeSet::new(), BTreeMap::new());
    for tag in tags {
        match tag.split_once('/') {
            None => taken.extend(package.version_of_tag(tag)),
            Some((folder, _)) => {
                if let Some(version) = package.version_of_tag(folder) {
                    // For an annotated tag git also lists the object it points to, with a suffix.
                    blocked.entry(version).or_insert_with(|| tag.to_owned());
                }
            }
        }
    }
    (taken, blocked)
}

/// Decides what happens when a pull request removes a package from the config. `after` are the remaining packages.
///
/// Users of the base depend on its version file, tags and assets; the policy that protects them is removed too.
pub fn removal<'p>(
    base: Option<&Package>,
    after: impl IntoIterator<Item = &'p Package>,
) -> Option<Refusal> {
    let base = base.filter(|base| base.policy.removal == Removal::Deny)?;
    let takes = |it: &&Package| it.version_file == base.version_file || it.tag == base.tag;
    let instead = after.into_iter().find(takes);
    let instead = instead.map(|it| format!(", and {} takes its place", it.name));
    Some(Refusal::Removed {
        package: base.name.clone(),
        instead: instead.unwrap_or_default(),
    })
}

/// Decides what a pull request means for one package.
pub fn decide(package: &Package, facts: &Facts) -> Decision {
    let head = match version_of(package, &facts.head.version_file) {
        Ok(version) => version,
        Err(refusal) => return Verdict::Refuse(refusal),
    };
    let merged = match &facts.merged {
        Merged::Clean(merged) => merged,
        Merged::Conflict => return Verdict::Refuse(Refusal::Conflict),
        Merged::Unrelated => return Verdict::Refuse(Refusal::Unrelated),
    };
    // An unreadable base is ignored, so that a pull request can repair it.
    let base = facts.base.as_ref().and_then(|base| {
        let version = read(package, base.scheme, &base.version_file).ok()?;
        Some((version, base))
    });
    let version = match version_of(package, &merged.version_file) {
        Ok(version) => version,
        Err(refusal) => return Verdict::Refuse(refusal),
    };
    let Some((from, base)) = base else {
        return first(package, facts, merged, head);
    };
    let changed = merged.digests.sources != base.digests.sources;
    let free = || free_above(&from, facts);
    let order = compare(&version, &from);
    if let Some(refusal) = identity(package, facts, order, &version, free()) {
        return Verdict::Refuse(refusal);
    }
    match (order, changed) {
        (Ordering::Less, _) => Verdict::Refuse(Refusal::Lowered {
            from: from.clone(),
            to: version,
            free: free(),
        }),
        (Ordering::Equal, false) => Verdict::Done(Done::Unchanged { version }),
        // The head did raise the version, but the base branch has reached that number meanwhile: git merges the two without a conflict.
        (Ordering::Equal, true)
            if head == from && facts.fork.as_ref().is_some_and(|fork| *fork < from) =>
        {
            let by = "the base branch has raised to it meanwhile".to_owned();
            Verdict::Refuse(Refusal::Taken {
                version,
                by,
                free: free(),
            })
        }
        (Ordering::Equal, true) => match package.policy.change_without_bump {
            Level::Deny => Verdict::Refuse(Refusal::ChangeWithoutBump {
                version,
                free: free(),
            }),
            level @ (Level::Allow | Level::Warn) => {
                Verdict::Done(Done::ChangedWithoutBump { version, level })
            }
        },
        // The number is checked before the sources: its owner decides, whatever the policy.
        (Ordering::Greater, changed) => raised(package, facts, merged, &from, version, || {
            refuse_by_policy(package, facts, &from, &head, changed)
        })
        .map_plan(|plan| Plan {
            without_change: !changed && package.policy.bump_without_change == Level::Warn,
            ..plan
        }),
    }
}

/// Checks whether the identity may change with this version.
fn identity(
    package: &Package,
    facts: &Facts,
    order: Ordering,
    version: &Version,
    free: String,
) -> Option<Refusal> {
    if package.policy.identity == IdentityCheck::Free {
        return None;
    }
    // The new names are meant for our own release of these sources.
    let ours = matches!(facts.holder, VersionOwner::Release(..));
    let taken = !ours && facts.taken.contains(version);
    let change = identity::refused(&facts.identity, order == Ordering::Greater, taken)?;
    let raise_helps = order != Ordering::Greater
        && identity::refused(std::slice::from_ref(change), true, false).is_none();
    let remedy = match raise_helps {
        true => format!(
            "put it back, or raise the version to {free}, whose release then has the new names"
        ),
        false => "put it back: a raise does not allow it; `identity = \"free\"` in the package's policy lets it pass, if the base has that"
            .to_owned(),
    };
    Some(Refusal::Identity {
        change: change.to_string(),
        remedy,
    })
}

/// Compares a version with the one before. Where a package changes to semantic versions, the major number counts.
fn compare(version: &Version, from: &Version) -> Ordering {
    match (version, from) {
        (Version::Semver(version), Version::Integer(from)) => version.major.cmp(from),
        (Version::Integer(version), Version::Semver(from)) => version.cmp(&from.major),
        (version, from) => version.cmp(from),
    }
}

fn raised(
    package: &Package,
    facts: &Facts,
    merged: &Snapshot,
    from: &Version,
    version: Version,
    policy: impl Fn() -> Option<Refusal>,
) -> Decision {
    if let Some(held) = held(package, facts, merged, &version, from) {
        return held;
    }
    match policy() {
        Some(refusal) => Verdict::Refuse(refusal),
        None => Verdict::Proceed(plan(facts, merged, Some(from.clone()), version)),
    }
}

fn refuse_by_policy(
    package: &Package,
    facts: &Facts,
    from: &Version,
    to: &Version,
    changed: bool,
) -> Option<Refusal> {
    if !changed && package.policy.bump_without_change == Level::Deny {
        return Some(Refusal::BumpWithoutChange {
            from: from.clone(),
            to: to.clone(),
        });
    }
    // From an integer to a semantic version there is no next number.
    let same_scheme = std::mem::discriminant(from) == std::mem::discriminant(to);
    let next = from.next_free(&facts.unusable());
    let skips = package.policy.step == Step::NextFree && same_scheme && next.as_ref() != Some(to);
    skips.then(|| Refusal::Skips {
        from: from.clone(),
        to: to.clone(),
        free: free_above(from, facts),
    })
}

/// Decides about the first version of a package: any version above all that were ever published under its tags.
fn first(package: &Package, facts: &Facts, merged: &Snapshot, version: Version) -> Decision {
    // The package's own policy comes from the pull request, so it does not count.
    if let Some(change @ identity::Change::ForeignTag(_)) = facts.identity.first() {
        return Verdict::Refuse(Refusal::Identity {
            change: change.to_string(),
            remedy: format!(
                "name the package in its `tag`, such as \"{}-v{{version}}\"",
                package.name
            ),
        });
    }
    if let Some(held) = held(package, facts, merged, &version, &version) {
        return held;
    }
    match facts.taken.last() {
        Some(highest) if *highest > version => {
            let free = free_above(highest, facts);
            Verdict::Refuse(Refusal::Lowered {
                from: highest.clone(),
                to: version,
                free,
            })
        }
        Some(_) | None => Verdict::Proceed(plan(facts, merged, None, version)),
    }
}

/// Decides where the number has an owner already.
fn held(
    package: &Package,
    facts: &Facts,
    merged: &Snapshot,
    version: &Version,
    from: &Version,
) -> Option<Decision> {
    let free = || free_above(from, facts);
    match facts.holder {
        VersionOwner::Nobody => {
            let below = quoted(facts.blocked.get(version)?);
            Some(Verdict::Refuse(Refusal::TagBlocked {
                tag: package.tag(version),
                below,
                free: free(),
            }))
        }
        VersionOwner::Release(fingerprint, _)
            if fingerprint == merged.digests.fingerprint
                || fingerprint == facts.head.digests.fingerprint =>
        {
            Some(Verdict::Done(Done::AlreadyPublished {
                version: version.clone(),
                fingerprint,
            }))
        }
        VersionOwner::Release(_, pull) => {
            let by = format!("it was published from other sources, by pull request #{pull}");
            Some(Verdict::Refuse(Refusal::Taken {
                version: version.clone(),
                by,
                free: free(),
            }))
        }
        VersionOwner::NotReadable => Some(Verdict::Done(Done::NotReadable {
            version: version.clone(),
        })),
        VersionOwner::Foreign => {
            let by = "its tag exists, and Lockgate did not make it".to_owned();
            Some(Verdict::Refuse(Refusal::Taken {
                version: version.clone(),
                by,
                free: free(),
            }))
        }
    }
}

fn plan(facts: &Facts, merged: &Snapshot, from: Option<Version>, version: Version) -> Plan {
    let fingerprint = facts.head.digests.fingerprint;
    Plan {
        from,
        version,
        fingerprint,
        behind: merged.digests.fingerprint != fingerprint,
        without_change: false,
    }
}

impl Facts {
    /// Returns the versions that can no longer be published.
    fn unusable(&self) -> BTreeSet<Version> {
        self.taken
            .iter()
            .chain(self.blocked.keys())
            .cloned()
            .collect()
    }
}

fn free_above(version: &Version, facts: &Facts) -> String {
    version
        .next_free(&facts.unusable())
        .map_or_else(|| "a higher number".to_owned(), |free| free.to_string())
}

impl Decision {
    fn map_plan(self, change: impl FnOnce(Plan) -> Plan) -> Self {
        match self {
            Self::Proceed(plan) => Self::Proceed(change(plan)),
            other @ (Self::Done(_) | Self::Refuse(_)) => other,
        }
    }

    /// Returns the decision as one line for display.
    pub fn summary(&self, package: &PackageName) -> String {
        match self {
            Self::Done(Done::Unchanged { version }) => {
                format!("{package} stays at version {version}: nothing to publish")
            }
            Self::Done(Done::ChangedWithoutBump {
                version,
                level: Level::Allow,
            }) => format!("{package} stays at version {version}: nothing to publish"),
            Self::Done(Done::ChangedWithoutBump {
                version,
                level: Level::Warn | Level::Deny,
            }) => {
                format!(
                    "the sources of {package} changed, but its version is still {version}: users will not get the change"
                )
            }
            Self::Done(Done::AlreadyPublished { version, .. }) => {
                format!("{package} {version} is published from these sources: nothing to build")
            }
            Self::Done(Done::NotReadable { version }) => {
                format!("{package} {version} is published, and the public cannot read it yet")
            }
            Self::Proceed(Plan {
                from: Some(from),
                version,
                without_change,
                ..
            }) => {
                let note = if *without_change {
                    ", though the sources did not change"
                } else {
                    ""
                };
                format!("{package} {from} → {version}{note}: building all variants")
            }
            Self::Proceed(Plan {
                from: None,
                version,
                ..
            }) => format!("{package} {version} is the first version: building all variants"),
            Self::Refuse(refusal) => refusal.to_string(),
            Self::Wait(never) => match *never {},
        }
    }

    /// Returns a stable word for outputs of workflows: `build`, `nothing`, `published` or `refused`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done(Done::Unchanged { .. } | Done::ChangedWithoutBump { .. }) => "nothing",
            Self::Done(Done::AlreadyPublished { .. } | Done::NotReadable { .. }) => "published",
            Self::Proceed(_) => "build",
            Self::Refuse(_) => "refused",
            Self::Wait(never) => match *never {},
        }
    }
}

#[cfg(test)]
#[path = "detect_tests.rs"]
mod tests;
