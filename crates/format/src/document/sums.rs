//! `SHA256SUMS`: digests of the executables of one version, in the format of coreutils' `sha256sum`.
//!
//! As an asset it is published next to the executables; as a file in the repository it is the pins. Lockgate writes and reads
//! the plain form only: 64 hexadecimal digits, two spaces, the name, LF; sorted by name; no duplicate names.

use std::fmt;

use super::{DocumentProblem, Manifest};
use crate::escape::quoted;
use crate::ids::{AssetName, Digest};

/// Names and their digests, sorted by name; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    lines: Vec<(AssetName, Digest)>,
}

impl Sums {
    /// Collects the digests of a manifest's executables.
    pub fn of(manifest: &Manifest) -> Self {
        let mut lines: Vec<_> = manifest
            .executables
            .iter()
            .map(|e| (e.name.clone(), e.sha256))
            .collect();
        lines.sort();
        Self { lines }
    }

    /// Parses the file.
    ///
    /// # Errors
    /// [`DocumentProblem::Malformed`] with the number of the first invalid line.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentProblem> {
        let wrong = |problem: String| DocumentProblem::Malformed {
            what: "SHA256SUMS",
            problem,
        };
        if bytes.len() as u64 > super::LARGEST {
            return Err(DocumentProblem::TooLarge {
                what: "SHA256SUMS",
                size: bytes.len() as u64,
            });
        }
        let text = str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        let body = text
            .strip_suffix('\n')
            .ok_or_else(|| wrong("it does not end with a line end".to_owned()))?;
        let mut lines: Vec<(AssetName, Digest)> = Vec::new();
        for (at, line) in body.split('\n').enumerate() {
            let number = at + 1;
            let entry = line
                .split_once("  ")
                .and_then(|(digest, name)| Some((name.parse().ok()?, digest.parse().ok()?)));
            let (name, digest): (AssetName, Digest) = entry.ok_or_else(|| {
                wrong(format!(
                    "line {number} is {}, not a digest, two spaces and a name",
                    quoted(line)
                ))
            })?;
            if lines.last().is_some_and(|(last, _)| *last >= name) {
                return Err(wrong(format!(
                    "line {number} is out of order or names {name} twice"
                )));
            }
            lines.push((name, digest));
        }
        Ok(Self { lines })
    }

    /// Returns the digest of a name.
    pub fn get(&self, name: &AssetName) -> Option<Digest> {
        self.lines
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, digest)| *digest)
    }

    /// Returns all names and digests, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &(AssetName, Digest)> {
        self.lines.iter()
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|(name, digest)| writeln!(f, "{digest}  {name}"))
    }
}
