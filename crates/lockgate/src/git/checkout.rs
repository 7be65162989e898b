//! Finds the differences between the work tree and the commit that `git status` does not report.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use lockgate_core::checkout::{Facts, LFS_POINTER};
use lockgate_core::fingerprint::TreeEntry;

use super::{Git, command, garbled};
use crate::command_error::CommandError;

/// The number of paths in one call of git.
const AT_ONCE: usize = 100;

impl Git {
    /// Collects the differences between the work tree and some entries of the checked-out commit.
    pub fn checkout<'e>(
        &self,
        top: &Path,
        entries: impl Iterator<Item = &'e TreeEntry>,
    ) -> Result<Facts, CommandError> {
        let mut facts = Facts {
            sparse: self.is_sparse()?,
            ..Facts::default()
        };
        self.flags(&mut facts)?;
        let mut pointers: Vec<&[u8]> = Vec::new();
        for entry in entries {
            let at = top.join(OsStr::from_bytes(&entry.path));
            if entry.is_submodule() && !is_fetched(&at) {
                facts.unfetched.insert(entry.path.clone());
            } else if entry.is_file() && holds_pointer(&at) {
                pointers.push(&entry.path);
            }
        }
        facts.pointers = self.of_lfs(top, &pointers)?;
        Ok(facts)
    }

    fn is_sparse(&self) -> Result<bool, CommandError> {
        let args = ["config", "--type=bool", "--get", "core.sparseCheckout"];
        let output = command(&self.dir, &args)?;
        Ok(output.stdout.starts_with(b"true"))
    }

    /// Reads the flags of the index, from git-ls-files(1): `S` for `skip-worktree`, a small letter for `assume-unchanged`.
    fn flags(&self, facts: &mut Facts) -> Result<(), CommandError> {
        let operation = "read the marks of the index";
        let args = ["ls-files", "-v", "-z", "--full-name", "--", ":/"];
        let rows = self.run(operation, &args)?;
        for row in rows.split(|b| *b == 0).filter(|row| !row.is_empty()) {
            let Some((&[mark, b' '], path)) = row.split_first_chunk() else {
                return Err(garbled(operation, row));
            };
            if mark.eq_ignore_ascii_case(&b'S') {
                facts.skipped.insert(path.to_owned());
            }
            if mark.is_ascii_lowercase() {
                facts.assumed.insert(path.to_owned());
            }
        }
        Ok(())
    }

    /// Returns those paths whose attributes assign them to Git LFS. Other files may contain such a text for a reason of their own.
    fn of_lfs(&self, top: &Path, paths: &[&[u8]]) -> Result<BTreeSet<Vec<u8>>, CommandError> {
        let operation = "read the attributes of files";
        let mut found = BTreeSet::new();
        for some in paths.chunks(AT_ONCE) {
            let mut args: Vec<&OsStr> = ["check-attr", "-z", "filter", "--"]
                .map(OsStr::new)
                .to_vec();
            args.extend(some.iter().map(|path| OsStr::from_bytes(path)));
            let rows = super::run_in(top, operation, &args)?;
            let words: Vec<&[u8]> = rows.split(|b| *b == 0).collect();
            for row in words.chunks_exact(3) {
                if let [path, b"filter", b"lfs"] = row {
                    found.insert(path.to_vec());
                }
            }
        }
        Ok(found)
    }
}

/// Whether a submodule is there, and all submodules inside of it.
fn is_fetched(at: &Path) -> bool {
    if at.join(".git").symlink_metadata().is_err() {
        return false;
    }
    // Without a commit there is nothing of it, either.
    let Ok(rows) = super::run_in(at, "list a submodule", &["ls-tree", "-r", "-z", "HEAD"]) else {
        return false;
    };
    let inner = rows
        .split(|b| *b == 0)
        .filter(|row| row.starts_with(b"160000 "));
    let mut paths = inner.filter_map(|row| row.splitn(2, |b| *b == b'\t').nth(1));
    paths.all(|path| is_fetched(&at.join(OsStr::from_bytes(path))))
}

