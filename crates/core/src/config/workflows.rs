//! `[workflows]`: the trust level of the workflows, and the source of their Lockgate. Does not affect what is built.

use std::collections::BTreeMap;
use std::fmt;

use super::choice;
use super::problem::ConfigError;
use super::section::Section;
use crate::ids::{BranchName, CommitId, Digest, RepositoryName};

/// The table `[workflows]`, for the whole repository. Part of no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflows {
    /// The trust level: what is assumed, and what GitHub enforces.
    pub level: TrustLevel,
    /// The default branch. A new commit on it affects all open pull requests.
    pub branch: BranchName,
    /// Other branches whose pull requests have a gate, in the order of the file. Each has a status of its own.
    pub branches: Vec<BranchName>,
    /// The source from which the workflows get Lockgate; `None` if the runners have it installed.
    pub lockgate: Option<Pinned>,
}

/// The trust level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TrustLevel {
    /// The workflows' own token: prevents mistakes of honest users.
    #[default]
    Basic,
    /// A dedicated App posts the gate and publishes: a writer cannot bypass it even on purpose.
    Hardened,
}

/// An executable of Lockgate, pinned twice: the action by its commit, the executable by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The repository of the action.
    pub repository: RepositoryName,
    /// The commit of the action.
    pub commit: CommitId,
    /// The executable's digest for each architecture of a runner; `amd64` is always there.
    pub sha256: BTreeMap<RunnerArch, Digest>,
}

/// The architecture of a runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunnerArch {
    /// x86-64.
    Amd64,
    /// 64-bit Arm.
    Arm64,
}

impl Default for Workflows {
    fn default() -> Self {
        Self {
            level: TrustLevel::Basic,
            branch: main(),
            branches: Vec::new(),
            lockgate: None,
        }
    }
}

impl RunnerArch {
    /// All architectures.
    pub const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    /// Returns its name in the config, in the names that Go and Docker use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

impl TrustLevel {
    /// Returns its name in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Hardened => "hardened",
        }
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.commit)
    }
}

#[expect(clippy::expect_used, reason = "a constant")]
fn main() -> BranchName {
    "main".parse().expect("main is a branch name")
}

const ACTION: &str = "an action pinned by its commit, OWNER/NAME@<40 hexadecimal digits>";

pub(super) fn workflows(top: &Section<'_>) -> Result<Workflows, ConfigError> {
    let Some(value) = top.get("workflows") else {
        return Ok(Workflows::default());
    };
    let section = top.table_of("workflows", value)?;
    let levels = [
        ("basic", TrustLevel::Basic),
        ("hardened", TrustLevel::Hardened),
    ];
    let level = choice(&section, "level", TrustLevel::Basic, &levels)?;
    let branch = match section.get("branch") {
        Some(value) => section.word(
            "branch",
            section.text_of("branch", value)?,
            value.span().start,
        )?,
        None => main(),
    };
    let branches = branches(&section, &branch)?;
    let action = section
        .get("lockgate")
        .map(|value| {
            let text = section.text_of("lockgate", value)?;
            pin(text).ok_or_else(|| section.bad_value("lockgate", text, value.span().start, ACTION))
        })
        .transpose()?;
    let sums = section
        .get("sha256")
        .map(|value| sums(&section.table_of("sha256", value)?))
        .transpose()?;
    section.finish()?;
    let lockgate = match (action, sums) {
        (None, None) => None,
        (Some((repository, commit)), Some(sha256)) => Some(Pinned {
            repository,
            commit,
            sha256,
        }),
        (Some(_), None) => {
            return Err(section.missing(
                "sha256",
                "a table [workflows.sha256] with the digest of the executable for amd64",
            ));
        }
        (None, Some(_)) => {
            return Err(section.missing(
                "lockgate",
                "lockgate = \"OWNER/NAME@<40 hexadecimal digits>\"",
            ));
        }
    };
    Ok(Workflows {
        level,
        branch,
        branches,
        lockgate,
    })
}

/// Parses the other branches. Statuses are case-insensitive, so two names that differ only in case would share one.
fn branches(section: &Section<'_>, default: &BranchName) -> Result<Vec<BranchName>, ConfigError> {
    let Some(value) = section.get("branches") else {
        return Ok(Vec::new());
    };
    let mut read = Vec::new();
    let mut seen = vec![default.as_str().to_lowercase()];
    for (text, at) in section.texts_of("branches", value)? {
        let lower = text.to_lowercase();
        if seen.contains(&lower) {
            let expected =
                "each branch once, without `branch` itself; names that differ only in case are one";
            return Err(section.bad_value("branches", text, at, expected));
        }
        seen.push(lower);
        read.push(section.word("branches", text, at)?);
    }
    Ok(read)
}

fn sums(section: &Section<'_>) -> Result<BTreeMap<RunnerArch, Digest>, ConfigError> {
    let mut read = BTreeMap::new();
    for arch in RunnerArch::ALL {
        let Some(value) = section.get(arch.as_str()) else {
            continue;
        };
        let text = section.text_of(arch.as_str(), value)?;
        read.insert(arch, section.word(arch.as_str(), text, value.span().start)?);
    }
    section.finish()?;
    if !read.contains_key(&RunnerArch::Amd64) {
        return Err(section.missing("amd64", "amd64 = \"<64 hexadecimal digits>\""));
    }
    Ok(read)
}

/// Parses `OWNER/NAME@COMMIT`.
pub fn pin(text: &str) -> Option<(RepositoryName, CommitId)> {
    let (repository, commit) = text.split_once('@')?;
    let commit: CommitId = commit.parse().ok()?;
    // Actions are named by SHA-1 commits only.
    (commit.as_str().len() == 40).then_some((repository.parse().ok()?, commit))
}
