//! The documents that Lockgate writes for itself and others: all but one in JSON, each with a `format` and a `version`.
//!
//! Every field that may come from an untrusted writer is parsed into a type of the glossary when read. Unknown fields are
//! ignored, so that a later Lockgate can add some; a later version of a document is refused. Does not know where a document is
//! stored.

mod candidate;
mod ranges;
mod receipt;
mod sums;
mod withdrawal;

pub use candidate::{
    Candidate, Executable, FailedVariant, JOIN_CODES, Manifest, Part, PartResult, Smoke,
    SmokeResult, failures,
};
pub use ranges::HeaderRanges;
pub use receipt::{Origin, OriginArtifact, Promoter, Receipt};
pub use sums::Sums;
pub use withdrawal::Withdrawal;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::escape::line;
use crate::reason::reasons;

/// The asset of a release that lists the digests of the others, in the format of `sha256sum`.
pub const SUMS_ASSET: &str = "SHA256SUMS";
/// The asset of a release that contains its receipt.
pub const RECEIPT_ASSET: &str = "lockgate-receipt.json";
/// The asset of a withdrawal that contains its reason.
pub const WITHDRAWAL_ASSET: &str = "lockgate-withdrawal.json";
/// The prefix of withdrawal tags; no package may have tags with this prefix.
pub const WITHDRAWN_PREFIX: &str = "withdrawn-";

/// The largest document that Lockgate reads, in bytes; a valid receipt of a hundred variants takes a tenth of it.
pub const LARGEST: u64 = 1 << 20;

reasons! {
    /// A reason why a document cannot be read.
    pub enum DocumentProblem {
        /// The document has another format, or is malformed.
        Malformed { /** Which document. */ what: &'static str, /** What is wrong. */ problem: String } =>
            "document.malformed", "the {what} cannot be read: {problem}", "build again, or find out who wrote it: Lockgate writes no such {what}";
        /// The document has a later version.
        TooNew { /** Which document. */ what: &'static str, /** Its version. */ found: u64 } =>
            "document.too-new", "the {what} is of version {found}, which this Lockgate does not know", "use a newer Lockgate";
        /// The document is larger than any valid one.
        TooLarge { /** Which document. */ what: &'static str, /** In bytes. */ size: u64 } =>
            "document.too-large", "the {what} has {size} bytes, more than any honest one", "find out who wrote it: Lockgate writes no such {what}";
    }
}

impl DocumentProblem {
    /// Returns what is wrong with the document, as a sentence that calls it "it".
    pub fn problem(&self) -> String {
        match self {
            Self::Malformed { problem, .. } => problem.clone(),
            Self::TooNew { found, .. } => {
                format!("it is of version {found}, which is not known here")
            }
            Self::TooLarge { size, .. } => {
                format!("it has {size} bytes, more than any honest one")
            }
        }
    }
}

/// A document with a format name and a version of its own.
pub trait Document: Serialize + DeserializeOwned {
    /// The display name of the document.
    const NAME: &'static str;
    /// The value of its `format` field.
    const FORMAT: &'static str;
    /// The version that this code writes, and the newest that it reads.
    const VERSION: u64 = 1;

    /// Checks the constraints that serde cannot express.
    ///
    /// # Errors
    /// A sentence that describes the problem.
    fn check(&self) -> Result<(), String>;

    /// Returns the document as JSON for a file: indented, with a final newline.
    #[expect(
        clippy::expect_used,
        reason = "an empty document would be published as if it were one"
    )]
    fn to_json(&self) -> String {
        let envelope = Envelope {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            body: self,
        };
        let json = serde_json::to_string_pretty(&envelope);
        json.expect("maps with text keys, numbers and texts always serialise") + "\n"
    }

    /// Reads and checks a document.
    ///
    /// # Errors
    /// [`DocumentProblem`], for any bytes that are not such a document.
    fn from_json(bytes: &[u8]) -> Result<Self, DocumentProblem> {
        let what = Self::NAME;
        if bytes.len() as u64 > LARGEST {
            return Err(DocumentProblem::TooLarge {
                what,
                size: bytes.len() as u64,
            });
        }
        let malformed = |problem: &str| DocumentProblem::Malformed {
            what,
            problem: line(problem),
        };
        let head: Head =
            serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
        if head.format != Self::FORMAT {
            return Err(malformed(&format!(
                "its format is {}, not {:?}",
                crate::escape::quoted(&head.format),
                Self::FORMAT
            )));
        }
        if head.version > Self::VERSION {
            return Err(DocumentProblem::TooNew {
                what,
                found: head.version,
            });
        }
        if head.version < Self::VERSION {
            return Err(malformed(&format!("its version is {}", head.version)));
        }
        let body: Self =
            serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
        body.check().map_err(|problem| malformed(&problem))?;
        Ok(body)
    }
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    format: String,
    version: u64,
    #[serde(flatten)]
    body: &'a T,
}

#[cfg(test)]
mod tests;
