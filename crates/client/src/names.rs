//! The names from a caller, validated once: which release, which asset.
//!
//! The rules are GitHub's, narrowed to what needs no quoting in an address or a file name.

use std::fmt;
use std::str::FromStr;

use lockgate_format::ids::{AssetName, ParseError, RepositoryName, Tag};
use lockgate_http::Address;

use crate::error::{FetchError, quoted_address};

/// A release: a server, a repository on it, a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    server: Address,
    repository: RepositoryName,
    tag: Tag,
}

impl Source {
    /// Makes a source from a server such as `https://github.com`, a repository (`OWNER/NAME`) and a tag.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] names which of the three is malformed.
    pub fn new(server_url: &str, repository: &str, tag: &str) -> Result<Self, FetchError> {
        let server = Address::parse_base(server_url).ok_or_else(|| {
            not_usable(
                server_url,
                "the address of a server, such as https://github.com, without a user name or query",
            )
        })?;
        Ok(Self {
            server,
            repository: name(repository)?,
            tag: name(tag)?,
        })
    }

    /// Returns the server's address, without a slash at the end.
    pub fn server_url(&self) -> String {
        self.server.in_full()
    }

    /// Returns the repository: `OWNER/NAME`.
    pub fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// Returns the tag.
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    pub(crate) fn server(&self) -> &Address {
        &self.server
    }

    /// Returns the plain address of an asset: no API, no rate limit.
    pub(crate) fn address_of(&self, asset: &AssetName) -> Address {
        self.server.join(&format!(
            "{}/releases/download/{}/{asset}",
            self.repository, self.tag
        ))
    }

    /// Returns the release that would hold the withdrawal of this one.
    pub(crate) fn withdrawal(&self) -> Self {
        Self {
            tag: self.tag.withdrawal(),
            ..self.clone()
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.server, self.repository, self.tag)
    }
}

/// Parses a name from a caller.
pub(crate) fn name<T: FromStr<Err = ParseError>>(text: &str) -> Result<T, FetchError> {
    text.parse()
        .map_err(|error: ParseError| not_usable(text, error.expected))
}

pub(crate) fn not_usable(text: &str, expected: &'static str) -> FetchError {
    FetchError::InvalidInput {
        text: quoted_address(text),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_gives_plain_download_addresses() {
        let source = Source::new("https://github.com/", "o/n", "tool-v2").unwrap();
        let asset = "tool-amd64-v2".parse().unwrap();
        assert_eq!(
            source.address_of(&asset).to_string(),
            "https://github.com/o/n/releases/download/tool-v2/tool-amd64-v2"
        );
        assert_eq!(source.withdrawal().tag().as_str(), "withdrawn-tool-v2");
    }

    #[test]
    fn what_is_no_address_is_told_without_its_password() {
        for text in [
            "http://me:secret@host/m",
            "me:secret@host/m",
            "https://secret@host",
        ] {
            let errors = [
                Source::new(text, "o/n", "v1").unwrap_err(),
                crate::mirror::Mirror::parse(text).unwrap_err(),
            ];
            for error in errors {
                let shown = format!("{error} {error:?}");
                assert!(
                    shown.contains("@host") && !shown.contains("secret"),
                    "{shown}"
                );
            }
        }
    }

    #[test]
    fn names_that_would_leave_their_place_are_refused() {
        for name in [
            "", ".", "..", ".hidden", "-flag", "a/b", "a\\b", "a b", "a\n", "ä", "a?b", "a%2fb",
            "a#b", "dot.",
        ] {
            let error = FetchError::from(name.parse::<AssetName>().unwrap_err());
            assert_eq!(error.code(), "fetch.not-usable", "{name:?}");
            assert!(
                Source::new("https://github.com", "o/n", name).is_err(),
                "{name:?}"
            );
        }
        for repository in [
            "", "o", "o/n/m", "../n", "o/..", "/n", "o/", "o/n?x", "o /n",
        ] {
            assert!(
                Source::new("https://github.com", repository, "v1").is_err(),
                "{repository:?}"
            );
        }
        for server in [
            "",
            "github.com",
            "ftp://github.com",
            "https://token@github.com",
            "https://github.com/?q",
        ] {
            assert!(Source::new(server, "o/n", "v1").is_err(), "{server:?}");
        }
    }
}
