//! The terms of Lockgate as types, so that a run id cannot be used where a release id belongs.
//!
//! Each value is parsed once, at the boundary; code that holds one need not check it again.

mod digest;
mod rules;

pub use digest::{Digest, Fingerprint};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

use crate::document::{RECEIPT_ASSET, SUMS_ASSET, WITHDRAWAL_ASSET, WITHDRAWN_PREFIX};
use crate::escape::quoted;
use rules::*;

/// The error for a text that is not a valid value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is not {expected}")]
pub struct ParseError {
    /// The text that was read, quoted and escaped.
    pub text: String,
    /// A description of a valid value.
    pub expected: &'static str,
}

fn not_a(text: &str, expected: &'static str) -> ParseError {
    ParseError {
        text: quoted(text),
        expected,
    }
}

macro_rules! number_word {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                match text.parse() {
                    Ok(number) if digits => Ok(Self(number)),
                    _ => Err(not_a(text, "a number")),
                }
            }
        }
    )*};
}

number_word! {
    /// GitHub's id of a repository: it survives renames, unlike the name.
    RepositoryId;
    /// The number of a pull request.
    PullNumber;
    /// GitHub's id of one workflow run; all attempts of the run share it.
    RunId;
    /// The number of an attempt of a run, from 1.
    Attempt;
    /// GitHub's id of a workflow: two workflows may share a name, but never an id.
    WorkflowId;
    /// GitHub's id of one uploaded workflow artifact.
    ArtifactId;
    /// GitHub's id of a release, draft or published.
    ReleaseId;
    /// GitHub's id of one asset of a release.
    AssetId;
    /// GitHub's id of a comment.
    CommentId;
}

