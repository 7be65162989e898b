//! One tree of git: its entries, its config, and a package's state in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use lockgate_core::checkout::{self, Lacking};
use lockgate_core::config::{Config, FILE, Package};
use lockgate_core::detect::{LARGEST_VERSION_FILE, Snapshot, VersionFile};
use lockgate_core::document::DocumentProblem;
use lockgate_core::fingerprint::{self, TreeEntry};
use lockgate_core::{ObjectId, PackageName, RepoPath};

use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::git::Git;

/// The largest accepted config, in bytes.
pub(super) const LARGEST_CONFIG: u64 = 1 << 20;

/// One tree and its config.
#[derive(Debug, Clone)]
pub struct Tree {
    pub(super) entries: Rc<[TreeEntry]>,
    /// The config; `None` if there is none, an error if it cannot be read.
    pub config: Option<Result<Config, Failure>>,
}

impl Tree {
    /// Reads the tree of a commit, or a tree itself.
    pub fn read(git: &Git, treeish: &str) -> Result<Self, Failure> {
        let entries = git.tree(treeish)?;
        let config = match entries.iter().find(|entry| entry.path == FILE.as_bytes()) {
            None => None,
            Some(entry) => {
                let (bytes, size) = git.blob(&entry.object, LARGEST_CONFIG)?;
                let text = String::from_utf8_lossy(&bytes);
                let too_large = DocumentProblem::TooLarge { what: FILE, size };
                Some(if size > LARGEST_CONFIG {
                    Err(Failure::new(Exit::Refused, &too_large))
                } else {
                    Config::parse(&text).map_err(|error| Failure::new(Exit::Refused, &error))
                })
            }
        };
        Ok(Self { entries, config })
    }

    /// Returns a package of this tree's config, if both can be read.
    pub fn package(&self, name: &PackageName) -> Option<&Package> {
        self.config.as_ref()?.as_ref().ok()?.packages.get(name)
    }

    /// Returns the names of this tree's packages; none if the config cannot be read.
    pub fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.config
            .iter()
            .flatten()
            .flat_map(|config| config.packages.keys())
    }

    /// Returns the config, or an error that explains why there is none.
    pub fn config(&self, place: &str) -> Result<&Config, Failure> {
        match &self.config {
            None => Err(CommandError::NoConfig {
                place: place.to_owned(),
            }
            .into()),
            Some(Err(failure)) => Err(failure.clone()),
            Some(Ok(config)) => Ok(config),
        }
    }

    /// Computes the state of a package in this tree.
    pub fn snapshot(&self, git: &Git, package: &Package) -> Result<Snapshot, Failure> {
        let digests = fingerprint::of_tree(package, &self.entries);
        Ok(Snapshot {
            scheme: package.scheme,
            version_file: self.version_file(git, package)?,
            digests,
        })
    }

    pub(super) fn version_file(
        &self,
        git: &Git,
        package: &Package,
    ) -> Result<VersionFile, Failure> {
        let path = package.version_file.as_str().as_bytes();
        let below = |entry: &&TreeEntry| {
            entry.path.starts_with(path) && entry.path.get(path.len()) == Some(&b'/')
        };
        match self.entries.iter().find(|entry| entry.path == path) {
            None if self.entries.iter().any(|entry| below(&entry)) => Ok(VersionFile::NotAFile),
            None => Ok(VersionFile::Absent),
            Some(entry) if entry.mode == "120000" => Ok(VersionFile::Symlink),
            Some(entry) if !entry.is_file() => Ok(VersionFile::NotAFile),
            Some(entry) => {
                let (bytes, size) = git.blob(&entry.object, LARGEST_VERSION_FILE)?;
                Ok(if size > LARGEST_VERSION_FILE {
                    VersionFile::TooLarge(size)
                } else {
                    VersionFile::Content(bytes)
                })
            }
        }
    }

    /// Checks that the work tree contains the package's source files as they are in this tree.
    pub fn checked_out(
        &self,
        git: &Git,
        top: &Path,
        package: &Package,
    ) -> Result<(), CommandError> {
        let counted = self.entries.iter();
        let counted = counted.filter(|entry| fingerprint::counts(package, entry));
        let facts = git.checkout(top, counted)?;
        checkout::check(package, &self.entries, &facts)
            .map_err(|Lacking { what, next }| CommandError::NotCheckedOut { what, next })
    }

    /// Returns the bytes of a file of this tree, if it exists, up to a limit.
    pub fn file(&self, git: &Git, path: &str, most: u64) -> Result<Option<Vec<u8>>, Failure> {
        match self
            .entries
            .iter()
            .find(|entry| entry.path == path.as_bytes() && entry.is_file())
        {
            None => Ok(None),
            Some(entry) => Ok(Some(git.blob(&entry.object, most)?.0)),
        }
    }

    /// Returns whether an entry exists at a path.
    pub(super) fn has_file(&self, path: &RepoPath) -> bool {
        self.object(path).is_some()
    }

    pub(super) fn object(&self, path: &RepoPath) -> Option<ObjectId> {
        self.object_at(path.as_str().as_bytes())
    }

    pub(super) fn object_at(&self, path: &[u8]) -> Option<ObjectId> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.path == path)?;
        Some(entry.object.clone())
    }

    pub(super) fn workflows(&self) -> BTreeMap<String, &TreeEntry> {
        let inside = self
            .entries
            .iter()
            .filter(|entry| entry.path.starts_with(b".github/workflows/"));
        inside
            .map(|entry| (String::from_utf8_lossy(&entry.path).into_owned(), entry))
            .collect()
    }
}
