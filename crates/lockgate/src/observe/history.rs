//! The history of a branch for one package: the version, the fingerprint and the pins at each commit.
//!
//! The tree of each commit is updated from the changes that git reports, so that no tree is read twice.

use std::collections::{BTreeMap, HashMap};

use lockgate_core::audit::{Followed, Landed, PinsFile};
use lockgate_core::config::{Config, FILE, Package};
use lockgate_core::detect::{self, LARGEST_VERSION_FILE, VersionFile};
use lockgate_core::document::{LARGEST, Sums};
use lockgate_core::fingerprint::{self, TreeEntry};
use lockgate_core::{CommitId, Fingerprint, ObjectId, PackageName, Version};

use crate::command_error::CommandError;
use crate::exit::Failure;
use crate::git::{Git, garbled};

/// The largest accepted config, in bytes.
const LARGEST_CONFIG: u64 = 1 << 20;

/// A commit of a branch, and its changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Moved {
    /// The commit.
    pub commit: CommitId,
    /// The changed paths with their new entries; `None` for deleted ones.
    pub changes: Vec<(Vec<u8>, Option<TreeEntry>)>,
}

/// Returns the history of a branch, by first parents, oldest first. Merges, squashes and rebases then all look alike.
pub fn of_branch(git: &Git, tip: &CommitId) -> Result<Vec<Moved>, CommandError> {
    let bytes = git.log(tip)?;
    parse(&bytes).map_err(|found| garbled("walk the history", found))
}

/// Parses commits, each followed by its changes: `:<mode> <mode> <object> <object> <letter>` and the path, from
/// git-diff-tree(1), each terminated by a zero byte. The error is the invalid word.
fn parse(bytes: &[u8]) -> Result<Vec<Moved>, &[u8]> {
    let mut words = bytes.split(|byte| *byte == 0);
    let mut all: Vec<Moved> = Vec::new();
    while let Some(word) = words.next() {
        let word = word.strip_prefix(b"\n").unwrap_or(word);
        if word.is_empty() {
            continue;
        }
        let text = str::from_utf8(word).map_err(|_| word)?;
        if let Some(commit) = text.strip_prefix("commit ") {
            all.push(Moved {
                commit: commit.parse().map_err(|_| word)?,
                changes: Vec::new(),
            });
            continue;
        }
        let fields: Vec<&str> = text.strip_prefix(':').ok_or(word)?.split(' ').collect();
        let [_, mode, _, object, _] = fields[..] else {
            return Err(word);
        };
        // Taken as it is: a path may contain anything but a zero byte.
        let (path, last) = (words.next().ok_or(word)?, all.last_mut().ok_or(word)?);
        let entry = match mode {
            "000000" => None,
            _ => Some(TreeEntry {
                mode: mode.to_owned(),
                object: object.parse().map_err(|_| word)?,
                path: path.to_owned(),
            }),
        };
        last.changes.push((path.to_owned(), entry));
    }
    Ok(all)
}

/// Walks the commits, oldest first, and returns those that have the package.
pub fn of_package(git: &Git, moves: &[Moved], name: &PackageName) -> Result<Vec<Landed>, Failure> {
    let mut walk = Walk::new(git, name);
    let mut landed = Vec::new();
    for moved in moves {
        walk.apply(moved)?;
        if let Some((follows, fingerprint, pins)) = walk.state()? {
            landed.push(Landed {
                commit: moved.commit.clone(),
                follows,
                fingerprint,
                pins,
            });
        }
    }
    Ok(landed)
}

type State = (Result<Followed, String>, Fingerprint, PinsFile);

struct Walk<'g> {
    git: &'g Git,
    name: &'g PackageName,
    /// The whole tree.
    tree: BTreeMap<Vec<u8>, TreeEntry>,
    /// The package, from the config of the commit.
    package: Option<Package>,
    /// Configs that were parsed before, by their object.
    configs: HashMap<ObjectId, Option<Package>>,
    /// The entries of the tree that affect the package.
    matter: BTreeMap<Vec<u8>, TreeEntry>,
    /// The computed state, unless an entry that affects it has changed since.
    state: Option<State>,
}

impl<'g> Walk<'g> {
    fn new(git: &'g Git, name: &'g PackageName) -> Self {
        Self {
            git,
            name,
            tree: BTreeMap::new(),
            package: None,
            configs: HashMap::new(),
            matter: BTreeMap::new(),
            state: None,
        }
    }

