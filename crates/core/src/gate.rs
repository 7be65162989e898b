//! gate: turns what is known about a pull request into one commit status per package.
//!
//! Green means: nothing to publish, or published and verified for the fingerprint that the merge will have. Does not know
//! how a status is posted, nor on which commits.

use serde::Serialize;

use crate::config::Level;
use crate::detect::{Decision, Done};
use crate::ids::{BranchName, Fingerprint, PackageName};
use crate::promote;
use crate::reason::{Reason, Verdict};
use crate::version::Version;

/// GitHub's limit on the description of a status, in characters (140).
pub const DESCRIPTION: usize = 140;

/// The environment whose secret is the App's key, for jobs that need no approval.
pub const GATE_ENVIRONMENT: &str = "lockgate";

/// The states of a commit status that the gate uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// Undecided yet.
    Pending,
    /// A person must change something first.
    Failure,
    /// The pull request can be merged.
    Success,
}

impl StatusState {
    /// Returns GitHub's name of the state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failure => "failure",
            Self::Success => "success",
        }
    }
}

/// The progress of the head's build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Build {
    /// No run is known.
    None,
    /// The run has not ended.
    Running,
    /// The run ended without a candidate; lists the variants that failed, as far as they are known.
    Failed(Vec<String>),
    /// There was a candidate, and it can no longer be read.
    Expired,
    /// There is a candidate.
    Succeeded,
}

/// The release under the version's tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// No release.
    Nothing,
    /// A release that contains exactly what its receipt lists.
    Complete(Fingerprint),
    /// A release that differs from its receipt, with the difference.
    Broken(String),
    /// A release that is not publicly readable yet, with the reason.
    NotReadable(String),
    /// A release whose publisher cannot be determined yet, with the reason.
    Unproven(String),
    /// A release that no promotion published, with the reason.
    Foreign(String),
    /// A withdrawn release, with the reason.
    Withdrawn(String),
}

/// The state of the repository's pins for the version that the merge names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pins {
    /// The package keeps no pins.
    None,
    /// The pins agree with the release.
    Agree,
    /// The pins differ from the release or cannot be read, with the problem.
    Differ(String),
    /// The pins were changed, and the release to compare them with is unavailable now, with the reason.
    Unchecked(String),
}

/// The facts that the gate depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The decision of detect.
    pub decision: Decision,
    /// The fingerprint of the merge result; `None` if there is a conflict.
    pub merged: Option<Fingerprint>,
    /// The build of the head.
    pub build: Build,
    /// The reason why a promotion would refuse the candidate, if it is known in advance.
    pub unpromotable: Option<promote::Refusal>,
    /// The release of the version that the merge names.
    pub published: Published,
    /// The pins in the merge.
    pub pins: Pins,
}

/// A commit status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Its state.
    pub state: StatusState,
    /// The stable code for programs.
    pub code: &'static str,
    /// The description, at most [`DESCRIPTION`] characters.
    pub description: String,
}

/// The codes of the gate, in addition to those of detect.
pub const CODES: &[&str] = &[
    "gate.unchanged",
    "gate.change-without-bump",
    "gate.published",
    "gate.update-branch",
    "gate.pins",
    "gate.not-readable",
    "gate.release-unproven",
    "gate.release-foreign",
    "gate.release-broken",
    "gate.withdrawn",
    "gate.building",
    "gate.no-build",
    "gate.build-failed",
    "gate.expired",
    "gate.waits-for-promotion",
    "gate.removed",
];

/// Returns the context of a package's status on a commit, for pull requests into a base branch; `None` if that branch has no
/// gate.
///
/// A status belongs to a commit, and one commit can be the head of several pull requests. The verdict depends on head *and* base, so
/// the context names the base: a status for another branch never counts for the default branch.
pub fn context(
    package: &PackageName,
    base: &BranchName,
    default: &BranchName,
    listed: &[BranchName],
) -> Option<String> {
    if base == default {
        return Some(format!("lockgate/{package}"));
    }
    // GitHub compares contexts case-insensitively: a branch that differs from a listed one only in case has no status of its own.
    let one = |name: &&BranchName| name.as_str().to_lowercase() == base.as_str().to_lowercase();
    let same = listed.iter().filter(one).count();
    (same == 1 && listed.contains(base)).then(|| format!("lockgate/{package} ({base})"))
}

/// Decides the status of one package.
pub fn decide(facts: &Facts) -> Status {
    match &facts.decision {
        Verdict::Refuse(refusal) => status(
            StatusState::Failure,
            refusal.code(),
            &format!("{refusal}; {}", refusal.hint()),
        ),
        Verdict::Done(Done::Unchanged { version } | Done::ChangedWithoutBump { version, .. })
            if let Some(status) = changed_pins(facts, version) =>
        {
            status
        }
        Verdict::Done(Done::Unchanged { version }) => status(
            StatusState::Success,
            "gate.unchanged",
            &format!("version {version} is unchanged: nothing to publish"),
        ),
        Verdict::Done(Done::ChangedWithoutBump {
            version,
            level: Level::Allow,
        }) => status(
            StatusState::Success,
            "gate.unchanged",
            &format!("version {version} is unchanged: nothing to publish"),
        ),
        Verdict::Done(Done::ChangedWithoutBump {
            version,
            level: Level::Warn | Level::Deny,
        }) => status(
            StatusState::Success,
            "gate.change-without-bump",
            &format!(
                "nothing to publish; note that the sources changed and the version is still {version}"
            ),
        ),
        Verdict::Done(Done::AlreadyPublished {
            version,
            fingerprint,
        }) => published(facts, version, *fingerprint),
        Verdict::Done(Done::NotReadable { version }) => {
            let Published::NotReadable(why) = &facts.published else {
                return not_readable(version, "its receipt is not there");
            };
            not_readable(version, why)
        }
        Verdict::Proceed(plan) => building(facts, &plan.version, plan.behind),
        Verdict::Wait(never) => match *never {},
    }
}

