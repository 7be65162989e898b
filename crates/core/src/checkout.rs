//! Checks that the checkout matches the commit where `git status` reports nothing: files that git was told to overlook, submodules
//! that were not fetched, LFS pointers in place of files.
//!
//! Checks only the entries that affect the build. Does not know how the facts are read.

use std::collections::BTreeSet;

use crate::config::Package;
use crate::escape::quoted_bytes;
use crate::fingerprint::{TreeEntry, counts};

/// The first bytes of a Git LFS pointer, see its `docs/spec.md`.
pub const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// The number of paths that a message names.
const SHOWN: usize = 5;

/// The observations, by paths from the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether the work tree is sparse.
    pub sparse: bool,
    /// Entries that git was told to omit from the work tree (`skip-worktree`).
    pub skipped: BTreeSet<Vec<u8>>,
    /// Entries that git was told not to check for changes (`assume-unchanged`).
    pub assumed: BTreeSet<Vec<u8>>,
    /// Submodules without a repository in their folder, or with such a submodule inside of them.
    pub unfetched: BTreeSet<Vec<u8>>,
    /// Files that are tracked by Git LFS and contain a pointer.
    pub pointers: BTreeSet<Vec<u8>>,
}

/// The error for source files that differ from the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The first paths, and the reasons.
    pub what: String,
    /// What to do next.
    pub next: String,
}

/// A reason why an entry differs from the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    Unfetched,
    Pointer,
    Sparse,
    Skipped,
    Assumed,
}

/// Decides whether to build from a work tree without visible changes.
///
/// # Errors
/// Returns the first paths, and a command for each kind of difference.
pub fn check(package: &Package, entries: &[TreeEntry], facts: &Facts) -> Result<(), Lacking> {
    let found = entries.iter().filter(|entry| counts(package, entry));
    let mut found: Vec<(&[u8], Lack)> = found
        .filter_map(|entry| Some((entry.path.as_slice(), lack(entry, facts)?)))
        .collect();
    found.sort_unstable();
    if found.is_empty() {
        return Ok(());
    }
    let (shown, more) = found.split_at(SHOWN.min(found.len()));
    let mut what: Vec<String> = shown
        .iter()
        .map(|(path, lack)| format!("{} ({})", quoted_bytes(path), lack.describe()))
        .collect();
    if !more.is_empty() {
        what.push(format!("and {} more", more.len()));
    }
    let kinds: BTreeSet<Lack> = found.iter().map(|(_, lack)| *lack).collect();
    let commands: Vec<String> = kinds.iter().map(|kind| kind.remedy(shown)).collect();
    let mut next = format!("run {}", commands.join(", "));
    if kinds.iter().any(|kind| kind.is_of_workflows()) {
        next += "; in the build workflow, add that as a step in the custom block before-build";
    }
    next += "; or name in `exclude` of lockgate.toml what no build reads";
    Err(Lacking {
        what: what.join(", "),
        next,
    })
}

fn lack(entry: &TreeEntry, facts: &Facts) -> Option<Lack> {
    let path = &entry.path;
    if facts.skipped.contains(path) {
        Some(if facts.sparse {
            Lack::Sparse
        } else {
            Lack::Skipped
        })
    } else if facts.assumed.contains(path) {
        Some(Lack::Assumed)
    } else if entry.is_submodule() {
        facts.unfetched.contains(path).then_some(Lack::Unfetched)
    } else {
        facts.pointers.contains(path).then_some(Lack::Pointer)
    }
}

