//! The source fingerprint: one digest over the git tree entries of the source files.
//!
//! docs/fingerprint.md is the normative description; the test vectors are in both places. Does not know how tree entries
//! are read, nor which commit they came from: after a squash or a rebase the fingerprint is the same.

use sha2::{Digest as _, Sha256};

use crate::config::Package;
use crate::ids::{Digest, Fingerprint, ObjectId};

/// An entry of a recursively listed tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The mode as git writes it: `100644`, `100755`, `120000` (symbolic link), `160000` (submodule).
    pub mode: String,
    /// The id of the object.
    pub object: ObjectId,
    /// The path from the root, as bytes: git does not require UTF-8.
    pub path: Vec<u8>,
}

impl TreeEntry {
    /// Returns whether it is a regular file, executable or not.
    pub fn is_file(&self) -> bool {
        matches!(self.mode.as_str(), "100644" | "100755" | "100664")
    }

    /// Returns whether it is a submodule: a commit of another repository in place of a folder.
    pub fn is_submodule(&self) -> bool {
        self.mode == "160000"
    }
}

/// The digests of a package's source files in one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceDigests {
    /// The digest of all source files and the version file.
    pub fingerprint: Fingerprint,
    /// The same without the version file: differs exactly where the sources or their description changed.
    pub sources: Digest,
}

/// Computes the digests of a package from the entries of a tree.
///
/// `entries` may be in any order, and must be the whole tree, listed recursively.
pub fn of_tree(package: &Package, entries: &[TreeEntry]) -> SourceDigests {
    let version_file = package.version_file.as_str().as_bytes();
    let matter = matter(package, entries);
    let without: Vec<&TreeEntry> = matter
        .iter()
        .copied()
        .filter(|entry| entry.path != version_file)
        .collect();
    SourceDigests {
        fingerprint: Fingerprint(digest(package, &matter)),
        sources: digest(package, &without),
    }
}

/// Returns the paths of source files that differ between two trees, sorted: changed, added or deleted.
pub fn changed(package: &Package, before: &[TreeEntry], after: &[TreeEntry]) -> Vec<Vec<u8>> {
    let (before, after) = (matter(package, before), matter(package, after));
    let mut paths: Vec<Vec<u8>> = Vec::new();
    for (ours, theirs) in [(&before, &after), (&after, &before)] {
        let at = |path: &[u8]| theirs.binary_search_by(|entry| entry.path.as_slice().cmp(path));
        let differs = |entry: &&&TreeEntry| {
            at(&entry.path).map_or(true, |found| theirs.get(found) != Some(*entry))
        };
        paths.extend(ours.iter().filter(differs).map(|entry| entry.path.clone()));
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Returns whether an entry affects the build: a source file, or the version file wherever it is.
///
/// A submodule is a single entry but a whole folder to the build: it counts if anything inside it would.
pub fn counts(package: &Package, entry: &TreeEntry) -> bool {
    let path = entry.path.as_slice();
    if package
        .pins
        .as_ref()
        .is_some_and(|pins| path == pins.as_str().as_bytes())
    {
        return false;
    }
    if path == package.version_file.as_str().as_bytes() {
        return true;
    }
    let (sources, exclude) = (&package.sources, &package.exclude);
    match entry.is_submodule() {
        false => sources.matches(path) && !exclude.matches(path),
        true => {
            (sources.matches(path) || sources.match_below(path)) && !exclude.match_all_below(path)
        }
    }
}

/// Returns the entries that affect the build, sorted by path.
fn matter<'e>(package: &Package, entries: &'e [TreeEntry]) -> Vec<&'e TreeEntry> {
    let mut matter: Vec<&TreeEntry> = entries
        .iter()
        .filter(|entry| counts(package, entry))
        .collect();
    matter.sort_by(|a, b| a.path.cmp(&b.path));
    matter
}

