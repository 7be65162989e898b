//! What is asked for and what comes of it: which executable, what to believe, and the verified result.
//!
//! Does not know how either is done.

use std::fmt;
use std::path::PathBuf;

use crate::digest::Digest;
use crate::document::{Expectation, Sums};
use crate::error::FetchError;
use crate::names::{AssetName, Source};
use crate::withdrawn::WithdrawalCheck;

/// Which executable, and what to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The release.
    pub source: Source,
    /// The executable.
    pub asset: AssetName,
    /// What says which bytes are right.
    pub trust: Trust,
    /// Whether to ask for a withdrawal first. Costs one request, even where the cache has the executable.
    pub check_withdrawn: bool,
}

/// What says which bytes are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The pins of a repository: a name that they lack is an error, never a download.
    Pins(Sums),
    /// The receipt that was published with the release: weaker ground, because whoever could replace the executables
    /// could replace it too. It must come over TLS (or from this machine), from the release itself, and meet the
    /// expectation.
    Receipt(Expectation),
}

impl Trust {
    /// Reads pins: the text of a `SHA256SUMS`.
    ///
    /// # Errors
    /// [`FetchError::Document`] says which line is wrong.
    pub fn pins(text: &str) -> Result<Self, FetchError> {
        let origin = "the caller".to_owned();
        let unreadable = |problem| FetchError::Document {
            document: "SHA256SUMS",
            origin,
            problem,
        };
        Sums::parse(text.as_bytes())
            .map(Self::Pins)
            .map_err(unreadable)
    }
}

/// What the verification stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustSource {
    /// The pins of a repository.
    Pins,
    /// The receipt that is published with the release.
    Receipt,
    /// A receipt that was verified earlier on this machine: offline only.
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

/// Where bytes came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The cache.
    Cache,
    /// A mirror: the address or path.
    Mirror(String),
    /// The release: the address.
    Release(String),
    /// The folder that came with the program: the file, used in place or copied.
    Bundled(PathBuf),
    /// A file of the caller.
    File(PathBuf),
    /// A stream of the caller, in its words.
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
    /// Where it lies, with the executable bit.
    pub path: PathBuf,
    /// Its digest.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What the verification stands on.
    pub ground: TrustSource,
    /// Where the bytes came from.
    pub origin: Origin,
    /// What is known about a withdrawal.
    pub withdrawal: WithdrawalCheck,
}
