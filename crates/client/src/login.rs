//! The login of a mirror: from a netrc file, or a header from the environment.
//!
//! It is sent to the mirror's own server (scheme, host and port), never to the release, another mirror's server or a
//! redirect's target, and is never shown. Does not read the environment: the caller passes the file's path and the
//! header.

use std::fmt;
use std::path::Path;

use lockgate_http::http::{HeaderName, HeaderValue, header};
use lockgate_http::{Address, basic};

use crate::error::FetchError;
use crate::mirror::Mirror;
use crate::names::not_usable;

/// The most that is read of a netrc file, in bytes.
const LARGEST: u64 = 1 << 20;

/// A header for one server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    server: Address,
    pub(crate) name: HeaderName,
    pub(crate) value: HeaderValue,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Login {
    /// Makes a header for the server of all web mirrors; `None` if there is no web mirror.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`] if the header is malformed, or the mirrors are on several servers.
    pub(crate) fn for_mirrors(
        mirrors: &[Mirror],
        header: &str,
    ) -> Result<Option<Self>, FetchError> {
        let mut servers = mirrors.iter().filter_map(|mirror| match mirror {
            Mirror::Web(base) => Some(base),
            Mirror::Folder(_) => None,
        });
        let Some(server) = servers.next() else {
            return Ok(None);
        };
        if let Some(other) = servers.find(|other| !other.is_same_server(server)) {
            let expected =
                "on the same server as the other mirrors, which the mirror's header is for";
            return Err(not_usable(&other.to_string(), expected));
        }
        Self::of_header(server, header).map(Some)
    }

    /// Parses a header such as `Authorization: Bearer ...`.
    ///
    /// # Errors
    /// [`FetchError::InvalidInput`], without the text: it is a secret.
    fn of_header(server: &Address, text: &str) -> Result<Self, FetchError> {
        let wrong = || {
            let expected = "a header such as Authorization: Bearer TOKEN";
            not_usable("the mirror's header", expected)
        };
        let (name, value) = text.split_once(':').ok_or_else(wrong)?;
        let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
        // The transport's own headers: a request with two of one kind is read differently by servers and proxies.
        let taken = [
            header::HOST,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
            header::RANGE,
        ];
        let value = HeaderValue::from_str(value.trim()).map_err(|_| wrong())?;
        if taken.contains(&name) || value.is_empty() {
            return Err(wrong());
        }
        Ok(Self::new(server, name, value))
    }

    /// Reads the user name and password for the server's host from a netrc file; `None` if it has none, or cannot be
    /// read.
    pub(crate) fn of_netrc(server: &Address, file: &Path) -> Option<Self> {
        let found = std::fs::metadata(file).ok()?;
        if !found.is_file() || found.len() > LARGEST {
            return None;
        }
        let text = std::fs::read(file).ok()?;
        let (host, _) = server.host_and_port();
        let (user, password) = entry(&String::from_utf8_lossy(&text), host)?;
        let value = HeaderValue::from_str(&basic(&user, &password)).ok()?;
        Some(Self::new(server, header::AUTHORIZATION, value))
    }

    fn new(server: &Address, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        Self {
            server: server.clone(),
            name,
            value,
        }
    }

    /// Whether it may be sent to an address.
    pub(crate) fn is_for(&self, address: &Address) -> bool {
        self.server.is_same_server(address)
    }
}

/// Returns user name and password of the first netrc entry that names a host. `default` is ignored: it names no host.
fn entry(text: &str, wanted: &str) -> Option<(String, String)> {
    let mut words = words(text).into_iter();
    let (mut here, mut user, mut password) = (false, None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" | "default" if here => break,
            "machine" => here = words.next()?.eq_ignore_ascii_case(wanted),
            "login" if here => user = words.next(),
            "password" if here => password = words.next(),
            // Their value may be one of the words above.
            "login" | "password" | "account" => drop(words.next()),
            _ => {}
        }
    }
    Some((user?, password?))
}

/// Splits a netrc file into words: quoted ones may hold blanks, `#` begins a comment, a macro ends with an empty line.
fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let previous = all.last().map(String::as_str);
            // A password may begin with `#`.
            if rest.starts_with('#') && !matches!(previous, Some("login" | "password" | "account"))
            {
                break;
            }
            let (word, after) = next_word(rest);
            if word == "macdef" {
                in_macro = true;
                break;
            }
            all.push(word);
            rest = after.trim_start();
        }
    }
    all
}

fn next_word(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, after) = text.split_at(end);
        return (word.to_owned(), after);
    };
    let mut word = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (word, &quoted[at + 1..]),
            '\\' => word.extend(chars.next().map(|(_, c)| c)),
            c => word.push(c),
        }
    }
    (word, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_netrc_file_is_read_as_curl_reads_it() {
        let text = "# machine a login commented password out\n\
                    machine other login machine password a\n\
                    macdef init\nmachine a login in password macro\n\n\
                    default login anybody password anything\n\
                    machine a.example\n  login me # a comment\n  password #se\"cret\n\
                    machine b.example login \"my name\" password \"a \\\"b\\\" \" account x\n\
                    machine c.example login only\n\
                    machine c.example login late password late\n";
        let table = [
            ("A.example", Some(("me", "#se\"cret"))),
            ("b.example", Some(("my name", "a \"b\" "))),
            ("other", Some(("machine", "a"))),
            ("a", None),
            ("c.example", None),
            ("d.example", None),
        ];
        for (host, expected) in table {
            let found = entry(text, host);
            let found = found.as_ref().map(|(a, b)| (a.as_str(), b.as_str()));
            assert_eq!(found, expected, "{host}");
        }
    }

    #[test]
    fn a_header_is_a_name_and_a_value_and_no_secret_is_shown() {
        let server = Address::parse_base("https://mirror.example/tools").unwrap();
        let login = Login::of_header(&server, "X-Key:  secret ").unwrap();
        assert_eq!(
            (login.name.as_str(), login.value.as_bytes()),
            ("x-key", &b"secret"[..])
        );
        assert!(!format!("{login:?}").contains("secret"));
        for wrong in [
            "secret",
            "a b: secret",
            "X: sec\nret",
            "Host: secret",
            "X:",
            "",
        ] {
            let error = Login::of_header(&server, wrong).unwrap_err();
            assert_eq!(error.code(), "fetch.not-usable");
            assert!(!format!("{error} {error:?}").contains("sec"), "{error}");
        }
    }

    #[test]
    fn a_login_is_for_one_server() {
        let server = Address::parse_base("https://mirror.example/tools").unwrap();
        let login = Login::of_header(&server, "X-Key: secret").unwrap();
        let is_for = |text: &str| login.is_for(&Address::parse(text).unwrap());
        assert!(is_for("https://MIRROR.example:443/x"));
        for other in [
            "http://mirror.example/",
            "https://mirror.example:444/",
            "https://a.mirror.example/",
        ] {
            assert!(!is_for(other), "{other}");
        }
    }
}
