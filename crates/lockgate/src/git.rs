//! git, by its own command: trees, blobs, merges and refs, without a checkout.
//!
//! Reads objects only; the one thing it writes is objects (fetched ones, and the tree of a trial merge). Never runs a hook,
//! never touches the work tree. What git prints is foreign text until it is parsed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lockgate_core::escape::{line, quoted};
use lockgate_core::fingerprint::TreeEntry;
use lockgate_core::{CommitId, ObjectId};

use crate::trouble::Trouble;

/// A clone.
#[derive(Debug, Clone)]
pub struct Git {
    dir: PathBuf,
}

/// A trial merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// The tree that it would make.
    Clean(ObjectId),
    /// It needs a person.
    Conflict,
}

/// The refs of a remote, by full name.
pub type Refs = BTreeMap<String, ObjectId>;

impl Git {
    /// The clone that a folder is in.
    pub fn open(dir: &Path) -> Result<Self, Trouble> {
        let output = command(dir, &["rev-parse", "--absolute-git-dir"])?;
        if output.status.success() {
            Ok(Self {
                dir: dir.to_owned(),
            })
        } else {
            Err(Trouble::NotARepository {
                dir: quoted(&dir.display().to_string()),
            })
        }
    }

    /// The root of the work tree.
    pub fn top(&self) -> Result<PathBuf, Trouble> {
        let text = self.text(
            "find the root of the work tree",
            &["rev-parse", "--show-toplevel"],
        )?;
        Ok(PathBuf::from(text.trim_end_matches('\n')))
    }

