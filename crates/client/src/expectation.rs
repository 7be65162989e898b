//! What a receipt must state, and how a document that is not the expected one becomes an error.

use lockgate_format::document::{Document as _, DocumentProblem, Receipt};
use lockgate_format::ids::{PackageName, RepositoryId};
use lockgate_format::version::Version;

use crate::error::{FetchError, quoted, redacted};
use crate::names::Source;

/// What a receipt must state besides the tag. `None` is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// The package.
    pub package: Option<PackageName>,
    /// The version.
    pub version: Option<Version>,
    /// GitHub's number of the repository. Without it the number in the cache counts, if a receipt was verified there
    /// before; without either the receipt must have the repository's present name, and so the releases from before a rename
    /// are refused.
    pub repository_id: Option<RepositoryId>,
}

/// Why a document was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DocumentError {
    /// A description of the problem.
    Problem(String),
    /// The receipt is of another repository, by GitHub's numbers.
    RepositoryMismatch {
        found: RepositoryId,
        known: RepositoryId,
    },
}

impl From<String> for DocumentError {
    fn from(problem: String) -> Self {
        Self::Problem(problem)
    }
}

impl From<DocumentProblem> for DocumentError {
    fn from(problem: DocumentProblem) -> Self {
        Self::Problem(redacted(&problem.problem()))
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
                repository: source.repository().to_string(),
                found: found.0,
                known: known.0,
            },
        }
    }
}

impl Expectation {
    /// Reads the receipt of this release that meets the expectation.
    pub(crate) fn read(&self, bytes: &[u8], source: &Source) -> Result<Receipt, DocumentError> {
        let receipt = Receipt::from_json(bytes)?;
        self.check(&receipt, source).map(|()| receipt)
    }

    fn check(&self, receipt: &Receipt, source: &Source) -> Result<(), DocumentError> {
        let (manifest, origin) = (&receipt.manifest, &receipt.origin);
        same("the release", &receipt.tag, source.tag())?;
        if let Some(package) = &self.package {
            same("the package", &manifest.package, package)?;
        }
        if let Some(version) = &self.version {
            same("version", &manifest.package_version, version)?;
        }
        let (found, name) = (origin.repository_id, origin.repository.as_str());
        match self.repository_id {
            Some(id) if id == found => Ok(()),
            Some(known) => Err(DocumentError::RepositoryMismatch { found, known }),
            None if name.eq_ignore_ascii_case(source.repository().as_str()) => Ok(()),
            None => same("the repository", &origin.repository, source.repository()),
        }
    }
}

fn same<T: PartialEq + ToString>(what: &str, found: &T, expected: &T) -> Result<(), DocumentError> {
    if found == expected {
        return Ok(());
    }
    let [found, expected] = [found, expected].map(|it| quoted(&it.to_string()));
    let problem = format!("it is of {what} {found}, not {expected}");
    Err(DocumentError::Problem(problem))
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
  "origin": {"repository_id": 7, "repository": "o/n", "pull_request": 12, "head": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "base": "main", "base_commit": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "workflow_id": 5,
    "workflow_path": ".github/workflows/build-tool.yml", "workflow_blob": "cccccccccccccccccccccccccccccccccccccccc", "artifacts": []},
  "promoter": {"login": "maintainer", "lockgate": "0.1.0"},
  "promoted_at": 1700000000,
  "signatures": []
}"#;

    fn source(repository: &str, tag: &str) -> Source {
        Source::new("https://github.com", repository, tag).unwrap()
    }

    #[test]
    fn a_receipt_of_something_else_is_refused() {
        let expect = |package: &str, version: &str, id: Option<u64>| Expectation {
            package: Some(package.parse().unwrap()),
            version: Some(version.parse().unwrap()),
            repository_id: id.map(RepositoryId),
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
            let verdict = expect.read(TEXT.as_bytes(), &source(repository, tag));
            assert_eq!(
                verdict.is_ok(),
                fine,
                "{repository} {tag} {expect:?}: {verdict:?}"
            );
        }
    }

    #[test]
    fn a_problem_is_shown_on_one_line_and_without_passwords() {
        let text = TEXT.replace("\"tool-v2\"", "\"http://me:secret@host\\n\\u001b[31m\"");
        let error = Expectation::default().read(text.as_bytes(), &source("o/n", "tool-v2"));
        let Err(DocumentError::Problem(problem)) = error else {
            panic!("{error:?}");
        };
        assert!(problem.contains("is not a tag name"), "{problem}");
        assert!(!problem.contains("secret") && !problem.contains(char::is_control));
    }
}
