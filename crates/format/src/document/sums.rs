//! `SHA256SUMS`: digests of the executables of one version, in the format of coreutils' `sha256sum`.
//!
//! As an asset it is published next to the executables; as a file in a repository it is the pins. Lockgate writes the plain form
//! only: 64 hexadecimal digits, two spaces, the name, LF; sorted by name; no duplicate names.

use std::collections::BTreeMap;
use std::fmt;

use super::{DocumentProblem, Manifest};
use crate::escape::quoted;
use crate::ids::{AssetName, Digest};

/// Names and their digests; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    by_name: BTreeMap<AssetName, Digest>,
}

impl Sums {
    /// Collects the digests of a manifest's executables.
    pub fn of(manifest: &Manifest) -> Self {
        let entry = |executable: &super::Executable| (executable.name.clone(), executable.sha256);
        Self {
            by_name: manifest.executables.iter().map(entry).collect(),
        }
    }

    /// Parses exactly what Lockgate writes. In a release and in what a gate or an audit compares, any other byte means that
    /// another process wrote the file.
    ///
    /// # Errors
    /// [`DocumentProblem`] with the number of the first invalid line.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentProblem> {
        read(bytes, Form::Exact)
    }

    /// Parses pins that editors, git and `sha256sum -b` may have changed without changing their meaning: CRLF, no line end at
    /// the end, any order, `*` before a name.
    ///
    /// # Errors
    /// [`DocumentProblem`] for any line that is not a digest and a name, a duplicate name, or no line at all.
    pub fn parse_edited(bytes: &[u8]) -> Result<Self, DocumentProblem> {
        read(bytes, Form::Edited)
    }

    /// Returns the digest of a name.
    pub fn get(&self, name: &AssetName) -> Option<Digest> {
        self.by_name.get(name).copied()
    }

    /// Returns all names and digests, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&AssetName, Digest)> {
        self.by_name.iter().map(|(name, digest)| (name, *digest))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Exact,
    Edited,
}

fn read(bytes: &[u8], form: Form) -> Result<Sums, DocumentProblem> {
    let what = "SHA256SUMS";
    let wrong = |problem: String| DocumentProblem::Malformed { what, problem };
    if bytes.len() as u64 > super::LARGEST {
        let size = bytes.len() as u64;
        return Err(DocumentProblem::TooLarge { what, size });
    }
    let text = str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    if text.is_empty() {
        return Err(wrong("it is empty".to_owned()));
    }
    if form == Form::Exact && !text.ends_with('\n') {
        return Err(wrong("it does not end with a line end".to_owned()));
    }
    let mut by_name: BTreeMap<AssetName, Digest> = BTreeMap::new();
    for (at, raw) in text.split_inclusive('\n').enumerate() {
        let number = at + 1;
        let line = raw
            .strip_suffix('\n')
            .map_or(raw, |line| line.strip_suffix('\r').unwrap_or(line));
        let exact = |(name, digest): &(AssetName, Digest)| raw == format!("{digest}  {name}\n");
        let (name, digest) = entry(line)
            .filter(|entry| form == Form::Edited || exact(entry))
            .ok_or_else(|| {
                let line = quoted(raw.strip_suffix('\n').unwrap_or(raw));
                wrong(format!(
                    "line {number} is {line}, not a digest, two spaces and a name"
                ))
            })?;
        let last = by_name.last_key_value();
        if form == Form::Exact && last.is_some_and(|(last, _)| *last >= name) {
            let problem = format!("line {number} is out of order or names {name} twice");
            return Err(wrong(problem));
        }
        if by_name.contains_key(&name) {
            return Err(wrong(format!("line {number} names {name} a second time")));
        }
        by_name.insert(name, digest);
    }
    Ok(Sums { by_name })
}

fn entry(line: &str) -> Option<(AssetName, Digest)> {
    let (digest, rest) = line.split_once(' ')?;
    let name = rest.strip_prefix([' ', '*'])?;
    Some((name.parse().ok()?, digest.parse().ok()?))
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter()
            .try_for_each(|(name, digest)| writeln!(f, "{digest}  {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> String {
        format!("{}  a\n{}  b\n", Digest::of(b"a"), Digest::of(b"b"))
    }

    #[test]
    fn pins_survive_editors_and_git() {
        let plain = Sums::parse_edited(two().as_bytes()).unwrap();
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
            assert_eq!(
                Sums::parse_edited(same.as_bytes()),
                Ok(plain.clone()),
                "{same:?}"
            );
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
            assert!(Sums::parse_edited(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Sums::parse_edited(b"\xff\n").is_err());
        assert!(Sums::parse_edited(line.repeat(20_000).as_bytes()).is_err());
    }

    #[test]
    fn no_truncation_makes_it_panic_or_invents_a_name() {
        let (whole, text) = (Sums::parse_edited(two().as_bytes()).unwrap(), two());
        for end in 0..text.len() {
            if let Ok(part) = Sums::parse_edited(&text.as_bytes()[..end]) {
                assert!(
                    part.iter()
                        .all(|entry| whole.iter().any(|other| other == entry)),
                    "{end}"
                );
            }
        }
    }

    #[test]
    fn sums_are_strict() {
        let digest = Digest::of(b"x");
        let read = |text: String| {
            Sums::parse(text.as_bytes())
                .map(|sums| sums.iter().count())
                .map_err(|e| e.to_string())
        };
        assert_eq!(read(format!("{digest}  a\n{digest}  b\n")), Ok(2));
        for wrong in [
            String::new(),
            format!("{digest}  a"),
            format!("{digest} *a\n"),
            format!("{digest}  b\n{digest}  a\n"),
            format!("{digest}  a\n{digest}  a\n"),
            format!("{digest}  a\r\n"),
            format!("{digest}  a\n\n"),
            "\n".to_owned(),
            format!("{digest}  ../a\n"),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong:?}");
        }
    }
}
