//! A withdrawal: states publicly and permanently that a published version must not be used.

use serde::{Deserialize, Serialize};

use super::Document;
use crate::ids::{Login, PackageName, Tag};
use crate::version::Version;

/// The withdrawal document, published as the only asset of a separate release, because the withdrawn release may be immutable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The package.
    pub package: PackageName,
    /// The version that must not be used.
    pub package_version: Version,
    /// The tag of the release that contains it.
    pub tag: Tag,
    /// The reason, as the maintainer wrote it.
    pub reason: String,
    /// The maintainer who withdrew it.
    pub by: Login,
    /// The time of the withdrawal, in seconds since 1970-01-01 UTC.
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
