//! The withdrawal: says, publicly and for ever, that a published version must not be used.

use serde::Deserialize;

use super::from_json;
use crate::error::plain;

/// What a withdrawal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Withdrawal {
    /// The release that must not be used.
    pub(crate) tag: String,
    /// Why, escaped.
    pub(crate) reason: String,
}

impl Withdrawal {
    /// Reads the document.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Raw {
            tag: String,
            reason: String,
        }
        let raw: Raw = from_json("lockgate.withdrawal", bytes)?;
        match raw.reason.chars().count() {
            1..=2000 => Ok(Self {
                tag: raw.tag,
                reason: plain(&raw.reason),
            }),
            0 => Err("it gives no reason".to_owned()),
            _ => Err("its reason is longer than 2000 characters".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"format": "lockgate.withdrawal", "version": 1, "package": "tool", "package_version": "2",
  "tag": "tool-v2", "reason": "wörtlich\n\u001b[31m", "by": "m", "withdrawn_at": 1}"#;

    #[test]
    fn a_withdrawal_says_which_release_and_why() {
        let read = Withdrawal::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(
            (read.tag.as_str(), read.reason.as_str()),
            ("tool-v2", r"wörtlich\n\u{1b}[31m")
        );
    }

    #[test]
    fn no_truncation_is_a_withdrawal_or_a_panic() {
        for end in 0..TEXT.len() {
            assert!(Withdrawal::parse(&TEXT.as_bytes()[..end]).is_err(), "{end}");
        }
        assert!(Withdrawal::parse(TEXT.replace("withdrawal", "receipt").as_bytes()).is_err());
        assert!(
            Withdrawal::parse(
                TEXT.replace("tool-v2\", \"reason\": \"", "tool-v2\", \"x\": \"")
                    .as_bytes()
            )
            .is_err()
        );
    }
}
