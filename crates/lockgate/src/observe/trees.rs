//! Reads base, head and their merge from git, package by package; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_core::config::{FILE, Package};
use lockgate_core::detect::{self, Decision, Facts, Merged, Snapshot, VersionOwner};
use lockgate_core::fingerprint::{self, TreeEntry};
use lockgate_core::promote::WorkflowFacts;
use lockgate_core::{CommitId, Fingerprint, PackageName, Version, identity};

use super::tree::{LARGEST_CONFIG, Tree};
use super::unknown_package;
use crate::exit::Failure;
use crate::git::{Git, Merge, Refs};

/// Base, head and their merge.
#[derive(Debug)]
pub struct Trees {
    /// The tip of the base branch.
    pub base: Tree,
    /// The head of the pull request.
    pub head: Tree,
    /// The merge of the two; `None` if they conflict.
    pub merged: Option<Tree>,
    /// Whether they have no commit in common.
    unrelated: bool,
    /// The commits of the base branch and of the pull request's head, if known.
    sides: Option<(CommitId, CommitId)>,
}

/// The state of one package in the three trees.
#[derive(Debug, Clone)]
pub struct PackageObservation {
    /// The package as the head describes it, with the base's policy.
    pub package: Package,
    /// The facts for detect.
    pub facts: Facts,
    /// The decision of detect.
    pub decision: Decision,
    /// The paths of source files that the pull request changes.
    pub changed: Vec<Vec<u8>>,
    /// The pull request's changes to `lockgate.toml`, as diff lines.
    pub config_diff: Vec<String>,
    /// Whether the merge changes the pins or their path.
    pub pins_changed: bool,
}

impl PackageObservation {
    /// Returns the fingerprint of the head's tree.
    pub fn head_fingerprint(&self) -> Fingerprint {
        self.facts.head.digests.fingerprint
    }

    /// Returns the fingerprint of the merge's tree; `None` if there is a conflict.
    pub fn merged_fingerprint(&self) -> Option<Fingerprint> {
        match &self.facts.merged {
            Merged::Clean(snapshot) => Some(snapshot.digests.fingerprint),
            Merged::Conflict | Merged::Unrelated => None,
        }
    }

    /// Returns the version that the head names, if it can be read.
    pub fn head_version(&self) -> Option<Version> {
        detect::version_of(&self.package, &self.facts.head.version_file).ok()
    }

    /// Returns the version that the merge names, if it can be read.
    pub fn merged_version(&self) -> Option<Version> {
        match &self.facts.merged {
            Merged::Clean(snapshot) => {
                detect::version_of(&self.package, &snapshot.version_file).ok()
            }
            Merged::Conflict | Merged::Unrelated => None,
        }
    }
}

/// Published state, read only if a package's snapshots differ: the existing tags, and the owner of the requested version.
pub trait Published {
    /// Returns the refs of the remote.
    fn refs(&self) -> Result<&Refs, Failure>;
    /// Returns the owner of a version whose tag exists.
    fn holder(&self, package: &Package, version: &Version) -> Result<VersionOwner, Failure>;
}

impl Trees {
    /// Reads the three trees; nothing is checked out.
    pub fn read(git: &Git, base: &CommitId, head: &CommitId) -> Result<Self, Failure> {
        let (merged, unrelated) = match git.merge(base, head)? {
            Merge::Clean(tree) => (Some(Tree::read(git, tree.as_str())?), false),
            Merge::Conflict => (None, false),
            Merge::Unrelated => (None, true),
        };
        Ok(Self {
            base: Tree::read(git, base.as_str())?,
            head: Tree::read(git, head.as_str())?,
            merged,
            unrelated,
            sides: Some((base.clone(), head.clone())),
        })
    }

    /// Builds the trees for a commit that already is the merge, as in a merge queue; `head` is given if it is known.
    pub fn of_merge(
        git: &Git,
        base: &CommitId,
        merge: &CommitId,
        head_of: Option<&CommitId>,
    ) -> Result<Self, Failure> {
        let head = Tree::read(git, merge.as_str())?;
        Ok(Self {
            base: Tree::read(git, base.as_str())?,
            merged: Some(head.clone()),
            head,
            unrelated: false,
            sides: head_of.map(|head_of| (base.clone(), head_of.clone())),
        })
    }

    /// Returns the packages of base and head.
    pub fn names(&self) -> BTreeSet<PackageName> {
        self.base
            .names()
            .chain(self.head.names())
            .cloned()
            .collect()
    }

    /// Returns the named package of base or head, or all of them.
    pub fn choose(&self, named: Option<&str>) -> Result<Vec<PackageName>, Failure> {
        let mut names = self.names();
        let Some(named) = named else {
            return Ok(names.into_iter().collect());
        };
        let unknown = unknown_package(named, &names);
        names.retain(|name| name.as_str() == named);
        match names.is_empty() {
            true => Err(unknown.into()),
            false => Ok(names.into_iter().collect()),
        }
    }