fn digest(package: &Package, entries: &[&TreeEntry]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"lockgate fingerprint 1\0");
    hash.update(format!(
        "package {}\0table {}\0",
        package.name, package.table_digest
    ));
    for entry in entries {
        // The format of `git ls-tree -r -z --format='%(objectmode) %(objectname)%x09%(path)'`.
        hash.update(format!("{} {}\t", entry.mode, entry.object));
        hash.update(&entry.path);
        hash.update(b"\0");
    }
    Digest::new(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;

    const CONFIG: &str = r#"
[package.tool]
version-file = "tool/VERSION"
sources = ["tool/**", "build.py"]
exclude = ["**/*.md"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"
pins = "tool/SHA256SUMS"
[package.tool.build]
command = ["python3", "build.py"]
output = "dist/{asset}"
[package.tool.variant.amd64]
"#;

    fn package() -> Package {
        Config::parse(CONFIG)
            .unwrap()
            .packages
            .into_values()
            .next()
            .unwrap()
    }

    fn entry(mode: &str, digit: char, path: &str) -> TreeEntry {
        TreeEntry {
            mode: mode.into(),
            object: digit.to_string().repeat(40).parse().unwrap(),
            path: path.into(),
        }
    }

    fn tree() -> Vec<TreeEntry> {
        vec![
            entry("100644", '1', "README.md"),
            entry("100755", '2', "build.py"),
            entry("100644", '3', "lockgate.toml"),
            entry("100644", '4', "tool/VERSION"),
            entry("100644", '5', "tool/SHA256SUMS"),
            entry("100644", '6', "tool/main.c"),
            entry("120000", '7', "tool/link"),
            entry("100644", '8', "tool/notes.md"),
        ]
    }

    #[test]
    fn only_regular_files_are_files() {
        let is_file = |mode: &str| {
            let entry = TreeEntry {
                mode: mode.into(),
                object: "a".repeat(40).parse().unwrap(),
                path: b"x".to_vec(),
            };
            entry.is_file()
        };
        assert!(["100644", "100755", "100664"].into_iter().all(is_file));
        assert!(!["120000", "160000", "040000", ""].into_iter().any(is_file));
    }

    #[test]
    fn what_changed_is_listed_and_only_what_decides() {
        let before = [
            entry("100644", 'a', "tool/VERSION"),
            entry("100644", 'a', "tool/same"),
            entry("100644", 'a', "tool/mode"),
            entry("100644", 'a', "tool/gone"),
            entry("100644", 'a', "tool/notes.md"),
            entry("100644", 'a', "tool/SHA256SUMS"),
        ];
        let after = [
            entry("100644", 'b', "tool/VERSION"),
            entry("100644", 'a', "tool/same"),
            entry("100755", 'a', "tool/mode"),
            entry("100644", 'b', "tool/notes.md"),
            entry("100644", 'b', "tool/SHA256SUMS"),
            entry("100644", 'b', "elsewhere"),
            entry("100644", 'b', "build.py"),
        ];
        let paths = changed(&package(), &before, &after);
        let paths: Vec<_> = paths
            .iter()
            .map(|path| String::from_utf8_lossy(path))
            .collect();
        assert_eq!(
            paths,
            ["build.py", "tool/VERSION", "tool/gone", "tool/mode"]
        );
    }

    /// The vector of docs/fingerprint.md, which shows how to compute it with `git`, `printf` and `sha256sum` alone.
    #[test]
    fn the_vector_of_the_documentation_holds() {
        let digests = of_tree(&package(), &tree());
        insta::assert_snapshot!(package().table_digest, @"c5af4864b5b3599a0552a04c2f2a2315fda8990b1def95633f88c06b34a1c4e5");
        insta::assert_snapshot!(digests.fingerprint, @"60c5b1bd042b2b93cf5e5a229eef374dece1e7884df3cf9c8c1acabd463d46a7");
        insta::assert_snapshot!(digests.sources, @"555a78d847f8cb28e3a4e25995aee374dcc8d07c378289f5370f64cd41a036d9");
    }

    #[test]
    fn each_entry_that_decides_what_is_built_changes_it_and_no_other_does() {
        let before = of_tree(&package(), &tree());
        let after = |change: &dyn Fn(&mut Vec<TreeEntry>)| {
            let mut tree = tree();
            change(&mut tree);
            let now = of_tree(&package(), &tree);
            (
                now.fingerprint != before.fingerprint,
                now.sources != before.sources,
            )
        };
        let other_object =
            |at: usize| after(&|tree| tree[at].object = "f".repeat(40).parse().unwrap());
        assert_eq!(
            other_object(0),
            (false, false),
            "a file outside the sources"
        );
        assert_eq!(other_object(1), (true, true), "the build script");
        assert_eq!(
            other_object(2),
            (false, false),
            "the config's text: its table counts, by its own digest"
        );
        assert_eq!(other_object(3), (true, false), "the version file");
        assert_eq!(other_object(4), (false, false), "the pins");
        assert_eq!(other_object(5), (true, true), "a source");
        assert_eq!(other_object(7), (false, false), "an excluded file");
        assert_eq!(
            after(&|tree| tree[5].mode = "100755".into()),
            (true, true),
            "a mode"
        );
        assert_eq!(
            after(&|tree| tree[5].path = b"tool/other.c".to_vec()),
            (true, true),
            "a name"
        );
        assert_eq!(
            after(&|tree| drop(tree.remove(6))),
            (true, true),
            "a link gone"
        );
        assert_eq!(
            after(&|tree| tree.push(entry("160000", '9', "tool/sub"))),
            (true, true),
            "a submodule"
        );
    }

    #[test]
    fn a_submodule_counts_where_anything_in_it_would() {
        let table: &[(&[&str], &[&str], &str, bool)] = &[
            (&["lib/**"], &[], "lib", true),
            (&["lib/**"], &[], "lib/inner", true),
            (&["lib/src/**"], &[], "lib", true),
            (&["lib/src/main.c"], &[], "lib", true),
            (&["**/*.c"], &[], "lib", true),
            (&["lib"], &[], "lib", true),
            (&["lib/**"], &[], "libs", false),
            (&["lib/**"], &[], "other/lib", false),
            (&["src/**"], &[], "lib", false),
            (&["lib/**"], &["**/*.md"], "lib", true),
            (&["lib/**"], &["lib/docs/**"], "lib", true),
            (&["**"], &["lib/**"], "lib", false),
            (&["**"], &["lib"], "lib", false),
            (&["**"], &["lib/**"], "lib/inner", false),
        ];
        for (sources, exclude, path, expected) in table {
            let config = CONFIG
                .replace(r#"["tool/**", "build.py"]"#, &format!("{sources:?}"))
                .replace(r#"["**/*.md"]"#, &format!("{exclude:?}"));
            let config = Config::parse(&config).unwrap();
            let package = config.packages.into_values().next().unwrap();
            let of = |digit: char| of_tree(&package, &[entry("160000", digit, path)]);
            let moved = of('1') != of('2');
            assert_eq!(moved, *expected, "{sources:?} without {exclude:?}: {path}");
            assert_eq!(counts(&package, &entry("160000", '1', path)), *expected);
        }
        // A file of that name is not a folder.
        assert!(!counts(&package(), &entry("100644", '1', "tool")));
        assert!(counts(&package(), &entry("160000", '1', "tool")));
    }

    proptest! {
        #[test]
        fn the_order_of_the_entries_does_not_matter(order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle()) {
            let shuffled: Vec<_> = order.iter().map(|&at| tree()[at].clone()).collect();
            prop_assert_eq!(of_tree(&package(), &shuffled), of_tree(&package(), &tree()));
        }

        #[test]
        fn two_different_trees_do_not_run_together(a in "[a-c/\\t\\n ]{1,6}", b in "[a-c/\\t\\n ]{1,6}") {
            let one = of_tree(&package(), &[entry("100644", '1', &format!("tool/{a}")), entry("100644", '1', &format!("tool/{b}x"))]);
            let other = of_tree(&package(), &[entry("100644", '1', &format!("tool/{a}x")), entry("100644", '1', &format!("tool/{b}"))]);
            prop_assert_eq!(one == other, a == b);
        }
    }
}
