//! The few pieces of GitHub-flavoured Markdown in which untrusted text may appear.

use crate::escape::line;

/// Returns a code span around untrusted text: the fence is longer than any run of backticks inside.
///
/// Inside a table a `|` would end the cell even within a code span, so it is written as a look-alike.
pub fn code(text: &str) -> String {
    let text = line(text).replace('|', "\u{2223}");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // CommonMark 6.1: one space at each end is stripped, unless the span is of spaces only.
    let pad = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns a block of untrusted lines, each escaped; the fence is longer than any run of backticks inside.
pub fn block(lines: &[String]) -> String {
    let body: Vec<String> = lines.iter().map(|text| line(text)).collect();
    let longest = body
        .iter()
        .flat_map(|text| text.split(|c| c != '`').map(str::len))
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", body.join("\n"))
}

/// Returns a row of a table.
pub fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Returns a sentence of ours that may quote untrusted text: every character that could be markup is escaped.
pub fn summary(text: &str) -> String {
    line(text)
        .chars()
        .flat_map(|c| {
            let special = matches!(
                c,
                '\\' | '`'
                    | '*'
                    | '_'
                    | '{'
                    | '}'
                    | '['
                    | ']'
                    | '<'
                    | '>'
                    | '#'
                    | '|'
                    | '~'
                    | '!'
                    | '&'
            );
            let mention = c == '@';
            [
                special.then_some('\\'),
                Some(c),
                mention.then_some('\u{2060}'),
            ]
            .into_iter()
            .flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code(""), "`  `");
        assert_eq!(code("a\n<!-- x -->"), "`a\\n<!-- x -->`");
        assert_eq!(code("a|b"), "`a\u{2223}b`");
    }

    #[test]
    fn a_block_cannot_be_left() {
        assert_eq!(
            block(&["```".to_owned(), "x\u{1b}[31m".to_owned()]),
            "````text\n```\nx\\u{1b}[31m\n````\n"
        );
    }

    #[test]
    fn a_sentence_has_no_markup_and_mentions_nobody() {
        assert_eq!(
            summary("*x* [a](b) <b> @team"),
            "\\*x\\* \\[a\\](b) \\<b\\> @\u{2060}team"
        );
    }
}
