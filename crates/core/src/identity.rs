//! What users of a package follow from a commit: where its version stands, how it is written, and how tag and files are named.
//!
//! These are the base's word. A pull request that changes one of them without a raise would send users of the merge to names under
//! which nothing is published, and nothing would be built that anybody could gate. With a raise the release has the new names; but a
//! tag that says nothing of the package, or that is taken, belongs to somebody else.
//!
//! | changed | without a raise | with a raise |
//! | --- | --- | --- |
//! | `asset`, variants | refused | fine: the release has the new names |
//! | `tag` | refused | fine if the new one names the package and no such tag is there |
//! | `scheme` | refused | integer to semantic version is fine, if its major number is higher |
//! | `version-file`, the old file is gone | fine: the version is the same | fine |
//! | `version-file`, the old file stays | refused: two files name the version | refused |
//! | `pins` taken away | refused | refused |
//!
//! A package that is new beside others cannot take tags that are there already either, unless its tag names it.
//!
//! All of it but this last passes where the base's policy says `identity = "free"`.

use std::fmt;

use crate::config::{Package, Variant};
use crate::version::Scheme;
use crate::words::RepoPath;

/// One thing that users follow, and that is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// How versions are written.
    Scheme {
        /// Before.
        from: Scheme,
        /// After.
        to: Scheme,
    },
    /// Where the version stands.
    VersionFile {
        /// Before.
        from: RepoPath,
        /// After.
        to: RepoPath,
        /// Whether the old file is still there.
        left: bool,
    },
    /// How the tag of a release is named.
    Tag {
        /// Before.
        from: String,
        /// After.
        to: String,
        /// Whether the text before the version names the package.
        names_package: bool,
    },
    /// How the files of a release are named.
    Asset {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// A row of the variant table that is new, gone, or for another machine; by name.
    Variants(Vec<String>),
    /// A new package whose tags are there already, by this template, which does not name it.
    ForeignTag(String),
    /// The package no longer keeps its digests in the repository.
    PinsDropped(RepoPath),
}

/// What of a package is another after the merge. `left` says whether the base's version file is still there.
pub fn changes(base: &Package, after: &Package, left: bool) -> Vec<Change> {
    let mut found = Vec::new();
    if base.scheme != after.scheme {
        found.push(Change::Scheme {
            from: base.scheme,
            to: after.scheme,
        });
    }
    if base.version_file != after.version_file {
        found.push(Change::VersionFile {
            from: base.version_file.clone(),
            to: after.version_file.clone(),
            left,
        });
    }
    let (from, to) = (base.tag.to_string(), after.tag.to_string());
    if from != to {
        let names_package = names(&to, after);
        found.push(Change::Tag {
            from,
            to,
            names_package,
        });
    }
    let (from, to) = (base.asset.to_string(), after.asset.to_string());
    if from != to {
        found.push(Change::Asset { from, to });
    }
    let rows = variants(base, after);
    if !rows.is_empty() {
        found.push(Change::Variants(rows));
    }
    if let (Some(pins), None) = (&base.pins, &after.pins) {
        found.push(Change::PinsDropped(pins.clone()));
    }
    found
}

/// What is wrong with the tag of a package that the base does not have, in a config that has others. `taken` says whether there are tags
/// of its template: then they are the project's own, or another package's, and pipelines may start on them.
pub fn of_new(package: &Package, taken: bool) -> Vec<Change> {
    let tag = package.tag.to_string();
    match taken && !names(&tag, package) {
        true => vec![Change::ForeignTag(tag)],
        false => Vec::new(),
    }
}

/// The first of some changes that is refused. `raised` says whether the version is, `taken` whether a tag of the new name is there.
pub fn refused(changes: &[Change], raised: bool, taken: bool) -> Option<&Change> {
    changes.iter().find(|change| match (change, raised) {
        (Change::PinsDropped(_) | Change::ForeignTag(_), _) => true,
        (Change::VersionFile { left, .. }, _) => *left,
        (Change::Tag { names_package, .. }, true) => !names_package || taken,
        (Change::Scheme { to, .. }, true) => *to != Scheme::Semver,
        (Change::Asset { .. } | Change::Variants(_), true) => false,
        (Change::Tag { .. } | Change::Scheme { .. }, false) => true,
        (Change::Asset { .. } | Change::Variants(_), false) => true,
    })
}

fn names(tag: &str, package: &Package) -> bool {
    let before = tag.split("{version}").next().unwrap_or_default();
    before
        .replace("{package}", package.name.as_str())
        .contains(package.name.as_str())
}

