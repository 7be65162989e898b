//! The named places in a workflow at which people add what is theirs. What stands there stays, byte for byte.
//!
//! A place is a pair of comments, each alone on its line:
//!
//! ```yaml
//! # lockgate:place before-build
//! # lockgate:end
//! ```

use std::collections::BTreeMap;

const PLACE: &str = "# lockgate:place ";
const END: &str = "# lockgate:end";

/// What stands in the places of one file, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Added(BTreeMap<String, Vec<String>>);

/// Why the places of a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// A place has no end.
    #[error("line {line}: the place {name} has no {END:?}")]
    Open {
        /// From 1.
        line: usize,
        /// Its name, quoted.
        name: String,
    },
    /// An end has no place.
    #[error("line {line}: {END:?} ends no place")]
    Stray {
        /// From 1.
        line: usize,
    },
    /// A place stands there twice.
    #[error("line {line}: the place {name} stands there twice")]
    Twice {
        /// From 1.
        line: usize,
        /// Its name, quoted.
        name: String,
    },
}

impl Added {
    /// Reads what stands in the places of a file. Empty places are not remembered.
    ///
    /// # Errors
    /// [`PlaceError`]: what belongs to a place cannot be told.
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

    /// The names of the places that are not empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Prints a place with what stands in it.
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
            // An empty place that stands there twice is one too many as well.
            let error = Added::read(text).unwrap_err().to_string();
            assert!(error.starts_with(line), "{error}");
        }
    }
}
