//! Normalizes a transcript: replaces what differs from run to run by names, in order of first appearance.

use std::collections::BTreeMap;

/// Names commit ids and digests, and removes folder and address.
pub(super) struct Names {
    folder: String,
    address: String,
    known: BTreeMap<String, String>,
}

impl Names {
    /// Starts for a rehearsal in a folder, with a server at an address such as `http://127.0.0.1:8080`.
    pub(super) fn new(folder: &str, address: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            address: address.to_owned(),
            known: BTreeMap::new(),
        }
    }

    /// Returns the text with all of them replaced.
    pub(super) fn plain(&mut self, text: &str) -> String {
        let host = self.address.trim_start_matches("http://").to_owned();
        let text = text
            .replace(&self.folder, "~")
            .replace(&self.address, "http://forge")
            .replace(&host, "forge");
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(start) =
            rest.find(|c: char| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
        {
            let (before, from) = rest.split_at(start);
            let length = from
                .find(|c: char| !c.is_ascii_hexdigit() || c.is_ascii_uppercase())
                .unwrap_or(from.len());
            let (word, after) = from.split_at(length);
            let whole = !before.ends_with(|c: char| c.is_alphanumeric())
                && !after.starts_with(|c: char| c.is_alphanumeric());
            plain += before;
            plain += &if whole {
                self.name(word)
            } else {
                word.to_owned()
            };
            rest = after;
        }
        seconds(&(plain + rest))
    }

    fn name(&mut self, word: &str) -> String {
        let (kind, short) = match word.len() {
            64 => ("digest", &word[..12]),
            40 => ("commit", &word[..12]),
            // Also if it happens to have no letter; the ids of the fake are shorter.
            12 => ("commit", word),
            _ => return word.to_owned(),
        };
        if let Some(known) = self.known.get(short) {
            return known.clone();
        }
        let number = self
            .known
            .values()
            .filter(|name| name.starts_with(&format!("<{kind}")))
            .count()
            + 1;
        let name = format!("<{kind} {number}>");
        self.known.insert(short.to_owned(), name.clone());
        name
    }
}

/// Replaces the duration of a build in a report.
fn seconds(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let cells: Vec<&str> = line.split(" | ").collect();
        let is_time = |cell: &str| {
            cell.strip_suffix(" s")
                .is_some_and(|n| n.parse::<u64>().is_ok())
        };
        cells
            .into_iter()
            .map(|cell| if is_time(cell) { "_ s" } else { cell })
            .collect::<Vec<_>>()
            .join(" | ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_gets_a_name_and_keeps_it() {
        let mut names = Names::new("/tmp/x", "http://127.0.0.1:999");
        let (a, b, d) = ("a".repeat(40), "b".repeat(40), "d".repeat(64));
        assert_eq!(
            names.plain(&format!("{b} {a} {} sha256:{d}", &a[..12])),
            "<commit 1> <commit 2> <commit 2> sha256:<digest 1>"
        );
        assert_eq!(
            names.plain("/tmp/x/y http://127.0.0.1:999/o 127.0.0.1:999"),
            "~/y http://forge/o forge"
        );
        assert_eq!(
            names.plain("| `amd64` | 3 s | x |\ndeadbeef cafe"),
            "| `amd64` | _ s | x |\ndeadbeef cafe"
        );
        assert_eq!(
            names.plain("run 5000000012 on 717780271492: pending"),
            "run 5000000012 on <commit 3>: pending"
        );
    }
}
