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
use crate::identity;
use crate::reason::Verdict;
use crate::version::{Scheme, Version};

mod decision;
mod facts;
mod refusal;

pub use decision::{Decision, Done, Never, Plan};
pub use facts::{Facts, Merged, Snapshot, VersionFile, VersionOwner};
pub use refusal::Refusal;

/// The largest accepted version file, in bytes.
pub const LARGEST_VERSION_FILE: u64 = 1024;

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

#[cfg(test)]
mod tests;
