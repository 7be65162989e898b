//! audit: compares the history of a branch with the releases: whether promise 1 holds for every commit, or which one breaks it.
//!
//! The promise: for every commit of the branch, the release of the version that it names is published, complete, and was built from
//! that commit's sources. Fingerprints are compared, never commit ids, so merges, squashes, rebases and merge queues are treated
//! alike. Does not know how history and releases were read.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Package;
use crate::document::{Manifest, Sums};
use crate::escape::quoted;
use crate::ids::{AssetName, CommitId, Fingerprint, Login, PackageName, Tag};
use crate::promote::origin::{self, Author};
use crate::promote::{PublishedRelease, ReleaseDefect, ReleaseOrigin};
use crate::version::Version;

mod finding;
#[cfg(test)]
mod tests;

pub use finding::Finding;

/// The facts that the verdict depends on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The package.
    pub package: PackageName,
    /// The history of the branch, oldest first: its commits by first parents that have the package.
    pub history: Vec<Landed>,
    /// The versions whose tag exists.
    pub releases: Vec<ObservedRelease>,
    /// Whether the version of the oldest commit may be from before Lockgate, and so need not be published.
    pub inherits: bool,
    /// Whether a commit that changed the sources without a bump breaks the promise, too.
    pub strict: bool,
}

/// A commit of the branch.
#[derive(Debug, Clone)]
pub struct Landed {
    /// The commit id.
    pub commit: CommitId,
    /// The version and names for users of this commit, or the problem with the version file.
    pub follows: Result<Followed, String>,
    /// The fingerprint of its sources.
    pub fingerprint: Fingerprint,
    /// Its pins.
    pub pins: PinsFile,
}

/// The pins file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinsFile {
    /// The config of the commit names no pins.
    None,
    /// The file is missing or malformed, with the reason.
    Unreadable(String),
    /// The content.
    Read(Sums),
}

/// The names that users of a commit depend on: by *its* config, which may name tag and files differently from the branch's tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The version that it names.
    pub version: Version,
    /// The tag of that version.
    pub tag: Tag,
    /// The executables that it expects in the release, one for each variant.
    pub names: BTreeSet<AssetName>,
}

/// A version whose tag exists.
#[derive(Debug, Clone)]
pub struct ObservedRelease {
    /// The version.
    pub version: Version,
    /// Its tag.
    pub tag: Tag,
    /// The published release, if the tag has one.
    pub release: Option<PublishedRelease>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// The result of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// The package.
    pub package: PackageName,
    /// The number of commits that were checked.
    pub commits: usize,
    /// One row for each version that a commit names or that is published, the lowest first; two if commits expect one version under
    /// two tags.
    pub rows: Vec<Row>,
    /// Commits whose version file cannot be read.
    pub malformed: Vec<Finding>,
    /// Whether a commit that changed the sources without a bump breaks the promise, too.
    pub strict: bool,
}

impl Audit {
    /// Returns all findings: malformed versions first, then by version.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let of_rows = self.rows.iter().flat_map(|row| row.findings.iter());
        self.malformed.iter().chain(of_rows)
    }

    /// Returns the findings that break the promise. It holds for every commit if there are none.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.findings()
            .filter(|finding| finding.breaks(self.strict))
    }
}

/// The result for one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The version.
    pub version: Version,
    /// Its tag, if that exists.
    pub tag: Option<Tag>,
    /// The number of commits that name it.
    pub named: usize,
    /// The number of those whose fingerprint is the published one.
    pub exact: usize,
    /// The comparison of the release with the pins of the newest commit that names the version.
    pub pins: Pinned,
    /// The findings for this version.
    pub findings: Vec<Finding>,
}

/// The comparison of pins with a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinned {
    /// No config names pins, or no commit names the version.
    None,
    /// The pins equal those of the release.
    Agree,
    /// The pins differ from the release.
    Differ,
    /// The release has no pins, though others have.
    Unpinned,
}