fn variants(base: &Package, after: &Package) -> Vec<String> {
    let row = |variant: &Variant| (variant.os, variant.arch.clone(), variant.libc);
    let other = |one: &Variant, all: &[Variant]| {
        let same = |it: &&Variant| it.name == one.name && row(it) == row(one);
        !all.iter().any(|it| same(&it))
    };
    let gone = base.variants.iter().filter(|it| other(it, &after.variants));
    let new = after.variants.iter().filter(|it| other(it, &base.variants));
    let mut names: Vec<String> = gone.chain(new).map(|it| it.name.to_string()).collect();
    names.sort();
    names.dedup();
    names
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme { from, to } => write!(
                f,
                "`scheme` changes from {} to {}",
                from.as_str(),
                to.as_str()
            ),
            Self::VersionFile { from, to, left } => {
                write!(f, "`version-file` moves from {from} to {to}")?;
                if *left {
                    write!(f, ", and {from} is still there")?;
                }
                Ok(())
            }
            Self::Tag { from, to, .. } => write!(f, "`tag` changes from {from} to {to}"),
            Self::Asset { from, to } => write!(f, "`asset` changes from {from} to {to}"),
            Self::Variants(names) => write!(f, "the variants change: {}", names.join(", ")),
            Self::ForeignTag(tag) => write!(
                f,
                "tags like {tag} are there already, and the new package's `tag` does not name it"
            ),
            Self::PinsDropped(path) => write!(f, "`pins` no longer names {path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn package(edit: impl Fn(&str) -> String) -> Package {
        let text = "[package.tool]\nversion-file = \"VERSION\"\nsources = [\"src/**\"]\ntag = \"tool-v{version}\"\n\
                    asset = \"tool-{variant}-v{version}\"\npins = \"SHA256SUMS\"\n[package.tool.build]\ncommand = [\"make\"]\n\
                    output = \"out/{asset}\"\n[package.tool.variant.amd64]\n[package.tool.variant.arm64]\n";
        let config = Config::parse(&edit(text)).unwrap();
        config.packages.into_values().next().unwrap()
    }

    #[test]
    fn a_new_package_takes_no_tags_that_do_not_name_it() {
        let foreign = |tag: &str, taken| {
            let package = package(|t| t.replace("\"tool-v{version}\"", &format!("{tag:?}")));
            let found = of_new(&package, taken);
            assert_eq!(refused(&found, true, false).is_some(), !found.is_empty());
            !found.is_empty()
        };
        assert!(foreign("v{version}", true));
        assert!(!foreign("v{version}", false));
        assert!(!foreign("tool-v{version}", true));
        assert!(!foreign("{package}-{version}", true));
    }

    /// Which change it is; whether it is refused without a raise, with one, and with one where the tag is taken.
    #[test]
    fn each_change_is_refused_as_the_table_says() {
        let base = package(str::to_owned);
        type Row = (fn(&str) -> String, bool, &'static str, [bool; 3]);
        let table: [Row; 11] = [
            (
                |t| t.replace("tool-{variant}", "hi-{variant}"),
                false,
                "`asset` changes from tool-{variant}-v{version} to hi-{variant}-v{version}",
                [true, false, false],
            ),
            (
                |t| format!("{t}[package.tool.variant.riscv64]\n"),
                false,
                "the variants change: riscv64",
                [true, false, false],
            ),
            (
                |t| t.replace("[package.tool.variant.arm64]\n", ""),
                false,
                "the variants change: arm64",
                [true, false, false],
            ),
            (
                |t| t.replace("variant.arm64]", "variant.arm64]\nlibc = \"musl\""),
                false,
                "the variants change: arm64",
                [true, false, false],
            ),
            (
                |t| t.replace("\"tool-v{version}\"", "\"tool-r{version}\""),
                false,
                "`tag` changes from tool-v{version} to tool-r{version}",
                [true, false, true],
            ),
            (
                |t| t.replace("\"tool-v{version}\"", "\"v{version}\""),
                false,
                "`tag` changes from tool-v{version} to v{version}",
                [true, true, true],
            ),
            (
                |t| t.replace("\"tool-v{version}\"", "\"{package}-{version}\""),
                false,
                "`tag` changes from tool-v{version} to {package}-{version}",
                [true, false, true],
            ),
            (
                |t| t.replace("sources", "scheme = \"semver\"\nsources"),
                false,
                "`scheme` changes from integer to semver",
                [true, false, false],
            ),
            (
                |t| t.replace("\"VERSION\"", "\"NUMBER\""),
                false,
                "`version-file` moves from VERSION to NUMBER",
                [false, false, false],
            ),
            (
                |t| t.replace("\"VERSION\"", "\"NUMBER\""),
                true,
                "`version-file` moves from VERSION to NUMBER, and VERSION is still there",
                [true, true, true],
            ),
            (
                |t| t.replace("pins = \"SHA256SUMS\"\n", ""),
                false,
                "`pins` no longer names SHA256SUMS",
                [true, true, true],
            ),
        ];
        for (edit, left, sentence, expected) in table {
            let found = changes(&base, &package(edit), left);
            let said: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(said, [sentence]);
            let cases = [(false, false), (true, false), (true, true)];
            let got = cases.map(|(raised, taken)| refused(&found, raised, taken).is_some());
            assert_eq!(got, expected, "{sentence}");
        }
        assert_eq!(changes(&base, &base, false), []);
        // What only decides how it is built is no name that anybody follows.
        let built = package(|t| {
            t.replace("\"make\"", "\"ninja\"")
                .replace("variant.arm64]", "variant.arm64]\nrunner = \"x\"")
        });
        assert_eq!(changes(&base, &built, false), []);
    }
}
