//! Makes untrusted text safe to show in an error message.
//!
//! Such text ends up in terminals, logs and comments. It is cut so that it cannot flood them, and escaped to printable
//! ASCII so that it carries no control, bidirectional or look-alike characters. This module does not know where the
//! text is shown: each destination escapes again by its own rules.

/// The longest piece of untrusted text that an error repeats, in bytes before escaping.
const MOST: usize = 80;

/// Returns `bytes` as printable ASCII, cut after [`MOST`] bytes.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match bytes.get(..MOST) {
        Some(head) if bytes.len() > MOST => format!("{}...", head.escape_ascii()),
        _ => bytes.escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_only_printable_ascii_and_not_much_of_it() {
        assert_eq!(shown(b"tool"), "tool");
        assert_eq!(shown(b"a\x1b[31m\n\""), r#"a\x1b[31m\n\""#);
        assert_eq!(shown("\u{202e}".as_bytes()), r"\xe2\x80\xae");
        assert_eq!(shown(&[b'a'; 80]), "a".repeat(80));
        assert_eq!(shown(&[b'a'; 81]), format!("{}...", "a".repeat(80)));
    }
}
