//! `SHA256SUMS`, as an asset or as the pins of a repository: coreutils' format.
//!
//! Tolerated, because editors, git and `sha256sum -b` do it: CRLF, no line end at the end, any order, `*` before a name.
//! Refused: any line that is not a digest and a name, a name twice, no line at all.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::error::quoted;
use crate::names::{AssetName, is_asset_name};

/// Names and their digests; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    by_name: BTreeMap<String, Digest>,
}

impl Sums {
    /// Reads the file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() as u64 > super::LARGEST {
            return Err(format!(
                "it has {} bytes, more than any honest one",
                bytes.len()
            ));
        }
        let text = str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        let mut by_name = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let (digest, name) = entry(line).ok_or_else(|| {
                format!(
                    "line {number} is {}, not a digest, two spaces and a name",
                    quoted(line)
                )
            })?;
            if by_name.insert(name.to_owned(), digest).is_some() {
                return Err(format!("line {number} names {name} a second time"));
            }
        }
        if by_name.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Self { by_name })
    }

    /// The digest of a name.
    pub fn get(&self, asset: &AssetName) -> Option<Digest> {
        self.by_name.get(asset.as_str()).copied()
    }

    /// All names and digests, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Digest)> {
        self.by_name
            .iter()
            .map(|(name, digest)| (name.as_str(), *digest))
    }
}

fn entry(line: &str) -> Option<(Digest, &str)> {
    let (digest, rest) = line.split_once(' ')?;
    let name = rest.strip_prefix([' ', '*'])?;
    is_asset_name(name).then_some((digest.parse().ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> String {
        format!("{}  a\n{}  b\n", Digest::of(b"a"), Digest::of(b"b"))
    }

    #[test]
    fn pins_survive_editors_and_git() {
        let plain = Sums::parse(two().as_bytes()).unwrap();
        assert_eq!(plain.get(&"b".parse().unwrap()), Some(Digest::of(b"b")));
        assert_eq!(plain.get(&"c".parse().unwrap()), None);
        let unsorted: String = two()
            .lines()
            .rev()
            .map(|line| format!("{line}\n"))
            .collect();
        for same in [
            two().replace('\n', "\r\n"),
            two().trim_end().to_owned(),
            two().replace("  ", " *"),
            unsorted,
        ] {
            assert_eq!(Sums::parse(same.as_bytes()), Ok(plain.clone()), "{same:?}");
        }
    }

    #[test]
    fn pins_that_are_not_certain_are_refused() {
        let (line, digest) = (format!("{}  a\n", Digest::of(b"a")), Digest::of(b"a"));
        let wrong = [
            String::new(),
            "\n".to_owned(),
            "# a comment\n".to_owned(),
            format!("{line}{line}"),
            format!("{line}\n{}  b\n", Digest::of(b"b")),
            format!("{digest} a\n"),
            format!("{digest}  ../a\n"),
            format!("{digest}  \n"),
            format!("{}  a\n", digest.to_string().to_uppercase()),
            format!("\u{feff}{line}"),
            format!("{line}<<<<<<< HEAD\n"),
        ];
        for text in wrong {
            assert!(Sums::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Sums::parse(b"\xff\n").is_err());
        assert!(Sums::parse(line.repeat(20_000).as_bytes()).is_err());
    }

    #[test]
    fn no_truncation_makes_it_panic_or_invents_a_name() {
        let (whole, text) = (Sums::parse(two().as_bytes()).unwrap(), two());
        for end in 0..text.len() {
            if let Ok(part) = Sums::parse(&text.as_bytes()[..end]) {
                assert!(
                    part.iter()
                        .all(|entry| whole.iter().any(|other| other == entry)),
                    "{end}"
                );
            }
        }
    }
}