    fn apply(&mut self, moved: &Moved) -> Result<(), Failure> {
        let mut config_changed = false;
        for (path, entry) in &moved.changes {
            config_changed |= path == FILE.as_bytes();
            let before = self.tree.get(path);
            let mut sides = before.into_iter().chain(entry.as_ref());
            if sides.any(|side| self.matters(side)) {
                self.state = None;
                put(&mut self.matter, path, entry.as_ref());
            }
            put(&mut self.tree, path, entry.as_ref());
        }
        if config_changed {
            self.package = self.read_config()?;
            let tree = &self.tree;
            let matters = tree.iter().filter(|(_, entry)| self.matters(entry));
            self.matter = matters
                .map(|(path, entry)| (path.clone(), entry.clone()))
                .collect();
            self.state = None;
        }
        Ok(())
    }

    /// Returns whether an entry is relevant: it affects the build, or is the pins file.
    fn matters(&self, entry: &TreeEntry) -> bool {
        self.package.as_ref().is_some_and(|package| {
            let pins = package.pins.as_ref().map(|pins| pins.as_str().as_bytes());
            pins == Some(entry.path.as_slice()) || fingerprint::counts(package, entry)
        })
    }

    /// Reads the package, if the commit has a readable config that names it.
    fn read_config(&mut self) -> Result<Option<Package>, Failure> {
        let Some(entry) = self.tree.get(FILE.as_bytes()) else {
            return Ok(None);
        };
        if let Some(package) = self.configs.get(&entry.object) {
            return Ok(package.clone());
        }
        let (bytes, _) = self.git.blob(&entry.object, LARGEST_CONFIG)?;
        let config = Config::parse(&String::from_utf8_lossy(&bytes)).ok();
        let package = config.and_then(|mut config| config.packages.remove(self.name));
        self.configs.insert(entry.object.clone(), package.clone());
        Ok(package)
    }

    fn state(&mut self) -> Result<Option<State>, Failure> {
        let Some(package) = &self.package else {
            return Ok(None);
        };
        if self.state.is_none() {
            let entries: Vec<TreeEntry> = self.matter.values().cloned().collect();
            let follows = detect::version_of(package, &self.version_file(package)?)
                .map(|version| followed(package, version))
                .map_err(|refusal| refusal.to_string());
            let fingerprint = fingerprint::of_tree(package, &entries).fingerprint;
            self.state = Some((follows, fingerprint, self.pins(package)?));
        }
        Ok(self.state.clone())
    }

    fn version_file(&self, package: &Package) -> Result<VersionFile, Failure> {
        let Some(entry) = self.matter.get(package.version_file.as_str().as_bytes()) else {
            return Ok(VersionFile::Absent);
        };
        if entry.mode == "120000" {
            return Ok(VersionFile::Symlink);
        }
        if !entry.is_file() {
            return Ok(VersionFile::NotAFile);
        }
        let (bytes, size) = self.git.blob(&entry.object, LARGEST_VERSION_FILE)?;
        Ok(if size > LARGEST_VERSION_FILE {
            VersionFile::TooLarge(size)
        } else {
            VersionFile::Content(bytes)
        })
    }

    fn pins(&self, package: &Package) -> Result<PinsFile, Failure> {
        let Some(path) = &package.pins else {
            return Ok(PinsFile::None);
        };
        let entry = self.matter.get(path.as_str().as_bytes());
        let Some(entry) = entry.filter(|entry| entry.is_file()) else {
            return Ok(PinsFile::Unreadable("there is no such file".to_owned()));
        };
        let (bytes, _) = self.git.blob(&entry.object, LARGEST)?;
        Ok(match Sums::parse(&bytes) {
            Ok(sums) => PinsFile::Read(sums),
            Err(problem) => PinsFile::Unreadable(problem.to_string()),
        })
    }
}

/// Applies the config of the commit itself.
fn followed(package: &Package, version: Version) -> Followed {
    let variants = package.variants.iter();
    Followed {
        tag: package.tag(&version),
        names: variants
            .map(|variant| package.asset(variant, &version))
            .collect(),
        version,
    }
}

fn put(into: &mut BTreeMap<Vec<u8>, TreeEntry>, path: &[u8], entry: Option<&TreeEntry>) {
    match entry {
        Some(entry) => into.insert(path.to_owned(), entry.clone()),
        None => into.remove(path),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_they_are() {
        let id = "a".repeat(40);
        let log = format!(
            "commit {id}\0\0:000000 100644 {z} {id} A\0\n:odd commit x\0:100644 000000 {id} {z} D\0gone\0commit {id}\0",
            z = "0".repeat(40)
        );
        let moves = parse(log.as_bytes()).unwrap();
        let seen: Vec<Vec<(&[u8], bool)>> = moves
            .iter()
            .map(|moved| {
                let changes = moved.changes.iter();
                changes
                    .map(|(path, entry)| (path.as_slice(), entry.is_some()))
                    .collect()
            })
            .collect();
        assert_eq!(
            seen,
            [
                vec![(&b"\n:odd commit x"[..], true), (b"gone", false)],
                vec![]
            ]
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for wrong in ["x", ":100644", "commit z", ":1 2 3 4 5\0path"] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
