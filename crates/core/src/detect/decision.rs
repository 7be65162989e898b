//! What `detect` decides, as a value and in words.

use super::Refusal;
use crate::config::Level;
use crate::ids::{Fingerprint, PackageName};
use crate::reason::Verdict;
use crate::version::Version;

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

impl Decision {
    pub(super) fn map_plan(self, change: impl FnOnce(Plan) -> Plan) -> Self {
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