impl Lack {
    fn describe(self) -> &'static str {
        match self {
            Self::Unfetched => "a submodule that was not fetched",
            Self::Pointer => "a pointer of Git LFS in place of the file",
            Self::Sparse => "left out by a sparse checkout",
            Self::Skipped => "marked skip-worktree, which hides changes",
            Self::Assumed => "marked assume-unchanged, which hides changes",
        }
    }

    fn remedy(self, shown: &[(&[u8], Self)]) -> String {
        let command = match self {
            Self::Unfetched => return "`git submodule update --init --recursive`".to_owned(),
            Self::Pointer => return "`git lfs pull`".to_owned(),
            Self::Sparse => return "`git sparse-checkout disable`".to_owned(),
            Self::Skipped => "git update-index --no-skip-worktree",
            Self::Assumed => "git update-index --no-assume-unchanged",
        };
        // A command to paste into a shell must contain nothing that a shell would interpret.
        let plain = |path: &[u8]| {
            let path = str::from_utf8(path).ok()?;
            let bare = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
            (path.chars().all(bare) && !path.starts_with('-')).then(|| path.to_owned())
        };
        let paths = shown.iter().filter(|(_, lack)| *lack == self);
        let paths: Option<Vec<String>> = paths.map(|(path, _)| plain(path)).collect();
        let paths = paths.map_or_else(|| "PATH".to_owned(), |paths| paths.join(" "));
        format!("`{command} {paths}`")
    }

    /// Returns whether a checkout in a workflow omits it by default.
    fn is_of_workflows(self) -> bool {
        matches!(self, Self::Unfetched | Self::Pointer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const CONFIG: &str = r#"
[package.tool]
version-file = "tool/VERSION"
sources = ["tool/**"]
exclude = ["**/*.md"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"
pins = "tool/SHA256SUMS"
[package.tool.build]
command = ["make"]
output = "dist/{asset}"
[package.tool.variant.amd64]
"#;

    fn entry(mode: &str, path: &str) -> TreeEntry {
        TreeEntry {
            mode: mode.into(),
            object: "1".repeat(40).parse().unwrap(),
            path: path.into(),
        }
    }

    fn set(paths: &[&str]) -> BTreeSet<Vec<u8>> {
        paths.iter().map(|path| path.as_bytes().to_vec()).collect()
    }

    fn reported(facts: &Facts) -> String {
        let config = Config::parse(CONFIG).unwrap();
        let package = config.packages.into_values().next().unwrap();
        let mut entries = vec![
            entry("100644", "README"),
            entry("100644", "tool/VERSION"),
            entry("100644", "tool/SHA256SUMS"),
            entry("100644", "tool/notes.md"),
            entry("160000", "tool/lib"),
            entry("160000", "vendor"),
        ];
        entries.extend((0..7).map(|at| entry("100644", &format!("tool/{at}.c"))));
        match check(&package, &entries, facts) {
            Ok(()) => "right".to_owned(),
            Err(Lacking { what, next }) => format!("{what} | {next}"),
        }
    }

    #[test]
    fn each_lack_of_what_decides_is_told_with_its_remedy() {
        let facts = Facts::default;
        insta::assert_snapshot!(reported(&facts()), @"right");
        insta::assert_snapshot!(reported(&Facts { unfetched: set(&["tool/lib", "vendor"]), ..facts() }), @r#""tool/lib" (a submodule that was not fetched) | run `git submodule update --init --recursive`; in the build workflow, add that as a step in the custom block before-build; or name in `exclude` of lockgate.toml what no build reads"#);
        insta::assert_snapshot!(reported(&Facts { pointers: set(&["tool/0.c"]), ..facts() }), @r#""tool/0.c" (a pointer of Git LFS in place of the file) | run `git lfs pull`; in the build workflow, add that as a step in the custom block before-build; or name in `exclude` of lockgate.toml what no build reads"#);
        insta::assert_snapshot!(reported(&Facts { skipped: set(&["tool/0.c", "tool/lib"]), sparse: true, ..facts() }), @r#""tool/0.c" (left out by a sparse checkout), "tool/lib" (left out by a sparse checkout) | run `git sparse-checkout disable`; or name in `exclude` of lockgate.toml what no build reads"#);
        insta::assert_snapshot!(reported(&Facts { skipped: set(&["tool/0.c"]), ..facts() }), @r#""tool/0.c" (marked skip-worktree, which hides changes) | run `git update-index --no-skip-worktree tool/0.c`; or name in `exclude` of lockgate.toml what no build reads"#);
        insta::assert_snapshot!(reported(&Facts { assumed: set(&["tool/VERSION", "tool/1.c"]), ..facts() }), @r#""tool/1.c" (marked assume-unchanged, which hides changes), "tool/VERSION" (marked assume-unchanged, which hides changes) | run `git update-index --no-assume-unchanged tool/1.c tool/VERSION`; or name in `exclude` of lockgate.toml what no build reads"#);
        insta::assert_snapshot!(reported(&Facts {
            skipped: set(&["tool/0.c"]), assumed: set(&["tool/1.c", "tool/2.c", "tool/3.c"]),
            unfetched: set(&["tool/lib"]), pointers: set(&["tool/4.c", "tool/5.c"]), ..facts()
        }), @r#""tool/0.c" (marked skip-worktree, which hides changes), "tool/1.c" (marked assume-unchanged, which hides changes), "tool/2.c" (marked assume-unchanged, which hides changes), "tool/3.c" (marked assume-unchanged, which hides changes), "tool/4.c" (a pointer of Git LFS in place of the file), and 2 more | run `git submodule update --init --recursive`, `git lfs pull`, `git update-index --no-skip-worktree tool/0.c`, `git update-index --no-assume-unchanged tool/1.c tool/2.c tool/3.c`; in the build workflow, add that as a step in the custom block before-build; or name in `exclude` of lockgate.toml what no build reads"#);
    }

    #[test]
    fn no_path_is_a_command_of_the_shell_that_a_hint_is_pasted_into() {
        let path = "tool/$(reboot).c";
        let entries = [entry("100644", path)];
        let config = Config::parse(CONFIG).unwrap();
        let package = config.packages.into_values().next().unwrap();
        let facts = Facts {
            skipped: set(&[path]),
            ..Facts::default()
        };
        let Lacking { what, next } = check(&package, &entries, &facts).unwrap_err();
        assert!(what.contains(path), "{what}");
        assert!(
            next.starts_with("run `git update-index --no-skip-worktree PATH`;"),
            "{next}"
        );
    }

    #[test]
    fn what_decides_nothing_may_be_absent() {
        let idle = set(&["README", "tool/SHA256SUMS", "tool/notes.md", "vendor"]);
        let facts = Facts {
            sparse: true,
            skipped: idle.clone(),
            assumed: idle.clone(),
            unfetched: idle.clone(),
            pointers: idle,
        };
        assert_eq!(reported(&facts), "right");
    }
}
