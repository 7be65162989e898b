//! The terms of `lockgate-format`, and the roles of accounts, which only decisions need.

use serde::{Deserialize, Serialize};
use std::fmt;

pub use lockgate_format::ids::*;

/// The role of an account in a repository, least first.
///
/// GitHub's old `permission` field folds `maintain` into `write`; this is its `role_name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// No role, or unknown.
    None,
    /// May read.
    Read,
    /// May read and triage issues.
    Triage,
    /// May push branches: a developer.
    Write,
    /// May promote: a maintainer.
    Maintain,
    /// May change settings, and promote.
    Admin,
}

impl Role {
    /// Reads GitHub's name of a role. A custom or unknown role becomes [`Role::None`].
    pub fn from_name(name: &str) -> Self {
        match name {
            "admin" => Self::Admin,
            "maintain" => Self::Maintain,
            "write" => Self::Write,
            "triage" => Self::Triage,
            "read" => Self::Read,
            _ => Self::None,
        }
    }

    /// Returns whether the account is a maintainer in the sense of the glossary.
    pub fn may_promote(self) -> bool {
        self >= Self::Maintain
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_maintainers_and_admins_may_promote() {
        let may: Vec<_> = [
            "admin", "maintain", "write", "triage", "read", "none", "custom",
        ]
        .into_iter()
        .filter(|name| Role::from_name(name).may_promote())
        .collect();
        assert_eq!(may, ["admin", "maintain"]);
    }
}
