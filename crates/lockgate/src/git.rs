//! Reads a repository with the `git` command: trees, blobs, merges and refs, without a checkout.
//!
//! Writes nothing but objects (fetched ones, and the tree of a trial merge). Never runs a hook and never touches the work
//! tree. The output of git is untrusted until it is parsed.

mod checkout;
mod environment;
mod remote;
mod setup;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::rc::Rc;

use lockgate_core::escape::{line, quoted, shell_word};
use lockgate_core::fingerprint::TreeEntry;
use lockgate_core::{CommitId, ObjectId};

use crate::command_error::CommandError;
use crate::objects::Objects;

/// A clone. Objects never change, so everything that was read once is kept.
#[derive(Debug)]
pub struct Git {
    dir: PathBuf,
    shallow: bool,
    objects: RefCell<Option<Objects>>,
    trees: RefCell<BTreeMap<ObjectId, Rc<[TreeEntry]>>>,
}

/// A trial merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// The tree of the merge.
    Clean(ObjectId),
    /// The merge has a conflict.
    Conflict,
    /// The two have no commit in common.
    Unrelated,
}

/// The refs of a remote, by full name.
pub type Refs = BTreeMap<String, ObjectId>;

impl Git {
    /// Opens the clone that contains a folder.
    pub fn open(dir: &Path) -> Result<Self, CommandError> {
        let output = command(
            dir,
            &["rev-parse", "--absolute-git-dir", "--is-shallow-repository"],
        )?;
        if !output.status.success() {
            let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
            let dir = quoted(&dir.display().to_string());
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(match said.contains("dubious ownership") {
                // Git names the folder that it would have to trust: the whole clone, wherever in it we are.
                true => CommandError::ForeignOwner {
                    word: shell_word(said.split('\'').nth(1).unwrap_or_default()),
                    dir,
                },
                false => CommandError::NotARepository { dir },
            });
        }
        let shallow = String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .ends_with("\ntrue");
        let (objects, trees) = (RefCell::default(), RefCell::default());
        Ok(Self {
            dir: dir.to_owned(),
            shallow,
            objects,
            trees,
        })
    }

    /// Returns the root of the work tree.
    pub fn top(&self) -> Result<PathBuf, CommandError> {
        let text = self.text(
            "find the root of the work tree",
            &["rev-parse", "--show-toplevel"],
        )?;
        Ok(PathBuf::from(text.trim_end_matches('\n')))
    }

    /// Returns the commit that a revision names.
    pub fn commit(&self, revision: &str) -> Result<CommitId, CommandError> {
        let found = self
            .resolve(revision, "commit")?
            .and_then(|id| id.as_str().parse().ok());
        found.ok_or_else(|| match self.shallow {
            true => CommandError::Shallow {
                what: quoted(revision),
            },
            false => CommandError::UnknownRevision {
                revision: quoted(revision),
            },
        })
    }

    /// Returns whether the clone is shallow.
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// Returns every entry of a tree, recursively.
    pub fn tree(&self, treeish: &str) -> Result<Rc<[TreeEntry]>, CommandError> {
        let operation = || format!("list the tree of {treeish}");
        let id = self.resolve(treeish, "tree")?;
        let id = id.ok_or_else(|| CommandError::UnknownRevision {
            revision: quoted(treeish),
        })?;
        if let Some(entries) = self.trees.borrow().get(&id) {
            return Ok(Rc::clone(entries));
        }
        let bytes = self.run(
            &operation(),
            &["ls-tree", "-r", "-z", "--full-tree", id.as_str()],
        )?;
        let entries: Rc<[TreeEntry]> = bytes
            .split(|b| *b == 0)
            .filter(|entry| !entry.is_empty())
            .map(|entry| tree_entry(entry).ok_or_else(|| garbled(&operation(), entry)))
            .collect::<Result<_, _>>()?;
        self.trees.borrow_mut().insert(id, Rc::clone(&entries));
        Ok(entries)
    }