/// Checks pins that changed though nothing is published: users of this version depend on them, so they must match the release's receipt.
fn changed_pins(facts: &Facts, version: &Version) -> Option<Status> {
    match &facts.pins {
        Pins::None | Pins::Agree => None,
        Pins::Differ(problem) => Some(status(
            StatusState::Failure,
            "gate.pins",
            &format!("the pins of version {version} disagree with its release: {problem}"),
        )),
        Pins::Unchecked(problem) => Some(status(
            StatusState::Pending,
            "gate.not-readable",
            &format!(
                "the release of version {version} cannot be read now, to compare the pins: {problem}"
            ),
        )),
    }
}

/// Returns the status of a package that the pull request removes from the config, where its policy allows that.
pub fn removed() -> Status {
    status(
        StatusState::Success,
        "gate.removed",
        "the package is removed: nothing to publish",
    )
}

fn published(facts: &Facts, version: &Version, fingerprint: Fingerprint) -> Status {
    match (&facts.published, &facts.pins) {
        (Published::Withdrawn(reason), _) => status(
            StatusState::Failure,
            "gate.withdrawn",
            &format!("version {version} was withdrawn ({reason}): raise it again"),
        ),
        (Published::Broken(problem), _) => status(
            StatusState::Failure,
            "gate.release-broken",
            &format!("the release of version {version} is not what its receipt says: {problem}"),
        ),
        (Published::NotReadable(why), _) => not_readable(version, why),
        (Published::Unproven(why), _) => status(
            StatusState::Pending,
            "gate.release-unproven",
            &format!(
                "version {version} is published, but not known to be promoted: {why}; a maintainer promotes it again"
            ),
        ),
        (Published::Foreign(why), _) => status(
            StatusState::Failure,
            "gate.release-foreign",
            &format!("the release of version {version} is no promotion's: {why}"),
        ),
        (Published::Nothing, _) => status(
            StatusState::Pending,
            "gate.waits-for-promotion",
            &format!("version {version} waits for a maintainer to promote it"),
        ),
        // Main would get the merge, not the head.
        (Published::Complete(_), _) if facts.merged != Some(fingerprint) => status(
            StatusState::Failure,
            "gate.update-branch",
            &format!(
                "version {version} is published, but the merge would have other sources: update the branch and raise the version"
            ),
        ),
        (Published::Complete(seen), _) if *seen != fingerprint => status(
            StatusState::Failure,
            "gate.release-broken",
            &format!("the release of version {version} changed while it was looked at"),
        ),
        (Published::Complete(_), Pins::Differ(problem)) => status(
            StatusState::Failure,
            "gate.pins",
            &format!("version {version} is published, but the pins disagree: {problem}"),
        ),
        (Published::Complete(_), Pins::Unchecked(problem)) => status(
            StatusState::Pending,
            "gate.not-readable",
            &format!(
                "version {version} is published, but its pins cannot be compared now: {problem}"
            ),
        ),
        (Published::Complete(_), Pins::None | Pins::Agree) => status(
            StatusState::Success,
            "gate.published",
            &format!("version {version} is published and verified"),
        ),
    }
}

fn not_readable(version: &Version, why: &str) -> Status {
    status(
        StatusState::Pending,
        "gate.not-readable",
        &format!("version {version} is published, and the public cannot read it yet: {why}"),
    )
}

fn building(facts: &Facts, version: &Version, behind: bool) -> Status {
    if behind {
        return update_branch(version);
    }
    match (&facts.build, &facts.unpromotable) {
        // The reason is reported only once there is a candidate to promote.
        (Build::Succeeded, Some(refusal)) => status(
            StatusState::Failure,
            refusal.full_code(),
            &format!("{refusal}; {}", refusal.full_hint()),
        ),
        (build, _) => build_status(build, version),
    }
}

fn build_status(build: &Build, version: &Version) -> Status {
    match build {
        Build::None => status(
            StatusState::Pending,
            "gate.no-build",
            &format!("version {version} has not been built yet"),
        ),
        Build::Running => status(
            StatusState::Pending,
            "gate.building",
            &format!("version {version} is being built"),
        ),
        Build::Failed(variants) if variants.is_empty() => status(
            StatusState::Failure,
            "gate.build-failed",
            &format!("the build of version {version} failed: see its log"),
        ),
        Build::Failed(variants) => {
            let names = variants.join(", ");
            status(
                StatusState::Failure,
                "gate.build-failed",
                &format!("the build of version {version} failed for {names}: see the comment"),
            )
        }
        Build::Expired => status(
            StatusState::Failure,
            "gate.expired",
            &format!(
                "the candidate of version {version} has expired: run the build workflow again"
            ),
        ),
        Build::Succeeded => status(
            StatusState::Pending,
            "gate.waits-for-promotion",
            &format!("version {version} is built and waits for a maintainer to promote it"),
        ),
    }
}

fn update_branch(version: &Version) -> Status {
    status(
        StatusState::Failure,
        "gate.update-branch",
        &format!(
            "the base branch has changed the sources of version {version}: update the branch to build a new candidate"
        ),
    )
}

fn status(state: StatusState, code: &'static str, description: &str) -> Status {
    let description = crate::escape::line(description);
    let description = if description.chars().count() > DESCRIPTION {
        description
            .chars()
            .take(DESCRIPTION - 1)
            .chain(['…'])
            .collect()
    } else {
        description
    };
    Status {
        state,
        code,
        description,
    }
}

#[cfg(test)]
mod tests;