/// Checks every version and every commit.
pub fn decide(facts: &Facts) -> Audit {
    let mut named: BTreeMap<(&Version, &Tag), Vec<&Landed>> = BTreeMap::new();
    let mut malformed = Vec::new();
    for landed in &facts.history {
        match &landed.follows {
            Ok(it) => named
                .entry((&it.version, &it.tag))
                .or_default()
                .push(landed),
            Err(problem) => malformed.push(Finding::Malformed {
                commit: landed.commit.clone(),
                problem: problem.clone(),
            }),
        }
    }
    let mut versions: BTreeMap<(&Version, &Tag), Option<&ObservedRelease>> =
        named.keys().map(|key| (*key, None)).collect();
    for seen in &facts.releases {
        versions.insert((&seen.version, &seen.tag), Some(seen));
    }
    let oldest = facts
        .history
        .first()
        .and_then(|landed| landed.follows.as_ref().ok())
        .map(|it| (&it.version, &it.tag));
    let rows = versions.into_iter().filter_map(|(key, seen)| {
        let version = key.0;
        let commits = named.get(&key).map_or(&[][..], Vec::as_slice);
        let inherited = facts.inherits && oldest == Some(key);
        let row = row(facts, version, commits, seen, inherited);
        // Versions published before the audited history begins are not checked.
        let past = commits.is_empty() && oldest.is_some_and(|(oldest, _)| version < oldest);
        (!past).then_some(row)
    });
    Audit {
        package: facts.package.clone(),
        commits: facts.history.len(),
        rows: rows.collect(),
        malformed,
        strict: facts.strict,
    }
}

fn row(
    facts: &Facts,
    version: &Version,
    commits: &[&Landed],
    seen: Option<&ObservedRelease>,
    inherited: bool,
) -> Row {
    let mut row = Row {
        version: version.clone(),
        tag: seen.map(|seen| seen.tag.clone()),
        named: commits.len(),
        exact: 0,
        pins: Pinned::None,
        findings: Vec::new(),
    };
    if seen.is_some_and(|seen| seen.withdrawn) {
        row.findings.push(Finding::Withdrawn {
            version: version.clone(),
        });
    }
    let release = seen.and_then(|seen| seen.release.as_ref());
    let (release, first) = match (release, commits.first()) {
        (Some(release), Some(first)) => (release, *first),
        (Some(release), None) => {
            row.findings.push(Finding::NeverMerged {
                version: version.clone(),
            });
            row.findings.extend(defect(version, release));
            row.findings.extend(foreign(version, release));
            return row;
        }
        (None, Some(_)) if inherited => {
            row.findings.push(Finding::Inherited {
                version: version.clone(),
            });
            return row;
        }
        (None, Some(first)) => {
            row.findings.push(Finding::NotPublished {
                version: version.clone(),
                commit: first.commit.clone(),
            });
            return row;
        }
        // A tag without a release, which no commit needs.
        (None, None) => return row,
    };
    row.findings.extend(defect(version, release));
    row.findings.extend(foreign(version, release));
    if let Ok(receipt) = &release.receipt {
        sources(&mut row, commits, first, receipt.manifest.fingerprint);
        names(&mut row, commits, &receipt.manifest);
        pins(facts, &mut row, commits, &receipt.sums());
    }
    row
}

/// Determines the publisher of a release by its author alone: to ask for the run and role of each of hundreds would take too many
/// calls. `app` is the App that this process is signed in as.
pub fn published_by(
    author: Option<&Login>,
    promoter: &Login,
    app: Option<&Login>,
) -> ReleaseOrigin {
    // Before there was an App, the workflow's own token published releases. A later release by a writer's workflow cannot be told
    // apart here.
    let workflow = author.is_some_and(|author| author.as_str() == origin::WORKFLOWS);
    match origin::author(author, promoter, app.filter(|_| !workflow)) {
        Author::Foreign(who) => ReleaseOrigin::Foreign(who),
        Author::App | Author::Workflow | Author::Promoter(_) | Author::OtherApp(_) => {
            ReleaseOrigin::Promotion
        }
    }
}

