//! The receipt that is published with a release, and whether it is the receipt that somebody expects.

use serde::Deserialize;

use super::from_json;
use crate::digest::Digest;
use crate::error::{FetchError, plain, quoted};
use crate::names::{AssetName, Source, is_asset_name};

/// What a receipt says, as far as a user of the executables cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The release it belongs to.
    pub tag: String,
    /// The package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Of the tree that was built.
    pub fingerprint: Digest,
    /// The commit that was built.
    pub commit: String,
    /// The run that built it, and its attempt.
    pub run: (u64, u64),
    /// The forge's number for the repository, which a rename does not change.
    pub repository_id: u64,
    /// The repository's name when the version was promoted.
    pub repository: String,
    /// The pull request that it came from.
    pub pull_request: u64,
    /// Who promoted it.
    pub promoted_by: String,
    /// When, in seconds since 1970-01-01 UTC.
    pub promoted_at: u64,
    /// The executables: at least one, none empty, no name twice.
    pub executables: Vec<Executable>,
}

/// One executable of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executable {
    /// The variant it is.
    pub variant: String,
    /// The name of the asset.
    pub name: AssetName,
    /// In bytes, at least 1.
    pub size: u64,
    /// Of the bytes.
    pub sha256: Digest,
}

/// What a receipt must say besides the tag. What is `None` is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// The package.
    pub package: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The forge's number for the repository. Without it that of the cache counts, if a receipt was verified there before;
    /// without either the receipt must have the repository's present name, and so the releases from before a rename are
    /// refused.
    pub repository_id: Option<u64>,
}

/// Why a document is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DocumentError {
    /// What is wrong with it.
    Problem(String),
    /// It is of another repository, by the forge's numbers.
    RepositoryMismatch { found: u64, known: u64 },
}

impl From<String> for DocumentError {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}

impl DocumentError {
    pub(crate) fn into_error(
        self,
        document: &'static str,
        origin: String,
        source: &Source,
    ) -> FetchError {
        match self {
            Self::Problem(problem) => FetchError::Document {
                document,
                origin,
                problem,
            },
            Self::RepositoryMismatch { found, known } => FetchError::RepositoryMismatch {
                repository: source.repository().to_owned(),
                found,
                known,
            },
        }
    }
}

impl Receipt {
    /// Reads the document.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let raw: Raw = from_json("lockgate.receipt", bytes)?;
        if raw.origin.head != raw.manifest.commit {
            return Err(
                "its manifest is of another commit than the head that was promoted".to_owned(),
            );
        }
        let mut executables: Vec<Executable> = Vec::new();
        for one in raw.manifest.executables {
            let same = |other: &Executable| other.name.as_str().eq_ignore_ascii_case(&one.name);
            if executables.iter().any(same) {
                return Err(format!("it lists {} twice", quoted(&one.name)));
            }
            executables.push(one.checked()?);
        }
        if executables.is_empty() {
            return Err("it lists no executable".to_owned());
        }
        Ok(Self {
            tag: raw.tag,
            package: plain(&raw.manifest.package),
            version: plain(&raw.manifest.package_version),
            fingerprint: digest(&raw.manifest.fingerprint)?,
            commit: plain(&raw.manifest.commit),
            run: (raw.manifest.run, raw.manifest.attempt),
            repository_id: raw.origin.repository_id,
            repository: plain(&raw.origin.repository),
            pull_request: raw.origin.pull_request,
            promoted_by: plain(&raw.promoter.login),
            promoted_at: raw.promoted_at,
            executables,
        })
    }

    /// Reads the receipt of this release and of what is expected.
    pub(crate) fn parse_as(
        bytes: &[u8],
        source: &Source,
        expect: &Expectation,
    ) -> Result<Self, DocumentError> {
        let receipt = Self::parse(bytes)?;
        receipt.check(source, expect).map(|()| receipt)
    }

    /// The executable of a name.
    pub fn executable(&self, asset: &AssetName) -> Option<&Executable> {
        self.executables
            .iter()
            .find(|executable| executable.name == *asset)
    }

    /// Whether it is the receipt of this release and what is expected; otherwise what it is.
    fn check(&self, source: &Source, expect: &Expectation) -> Result<(), DocumentError> {
        let same = |what: &str, found: &str, expected: &str| {
            if found == expected {
                return Ok(());
            }
            Err(format!(
                "it is of {what} {}, not {}",
                quoted(found),
                quoted(expected)
            ))
        };
        same("the release", &self.tag, source.tag())?;
        expect.package.as_ref().map_or(Ok(()), |package| {
            same("the package", &self.package, package)
        })?;
        expect
            .version
            .as_ref()
            .map_or(Ok(()), |version| same("version", &self.version, version))?;
        match expect.repository_id {
            Some(id) if id == self.repository_id => Ok(()),
            Some(known) => Err(DocumentError::RepositoryMismatch {
                found: self.repository_id,
                known,
            }),
            None if self.repository.eq_ignore_ascii_case(source.repository()) => Ok(()),
            None => Ok(same(
                "the repository",
                &self.repository,
                source.repository(),
            )?),
        }
    }
}

#[derive(Deserialize)]
struct Raw {
    tag: String,
    manifest: RawManifest,
    origin: RawOrigin,
    promoter: RawPromoter,
    promoted_at: u64,
}

#[derive(Deserialize)]
struct RawManifest {
    package: String,
    package_version: String,
    fingerprint: String,
    commit: String,
    run: u64,
    attempt: u64,
    executables: Vec<RawExecutable>,
}

