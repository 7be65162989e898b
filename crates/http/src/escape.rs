//! Escapes untrusted text for display: one line, no control characters, no user name and no password of an address.

use lockgate_format::escape;

/// Returns untrusted text in double quotes, escaped as by [`plain`] and cut after 80 characters.
pub fn quoted(text: &str) -> String {
    escape::quoted(&redacted(text))
}

/// Returns the [`quoted`] text of one address without user name and password, even if it lacks the scheme by which [`redacted`]
/// finds them.
pub fn quoted_address(text: &str) -> String {
    let Some((before, rest)) = text.rsplit_once('@') else {
        return quoted(text);
    };
    match before.split_once("://") {
        Some((scheme, _)) => quoted(&format!("{scheme}://…@{rest}")),
        None => quoted(&format!("…@{rest}")),
    }
}

/// Returns untrusted text as one line, without user names and passwords.
pub fn plain(text: &str) -> String {
    escape::line(&redacted(text))
}

/// Returns text without the user names and passwords of the addresses in it. An address ends with white space or a quote;
/// everything in it up to the last `@` is removed, because a password can contain a slash that is not escaped.
pub fn redacted(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>');
    let mut out = String::new();
    for word in text.split_inclusive(ends) {
        let cut = word.split_once("://").and_then(|(scheme, rest)| {
            let (_, rest) = rest.rsplit_once('@')?;
            Some(format!("{scheme}://…@{rest}"))
        });
        out.push_str(&cut.unwrap_or_else(|| word.to_owned()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_one_harmless_line() {
        assert_eq!(
            quoted("a\x1b[31m\n\u{202e}ä\""),
            r#""a\u{1b}[31m\n\u{202e}ä\"""#
        );
        assert_eq!(quoted(&"x".repeat(90)).chars().count(), 83);
    }

    #[test]
    fn no_user_name_or_password_of_an_address_is_shown() {
        let long = format!("http://me:{}@host/x", "secret".repeat(40));
        let table = [
            ("http://me:secret@host/x", "http://…@host/x"),
            ("say socks5://secret@host, or", "say socks5://…@host, or"),
            ("http://me:se/cret@host/x", "http://…@host/x"),
            ("http://a@b:secret@host", "http://…@host"),
            ("\"http://secret@h\" \"x@y\"", "\"http://…@h\" \"x@y\""),
            (&long, "http://…@host/x"),
            ("https://host/x", "https://host/x"),
            ("me@example.org", "me@example.org"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(redacted(text), expected);
            assert!(!quoted(text).contains("secret") && !plain(text).contains("secret"));
        }
        for text in [
            "socks4a:me:secret@h",
            "//me:secret@h",
            "x: //a://secret@h",
            "secret@h@h",
        ] {
            assert!(!quoted_address(text).contains("secret"), "{text}");
        }
    }
}
