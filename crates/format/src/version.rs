//! The grammar and the order of versions, and the search for a free version.
//!
//! Does not know where a version file is or whether it exists.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::escape::quoted_bytes;

/// The longest integer version, in digits. Ten digits always fit into 64 bits.
const MOST_DIGITS: usize = 10;
/// The longest version of any scheme, in bytes: it becomes part of tags and file names.
const MOST_BYTES: usize = 64;

/// The scheme by which the versions of a package are written and ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// `1`, `2`, `3`: the default.
    #[default]
    Integer,
    /// Semantic Versioning 2.0.0, without build metadata (which has no order).
    Semver,
}

impl Scheme {
    /// Returns the name of the scheme in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Semver => "semver",
        }
    }

    /// Returns what a version file of this scheme contains, for messages.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Integer => {
                "a plain number such as 7 (ASCII digits, no leading zero, at most 10), and at most one line end"
            }
            Self::Semver => {
                "a semantic version such as 1.4.0 (no leading \"v\", no build metadata), and at most one line end"
            }
        }
    }
}

/// A version of a package: past, present or requested.
///
/// All versions of one package use one scheme. Across schemes every integer sorts below every semantic version, so that
/// the order is total; no decision compares across schemes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// A version of [`Scheme::Integer`].
    Integer(u64),
    /// A version of [`Scheme::Semver`].
    Semver(semver::Version),
}

impl Version {
    /// Returns whether it is a pre-release, such as `1.0.0-rc.1`.
    pub fn is_prerelease(&self) -> bool {
        match self {
            Self::Integer(_) => false,
            Self::Semver(version) => !version.pre.is_empty(),
        }
    }

    /// Reads the bytes of a version file: the version, then at most one LF or CRLF.
    ///
    /// # Errors
    /// [`VersionError`] names the broken rule and quotes what was read.
    pub fn from_file(scheme: Scheme, bytes: &[u8]) -> Result<Self, VersionError> {
        let wrong = |problem| VersionError {
            read: quoted_bytes(bytes),
            problem,
            scheme,
        };
        let text = str::from_utf8(bytes).map_err(|_| wrong(VersionProblem::NotUtf8))?;
        if text.starts_with('\u{feff}') {
            return Err(wrong(VersionProblem::ByteOrderMark));
        }
        let line = text
            .strip_suffix('\n')
            .map_or(text, |t| t.strip_suffix('\r').unwrap_or(t));
        Self::parse(scheme, line).map_err(wrong)
    }

    /// Reads the bytes of a version file whose scheme is not known: no text is valid in both.
    ///
    /// # Errors
    /// [`VersionError`] names the broken rule and quotes what was read.
    pub fn from_any_file(bytes: &[u8]) -> Result<Self, VersionError> {
        let scheme = match bytes.contains(&b'.') {
            true => Scheme::Semver,
            false => Scheme::Integer,
        };
        Self::from_file(scheme, bytes)
    }

    /// Reads a version on its own, as on a command line.
    ///
    /// # Errors
    /// [`VersionProblem`] names the broken rule.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, VersionProblem> {
        match scheme {
            Scheme::Integer => integer(text).map(Self::Integer),
            Scheme::Semver => semantic(text).map(Self::Semver),
        }
    }

    /// Returns the scheme of the version.
    pub fn scheme(&self) -> Scheme {
        match self {
            Self::Integer(_) => Scheme::Integer,
            Self::Semver(_) => Scheme::Semver,
        }
    }

    /// Returns the next version: the next integer, or the next patch (the release itself after a pre-release).
    ///
    /// `None` if the grammar allows no next version.
    pub fn successor(&self) -> Option<Self> {
        match self {
            Self::Integer(number) => {
                let next = number + 1;
                (next.to_string().len() <= MOST_DIGITS).then_some(Self::Integer(next))
            }
            Self::Semver(version) => {
                let patch = if version.pre.is_empty() {
                    version.patch.checked_add(1)?
                } else {
                    version.patch
                };
                Some(Self::Semver(semver::Version::new(
                    version.major,
                    version.minor,
                    patch,
                )))
            }
        }
    }

    /// Returns the smallest version above `self` that is not in `taken`.
    pub fn next_free(&self, taken: &BTreeSet<Self>) -> Option<Self> {
        let mut next = self.successor()?;
        while taken.contains(&next) {
            next = next.successor()?;
        }
        Some(next)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Semver(version) => version.fmt(f),
        }
    }
}

