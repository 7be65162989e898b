//! The named custom blocks in a workflow, whose content is kept byte for byte.
//!
//! A block is a pair of comments, each alone on its line:
//!
//! ```yaml
//! # lockgate:place before-build
//! # lockgate:end
//! ```

use std::collections::BTreeMap;

const PLACE: &str = "# lockgate:place ";
const END: &str = "# lockgate:end";

/// The content of a file's custom blocks, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Added(BTreeMap<String, Vec<String>>);

/// Why the custom blocks of a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// A block has no end.
    #[error("line {line}: the place {name} has no {END:?}")]
    Open {
        /// Line number, from 1.
        line: usize,
        /// Name of the block, quoted.
        name: String,
    },
    /// An end has no block.
    #[error("line {line}: {END:?} ends no place")]
    Stray {
        /// Line number, from 1.
        line: usize,
    },
    /// A block occurs twice.
    #[error("line {line}: the place {name} stands there twice")]
    Twice {
        /// Line number, from 1.
        line: usize,
        /// Name of the block, quoted.
        name: String,
    },
}

impl Added {
    /// Reads the custom blocks of a file. Empty blocks are dropped.
    ///
    /// # Errors
    /// [`PlaceError`]: it is unclear what belongs to a block.
    pub fn read(text: &str) -> Result<Self, PlaceError> {
        let mut found = BTreeMap::new();
        let mut open: Option<(usize, String, Vec<String>)> = None;
        for (at, row) in text.split('\n').enumerate() {
            let line = at + 1;
            let mark = row.trim();
            if let Some(name) = mark.strip_prefix(PLACE) {
                let name = name.trim().to_owned();
                if let Some((line, name, _)) = open {
                    return Err(open_place(line, &name));
                }
                if found.contains_key(&name) {
                    let name = lockgate_core::escape::quoted(&name);
                    return Err(PlaceError::Twice { line, name });
                }
                open = Some((line, name, Vec::new()));
            } else if mark == END {
                let (_, name, rows) = open.take().ok_or(PlaceError::Stray { line })?;
                found.insert(name, rows);
            } else if let Some((_, _, rows)) = &mut open {
                rows.push(row.to_owned());
            }
        }
        if let Some((line, name, _)) = open {
            return Err(open_place(line, &name));
        }
        found.retain(|_, rows| !rows.is_empty());
        Ok(Self(found))
    }

    /// Returns the names of the blocks that are not empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns whether all blocks are empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Prints a block with its content.
    pub(crate) fn print(&self, out: &mut String, name: &str, indent: usize) {
        let pad = " ".repeat(indent);
        out.push_str(&format!("{pad}{PLACE}{name}\n"));
        for row in self.0.get(name).into_iter().flatten() {
            out.push_str(row);
            out.push('\n');
        }
        out.push_str(&format!("{pad}{END}\n"));
    }
}

fn open_place(line: usize, name: &str) -> PlaceError {
    let name = lockgate_core::escape::quoted(name);
    PlaceError::Open { line, name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_place_is_read_and_printed_byte_for_byte() {
        let text = "a:\n  # lockgate:place one\n  - x: \"\ty\"  \r\n\n  # lockgate:end\nb:\n# lockgate:place two\n# lockgate:end\n";
        let added = Added::read(text).unwrap();
        assert_eq!(added.names().collect::<Vec<_>>(), ["one"]);
        let mut out = String::new();
        added.print(&mut out, "one", 2);
        assert!(text.contains(&out), "{out}");
    }

    #[test]
    fn what_cannot_be_told_is_refused_with_its_line() {
        for (text, line) in [
            ("# lockgate:place a\nx: 1\n", "line 1"),
            ("x: 1\n# lockgate:end\n", "line 2"),
            (
                "# lockgate:place a\n# lockgate:place b\n# lockgate:end\n",
                "line 1",
            ),
            (
                "# lockgate:place a\n# lockgate:end\n# lockgate:place a\n# lockgate:end\n",
                "line 3",
            ),
        ] {
            // An empty block may not occur twice either.
            let error = Added::read(text).unwrap_err().to_string();
            assert!(error.starts_with(line), "{error}");
        }
    }
}
