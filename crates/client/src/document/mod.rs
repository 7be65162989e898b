//! The documents that Lockgate publishes with a release, read by a stranger: tolerant of what is new, strict about what
//! it uses.
//!
//! Unknown fields are ignored, so that a later Lockgate can say more; what is read is checked in full, and a later
//! version of a document is refused rather than guessed at. Does not know where a document comes from.

mod receipt;
mod sums;
mod withdrawal;

pub(crate) use receipt::DocumentError;
pub use receipt::{Executable, Expectation, Receipt};
pub use sums::Sums;
pub(crate) use withdrawal::Withdrawal;

use serde::{Deserialize, de::DeserializeOwned};

use crate::error::{plain, quoted};

/// No document is larger, in bytes; an honest receipt of a hundred variants takes a tenth of it.
pub(crate) const LARGEST: u64 = 1 << 20;

/// The version of each format that this code reads.
const VERSION: u64 = 1;

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

/// Reads the JSON of a document of the given format.
fn from_json<T: DeserializeOwned>(format: &str, bytes: &[u8]) -> Result<T, String> {
    let malformed = |error: serde_json::Error| plain(&error.to_string());
    let head: Head = serde_json::from_slice(bytes).map_err(malformed)?;
    if head.format != format {
        return Err(format!(
            "its format is {}, not {format:?}",
            quoted(&head.format)
        ));
    }
    if head.version != VERSION {
        return Err(format!(
            "it is of version {}, and only version {VERSION} is known here",
            head.version
        ));
    }
    serde_json::from_slice(bytes).map_err(malformed)
}
