//! Decides which addresses may be requested at all, and which may receive the token.
//!
//! GitHub's responses contain addresses (the next page, the upload host, the storage of a download), and a response is
//! untrusted. This module does not know requests.

use lockgate_http::Address;

use super::ConfigProblem;

/// The address of GitHub's API, and which addresses belong to it.
#[derive(Debug, Clone)]
pub(super) struct Api(Address);

impl Api {
    pub(super) fn parse(url: &str) -> Result<Self, ConfigProblem> {
        Address::parse_base(url)
            .map(Self)
            .ok_or(ConfigProblem::ApiUrl)
    }

    /// Returns the address of a path, which begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Returns whether the token may be sent to an address: only to the API's own host.
    pub(super) fn owns(&self, url: &str) -> bool {
        Address::parse(url).is_some_and(|address| address.is_same_server(&self.0))
    }

    /// Returns whether assets, and the token with them, may be sent to an address: the API's own host or, for an `api.`
    /// host, its sibling `uploads.` (`uploads.github.com` for `api.github.com`).
    pub(super) fn takes_uploads(&self, url: &str) -> bool {
        self.owns(url) || Address::parse(url).is_some_and(|address| self.is_sister(&address))
    }

    fn is_sister(&self, address: &Address) -> bool {
        let (host, port) = address.host_and_port();
        let (our_host, our_port) = self.0.host_and_port();
        let (host, our_host) = (host.to_ascii_lowercase(), our_host.to_ascii_lowercase());
        let theirs = host.strip_prefix("uploads.");
        theirs.is_some()
            && theirs == our_host.strip_prefix("api.")
            && (address.is_tls(), port) == (self.0.is_tls(), our_port)
    }
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
    fn a_name_is_one_segment() {
        assert_eq!(encoded("a/b c&d=é"), "a%2Fb%20c%26d%3D%C3%A9");
        assert_eq!(encoded("tool-1.2_x~y.bin"), "tool-1.2_x~y.bin");
    }
}