#[derive(Deserialize)]
struct RawExecutable {
    variant: String,
    name: String,
    size: u64,
    sha256: String,
}

#[derive(Deserialize)]
struct RawOrigin {
    repository_id: u64,
    repository: String,
    pull_request: u64,
    head: String,
}

#[derive(Deserialize)]
struct RawPromoter {
    login: String,
}

impl RawExecutable {
    fn checked(self) -> Result<Executable, String> {
        let name = self
            .name
            .parse()
            .map_err(|_| format!("{} is not an asset name", quoted(&self.name)))?;
        if self.size == 0 {
            return Err(format!("its {name} is empty"));
        }
        if !is_asset_name(&self.variant) {
            return Err(format!("{} is not a variant name", quoted(&self.variant)));
        }
        Ok(Executable {
            variant: self.variant,
            name,
            size: self.size,
            sha256: digest(&self.sha256)?,
        })
    }
}

fn digest(text: &str) -> Result<Digest, String> {
    text.parse()
        .map_err(|_| format!("{} is not a SHA-256 digest", quoted(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{
  "format": "lockgate.receipt",
  "version": 1,
  "tag": "tool-v2",
  "manifest": {
    "package": "tool",
    "package_version": "2",
    "fingerprint": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "commit": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "run": 9001,
    "attempt": 1,
    "executables": [
      {"variant": "amd64", "name": "tool-amd64-v2", "size": 5, "headers": "ELF", "build_seconds": 3,
       "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
    ]
  },
  "origin": {"repository_id": 7, "repository": "o/n", "pull_request": 12, "head": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
  "promoter": {"login": "maintainer", "lockgate": "0.1.0"},
  "promoted_at": 1700000000,
  "signatures": []
}"#;

    fn source(repository: &str, tag: &str) -> Source {
        Source::new("https://github.com", repository, tag).unwrap()
    }

    #[test]
    fn a_receipt_is_read_and_what_is_new_in_it_is_ignored() {
        let receipt = Receipt::parse(TEXT.as_bytes()).unwrap();
        let one = receipt
            .executable(&"tool-amd64-v2".parse().unwrap())
            .unwrap();
        assert_eq!((one.size, one.sha256), (5, Digest::of(b"hello")));
        assert_eq!(
            (receipt.version.as_str(), receipt.repository_id, receipt.run),
            ("2", 7, (9001, 1))
        );
    }

    #[test]
    fn a_receipt_with_any_doubt_in_it_is_refused() {
        let table = [
            ("\"version\": 1", "\"version\": 2", "it is of version 2"),
            (
                "lockgate.receipt",
                "lockgate.candidate",
                "its format is \"lockgate.candidate\"",
            ),
            ("\"size\": 5", "\"size\": 0", "its tool-amd64-v2 is empty"),
            ("\"size\": 5", "\"size\": -5", "invalid value"),
            ("\"size\": 5", "\"size\": 5, \"size\": 6", "duplicate field"),
            (
                "\"name\": \"tool-amd64-v2\"",
                "\"name\": \"../tool\"",
                "\"../tool\" is not an asset name",
            ),
            (
                "\"sha256\": \"2cf",
                "\"sha256\": \"2CF",
                "is not a SHA-256 digest",
            ),
            ("\"head\": \"a", "\"head\": \"b", "another commit"),
            ("\"tag\": \"tool-v2\",", "", "missing field `tag`"),
        ];
        for (from, to, expected) in table {
            let problem = Receipt::parse(TEXT.replace(from, to).as_bytes()).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
        let start = TEXT.find("[\n").unwrap() + 1;
        let end = TEXT[start..].find("]\n").unwrap() + start;
        let none = format!("{}{}", &TEXT[..start], &TEXT[end..]);
        assert_eq!(
            Receipt::parse(none.as_bytes()),
            Err("it lists no executable".to_owned())
        );
        let entry = TEXT[start..end].trim();
        let twice = TEXT.replace(
            entry,
            &format!("{entry}, {}", entry.replace("tool-amd64", "TOOL-amd64")),
        );
        assert_eq!(
            Receipt::parse(twice.as_bytes()),
            Err("it lists \"TOOL-amd64-v2\" twice".to_owned())
        );
    }

    #[test]
    fn a_receipt_of_something_else_is_refused() {
        let receipt = Receipt::parse(TEXT.as_bytes()).unwrap();
        let expect = |package: &str, version: &str, id: Option<u64>| Expectation {
            package: Some(package.to_owned()),
            version: Some(version.to_owned()),
            repository_id: id,
        };
        let nothing = Expectation::default();
        let table = [
            ("o/n", "tool-v2", nothing.clone(), true),
            ("O/N", "tool-v2", nothing.clone(), true),
            ("o/n", "tool-v2", expect("tool", "2", Some(7)), true),
            ("o/n", "tool-v3", nothing.clone(), false),
            ("o/other", "tool-v2", nothing, false),
            ("o/renamed", "tool-v2", expect("tool", "2", Some(7)), true),
            ("o/n", "tool-v2", expect("tool", "2", Some(8)), false),
            ("o/n", "tool-v2", expect("tool", "3", None), false),
            ("o/n", "tool-v2", expect("other", "2", None), false),
        ];
        for (repository, tag, expect, fine) in table {
            let verdict = receipt.check(&source(repository, tag), &expect);
            assert_eq!(
                verdict.is_ok(),
                fine,
                "{repository} {tag} {expect:?}: {verdict:?}"
            );
        }
    }

    #[test]
    fn no_truncation_is_a_receipt_or_a_panic() {
        for end in 0..TEXT.len() {
            assert!(Receipt::parse(&TEXT.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
