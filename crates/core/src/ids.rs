//! The identifiers of the glossary as types, so that a run id cannot be used where a release id belongs.
//!
//! Each value is parsed once, at the boundary; code that holds one need not check it again.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

use crate::escape::quoted;

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

fn object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn timestamp(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:ddZ";
    let fits = |(found, wanted): (u8, u8)| match wanted {
        b'd' => found.is_ascii_digit(),
        other => found == other,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

fn lower_name(text: &str) -> bool {
    let inner = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
    (1..=40).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn safe_characters(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

// GitHub rewrites other characters, and leading and trailing dots (GitHub, "Upload a release asset").
fn safe_name(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && safe_characters(text)
        && !text.starts_with(['.', '-'])
        && !text.ends_with('.')
}

// git-check-ref-format(1), restricted to names that need no quoting anywhere.
fn tag_name(text: &str) -> bool {
    safe_name(text) && !text.contains("..") && !text.ends_with(".lock")
}

fn branch_name(text: &str) -> bool {
    let bad =
        |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    (1..=255).contains(&text.len())
        && !text.contains(bad)
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && text != "@"
        && !text.starts_with(['/', '-'])
        && !text.ends_with(['/', '.'])
        && text
            .split('/')
            .all(|part| !part.starts_with('.') && !part.ends_with(".lock"))
}

fn login(text: &str) -> bool {
    let name = text.strip_suffix("[bot]").unwrap_or(text);
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn repository_name(text: &str) -> bool {
    let part =
        |p: &str| (1..=100).contains(&p.len()) && safe_characters(p) && p != "." && p != "..";
    text.split_once('/')
        .is_some_and(|(owner, name)| part(owner) && part(name))
}

fn repo_path(text: &str) -> bool {
    let part = |p: &str| !matches!(p, "" | "." | "..") && !p.eq_ignore_ascii_case(".git");
    text.len() <= 1000
        && crate::escape::is_printable(text)
        && !text.contains('\\')
        && text.split('/').all(part)
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

/// A SHA-256 digest. As text: 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Builds a digest from the 32 bytes that a hasher returns.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Computes the digest of bytes that are in memory anyway.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Returns the 32 bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the first 12 digits, for display. Never compared.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(12);
        text
    }

    /// Reads GitHub's form, `sha256:` and 64 digits.
    ///
    /// # Errors
    /// [`ParseError`] for any other text.
    pub fn from_prefixed(text: &str) -> Result<Self, ParseError> {
        text.strip_prefix("sha256:")
            .and_then(|hex| hex.parse().ok())
            .ok_or_else(|| not_a(text, "a digest of the form sha256:<64 hexadecimal digits>"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written in one piece, because digests are formatted often.
        let mut text = [b'0'; 64];
        for (digits, byte) in text.chunks_exact_mut(2).zip(self.0) {
            for (digit, nibble) in digits.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if nibble < 10 {
                    b'0' + nibble
                } else {
                    b'a' - 10 + nibble
                };
            }
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let wrong = || not_a(text, "a SHA-256 digest (64 lower-case hexadecimal digits)");
        let digit = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(wrong()),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let pairs: &[[u8; 2]; 32] = pairs.try_into().map_err(|_| wrong())?;
        if !rest.is_empty() {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// The digest of the source files of a package. See [`crate::fingerprint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub Digest);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
    fn a_digest_reads_what_it_writes_and_nothing_else() {
        let digest = Digest::of(b"hello lockgate\n");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!(
            Digest::from_prefixed(&format!("sha256:{digest}")),
            Ok(digest)
        );
        for wrong in [
            "",
            "ab",
            &digest.to_string().to_uppercase(),
            &format!("{digest}0"),
            &digest.to_string()[1..],
        ] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
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