fn foreign(version: &Version, release: &PublishedRelease) -> Option<Finding> {
    match &release.origin {
        ReleaseOrigin::Foreign(who) => Some(Finding::ForeignRelease {
            version: version.clone(),
            who: who.clone(),
        }),
        ReleaseOrigin::Promotion | ReleaseOrigin::Unproven(_) => None,
    }
}

fn defect(version: &Version, release: &PublishedRelease) -> Option<Finding> {
    let version = version.clone();
    Some(match release.defect()? {
        ReleaseDefect::Receipt(problem) => Finding::NoReceipt { version, problem },
        ReleaseDefect::Missing(name) => Finding::Incomplete { version, name },
        ReleaseDefect::OtherBytes(name) => Finding::ChangedBytes { version, name },
        ReleaseDefect::Foreign(name) => Finding::ForeignFile {
            version,
            name: quoted(&name),
        },
        ReleaseDefect::Tag(commit) => Finding::TagMoved { version, commit },
    })
}

/// Compares the sources of the commits with the published ones.
fn sources(row: &mut Row, commits: &[&Landed], first: &Landed, published: Fingerprint) {
    let exact = |landed: &&Landed| landed.fingerprint == published;
    row.exact = commits.iter().copied().filter(exact).count();
    let Some(at) = commits.iter().position(exact) else {
        row.findings.push(Finding::OtherSources {
            version: row.version.clone(),
            commit: first.commit.clone(),
        });
        return;
    };
    let (before, from) = commits.split_at(at);
    let later: Vec<_> = from.iter().filter(|landed| !exact(landed)).collect();
    if let Some(first) = before.first() {
        row.findings.push(Finding::Early {
            version: row.version.clone(),
            commit: first.commit.clone(),
            count: before.len(),
        });
    }
    if let Some(first) = later.first() {
        row.findings.push(Finding::Drifted {
            version: row.version.clone(),
            commit: first.commit.clone(),
            count: later.len(),
        });
    }
}

/// Checks that the files exist that the commits expect: their users fetch by name.
fn names(row: &mut Row, commits: &[&Landed], published: &Manifest) {
    let has = |name: &AssetName| published.executables.iter().any(|it| it.name == *name);
    let lacking = commits.iter().find_map(|landed| {
        let mut names = landed.follows.as_ref().ok()?.names.iter();
        Some((landed, names.find(|name| !has(name))?))
    });
    if let Some((landed, name)) = lacking {
        row.findings.push(Finding::OtherNames {
            version: row.version.clone(),
            commit: landed.commit.clone(),
            name: name.clone(),
        });
    }
}

/// Compares the pins of the newest commit that names the version: earlier commits may precede the pins.
fn pins(facts: &Facts, row: &mut Row, commits: &[&Landed], published: &Sums) {
    let Some(last) = commits.last() else { return };
    row.pins = match &last.pins {
        PinsFile::Read(sums) if sums == published => Pinned::Agree,
        PinsFile::Read(_) | PinsFile::Unreadable(_) => {
            let problem = match &last.pins {
                PinsFile::Unreadable(problem) => problem.clone(),
                PinsFile::Read(_) | PinsFile::None => {
                    "they list other files or other digests".to_owned()
                }
            };
            row.findings.push(Finding::PinsDiffer {
                version: row.version.clone(),
                commit: last.commit.clone(),
                problem,
            });
            Pinned::Differ
        }
        PinsFile::None
            if facts
                .history
                .iter()
                .any(|landed| landed.pins != PinsFile::None) =>
        {
            row.findings.push(Finding::Unpinned {
                version: row.version.clone(),
            });
            Pinned::Unpinned
        }
        PinsFile::None => Pinned::None,
    };
}

/// Returns whether the config of the branch's tip treats changed sources without a raised version as a failure.
pub fn strict(package: &Package) -> bool {
    package.policy.change_without_bump == crate::config::Level::Deny
}
