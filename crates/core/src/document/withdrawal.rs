//! A withdrawal: says, publicly and for ever, that a published version must not be used.

use serde::{Deserialize, Serialize};

use super::Document;
use crate::version::Version;
use crate::words::{Login, PackageName, Tag};

/// Published as the one asset of a release of its own, because the withdrawn release may be frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The package.
    pub package: PackageName,
    /// The version that must not be used.
    pub package_version: Version,
    /// The release that holds it.
    pub tag: Tag,
    /// Why, in the maintainer's words.
    pub reason: String,
    /// Who said so.
    pub by: Login,
    /// When, in seconds since 1970-01-01 UTC.
    pub withdrawn_at: u64,
}

impl Document for Withdrawal {
    const NAME: &'static str = "withdrawal";
    const FORMAT: &'static str = "lockgate.withdrawal";

    fn check(&self) -> Result<(), String> {
        match self.reason.chars().count() {
            0 => Err("it gives no reason".to_owned()),
            1..=2000 => Ok(()),
            _ => Err("its reason is longer than 2000 characters".to_owned()),
        }
    }
}