/// Reads either scheme: no text is valid in both.
impl FromStr for Version {
    type Err = VersionProblem;
    fn from_str(text: &str) -> Result<Self, VersionProblem> {
        let scheme = if text.contains('.') {
            Scheme::Semver
        } else {
            Scheme::Integer
        };
        Self::parse(scheme, text)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// The error for an unreadable version file: its content, the broken rule, and the expected content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it holds {read}, {problem}")]
pub struct VersionError {
    /// The content of the file, quoted and escaped.
    pub read: String,
    /// The broken rule.
    pub problem: VersionProblem,
    /// The scheme that was expected.
    pub scheme: Scheme,
}

/// A rule of the grammar that a text breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionProblem {
    /// The text is empty.
    #[error("which is empty")]
    Empty,
    /// Not UTF-8.
    #[error("which is not UTF-8")]
    NotUtf8,
    /// It begins with U+FEFF, added by an editor.
    #[error("which begins with a byte-order mark")]
    ByteOrderMark,
    /// A leading zero, as in `007`.
    #[error("which has a leading zero")]
    LeadingZero,
    /// A sign, as in `+7` or `-7`.
    #[error("which has a sign")]
    Sign,
    /// Digits of another script, such as Arabic-Indic.
    #[error("which has digits other than ASCII")]
    OtherDigits,
    /// More than ten digits, or more than 64 bytes.
    #[error("which is too long")]
    TooLong,
    /// Text follows the number.
    #[error("which has text after the number")]
    TextAfter,
    /// Text precedes the number, or there is no number.
    #[error("which does not begin with a number")]
    NotANumber,
    /// Not valid by Semantic Versioning 2.0.0.
    #[error("which is not a semantic version")]
    NotSemver,
    /// It ends in `.lock`, as in `1.0.0-x.lock`: git rejects such tags (git-check-ref-format(1), rule 1).
    #[error("which ends in \".lock\", as no git tag may")]
    Lock,
    /// Build metadata, as in `1.0.0+5`: two versions that differ only there have no order.
    #[error("which has build metadata")]
    BuildMetadata,
}

fn integer(text: &str) -> Result<u64, VersionProblem> {
    use VersionProblem as P;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.chars().next() {
        None => Err(P::Empty),
        Some('+' | '-') => Err(P::Sign),
        Some(c) if !c.is_ascii_digit() && c.is_numeric() => Err(P::OtherDigits),
        Some(_) if digits == 0 => Err(P::NotANumber),
        Some(_) if digits < text.len() => Err(P::TextAfter),
        Some(_) if digits > MOST_DIGITS => Err(P::TooLong),
        Some('0') if digits > 1 => Err(P::LeadingZero),
        Some(_) => text.parse().map_err(|_| P::TooLong),
    }
}

// semver.org 2.0.0; the parser is the one that cargo uses.
fn semantic(text: &str) -> Result<semver::Version, VersionProblem> {
    use VersionProblem as P;
    if text.is_empty() {
        return Err(P::Empty);
    }
    if text.len() > MOST_BYTES {
        return Err(P::TooLong);
    }
    let version = semver::Version::parse(text).map_err(|_| P::NotSemver)?;
    if text.ends_with(".lock") {
        return Err(P::Lock);
    }
    if version.build.is_empty() {
        Ok(version)
    } else {
        Err(P::BuildMetadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VersionProblem as P;
    use proptest::prelude::*;

    #[test]
    fn integers_read_as_the_table_says() {
        let read = |bytes: &[u8]| Version::from_file(Scheme::Integer, bytes).map_err(|e| e.problem);
        let table: &[(&[u8], Result<u64, P>)] = &[
            (b"7", Ok(7)),
            (b"7\n", Ok(7)),
            (b"7\r\n", Ok(7)),
            (b"0", Ok(0)),
            (b"9999999999", Ok(9_999_999_999)),
            (b"", Err(P::Empty)),
            (b"\n", Err(P::Empty)),
            (b"7\n\n", Err(P::TextAfter)),
            (b"7 \n", Err(P::TextAfter)),
            (b" 7", Err(P::NotANumber)),
            (b"7 # seven", Err(P::TextAfter)),
            (b"7\n::set-output name=x::y", Err(P::TextAfter)),
            (b"7\r", Err(P::TextAfter)),
            (b"007", Err(P::LeadingZero)),
            (b"00", Err(P::LeadingZero)),
            (b"+7", Err(P::Sign)),
            (b"-7", Err(P::Sign)),
            ("٧".as_bytes(), Err(P::OtherDigits)),
            ("7٧".as_bytes(), Err(P::TextAfter)),
            ("\u{feff}7".as_bytes(), Err(P::ByteOrderMark)),
            (b"12345678901", Err(P::TooLong)),
            (b"v7", Err(P::NotANumber)),
            (b"7.0", Err(P::TextAfter)),
            (b"\xff\xfe7\0", Err(P::NotUtf8)),
        ];
        for (bytes, expected) in table {
            assert_eq!(
                read(bytes),
                expected.map(Version::Integer),
                "{}",
                quoted_bytes(bytes)
            );
        }
    }

    #[test]
    fn semantic_versions_read_and_order_as_the_specification_says() {
        let read = |text: &str| Version::parse(Scheme::Semver, text);
        let ordered = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0",
            "1.0.10",
            "2.0.0",
        ];
        assert!(ordered.map(|text| read(text).unwrap()).is_sorted());
        let long = |bytes: usize| format!("1.0.0-{}", "x".repeat(bytes - "1.0.0-".len()));
        let longest = read(&long(MOST_BYTES)).unwrap();
        assert_eq!(longest.scheme(), Scheme::Semver);
        assert_eq!(longest.to_string().len(), MOST_BYTES);
        assert_eq!(read(&long(MOST_BYTES + 1)), Err(P::TooLong));
        let wrong = [
            ("", P::Empty),
            ("1.0", P::NotSemver),
            ("v1.0.0", P::NotSemver),
            ("01.0.0", P::NotSemver),
            ("1.0.0-x.lock", P::Lock),
            ("1.0.0+5", P::BuildMetadata),
        ];
        for (text, problem) in wrong {
            assert_eq!(read(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn the_error_shows_what_was_read_and_what_is_expected() {
        let error = Version::from_file(Scheme::Integer, b"007\x1b[0m").unwrap_err();
        insta::assert_snapshot!(error, @r#"it holds "007\u{1b}[0m", which has text after the number"#);
    }

    #[test]
    fn the_next_free_number_steps_over_burnt_ones() {
        let number = |n| Version::Integer(n);
        let taken = BTreeSet::from([number(5), number(6), number(9)]);
        assert_eq!(number(4).next_free(&taken), Some(number(7)));
        assert_eq!(number(8).next_free(&taken), Some(number(10)));
        assert_eq!(number(9_999_999_999).next_free(&taken), None);
        let semver = |text: &str| text.parse::<Version>().unwrap();
        assert_eq!(
            semver("1.0.0-rc.1").next_free(&BTreeSet::from([semver("1.0.0")])),
            Some(semver("1.0.1"))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_what_it_reads_it_writes_again(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            for scheme in [Scheme::Integer, Scheme::Semver] {
                if let Ok(version) = Version::from_file(scheme, &bytes) {
                    prop_assert!(bytes.starts_with(version.to_string().as_bytes()));
                    prop_assert_eq!(Version::from_file(scheme, version.to_string().as_bytes()), Ok(version));
                }
            }
        }

        #[test]
        fn numbers_order_as_numbers(a in 0u64..9_999_999_999, b in 0u64..9_999_999_999) {
            let read = |n: u64| Version::from_file(Scheme::Integer, n.to_string().as_bytes()).unwrap();
            prop_assert_eq!(read(a).cmp(&read(b)), a.cmp(&b));
        }
    }
}
