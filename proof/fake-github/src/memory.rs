//! A git repository in memory, for simulators: commits, three-way merges by whole file, refs.
//!
//! It has no file modes, no annotated tags and no line counts; ids are derived from the content.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ids::CommitId;
use crate::repository::{
    Change, ChangeKind, Commit, Merge, MergeMethod, Reference, Repository, RepositoryError,
    Signature, Tree, TreeEntry,
};

/// Paths and contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A repository that lives in memory.
#[derive(Debug, Default)]
pub struct MemoryRepository {
    inner: Mutex<Inner>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    commits: BTreeMap<CommitId, Arc<Kept>>,
    references: BTreeMap<String, CommitId>,
}

/// A commit and its files. Neither changes, so copies of the repository share them.
#[derive(Debug)]
struct Kept {
    commit: Commit,
    files: Held,
}

/// Paths and files, most of which are shared by many commits.
type Held = BTreeMap<String, Arc<File>>;

/// A file: the same id means the same bytes.
#[derive(Debug)]
struct File {
    id: String,
    bytes: Vec<u8>,
}

impl Clone for MemoryRepository {
    fn clone(&self) -> Self {
        Self {
            inner: Mutex::new(self.lock().clone()),
        }
    }
}

impl MemoryRepository {
    /// Creates an empty repository.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Commits `files` on top of `branch` (or as its first commit) and moves the branch there.
    pub fn commit_files(&self, branch: &str, files: Files, message: &str, at: i64) -> CommitId {
        let name = format!("refs/heads/{branch}");
        let mut inner = self.lock();
        let parents = inner.references.get(&name).cloned().into_iter().collect();
        let by = Signature {
            name: "Simulated".into(),
            email: "simulated@example.com".into(),
            at,
        };
        let held = files.into_iter().map(|(path, bytes)| {
            let id = object_id(&bytes);
            (path, Arc::new(File { id, bytes }))
        });
        let id = inner.add(parents, &by, message, held.collect());
        inner.references.insert(name, id.clone());
        id
    }

    /// Returns the files of a commit.
    #[must_use]
    pub fn files(&self, id: &CommitId) -> Option<Files> {
        let kept = self.kept(id)?;
        let files = kept.files.iter();
        Some(
            files
                .map(|(path, file)| (path.clone(), file.bytes.clone()))
                .collect(),
        )
    }

    /// Returns one file of a commit.
    #[must_use]
    pub fn file(&self, id: &CommitId, path: &str) -> Option<Vec<u8>> {
        Some(self.kept(id)?.files.get(path)?.bytes.clone())
    }

