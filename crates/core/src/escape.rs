//! Foreign text made safe to show: in a terminal, in a message, in a cell of a table.
//!
//! Does not know Markdown; [`crate::render::markdown`] builds on this.

/// How much of a foreign text a message shows, in characters.
const SHOWN: usize = 80;

/// Foreign text between double quotes, everything unprintable escaped, cut after 80 characters.
pub fn quoted(text: &str) -> String {
    let cut = text.chars().count() > SHOWN;
    let shown: String = text.chars().take(SHOWN).map(escaped_char).collect();
    format!(
        "\"{}{}\"",
        shown.replace('"', "\\\""),
        if cut { "…" } else { "" }
    )
}

/// Foreign bytes as [`quoted`] text; what is not UTF-8 appears as `\xNN`.
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

/// Foreign text as one word of a command that people paste into a shell: what a shell could read as anything else stands between single
/// quotes, inside which nothing is special.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/@:+,=-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", line(text).replace('\'', "'\\''"))
}

/// One line of foreign text, everything unprintable escaped; not quoted, not cut.
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

/// Whether all of a text shows as itself, on one line.
pub fn is_printable(text: &str) -> bool {
    text.chars().all(is_plain)
}

/// Whether a character shows as itself: no control, no invisible, nothing that turns the direction of writing.
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

/// A text that a runner of GitHub Actions takes for no command: it reads `::name::` at the start of a line, after white space, and
/// `##[name]` anywhere in one (actions/runner, `ActionCommand.cs`). Each line stays a line.
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
        // No newline ends the command.
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

    proptest! {
        #[test]
        fn nothing_unprintable_gets_through(text in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for shown in [quoted(&text), line(&text), quoted_bytes(&bytes)] {
                prop_assert!(shown.chars().all(is_plain), "{shown:?}");
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
