//! The input and result of a fetch: which executable, which trust source, and the verified file.
//!
//! Does not know how a fetch works.

use std::fmt;
use std::path::PathBuf;

use lockgate_format::document::{DocumentProblem, Sums};
use lockgate_format::ids::{AssetName, Digest};

use crate::error::{FetchError, redacted};
use crate::expectation::Expectation;
use crate::names::Source;
use crate::withdrawn::WithdrawalCheck;

/// Which executable to fetch, and what to verify it against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The release.
    pub source: Source,
    /// The executable.
    pub asset: AssetName,
    /// The source of the expected digest.
    pub trust: Trust,
    /// Whether to check for a withdrawal first. Costs one request, even if the executable is in the cache.
    pub check_withdrawn: bool,
}

/// The source of the expected digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The pins of a repository: a name without a pin is an error, never a download.
    Pins(Sums),
    /// The receipt that was published with the release. This is weaker than pins: an attacker who could replace the
    /// executables could replace it too. It must come over TLS (or from this machine), from the release itself, and
    /// meet the expectation.
    Receipt(Expectation),
}

impl Trust {
    /// Parses pins: the text of a `SHA256SUMS`.
    ///
    /// # Errors
    /// [`FetchError::Document`] names the malformed line.
    pub fn pins(text: &str) -> Result<Self, FetchError> {
        let unreadable = |problem: DocumentProblem| FetchError::Document {
            document: "SHA256SUMS",
            origin: "the caller".to_owned(),
            problem: redacted(&problem.problem()),
        };
        Sums::parse_edited(text.as_bytes())
            .map(Self::Pins)
            .map_err(unreadable)
    }
}

/// The source that a verification is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustSource {
    /// The pins of a repository.
    Pins,
    /// The receipt that is published with the release.
    Receipt,
    /// A stored receipt that was verified earlier on this machine: offline only.
    StoredReceipt,
}

impl TrustSource {
    pub(crate) fn names(self) -> &'static str {
        match self {
            Self::Pins => "the pins name",
            Self::Receipt => "the receipt names",
            Self::StoredReceipt => "the receipt from the cache names",
        }
    }

    pub(crate) fn promised(self) -> &'static str {
        match self {
            Self::Pins => "the pins",
            Self::Receipt => "the receipt",
            Self::StoredReceipt => "the receipt from the cache",
        }
    }
}

/// The source of the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The cache.
    Cache,
    /// A mirror: its address or path.
    Mirror(String),
    /// The release: its address.
    Release(String),
    /// The folder that came with the program: the file, used in place or copied.
    Bundled(PathBuf),
    /// A file of the caller.
    File(PathBuf),
    /// A stream of the caller, as the caller names it.
    Stream(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache => f.write_str("the cache"),
            Self::Mirror(text) | Self::Release(text) | Self::Stream(text) => f.write_str(text),
            Self::Bundled(path) | Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A verified executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its path; the file is executable.
    pub path: PathBuf,
    /// Its digest.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The source that the verification is based on.
    pub ground: TrustSource,
    /// The source of the bytes.
    pub origin: Origin,
    /// The result of the check for a withdrawal.
    pub withdrawal: WithdrawalCheck,
}
