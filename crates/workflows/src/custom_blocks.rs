//! Custom blocks: the named ranges of a generated workflow that belong to the repository. `lockgate init` keeps their content
//! byte for byte.
//!
//! A block is a pair of comments, each alone on its line:
//!
//! ```yaml
//! # lockgate:begin-custom before-build
//! # lockgate:end-custom before-build
//! ```
//!
//! The marks of 0.1.0's first files, `# lockgate:place NAME` and `# lockgate:end`, are still read; the new ones are written.

use std::collections::BTreeMap;

use lockgate_core::escape::quoted;

const BEGIN: &str = "# lockgate:begin-custom ";
const END: &str = "# lockgate:end-custom";
const OLD_BEGIN: &str = "# lockgate:place ";
const OLD_END: &str = "# lockgate:end";

/// The content of the custom blocks of one file, by their names. Empty blocks are omitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomBlocks(BTreeMap<String, Vec<String>>);

/// Why the custom blocks of a file cannot be read. Lines count from 1; names are quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomBlockError {
    /// A block has no end.
    #[error("line {line}: the custom block {name} has no \"{END} NAME\"")]
    Open {
        /// Of the mark that begins it.
        line: usize,
        /// Of the block.
        name: String,
    },
    /// An end mark has no block, or names another one.
    #[error("line {line}: {mark} does not end a custom block{of}")]
    Stray {
        /// Of the mark.
        line: usize,
        /// The mark, quoted.
        mark: String,
        /// The block that is open there, as ` named "..."`; empty if none is.
        of: String,
    },
    /// Two blocks have the same name.
    #[error("line {line}: there are two custom blocks {name}")]
    Twice {
        /// Of the second.
        line: usize,
        /// Of both.
        name: String,
    },
}

impl CustomBlocks {
    /// Reads the custom blocks of a file.
    ///
    /// # Errors
    /// [`CustomBlockError`] where it is not clear which lines belong to a block.
    pub fn read(text: &str) -> Result<Self, CustomBlockError> {
        let mut found = BTreeMap::new();
        let mut open: Option<(usize, String, Vec<String>)> = None;
        for (at, row) in text.split('\n').enumerate() {
            let line = at + 1;
            let mark = row.trim();
            if let Some(name) = begins(mark) {
                if let Some((line, name, _)) = open {
                    return Err(unended(line, &name));
                }
                if found.contains_key(name) {
                    let name = quoted(name);
                    return Err(CustomBlockError::Twice { line, name });
                }
                open = Some((line, name.to_owned(), Vec::new()));
            } else if let Some(ended) = ends(mark) {
                match open.take() {
                    Some((_, name, rows)) if ended.is_none_or(|ended| ended == name) => {
                        found.insert(name, rows);
                    }
                    other => {
                        let of = other.map(|(_, name, _)| format!(" named {}", quoted(&name)));
                        return Err(CustomBlockError::Stray {
                            line,
                            mark: quoted(mark),
                            of: of.unwrap_or_default(),
                        });
                    }
                }
            } else if let Some((_, _, rows)) = &mut open {
                rows.push(row.to_owned());
            }
        }
        if let Some((line, name, _)) = open {
            return Err(unended(line, &name));
        }
        found.retain(|_, rows| !rows.is_empty());
        Ok(Self(found))
    }

    /// The names of the blocks that are not empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether every block is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Prints a block with its content.
    pub(crate) fn print(&self, out: &mut String, name: &str, indent: usize) {
        let pad = " ".repeat(indent);
        out.push_str(&format!("{pad}{BEGIN}{name}\n"));
        for row in self.0.get(name).into_iter().flatten() {
            out.push_str(row);
            out.push('\n');
        }
        out.push_str(&format!("{pad}{END} {name}\n"));
    }
}

/// Returns the name of the block that a line begins.
fn begins(mark: &str) -> Option<&str> {
    mark.strip_prefix(BEGIN)
        .or_else(|| mark.strip_prefix(OLD_BEGIN))
        .map(str::trim)
}

/// Returns the name of the block that a line ends, if the line is an end mark; the old mark has no name.
fn ends(mark: &str) -> Option<Option<&str>> {
    if mark == OLD_END {
        return Some(None);
    }
    let name = mark.strip_prefix(END)?;
    match name.strip_prefix(' ') {
        Some(name) => Some(Some(name.trim())),
        None => name.is_empty().then_some(None),
    }
}

fn unended(line: usize, name: &str) -> CustomBlockError {
    let name = quoted(name);
    CustomBlockError::Open { line, name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_block_is_read_and_printed_byte_for_byte() {
        let text = "a:\n  # lockgate:begin-custom one\n  - x: \"\ty\"  \r\n\n  # lockgate:end-custom one\nb:\n# lockgate:begin-custom two\n# lockgate:end-custom two\n";
        let blocks = CustomBlocks::read(text).unwrap();
        assert_eq!(blocks.names().collect::<Vec<_>>(), ["one"]);
        let mut out = String::new();
        blocks.print(&mut out, "one", 2);
        assert!(text.contains(&out), "{out}");
    }

    #[test]
    fn the_old_marks_are_read_and_the_new_ones_written() {
        let old = "# lockgate:place one\n- x: y\n# lockgate:end\n";
        let mut out = String::new();
        CustomBlocks::read(old).unwrap().print(&mut out, "one", 0);
        assert_eq!(
            out,
            "# lockgate:begin-custom one\n- x: y\n# lockgate:end-custom one\n"
        );
    }

    #[test]
    fn blocks_whose_lines_are_unclear_are_refused_with_the_line() {
        for (text, line) in [
            ("# lockgate:begin-custom a\nx: 1\n", "line 1"),
            ("x: 1\n# lockgate:end-custom a\n", "line 2"),
            ("x: 1\n# lockgate:end\n", "line 2"),
            (
                "# lockgate:begin-custom a\n# lockgate:end-custom b\n",
                "line 2",
            ),
            (
                "# lockgate:begin-custom a\n# lockgate:begin-custom b\n# lockgate:end-custom b\n",
                "line 1",
            ),
            (
                "# lockgate:place a\n# lockgate:end\n# lockgate:begin-custom a\n# lockgate:end-custom a\n",
                "line 3",
            ),
        ] {
            let error = CustomBlocks::read(text).unwrap_err().to_string();
            assert!(error.starts_with(line), "{error}");
        }
    }
}