macro_rules! text_word {
    ($($(#[$doc:meta])* $name:ident: $expected:literal, $valid:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Returns the text itself.
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(not_a(text, $expected)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(&self.0) }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str { &self.0 }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(&self.0) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

text_word! {
    /// A git object id of a commit: 40 or 64 lower-case hexadecimal digits.
    CommitId: "a full commit id (40 or 64 lower-case hexadecimal digits)", object_id;
    /// A git object id of a tree or blob.
    ObjectId: "a full git object id (40 or 64 lower-case hexadecimal digits)", object_id;
    /// A package's name: lower-case, because it becomes a commit status context, which GitHub compares case-insensitively.
    PackageName: "a package name (lower-case letters, digits and inner hyphens, at most 40 characters)", lower_name;
    /// A variant's name, such as `amd64` or `amd64-musl`.
    VariantName: "a variant name (lower-case letters, digits and inner hyphens, at most 40 characters)", lower_name;
    /// The name of a release asset. Allows only characters that GitHub does not rewrite.
    AssetName: "an asset name (letters, digits, '.', '_', '-', not at an end a dot, at most 200 characters)", safe_name;
    /// The name of a git tag that is safe in a URL, a shell and a file name.
    Tag: "a tag name (letters, digits, '.', '_', '-', at most 200 characters, no '..', not ending in '.lock')", tag_name;
    /// The name of a branch as GitHub reports it.
    BranchName: "a branch name", branch_name;
    /// The account name of a person or a bot.
    Login: "an account name (letters, digits, hyphens, '_', and '[bot]' at the end)", login;
    /// A repository name, `owner/name`. It changes with a rename; compare [`RepositoryId`] where that matters.
    RepositoryName: "a repository name of the form OWNER/NAME", repository_name;
    /// A path inside the repository: relative, with `/`, without `.` or `..` parts.
    RepoPath: "a path inside the repository (relative, '/' between the parts, no '..', no backslash, control or invisible character)", repo_path;
    /// A time as GitHub writes it (RFC 3339, in UTC, to the second). Later times compare greater.
    Timestamp: "a time such as 2026-11-27T10:00:00Z", timestamp;
    /// The name of a workflow artifact.
    ArtifactName: "an artifact name (letters, digits, '.', '_', '-', at most 200 characters)", safe_name;
}

impl Timestamp {
    /// Returns the seconds since 1970, by the proleptic Gregorian calendar. A day or month out of range carries over into the next one.
    pub fn seconds(&self) -> i64 {
        let mut parts = self.0.split(|c: char| !c.is_ascii_digit());
        let mut next = || -> i64 { parts.next().and_then(|it| it.parse().ok()).unwrap_or(0) };
        let (year, month, day, hour, minute, second) =
            (next(), next(), next(), next(), next(), next());
        // Years begin in March, so that the leap day is the last day of the year.
        let months = year * 12 + month - 3;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468;
        ((days * 24 + hour) * 60 + minute) * 60 + second
    }
}

impl AssetName {
    /// Returns the name of the asset that contains a release's receipt.
    pub fn receipt() -> Self {
        Self(RECEIPT_ASSET.to_owned())
    }

    /// Returns the name of the asset that lists the digests of a release's executables.
    pub fn sums() -> Self {
        Self(SUMS_ASSET.to_owned())
    }

    /// Returns the name of the asset that contains a withdrawal.
    pub fn withdrawal() -> Self {
        Self(WITHDRAWAL_ASSET.to_owned())
    }
}

impl Tag {
    /// Returns the tag of the release that withdraws this tag's release.
    pub fn withdrawal(&self) -> Self {
        Self(format!("{WITHDRAWN_PREFIX}{self}"))
    }
}

impl CommitId {
    /// Returns the first 12 digits, for display. Never compared.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl RepositoryName {
    /// Returns the part before the slash.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// Returns the part after the slash.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_in_seconds_is_what_date_says() {
        // From `date -u -d MOMENT +%s`.
        for (moment, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1999-12-31T23:59:59Z", 946_684_799),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2026-11-27T10:00:00Z", 1_795_773_600),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] {
            let read: Timestamp = moment.parse().unwrap();
            assert_eq!(read.seconds(), seconds, "{moment}");
        }
    }

    #[test]
    fn the_names_that_lockgate_gives_itself_are_valid() {
        for name in [
            AssetName::receipt(),
            AssetName::sums(),
            AssetName::withdrawal(),
        ] {
            assert_eq!(name.as_str().parse(), Ok(name));
        }
        let withdrawal = "tool-v2".parse::<Tag>().unwrap().withdrawal();
        assert_eq!("withdrawn-tool-v2".parse(), Ok(withdrawal));
    }

    #[test]
    fn words_refuse_what_would_need_quoting() {
        for name in [
            "", ".hidden", "-flag", "a b", "a/b", "a\nb", "ä", "dot.", "a$(x)", "a'b",
        ] {
            assert!(name.parse::<AssetName>().is_err(), "{name:?}");
        }
        for tag in ["a..b", "x.lock", "a~b", "refs/tags/x"] {
            assert!(tag.parse::<Tag>().is_err(), "{tag:?}");
        }
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a\\b",
            "a\0b",
            ".git/config",
            "a/",
            "a\u{200b}b",
            "a\u{2028}b",
            "a\u{fffd}b",
        ] {
            assert!(path.parse::<RepoPath>().is_err(), "{path:?}");
        }
        // git-check-ref-format(1), rule by rule.
        for branch in [
            "", ".a", "a/.b", "a.lock", "a.lock/b", "a..b", "a\x01b", "a\x7fb", "a b", "a~b",
            "a^b", "a:b", "a?b", "a*b", "a[b", "/a", "a/", "a//b", "a.", "a@{b", "@{-1}", "a@{",
            "@", "a\\b", "-a",
        ] {
            assert!(branch.parse::<BranchName>().is_err(), "{branch:?}");
        }
        for branch in [
            "main",
            "a/b",
            "a@b",
            "a{b}",
            "@a",
            "a.b",
            "größe",
            "release/1.0",
            "a.lockx",
        ] {
            assert!(branch.parse::<BranchName>().is_ok(), "{branch:?}");
        }
        for path in ["größe/a b", "日本語/x", "a'b", "-x"] {
            assert!(path.parse::<RepoPath>().is_ok(), "{path:?}");
        }
        for name in ["Tool", "-a", "a-", "a_b", "a.b", &"a".repeat(41)] {
            assert!(name.parse::<PackageName>().is_err(), "{name:?}");
        }
        assert!("+5".parse::<RunId>().is_err());
        assert!("github-actions[bot]".parse::<Login>().is_ok());
        assert!("..".parse::<RepositoryName>().is_err());
        assert!("o/..".parse::<RepositoryName>().is_err());
    }
}