    /// The address of a remote, if it has one.
    pub fn remote_url(&self, remote: &str) -> Option<String> {
        let key = format!("remote.{remote}.url");
        let output = command(&self.dir, &["config", "--get", &key]).ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim_end().to_owned())
    }

    /// The commit that a revision names.
    pub fn commit(&self, revision: &str) -> Result<CommitId, Trouble> {
        let name = format!("{revision}^{{commit}}");
        let output = command(
            &self.dir,
            &[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &name,
            ],
        )?;
        let text = String::from_utf8_lossy(&output.stdout);
        match text.trim_end().parse() {
            Ok(commit) if output.status.success() => Ok(commit),
            _ if self.is_shallow() => Err(Trouble::Shallow {
                what: quoted(revision),
            }),
            _ => Err(Trouble::UnknownRevision {
                revision: quoted(revision),
            }),
        }
    }

    /// Whether history was cut off when it was cloned.
    pub fn is_shallow(&self) -> bool {
        self.text(
            "look at the clone",
            &["rev-parse", "--is-shallow-repository"],
        )
        .is_ok_and(|text| text.trim_end() == "true")
    }

    /// Every entry of a tree, recursively.
    pub fn tree(&self, treeish: &str) -> Result<Vec<TreeEntry>, Trouble> {
        let doing = || format!("list the tree of {treeish}");
        let bytes = self.run(
            &doing(),
            &[
                "ls-tree",
                "-r",
                "-z",
                "--full-tree",
                "--end-of-options",
                treeish,
            ],
        )?;
        bytes
            .split(|b| *b == 0)
            .filter(|entry| !entry.is_empty())
            .map(|entry| tree_entry(entry).ok_or_else(|| garbled(&doing(), entry)))
            .collect()
    }

    /// The first `most` bytes of a blob, and its size.
    pub fn blob(&self, id: &ObjectId, most: u64) -> Result<(Vec<u8>, u64), Trouble> {
        let doing = format!("read the object {id}");
        let mut child = base(&self.dir)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| missing(&error))?;
        let failed = |detail: &str| Trouble::Git {
            doing: doing.clone(),
            detail: line(detail),
        };
        let ask = child
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(format!("{id}\n").as_bytes()));
        let read = || -> Option<(Vec<u8>, u64)> {
            ask?.ok()?;
            let mut out = BufReader::new(child.stdout.take()?);
            let mut head = String::new();
            out.read_line(&mut head).ok()?;
            let size: u64 = head.trim_end().rsplit(' ').next()?.parse().ok()?;
            let mut bytes = Vec::new();
            out.take(size.min(most)).read_to_end(&mut bytes).ok()?;
            Some((bytes, size))
        };
        let result = read().ok_or_else(|| failed("the object is not there"));
        // A blob longer than what was wanted is not read to its end.
        let _ = child.kill();
        let _ = child.wait();
        result
    }

    /// What merging `head` into `base` would give.
    pub fn merge(&self, base: &CommitId, head: &CommitId) -> Result<Merge, Trouble> {
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
            _ if self.is_shallow() => Err(Trouble::Shallow {
                what: format!(
                    "the history that joins {} and {}",
                    base.short(),
                    head.short()
                ),
            }),
            _ => Err(Trouble::Unrelated {
                base: base.to_string(),
                head: head.to_string(),
            }),
        }
    }

    /// Where two commits' histories parted, if they ever met.
    pub fn merge_base(&self, one: &CommitId, other: &CommitId) -> Option<CommitId> {
        let output = command(&self.dir, &["merge-base", one.as_str(), other.as_str()]).ok()?;
        String::from_utf8(output.stdout)
            .ok()?
            .lines()
            .next()?
            .parse()
            .ok()
    }

    /// The refs of a remote, as they are now.
    pub fn remote_refs(&self, remote: &str) -> Result<Refs, Trouble> {
        let doing = format!("list the refs of {}", quoted(remote));
        let text = self.text(
            &doing,
            &["ls-remote", "--quiet", "--end-of-options", remote],
        )?;
        let parse = |row: &str| {
            let (id, name) = row.split_once('\t')?;
            Some((name.to_owned(), id.parse().ok()?))
        };
        text.lines()
            .map(|row| parse(row).ok_or_else(|| garbled(&doing, row.as_bytes())))
            .collect()
    }

    /// Brings commits of a remote, if they are not here yet.
    pub fn fetch(&self, remote: &str, wanted: &[(&str, &CommitId)]) -> Result<(), Trouble> {
        let absent: Vec<&str> = wanted
            .iter()
            .filter(|(_, id)| !self.has(id))
            .map(|(name, _)| *name)
            .collect();
        if absent.is_empty() {
            return Ok(());
        }
        let doing = format!("fetch {} from {}", absent.join(", "), quoted(remote));
        let fixed = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            "--end-of-options",
            remote,
        ];
        self.run(&doing, &[&fixed[..], &absent].concat()).map(drop)
    }

    fn has(&self, commit: &CommitId) -> bool {
        let name = format!("{commit}^{{commit}}");
        command(&self.dir, &["cat-file", "-e", &name]).is_ok_and(|output| output.status.success())
    }

    /// Paths that differ from the commit that is checked out, without what git ignores.
    pub fn changes(&self) -> Result<Vec<String>, Trouble> {
        let text = self.text(
            "look for changes",
            &["status", "--porcelain=v1", "--untracked-files=all"],
        )?;
        Ok(text
            .lines()
            .map(|row| row.get(3..).unwrap_or_default().to_owned())
            .collect())
    }

    /// The commits that lead to a tip and touch a path, newest first.
    pub fn commits_touching(&self, tip: &CommitId, path: &str) -> Result<Vec<CommitId>, Trouble> {
        let text = self.text(
            "walk the history",
            &["log", "--format=%H", tip.as_str(), "--", path],
        )?;
        Ok(text.lines().filter_map(|row| row.parse().ok()).collect())
    }

    fn text(&self, doing: &str, args: &[&str]) -> Result<String, Trouble> {
        String::from_utf8(self.run(doing, args)?).map_err(|error| garbled(doing, error.as_bytes()))
    }

    fn run(&self, doing: &str, args: &[&str]) -> Result<Vec<u8>, Trouble> {
        let output = command(&self.dir, args)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said
            .lines()
            .rfind(|row| !row.trim().is_empty())
            .unwrap_or("it said nothing");
        Err(Trouble::Git {
            doing: doing.to_owned(),
            detail: line(last),
        })
    }
}

fn base(dir: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(dir).args([
        "-c",
        "core.fsmonitor=false",
        "-c",
        "protocol.ext.allow=never",
    ]);
    // A hook or alias of ours may have set these for its own repository.
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
    ] {
        git.env_remove(name);
    }
    git.env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0");
    git
}

fn command(dir: &Path, args: &[&str]) -> Result<Output, Trouble> {
    base(dir)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| missing(&error))
}

fn missing(error: &std::io::Error) -> Trouble {
    Trouble::GitMissing {
        detail: error.to_string(),
    }
}

fn garbled(doing: &str, found: &[u8]) -> Trouble {
    let detail = format!(
        "it printed {}, which makes no sense here",
        lockgate_core::escape::quoted_bytes(found)
    );
    Trouble::Git {
        doing: doing.to_owned(),
        detail,
    }
}

/// `<mode> SP <type> SP <object> TAB <path>`, from git-ls-tree(1).
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