    fn kept(&self, id: &CommitId) -> Option<Arc<Kept>> {
        self.lock().commits.get(id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repository for MemoryRepository {
    fn reference(&self, name: &str) -> Result<Option<Reference>, RepositoryError> {
        Ok(self.lock().references.get(name).map(|id| plain(name, id)))
    }

    fn references(&self, prefix: &str) -> Result<Vec<Reference>, RepositoryError> {
        let inner = self.lock();
        let found = inner
            .references
            .iter()
            .filter(|(name, _)| name.starts_with(prefix));
        Ok(found.map(|(name, id)| plain(name, id)).collect())
    }

    fn resolve(&self, revision: &str) -> Result<Option<CommitId>, RepositoryError> {
        let inner = self.lock();
        let under = |prefix: &str| inner.references.get(&format!("{prefix}{revision}"));
        let by_name = inner.references.get(revision);
        let by_name = by_name
            .or_else(|| under("refs/heads/"))
            .or_else(|| under("refs/tags/"))
            .cloned();
        let by_id = || CommitId::parse(revision).filter(|id| inner.commits.contains_key(id));
        Ok(by_name.or_else(by_id))
    }

    fn commit(&self, id: &CommitId) -> Result<Option<Commit>, RepositoryError> {
        Ok(self.lock().commits.get(id).map(|kept| kept.commit.clone()))
    }

    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError> {
        Ok(self.lock().merge_base(one, other))
    }

    fn commits_between(
        &self,
        base: &CommitId,
        tip: &CommitId,
    ) -> Result<Vec<CommitId>, RepositoryError> {
        let inner = self.lock();
        let known: BTreeSet<CommitId> = inner.ancestry(base).into_iter().collect();
        let mut missing: Vec<CommitId> = inner.ancestry(tip);
        missing.retain(|id| !known.contains(id));
        missing.reverse();
        Ok(missing)
    }

    fn changes(&self, from: &CommitId, to: &CommitId) -> Result<Vec<Change>, RepositoryError> {
        let inner = self.lock();
        let (before, after) = (inner.files(from), inner.files(to));
        let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let differing = paths.into_iter().filter_map(|path| {
            let (kind, file) = match (before.get(path), after.get(path)) {
                (None, Some(new)) => (ChangeKind::Added, new),
                (Some(old), None) => (ChangeKind::Removed, old),
                (Some(old), Some(new)) if old.id != new.id => (ChangeKind::Modified, new),
                (None, None) | (Some(_), Some(_)) => return None,
            };
            Some(Change {
                path: path.clone(),
                kind,
                blob: file.id.clone(),
                additions: 0,
                deletions: 0,
            })
        });
        Ok(differing.collect())
    }

    fn touches(
        &self,
        from: &CommitId,
        to: &CommitId,
        folder: &str,
    ) -> Result<bool, RepositoryError> {
        let inside = format!("{folder}/");
        Ok(self
            .changes(from, to)?
            .iter()
            .any(|change| change.path.starts_with(&inside)))
    }

    fn tree(&self, treeish: &str, _recursive: bool) -> Result<Option<Tree>, RepositoryError> {
        let Some(id) = self.resolve(treeish)? else {
            return Ok(None);
        };
        let Some(kept) = self.kept(&id) else {
            return Ok(None);
        };
        let entries = kept.files.iter().map(|(path, file)| TreeEntry {
            path: path.clone(),
            mode: "100644".into(),
            kind: "blob".into(),
            id: file.id.clone(),
            size: Some(file.bytes.len() as u64),
        });
        Ok(Some(Tree {
            id: kept.commit.tree.clone(),
            entries: entries.collect(),
        }))
    }

    fn blob(&self, id: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        let inner = self.lock();
        let mut all = inner.commits.values().flat_map(|kept| kept.files.values());
        Ok(all
            .find(|file| file.id == id)
            .map(|file| file.bytes.clone()))
    }

    fn set_reference(&self, name: &str, to: &CommitId) -> Result<(), RepositoryError> {
        self.lock().references.insert(name.to_owned(), to.clone());
        Ok(())
    }

    fn delete_reference(&self, name: &str) -> Result<(), RepositoryError> {
        self.lock().references.remove(name);
        Ok(())
    }

    fn merge(&self, order: &Merge) -> Result<Option<CommitId>, RepositoryError> {
        let mut inner = self.lock();
        let ancestor = inner.merge_base(&order.base, &order.head);
        let before = ancestor.map(|id| inner.files(&id)).unwrap_or_default();
        let (ours, theirs) = (inner.files(&order.base), inner.files(&order.head));
        let Some(merged) = three_way(&before, &ours, &theirs) else {
            return Ok(None);
        };
        let parents = match order.method {
            MergeMethod::Merge => vec![order.base.clone(), order.head.clone()],
            // A rebase of whole files results in the same tree as a squash.
            MergeMethod::Squash | MergeMethod::Rebase => vec![order.base.clone()],
        };
        Ok(Some(inner.add(parents, &order.by, &order.message, merged)))
    }
}

impl Inner {
    fn add(
        &mut self,
        parents: Vec<CommitId>,
        by: &Signature,
        message: &str,
        files: Held,
    ) -> CommitId {
        let tree = tree_id(&files);
        let content = format!("{tree} {parents:?} {by:?} {message}");
        let id = CommitId::made_from(content.as_bytes());
        let commit = Commit {
            id: id.clone(),
            tree,
            parents,
            author: by.clone(),
            committer: by.clone(),
            message: message.to_owned(),
        };
        self.commits
            .insert(id.clone(), Arc::new(Kept { commit, files }));
        id
    }

    fn files(&self, id: &CommitId) -> Held {
        self.commits
            .get(id)
            .map(|kept| kept.files.clone())
            .unwrap_or_default()
    }

    /// Returns a commit and all its ancestors, nearest first.
    fn ancestry(&self, tip: &CommitId) -> Vec<CommitId> {
        let mut seen = BTreeSet::new();
        let mut order = Vec::new();
        let mut queue = VecDeque::from([tip.clone()]);
        while let Some(id) = queue.pop_front() {
            let Some(kept) = self.commits.get(&id) else {
                continue;
            };
            if seen.insert(id.clone()) {
                queue.extend(kept.commit.parents.iter().cloned());
                order.push(id);
            }
        }
        order
    }

    fn merge_base(&self, one: &CommitId, other: &CommitId) -> Option<CommitId> {
        let behind: BTreeSet<CommitId> = self.ancestry(one).into_iter().collect();
        self.ancestry(other)
            .into_iter()
            .find(|id| behind.contains(id))
    }
}

fn three_way(before: &Held, ours: &Held, theirs: &Held) -> Option<Held> {
    let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let mut merged = Held::new();
    for path in paths {
        let (old, our, their) = (before.get(path), ours.get(path), theirs.get(path));
        let same = |one: Option<&Arc<File>>, other: Option<&Arc<File>>| {
            one.map(|file| &file.id) == other.map(|file| &file.id)
        };
        let chosen = match () {
            () if same(our, their) || same(their, old) => our,
            () if same(our, old) => their,
            () => return None,
        };
        if let Some(file) = chosen {
            merged.insert(path.clone(), Arc::clone(file));
        }
    }
    Some(merged)
}

fn plain(name: &str, id: &CommitId) -> Reference {
    Reference {
        name: name.to_owned(),
        object: id.to_string(),
        annotated: false,
    }
}

fn tree_id(files: &Held) -> String {
    let mut listing = String::new();
    for (path, file) in files {
        listing.extend([file.id.as_str(), " ", path, "\n"]);
    }
    object_id(listing.as_bytes())
}

/// Returns an artificial id of 40 digits for these bytes.
fn object_id(bytes: &[u8]) -> String {
    CommitId::made_from(bytes).to_string()
}
