//! Escapes untrusted text for display: in a terminal, in a message, in a cell of a table.
//!
//! Does not handle Markdown.

/// The length to which a message cuts untrusted text, in characters.
const SHOWN: usize = 80;

/// Returns untrusted text in double quotes, with everything unprintable escaped, cut after 80 characters.
pub fn quoted(text: &str) -> String {
    let cut = text.chars().count() > SHOWN;
    let shown: String = text.chars().take(SHOWN).map(escaped_char).collect();
    format!(
        "\"{}{}\"",
        shown.replace('"', "\\\""),
        if cut { "…" } else { "" }
    )
}

/// Returns untrusted bytes as [`quoted`] text; bytes that are not UTF-8 appear as `\xNN`.
pub fn quoted_bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.extend(chunk.valid().chars().map(escaped_char));
        chunk
            .invalid()
            .iter()
            .for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
        if text.len() > 4 * SHOWN {
            break;
        }
    }
    let cut = text.chars().count() > SHOWN;
    let shown: String = text.chars().take(SHOWN).collect();
    format!("\"{}{}\"", shown, if cut { "…" } else { "" })
}

/// Returns untrusted text as one word of a command that a user pastes into a shell. Text with characters that a shell could interpret
/// is put in single quotes, inside which nothing is special.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/@:+,=-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", line(text).replace('\'', "'\\''"))
}

/// Returns one line of untrusted text, with everything unprintable escaped; not quoted, not cut.
pub fn line(text: &str) -> String {
    text.chars().map(escaped_char).collect()
}

fn escaped_char(c: char) -> String {
    if is_plain(c) {
        c.to_string()
    } else {
        c.escape_default().to_string()
    }
}

/// Returns whether every character of a text is displayed as itself, on one line.
pub fn is_printable(text: &str) -> bool {
    text.chars().all(is_plain)
}

/// Returns whether a character is displayed as itself: not a control, not invisible, not a change of the writing direction.
fn is_plain(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ if c.is_control() || c.is_whitespace() => false,
        // Format characters, bidirectional controls, joiners, tags, variation selectors, private use (Unicode TR 36).
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => {
            false
        }
        '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{ffff}' => false,
        '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}' => false,
        _ => true,
    }
}

/// Returns text in which the runner of GitHub Actions finds no command: the runner reads `::name::` at the start of a line, after
/// white space, and `##[name]` anywhere in a line (actions/runner, `ActionCommand.cs`). The lines are kept.
pub fn log(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for row in text.split_inclusive(['\n', '\r']) {
        let start = row.len() - row.trim_start().len();
        let (space, rest) = row.split_at(start);
        safe.push_str(space);
        match rest.strip_prefix("::") {
            Some(rest) => {
                safe.push_str(": :");
                safe.push_str(&rest.replace("##[", "## ["));
            }
            None => safe.push_str(&rest.replace("##[", "## [")),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_command_is_one_word_and_runs_nothing() {
        assert_eq!(shell_word("feature/x-1"), "feature/x-1");
        assert_eq!(shell_word("$(id)"), "'$(id)'");
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("it's`id`"), "'it'\\''s`id`'");
        assert_eq!(shell_word("-x"), "'-x'");
        assert_eq!(shell_word(""), "''");
        // The command is not split by a newline.
        assert_eq!(shell_word("a\nid"), "'a\\nid'");
    }
    use proptest::prelude::*;

    #[test]
    fn terminal_escapes_and_bidi_controls_are_spelled_out() {
        assert_eq!(quoted("a\x1b[31mb"), r#""a\u{1b}[31mb""#);
        assert_eq!(quoted("a\u{202e}b\n"), r#""a\u{202e}b\n""#);
        assert_eq!(quoted("say \"x\""), r#""say \"x\"""#);
        assert_eq!(quoted_bytes(b"1\xff\n"), r#""1\xff\n""#);
        assert_eq!(quoted_bytes("\u{feff}1".as_bytes()), r#""\u{feff}1""#);
        assert_eq!(quoted(&"x".repeat(99)).chars().count(), 83);
    }

    /// Returns characters that are invisible or change the direction of what follows, one by one: Unicode's general categories Cc, Cf,
    /// Zl and Zp of the Basic Multilingual Plane, and the equally dangerous ones elsewhere. An independent list, so that a gap in
    /// [`is_plain`] is found.
    fn dangerous() -> Vec<char> {
        let mut all: Vec<char> = ('\0'..'\u{20}').chain('\u{7f}'..='\u{9f}').collect();
        // Format characters shared by all scripts: soft hyphen, Arabic letter mark, zero width, bidirectional embeddings,
        // overrides and isolates, word joiner, invisible operators, deprecated format characters, byte order mark.
        all.extend(['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}']);
        all.extend(['\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}']);
        all.extend(['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}']);
        all.extend(['\u{2060}', '\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}']);
        all.extend(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']);
        all.extend([
            '\u{206a}', '\u{206b}', '\u{206c}', '\u{206d}', '\u{206e}', '\u{206f}',
        ]);
        // Line and paragraph separators, interlinear annotations, variation selectors, tags, private use.
        all.extend(['\u{2028}', '\u{2029}', '\u{fff9}', '\u{fffa}', '\u{fffb}']);
        all.extend([
            '\u{fe00}',
            '\u{fe0f}',
            '\u{e0001}',
            '\u{e0020}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{e000}',
            '\u{100000}',
        ]);
        all
    }

    #[test]
    fn each_character_that_misleads_is_spelled_out_wherever_text_is_shown() {
        for c in dangerous() {
            let text = format!("a{c}b");
            for shown in [
                quoted(&text),
                line(&text),
                shell_word(&text),
                quoted_bytes(text.as_bytes()),
            ] {
                assert!(!shown.contains(c), "{:x}", u32::from(c));
                assert!(shown.contains(&c.escape_default().to_string()), "{shown}");
            }
            assert!(!is_printable(&text), "{:x}", u32::from(c));
        }
        for text in [
            "größe",
            "日本語",
            "a-b_c.d/e",
            "it's 5 × 7",
            "العربية",
            "👍",
        ] {
            assert_eq!(line(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_unprintable_gets_through(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for shown in [quoted(&text), line(&text), quoted_bytes(&bytes)] {
                let bad = |c: char| c.is_control() || dangerous().contains(&c) || (c.is_whitespace() && c != ' ');
                prop_assert!(!shown.contains(bad), "{shown:?}");
            }
        }
    }

    #[test]
    fn no_line_of_a_log_is_a_command_of_the_runner() {
        assert_eq!(
            log("::error::x\n  ::add-mask::y\na ##[error]z\nplain :: text"),
            ": :error::x\n  : :add-mask::y\na ## [error]z\nplain :: text"
        );
        assert_eq!(log(""), "");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_logged_holds_no_command(text in "[:#\\[\\] a\\n\\r\\t\u{a0}\u{2003}]{0,40}") {
            let safe = log(&text);
            proptest::prop_assert!(!safe.contains("##["), "{safe:?}");
            for row in safe.split(['\n', '\r']) {
                proptest::prop_assert!(!row.trim_start().starts_with("::"), "{safe:?}");
            }
        }
    }
}
