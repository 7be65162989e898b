//! Types for ids and numbers that must not be confused.
//!
//! This module does not know what they identify.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::blobs::hex;

/// Declares one numeric identifier: ordered, printable, parseable, transparent in JSON.
macro_rules! number {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

number! {
    /// A release, draft or published.
    ReleaseId;
    /// A release asset.
    AssetId;
    /// A workflow: one file under `.github/workflows/`.
    WorkflowId;
    /// A workflow run, whatever its attempt.
    RunId;
    /// A workflow artifact.
    ArtifactId;
    /// A commit status.
    StatusId;
    /// A comment on a pull request.
    CommentId;
    /// The number of a pull request, as shown to users: `#12`.
    PullNumber;
    /// A repository: this one, or a fork of it.
    RepositoryId;
}

/// A full commit id: 40 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(String);

impl CommitId {
    /// Parses a commit id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 40 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// Returns an artificial id for `content`: the start of its SHA-256.
    pub(crate) fn made_from(content: &[u8]) -> Self {
        let mut text = hex(&Sha256::digest(content));
        text.truncate(40);
        Self(text)
    }

    /// Returns the 40 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
