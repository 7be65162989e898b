//! A real bare git repository, read and written by running `git`.
//!
//! The command sees neither the user's configuration nor the caller's `GIT_*` variables. This module does not know pull
//! requests: its callers choose which ref to write.

mod command;
mod merge;
mod parse;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::ids::CommitId;
use crate::repository::{Change, Commit, Merge, Reference, Repository, RepositoryError, Tree};

/// A bare repository on disk.
#[derive(Debug)]
pub struct GitRepository {
    folder: PathBuf,
    /// A cache of commits, which never change.
    commits: Mutex<BTreeMap<CommitId, Commit>>,
}

impl GitRepository {
    /// Opens the bare repository in `folder`, which must exist.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, RepositoryError> {
        let repository = Self {
            folder: folder.into(),
            commits: Mutex::default(),
        };
        repository.git(&["rev-parse", "--git-dir"])?;
        Ok(repository)
    }

    /// Creates an empty bare repository in `folder`, whose `HEAD` is `branch`.
    pub fn create(folder: impl Into<PathBuf>, branch: &str) -> Result<Self, RepositoryError> {
        let repository = Self {
            folder: folder.into(),
            commits: Mutex::default(),
        };
        let initial = format!("--initial-branch={branch}");
        repository.git(&["init", "--quiet", "--bare", &initial])?;
        Ok(repository)
    }

    /// Returns its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Repository for GitRepository {
    fn reference(&self, name: &str) -> Result<Option<Reference>, RepositoryError> {
        let found = self.listed(&[name])?;
        Ok(found
            .into_iter()
            .map(|(found, _)| found)
            .find(|found| found.name == name))
    }

    fn references(&self, prefix: &str) -> Result<Vec<Reference>, RepositoryError> {
        let folder = prefix
            .rsplit_once('/')
            .map_or("refs/", |(folder, _)| folder);
        let found = self.listed(&[folder])?.into_iter().map(|(found, _)| found);
        Ok(found
            .filter(|found| found.name.starts_with(prefix))
            .collect())
    }

    fn resolve(&self, revision: &str) -> Result<Option<CommitId>, RepositoryError> {
        let mut spelled = vec![
            format!("refs/heads/{revision}"),
            format!("refs/tags/{revision}"),
        ];
        if revision.starts_with("refs/") {
            spelled = vec![revision.to_owned()];
        }
        let patterns: Vec<&str> = spelled.iter().map(String::as_str).collect();
        let found = self.listed(&patterns)?;
        let named = |name: &String| found.iter().find(|(reference, _)| reference.name == *name);
        if let Some((_, commit)) = spelled.iter().find_map(named) {
            return Ok(CommitId::parse(commit));
        }
        match CommitId::parse(revision) {
            Some(id) => Ok(self.commit(&id)?.map(|commit| commit.id)),
            None if (7..40).contains(&revision.len()) && is_hex(revision) => {
                let full = self.try_git(&[
                    "rev-parse",
                    "--verify",
                    "--quiet",
                    &format!("{revision}^{{commit}}"),
                ])?;
                Ok(full.and_then(|text| CommitId::parse(text.trim())))
            }
            None => Ok(None),
        }
    }

    fn commit(&self, id: &CommitId) -> Result<Option<Commit>, RepositoryError> {
        let mut known = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(commit) = known.get(id) {
            return Ok(Some(commit.clone()));
        }
        let Some(text) = self.try_git(&["cat-file", "commit", id.as_str()])? else {
            return Ok(None);
        };
        let commit = parse::commit(id, &text).ok_or_else(|| RepositoryError {
            operation: format!("reading commit {id}"),
            detail: "it has no tree, no author or no committer".into(),
        })?;
        known.insert(id.clone(), commit.clone());
        Ok(Some(commit))
    }

    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError> {
        let found = self.try_git(&["merge-base", one.as_str(), other.as_str()])?;
        Ok(found.and_then(|text| CommitId::parse(text.trim())))
    }

    fn commits_between(
        &self,
        base: &CommitId,
        tip: &CommitId,
    ) -> Result<Vec<CommitId>, RepositoryError> {
        let range = format!("{base}..{tip}");
        let text = self.git(&["rev-list", "--reverse", "--topo-order", &range])?;
        Ok(text.lines().filter_map(CommitId::parse).collect())
    }

    fn changes(&self, from: &CommitId, to: &CommitId) -> Result<Vec<Change>, RepositoryError> {
        let options = [
            "diff-tree",
            "-r",
            "-z",
            "--no-renames",
            "--raw",
            "--numstat",
        ];
        let text = self.git(&[&options[..], &[from.as_str(), to.as_str()]].concat())?;
        Ok(parse::changes(&text))
    }

    fn touches(
        &self,
        from: &CommitId,
        to: &CommitId,
        folder: &str,
    ) -> Result<bool, RepositoryError> {
        let options = [
            "diff-tree",
            "-r",
            "--name-only",
            from.as_str(),
            to.as_str(),
            "--",
            folder,
        ];
        Ok(!self.git(&options)?.is_empty())
    }

    fn tree(&self, treeish: &str, recursive: bool) -> Result<Option<Tree>, RepositoryError> {
        if treeish.starts_with('-') {
            return Ok(None);
        }
        let root = format!("{treeish}^{{tree}}");
        let Some(id) = self.try_git(&["rev-parse", "--verify", "--quiet", &root])? else {
            return Ok(None);
        };
        let id = id.trim();
        let deep: &[&str] = if recursive { &["-r", "-t"] } else { &[] };
        let text = self.git(&[&["ls-tree", "-z", "-l"], deep, &[id]].concat())?;
        Ok(Some(Tree {
            id: id.to_owned(),
            entries: parse::entries(&text),
        }))
    }

    fn blob(&self, id: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        if !is_hex(id) {
            return Ok(None);
        }
        self.try_bytes(&["cat-file", "blob", id])
    }

    fn set_reference(&self, name: &str, to: &CommitId) -> Result<(), RepositoryError> {
        self.git(&["update-ref", name, to.as_str()]).map(|_| ())
    }

    fn delete_reference(&self, name: &str) -> Result<(), RepositoryError> {
        self.git(&["update-ref", "-d", name]).map(|_| ())
    }

    fn merge(&self, order: &Merge) -> Result<Option<CommitId>, RepositoryError> {
        self.merged(order)
    }
}

impl GitRepository {
    /// Returns the matching refs, each with the commit that it resolves to.
    fn listed(&self, patterns: &[&str]) -> Result<Vec<(Reference, String)>, RepositoryError> {
        const FORMAT: &str = "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)";
        let text = self.git(&[&["for-each-ref", FORMAT], patterns].concat())?;
        Ok(text.lines().filter_map(parse::reference).collect())
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
