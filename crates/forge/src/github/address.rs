//! Decides which addresses may be requested at all, and which may receive the token.
//!
//! GitHub's responses contain addresses (the next page, the upload host, the storage of a download), and a response is
//! untrusted. This module does not know requests.

use ureq::http::Uri;

use super::ConfigProblem;

/// The scheme, host and port of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Returns the origin of an absolute `http` or `https` address without user information.
    fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        let port = authority
            .port_u16()
            .unwrap_or(if secure { 443 } else { 80 });
        Some(Self {
            secure,
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }
}

/// The address of GitHub's API, and which addresses belong to it.
#[derive(Debug, Clone)]
pub(super) struct Api {
    base: String,
    origin: Origin,
}

impl Api {
    pub(super) fn parse(url: &str) -> Result<Self, ConfigProblem> {
        let origin = Origin::of(url).ok_or(ConfigProblem::ApiUrl)?;
        if url.contains(['?', '#']) {
            return Err(ConfigProblem::ApiUrl);
        }
        Ok(Self {
            base: url.trim_end_matches('/').to_owned(),
            origin,
        })
    }

    /// Returns the address of a path, which begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Returns whether the token may be sent to an address: only to the API's own host.
    pub(super) fn owns(&self, url: &str) -> bool {
        Origin::of(url).is_some_and(|origin| origin == self.origin)
    }

    /// Returns whether assets, and the token with them, may be sent to an address: the API's own host or, for an `api.`
    /// host, its sibling `uploads.` (`uploads.github.com` for `api.github.com`).
    pub(super) fn takes_uploads(&self, url: &str) -> bool {
        let sister = |origin: &Origin| {
            let (theirs, ours) = (
                origin.host.strip_prefix("uploads."),
                self.origin.host.strip_prefix("api."),
            );
            theirs.is_some()
                && theirs == ours
                && (origin.secure, origin.port) == (self.origin.secure, self.origin.port)
        };
        Origin::of(url).is_some_and(|origin| origin == self.origin || sister(&origin))
    }
}

/// Returns the target of a redirect. Never from `https` to `http`; `None` if it is not an address.
pub(super) fn redirected(from: &str, location: &str) -> Option<String> {
    let here = Origin::of(from)?;
    let url = if location.starts_with('/') && !location.starts_with("//") {
        let scheme = if here.secure { "https" } else { "http" };
        format!("{scheme}://{}:{}{location}", here.host, here.port)
    } else {
        location.to_owned()
    };
    let there = Origin::of(&url)?;
    (there.secure || !here.secure).then_some(url)
}

/// Returns whether an address is encrypted.
pub(super) fn is_secure(url: &str) -> bool {
    Origin::of(url).is_some_and(|origin| origin.secure)
}

/// Returns host and port of an address.
pub(super) fn host_and_port(url: &str) -> Option<(String, u16)> {
    Origin::of(url).map(|origin| (origin.host, origin.port))
}

/// Encodes text as one segment of a path, or as one value of a query.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_api_host_and_its_uploads_sister_may_see_the_token() {
        let api = Api::parse("https://api.github.com/").unwrap();
        assert_eq!(api.url("/user"), "https://api.github.com/user");
        // address, as part of the API, for uploads
        let table = [
            ("https://api.github.com/x", true, true),
            ("https://API.github.com:443/x", true, true),
            ("https://uploads.github.com/x", false, true),
            ("http://api.github.com/x", false, false),
            ("http://uploads.github.com/x", false, false),
            ("https://api.github.com:444/x", false, false),
            ("https://uploads.github.com.evil.example/x", false, false),
            ("https://uploads.evil.example/x", false, false),
            ("https://api.github.com@evil.example/x", false, false),
            ("https://me@api.github.com/x", false, false),
            ("//api.github.com/x", false, false),
            ("/x", false, false),
            ("file:///etc/passwd", false, false),
            ("", false, false),
        ];
        for (url, owned, uploads) in table {
            assert_eq!(
                (api.owns(url), api.takes_uploads(url)),
                (owned, uploads),
                "{url}"
            );
        }
        let local = Api::parse("http://127.0.0.1:8080/api/v3").unwrap();
        assert!(local.takes_uploads("http://127.0.0.1:8080/api/uploads/x"));
        assert!(!local.takes_uploads("http://127.0.0.1:8081/api/uploads/x"));
    }

    #[test]
    fn an_api_address_is_plain() {
        for wrong in [
            "",
            "api.github.com",
            "ftp://x/",
            "https://token@api.github.com",
            "https://x/?a",
            "https://x/#a",
            "https:///x",
        ] {
            assert!(Api::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_redirect_never_leaves_encryption() {
        let table = [
            ("https://a/x", "https://b/y", Some("https://b/y")),
            ("https://a/x", "http://b/y", None),
            (
                "http://a:8080/x",
                "http://b/y?sig=%2F",
                Some("http://b/y?sig=%2F"),
            ),
            ("http://a:8080/x", "/y", Some("http://a:8080/y")),
            ("http://a/x", "//b/y", None),
            ("http://a/x", "y", None),
            ("http://a/x", "ftp://b/y", None),
            ("http://a/x", "http://me:secret@b/y", None),
        ];
        for (from, location, expected) in table {
            assert_eq!(
                redirected(from, location).as_deref(),
                expected,
                "{from} -> {location}"
            );
        }
    }

    #[test]
    fn a_name_is_one_segment() {
        assert_eq!(encoded("a/b c&d=é"), "a%2Fb%20c%26d%3D%C3%A9");
        assert_eq!(encoded("tool-1.2_x~y.bin"), "tool-1.2_x~y.bin");
    }
}