    /// Returns the bytes of a blob and its size; no bytes if it is larger than `most`.
    pub fn blob(&self, id: &ObjectId, most: u64) -> Result<(Vec<u8>, u64), CommandError> {
        let detail = || "the object is not there".to_owned();
        let read = self.ask(|objects| objects.contents(id, most))?;
        read.ok_or_else(|| CommandError::Git {
            operation: format!("read the object {id}"),
            detail: detail(),
        })
    }

    /// Returns the object of the given kind that a revision names; a revision of several lines names nothing.
    fn resolve(&self, revision: &str, kind: &str) -> Result<Option<ObjectId>, CommandError> {
        if revision.is_empty()
            || revision.starts_with('-')
            || revision.chars().any(char::is_control)
        {
            return Ok(None);
        }
        let found = self.ask(|objects| objects.info(&format!("{revision}^{{{kind}}}")))?;
        Ok(found.map(|info| info.id))
    }

    /// Queries the object database, which is opened at the first query.
    fn ask<T>(
        &self,
        question: impl FnOnce(&mut Objects) -> std::io::Result<T>,
    ) -> Result<T, CommandError> {
        let mut slot = self.objects.borrow_mut();
        let objects = match &mut *slot {
            Some(objects) => objects,
            none => none.insert(Objects::open(base(&self.dir)).map_err(|error| missing(&error))?),
        };
        question(objects).map_err(|error| CommandError::Git {
            operation: "read its objects".to_owned(),
            detail: line(&error.to_string()),
        })
    }

    /// Computes the merge of `head` into `base`.
    pub fn merge(&self, base: &CommitId, head: &CommitId) -> Result<Merge, CommandError> {
        let output = command(
            &self.dir,
            &[
                "merge-tree",
                "--write-tree",
                "--no-messages",
                "--name-only",
                base.as_str(),
                head.as_str(),
            ],
        )?;
        let text = String::from_utf8_lossy(&output.stdout);
        let tree = text.lines().next().and_then(|first| first.parse().ok());
        match (output.status.code(), tree) {
            (Some(0), Some(tree)) => Ok(Merge::Clean(tree)),
            (Some(1), Some(_)) => Ok(Merge::Conflict),
            // git's own exit status for an invalid command line.
            (Some(129), _) => Err(CommandError::GitMissing {
                detail: "it is too old for `merge-tree --write-tree`".to_owned(),
            }),
            _ if self.is_shallow() => Err(CommandError::Shallow {
                what: format!(
                    "the history that joins {} and {}",
                    base.short(),
                    head.short()
                ),
            }),
            // git reports the same for objects that it cannot read; only if both can be read is the pull request the cause.
            _ if self.has(base) && self.has(head) && self.merge_base(base, head).is_none() => {
                Ok(Merge::Unrelated)
            }
            _ => Err(CommandError::Git {
                operation: format!("merge {} into {}", head.short(), base.short()),
                detail: line(&String::from_utf8_lossy(&output.stderr)),
            }),
        }
    }

    /// Returns the merge base of two commits, if they have one.
    pub fn merge_base(&self, one: &CommitId, other: &CommitId) -> Option<CommitId> {
        let output = command(&self.dir, &["merge-base", one.as_str(), other.as_str()]).ok()?;
        String::from_utf8(output.stdout)
            .ok()?
            .lines()
            .next()?
            .parse()
            .ok()
    }

    fn has(&self, commit: &CommitId) -> bool {
        self.resolve(commit.as_str(), "commit")
            .is_ok_and(|found| found.is_some())
    }

    /// Returns the paths that differ from the checked-out commit, without ignored files.
    pub fn changes(&self) -> Result<Vec<String>, CommandError> {
        // Without `-z` git quotes a path that has a space or an umlaut, and the result is no longer a path.
        let bytes = self.run(
            "look for changes",
            &[
                "status",
                "--porcelain=v1",
                "-z",
                "--no-renames",
                "--untracked-files=all",
                // A setting, and .gitmodules itself, can suppress changes in submodules.
                "--ignore-submodules=none",
            ],
        )?;
        let rows = bytes.split(|b| *b == 0).filter(|row| !row.is_empty());
        Ok(rows
            .map(|row| String::from_utf8_lossy(row.get(3..).unwrap_or_default()).into_owned())
            .collect())
    }

