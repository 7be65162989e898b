//! Addresses: only `http` and `https`, never with a user name, which would be sent as a credential; and where a redirect may
//! lead. Does not know the network.

use std::fmt;
use std::net::IpAddr;

use ureq::http::Uri;

use crate::escape::quoted;

/// An `http` or `https` address. It is shown without its query, which may hold a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    tls: bool,
    authority: String,
    /// The path with its leading slash, and the query if there is one.
    path: String,
}

impl Address {
    /// Parses an absolute address without user information.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let path = uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        Some(Self {
            tls,
            authority: authority.as_str().to_owned(),
            path,
        })
    }

    /// Parses the base of other addresses, which has neither query nor fragment.
    pub fn parse_base(text: &str) -> Option<Self> {
        let mut base = Self::parse(text).filter(|_| !text.contains(['?', '#']))?;
        base.path.truncate(base.path.trim_end_matches('/').len());
        Some(base)
    }

    /// Returns the address below a base; `rest` consists of safe characters.
    pub fn join(&self, rest: &str) -> Self {
        Self {
            path: format!("{}/{rest}", self.path),
            ..self.clone()
        }
    }

    /// Returns where a redirect from here leads, or why it is not followed.
    ///
    /// `http` may lead to `http` or `https`, `https` to `https` only. The location is absolute, or relative to this address
    /// (RFC 9110, 10.2.2) without `.` and `..`.
    pub fn follow(&self, location: &str) -> Result<Self, String> {
        let scheme = if self.tls { "https" } else { "http" };
        let absolute = if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{}{location}", self.authority)
        } else if is_relative(location) {
            let path = self.path.split('?').next().unwrap_or_default();
            let kept = match location.starts_with('?') {
                true => path,
                false => path.rfind('/').map_or("/", |end| &path[..=end]),
            };
            format!("{scheme}://{}{kept}{location}", self.authority)
        } else {
            location.to_owned()
        };
        let next = Self::parse(&absolute).ok_or_else(|| {
            format!(
                "it redirects to {}, which is not an address to follow",
                quoted(location.split('?').next().unwrap_or_default())
            )
        })?;
        if self.tls && !next.tls {
            return Err(format!(
                "it redirects from https to {next}, which is not encrypted"
            ));
        }
        Ok(next)
    }

    /// Returns whether the scheme is `https`.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Returns whether a response certainly comes from the server that the address names: it is encrypted, or on this machine.
    pub fn is_authentic(&self) -> bool {
        self.tls || self.is_this_machine()
    }

    /// Returns whether the host is this machine.
    pub fn is_this_machine(&self) -> bool {
        let (host, _) = self.host_and_port();
        let ip: Option<IpAddr> = host.parse().ok();
        let name = host.to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost") || ip.is_some_and(|ip| ip.is_loopback())
    }

    /// Returns the host, without brackets, and the port.
    pub fn host_and_port(&self) -> (&str, u16) {
        let usual = if self.tls { 443 } else { 80 };
        let (host, port) = match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
                (host, port.parse().unwrap_or(usual))
            }
            _ => (self.authority.as_str(), usual),
        };
        (host.trim_matches(['[', ']']), port)
    }

    /// Returns whether another address has the same scheme, host and port.
    pub fn is_same_server(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.host_and_port(), other.host_and_port());
        self.tls == other.tls && ours.1 == theirs.1 && ours.0.eq_ignore_ascii_case(theirs.0)
    }

    /// Returns the whole address, with its query.
    pub fn in_full(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.path)
    }

    /// Returns server and path as the name of a directory.
    pub fn directory_name(&self) -> String {
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || c == '.' || c == '-' {
                c
            } else {
                '_'
            }
        };
        let name: String = format!("{}{}", self.authority, self.path)
            .to_ascii_lowercase()
            .chars()
            .map(safe)
            .collect();
        // The leading dot of an authority carries no meaning, and a directory name must not have one.
        name.trim_start_matches('.').to_owned()
    }
}

/// Returns whether a location is relative (RFC 3986, 4.2) and has neither `.` nor `..`.
fn is_relative(location: &str) -> bool {
    let first = location.split(['/', '?', '#']).next().unwrap_or_default();
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let dots = path.split('/').any(|part| matches!(part, "." | ".."));
    !location.is_empty() && !first.contains(':') && !dots
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = self.in_full();
        f.write_str(
            full.split_once('?')
                .map_or(full.as_str(), |(before, _)| before),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn redirects_keep_the_encryption() {
        let table = [
            ("http://a/x", "http://b/y", Some("http://b/y")),
            ("http://a/x", "https://b/y", Some("https://b/y")),
            ("https://a/x", "https://b/y", Some("https://b/y")),
            ("https://a/x", "http://b/y", None),
            ("https://a/x", "http://a/x", None),
            ("https://a:1/x", "/y", Some("https://a:1/y")),
            ("https://a/x", "//b/y", Some("https://b/y")),
            ("http://a/x", "y", Some("http://a/y")),
            ("https://a/d/x?q/r", "y?z", Some("https://a/d/y?z")),
            ("http://a/d/x", "e/y", Some("http://a/d/e/y")),
            ("http://a/d/x?q", "?z", Some("http://a/d/x?z")),
            ("http://a", "y", Some("http://a/y")),
            (
                "http://a/d/x",
                "y/http://b/z",
                Some("http://a/d/y/http://b/z"),
            ),
            ("http://a/d/x", "../y", None),
            ("http://a/d/x", "b:1/y", None),
            ("http://a/x", "", None),
            ("http://a/x", "ftp://b/y", None),
            ("http://a/x", "file:///etc/passwd", None),
            ("http://a/x", "http://user:word@b/y", None),
            ("http://a/x", "http:///y", None),
            ("http://a:8/x", "http://b/y?s=%2F", Some("http://b/y?s=%2F")),
            ("http://a:8080/x", "/y", Some("http://a:8080/y")),
        ];
        for (from, location, expected) in table {
            let next = at(from).follow(location).ok().map(|next| next.in_full());
            assert_eq!(next.as_deref(), expected, "{from} -> {location}");
        }
    }

    #[test]
    fn an_address_is_shown_without_its_query() {
        let address = at("https://a/x?signature=1");
        assert_eq!(address.to_string(), "https://a/x");
        assert_eq!(address.in_full(), "https://a/x?signature=1");
    }

    #[test]
    fn only_plain_bases_are_built_upon() {
        for wrong in [
            "",
            "github.com",
            "ftp://a",
            "https://",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "/a",
            "https://a b",
        ] {
            assert_eq!(Address::parse_base(wrong), None, "{wrong}");
        }
        let base = Address::parse_base("https://a:8443/b/").unwrap();
        assert_eq!(base.join("c/d").to_string(), "https://a:8443/b/c/d");
        assert_eq!(base.directory_name(), "a_8443_b");
    }

    #[test]
    fn plain_http_is_believed_on_this_machine_only() {
        for near in [
            "http://127.0.0.1:8",
            "http://localhost",
            "http://github.localhost:1",
            "http://[::1]:9",
            "https://far",
        ] {
            assert!(at(near).is_authentic(), "{near}");
        }
        for far in [
            "http://example.org",
            "http://10.0.0.1:127",
            "http://localhost.example.org",
            "http://[fe80::1]",
        ] {
            assert!(!at(far).is_authentic(), "{far}");
        }
    }
}