fn holds_pointer(path: &Path) -> bool {
    let begins = || -> std::io::Result<bool> {
        // By its specification, a pointer is shorter than this.
        let meta = path.symlink_metadata()?;
        if !meta.is_file() || meta.len() >= 1024 {
            return Ok(false);
        }
        let mut first = Vec::new();
        let most = u64::try_from(LFS_POINTER.len()).unwrap_or_default();
        std::fs::File::open(path)?
            .take(most)
            .read_to_end(&mut first)?;
        Ok(first == LFS_POINTER)
    };
    // An unreadable file is not a pointer: the build reports it, or git does.
    begins().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{git, repository};
    use super::*;

    fn facts(workspace: &Path) -> Facts {
        let clone = Git::open(&workspace.join("inner")).unwrap();
        let tree = clone.tree("HEAD").unwrap();
        clone.checkout(workspace, tree.iter()).unwrap()
    }

    fn set(paths: &[&str]) -> BTreeSet<Vec<u8>> {
        paths.iter().map(|path| path.as_bytes().to_vec()).collect()
    }

    #[test]
    fn what_status_is_silent_about_is_seen_from_a_folder_inside() {
        let (workspace, head) = repository();
        let git = |args: &[&str]| git(workspace.path(), args);
        std::fs::create_dir(workspace.path().join("inner")).unwrap();
        let pointer = [LFS_POINTER, b"oid sha256:0\nsize 9\n"].concat();
        for name in ["a b", "straße", "plain", "inner/model.bin", "inner/text"] {
            std::fs::write(workspace.path().join(name), &pointer).unwrap();
        }
        std::fs::write(workspace.path().join("inner/whole.bin"), "whole").unwrap();
        let attributes = "*.bin filter=lfs\nstra* filter=lfs\n";
        std::fs::write(workspace.path().join(".gitattributes"), attributes).unwrap();
        std::os::unix::fs::symlink("inner/model.bin", workspace.path().join("link.bin")).unwrap();
        let lib = format!("160000,{head},inner/lib");
        git(&["add", "--all"]);
        git(&["update-index", "--add", "--cacheinfo", &lib]);
        git(&["commit", "--quiet", "--message", "two"]);
        std::fs::create_dir(workspace.path().join("inner/lib")).unwrap();
        let clean = Facts {
            unfetched: set(&["inner/lib"]),
            pointers: set(&["inner/model.bin", "straße"]),
            ..Facts::default()
        };
        assert_eq!(facts(workspace.path()), clean);
        assert_eq!(
            Git::open(workspace.path()).unwrap().changes().unwrap(),
            [""; 0]
        );

        git(&["update-index", "--skip-worktree", "a b", "straße"]);
        git(&["update-index", "--assume-unchanged", "straße", "plain"]);
        let marked = Facts {
            skipped: set(&["a b", "straße"]),
            assumed: set(&["plain", "straße"]),
            ..clean
        };
        assert_eq!(facts(workspace.path()), marked);

        git(&[
            "sparse-checkout",
            "set",
            "--no-cone",
            "/*",
            "!/plain",
            "!/inner/text",
        ]);
        let sparse = facts(workspace.path());
        assert!(
            sparse.sparse && sparse.skipped.contains(&b"inner/text"[..]),
            "{sparse:?}"
        );
    }

    #[test]
    fn a_submodule_that_is_told_to_be_ignored_is_looked_at_all_the_same() {
        let (workspace, _) = repository();
        let git = |args: &[&str]| git(workspace.path(), args);
        let lib = workspace.path().join("lib");
        super::super::tests::git(workspace.path(), &["init", "--quiet", "lib"]);
        std::fs::write(lib.join("x"), "1").unwrap();
        super::super::tests::git(&lib, &["add", "."]);
        super::super::tests::git(&lib, &["commit", "--quiet", "--message", "one"]);
        let modules = "[submodule \"lib\"]\n\tpath = lib\n\turl = ./lib\n\tignore = all\n";
        std::fs::write(workspace.path().join(".gitmodules"), modules).unwrap();
        git(&["-c", "advice.addEmbeddedRepo=false", "add", "--all"]);
        git(&["commit", "--quiet", "--message", "two"]);
        let changes = || Git::open(workspace.path()).unwrap().changes().unwrap();
        assert_eq!(changes(), [""; 0]);
        std::fs::write(lib.join("x"), "2").unwrap();
        assert_eq!(changes(), ["lib"]);
    }
}