    /// Returns the commits that lead to a tip and touch a path, newest first.
    pub fn commits_touching(
        &self,
        tip: &CommitId,
        path: &str,
    ) -> Result<Vec<CommitId>, CommandError> {
        let text = self.text(
            "walk the history",
            &["log", "--format=%H", tip.as_str(), "--", path],
        )?;
        Ok(text.lines().filter_map(|row| row.parse().ok()).collect())
    }

    /// Returns the history of a branch, by first parents, oldest first: each commit, and its changes against the one before, as
    /// git-log(1) writes them.
    pub fn log(&self, tip: &CommitId) -> Result<Vec<u8>, CommandError> {
        if self.is_shallow() {
            return Err(CommandError::Shallow {
                what: "the history of the branch".to_owned(),
            });
        }
        #[rustfmt::skip]
        let args = [
            "-c", "log.showRoot=true", "log", "--first-parent", "-m", "--reverse", "--raw", "-z", "--no-renames",
            "--no-abbrev", "--no-show-signature", "--ignore-submodules=none", "--format=tformat:commit %H", tip.as_str(),
        ];
        self.run("walk the history", &args)
    }

    fn text(&self, operation: &str, args: &[&str]) -> Result<String, CommandError> {
        String::from_utf8(self.run(operation, args)?)
            .map_err(|error| garbled(operation, error.as_bytes()))
    }

    fn run(&self, operation: &str, args: &[&str]) -> Result<Vec<u8>, CommandError> {
        run_in(&self.dir, operation, args)
    }
}

/// Runs git in a folder and returns its output if it succeeds.
fn run_in(
    dir: &Path,
    operation: &str,
    args: &[impl AsRef<OsStr>],
) -> Result<Vec<u8>, CommandError> {
    let output = command(dir, args)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // What went wrong comes first; advice that fits many cases comes last.
    let fatal = said.lines().find(|row| row.starts_with("fatal: "));
    let last = said.lines().rfind(|row| !row.trim().is_empty());
    Err(CommandError::Git {
        operation: operation.to_owned(),
        detail: line(fatal.or(last).unwrap_or("it said nothing")),
    })
}

fn base(dir: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(dir).args([
        "-c",
        "core.fsmonitor=false",
        "-c",
        "protocol.ext.allow=never",
        // The graft file set below does not exist; git's hint about grafts would precede the actual error message.
        "-c",
        "advice.graftFileDeprecated=false",
    ]);
    environment::set(&mut git);
    git
}

/// Returns the address of a remote of the clone around a folder, if there are such a clone and remote.
pub fn remote_url(dir: &Path, remote: &str) -> Option<String> {
    let key = format!("remote.{remote}.url");
    let output = command(dir, &["config", "--get", &key]).ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}

fn command(dir: &Path, args: &[impl AsRef<OsStr>]) -> Result<Output, CommandError> {
    base(dir)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| missing(&error))
}

fn missing(error: &std::io::Error) -> CommandError {
    CommandError::GitMissing {
        detail: error.to_string(),
    }
}

/// Returns the error for output of git that cannot be parsed.
pub fn garbled(operation: &str, found: &[u8]) -> CommandError {
    let detail = format!(
        "it printed {}, which makes no sense here",
        lockgate_core::escape::quoted_bytes(found)
    );
    CommandError::Git {
        operation: operation.to_owned(),
        detail,
    }
}

/// Parses `<mode> SP <type> SP <object> TAB <path>`, from git-ls-tree(1).
fn tree_entry(entry: &[u8]) -> Option<TreeEntry> {
    let tab = entry.iter().position(|b| *b == b'\t')?;
    let (head, path) = (str::from_utf8(&entry[..tab]).ok()?, entry.get(tab + 1..)?);
    let mut words = head.split(' ');
    let (mode, _kind, object) = (words.next()?, words.next()?, words.next()?);
    Some(TreeEntry {
        mode: mode.to_owned(),
        object: object.parse().ok()?,
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests;
