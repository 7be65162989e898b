//! The identity of a package, on which its users depend: the path and scheme of its version, and the names of its tag and assets.
//!
//! The base branch defines the identity. If a pull request changed it without raising the version, users of the merge would look for
//! names under which nothing is published, and there would be no build for the gate to check. If the version is raised, the release has
//! the new names; but a tag that does not name the package, or that exists already, may belong to another package or to the project.
//!
//! | changed | version not raised | version raised |
//! | --- | --- | --- |
//! | `asset`, variants | refused | allowed: the release has the new names |
//! | `tag` | refused | allowed if the new tag names the package and no such tag exists |
//! | `scheme` | refused | integer to semantic version is allowed if its major number is higher |
//! | `version-file`, the old file is deleted | allowed: the version is the same | allowed |
//! | `version-file`, the old file remains | refused: two files name the version | refused |
//! | `pins` removed | refused | refused |
//!
//! A package added to a config that has others cannot use tags that exist already either, unless its tag names the package.
//!
//! All of these except the last pass if the base's policy is `identity = "free"`.

use std::fmt;

use crate::config::{Package, Variant};
use crate::ids::RepoPath;
use crate::version::Scheme;

/// A changed part of the identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The scheme of versions.
    Scheme {
        /// The scheme before.
        from: Scheme,
        /// The scheme after.
        to: Scheme,
    },
    /// The path of the version file.
    VersionFile {
        /// The path before.
        from: RepoPath,
        /// The path after.
        to: RepoPath,
        /// Whether the old file still exists.
        left: bool,
    },
    /// The template of the tags.
    Tag {
        /// The template before.
        from: String,
        /// The template after.
        to: String,
        /// Whether the text before the version names the package.
        names_package: bool,
    },
    /// The template of the asset names.
    Asset {
        /// The template before.
        from: String,
        /// The template after.
        to: String,
    },
    /// The names of variants that are added, removed, or now for another machine.
    Variants(Vec<String>),
    /// A new package for which tags exist already; its template, given here, does not name the package.
    ForeignTag(String),
    /// The package no longer keeps its digests in the repository.
    PinsDropped(RepoPath),
}

/// Returns how the merge changes the identity of a package. `left` is true if the base's version file still exists.
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

/// Returns the problem with the tag of a package that the base does not have, in a config that has others. `taken` is true if tags
/// of its template exist: they belong to the project or to another package, and may trigger pipelines.
pub fn of_new(package: &Package, taken: bool) -> Vec<Change> {
    let tag = package.tag.to_string();
    match taken && !names(&tag, package) {
        true => vec![Change::ForeignTag(tag)],
        false => Vec::new(),
    }
}

/// Returns the first refused change. `raised` is true if the version is raised, `taken` if a tag of the new name exists.
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

    /// The change; whether it is refused without a raised version, with one, and with one where the tag is taken.
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
        for (edit, left, summary, expected) in table {
            let found = changes(&base, &package(edit), left);
            let said: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(said, [summary]);
            let cases = [(false, false), (true, false), (true, true)];
            let got = cases.map(|(raised, taken)| refused(&found, raised, taken).is_some());
            assert_eq!(got, expected, "{summary}");
        }
        assert_eq!(changes(&base, &base, false), []);
        // A setting that affects only how the package is built is not part of the identity.
        let built = package(|t| {
            t.replace("\"make\"", "\"ninja\"")
                .replace("variant.arm64]", "variant.arm64]\nrunner = \"x\"")
        });
        assert_eq!(changes(&base, &built, false), []);
    }
}