    /// Returns the changes that the merge makes to the config, as lines of a unified diff.
    fn config_diff(&self, git: &Git, after: &Tree) -> Result<Vec<String>, Failure> {
        if self.base.object_at(FILE.as_bytes()) == after.object_at(FILE.as_bytes()) {
            return Ok(Vec::new());
        }
        let text = |tree: &Tree| -> Result<Option<String>, Failure> {
            let bytes = tree.file(git, FILE, LARGEST_CONFIG)?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        let (old, new) = (text(&self.base)?, text(after)?);
        let diff = lockgate_workflows::files::diff(FILE, old.as_deref(), new.as_deref());
        Ok(diff.lines().skip(2).map(ToOwned::to_owned).collect())
    }

    /// Decides about a package that the head does not have.
    pub fn removal(&self, name: &PackageName) -> Option<detect::Refusal> {
        let after = self.merged.as_ref().unwrap_or(&self.head);
        let left = after.names().filter_map(|name| after.package(name));
        detect::removal(self.base.package(name), left)
    }

    /// Reads the state of a package of the head in the three trees.
    ///
    /// The head defines how it is built and named, since that is what would be merged; the base's policy decides what is allowed.
    pub fn see(
        &self,
        git: &Git,
        name: &PackageName,
        published: &dyn Published,
    ) -> Result<Option<PackageObservation>, Failure> {
        let Some(in_head) = self.head.package(name) else {
            return Ok(None);
        };
        let in_base = self.base.package(name);
        let policy = in_base.map_or(in_head.policy, |package| package.policy);
        let package = Package {
            policy,
            ..in_head.clone()
        };
        let base = in_base
            .map(|package| self.base.snapshot(git, package))
            .transpose()?;
        let head = self.head.snapshot(git, &package)?;
        let merged = match self.merged.as_ref().map(|tree| (tree, tree.package(name))) {
            Some((tree, Some(package))) => Merged::Clean(tree.snapshot(git, package)?),
            None if self.unrelated => Merged::Unrelated,
            Some((_, None)) | None => Merged::Conflict,
        };
        let (mut taken, mut blocked) = (BTreeSet::new(), BTreeMap::new());
        let mut holder = VersionOwner::Nobody;
        let unchanged =
            matches!((&base, &merged), (Some(base), Merged::Clean(merged)) if base == merged);
        if !unchanged {
            let tags = published
                .refs()?
                .keys()
                .filter_map(|name| name.strip_prefix("refs/tags/"));
            (taken, blocked) = detect::tags(&package, tags);
            if let Ok(version) = detect::version_of(&package, &head.version_file)
                && taken.contains(&version)
            {
                holder = published.holder(&package, &version)?;
            }
        }
        let fork = self.fork_version(git, &package, base.as_ref(), &merged)?;
        let after = self.merged.as_ref().unwrap_or(&self.head);
        let identity = match (in_base, after.package(name)) {
            (Some(base), Some(package)) => {
                let left = after.has_file(&base.version_file);
                identity::changes(base, package, left)
            }
            // For the first package, the existing tags are the project's own.
            (None, Some(package)) if self.base.names().next().is_some() => {
                identity::of_new(package, !taken.is_empty())
            }
            (None, _) | (_, None) => Vec::new(),
        };
        let facts = Facts {
            base,
            head,
            merged,
            taken,
            blocked,
            holder,
            fork,
            identity,
        };
        let decision = detect::decide(&package, &facts);
        let pins_changed = in_base.is_some_and(|base| {
            let of = |tree: &Tree, package: &Package| {
                let path = package.pins.as_ref()?;
                Some((path.clone(), tree.object(path)))
            };
            of(&self.base, base) != of(after, &package)
        });
        let mut changed = fingerprint::changed(&package, &self.base.entries, &after.entries);
        // A file named in the build command affects the build, wherever it is.
        for word in package.command_words() {
            let path = word.strip_prefix("./").unwrap_or(&word).as_bytes().to_vec();
            let of = |tree: &Tree| tree.object_at(&path);
            if of(after).is_some() && of(after) != of(&self.base) && !changed.contains(&path) {
                changed.push(path);
            }
        }
        let config_diff = self.config_diff(git, after)?;
        Ok(Some(PackageObservation {
            package,
            facts,
            decision,
            changed,
            config_diff,
            pins_changed,
        }))
    }

    /// Returns the version at the point where the head left the base branch; read only if sources changed and the version did not.
    fn fork_version(
        &self,
        git: &Git,
        package: &Package,
        base: Option<&Snapshot>,
        merged: &Merged,
    ) -> Result<Option<Version>, Failure> {
        let (Some((tip, head)), Some(base), Merged::Clean(merged)) = (&self.sides, base, merged)
        else {
            return Ok(None);
        };
        if base.version_file != merged.version_file
            || base.digests.sources == merged.digests.sources
        {
            return Ok(None);
        }
        let Some(fork) = git.merge_base(tip, head) else {
            return Ok(None);
        };
        let tree = Tree::read(git, fork.as_str())?;
        Ok(detect::version_of(package, &tree.version_file(git, package)?).ok())
    }

    /// Returns the build workflow of a package, in head and base.
    pub fn workflow(&self, package: &Package) -> WorkflowFacts {
        let (head, base) = (self.head.workflows(), self.base.workflows());
        let path = package.build_workflow();
        let of =
            |side: &BTreeMap<String, &TreeEntry>| side.get(&path).map(|entry| entry.object.clone());
        let paths: BTreeSet<&String> = head.keys().chain(base.keys()).collect();
        let changed = paths
            .into_iter()
            .filter(|path| head.get(*path) != base.get(*path))
            .cloned()
            .collect();
        WorkflowFacts {
            in_head: of(&head),
            in_base: of(&base),
            path,
            changed,
        }
    }
}
