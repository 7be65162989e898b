//! cleanup: finds the drafts that are no longer needed.
//!
//! A promotion that is interrupted leaves its draft behind, and the next one creates its own. Published versions are not
//! considered: a version that a commit names is needed, and the number of one that was never merged stays retired. Artifacts
//! expire on their own.
//!
//! Needs no clock: a draft of a version that is already published can only belong to a promotion that lost the race, and such
//! a promotion completes without the draft.

use crate::config::{Package, RECEIPT_ASSET, SUMS_ASSET, WITHDRAWAL_ASSET, WITHDRAWN_PREFIX};
use crate::ids::{ReleaseId, Tag};
use crate::render::RELEASE_MARK;
use crate::version::Version;

/// A draft that may be one of Lockgate's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The id of the draft.
    pub id: ReleaseId,
    /// The tag that it would get when published.
    pub tag: String,
    /// The title of the draft.
    pub title: String,
    /// The notes of the draft.
    pub notes: String,
    /// The author of the draft.
    pub author: String,
    /// The names of its assets.
    pub files: Vec<String>,
}

/// The decision about a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Delete it: its version is published.
    Lost,
    /// Delete it: its version is not published, and the user confirmed that no promotion is running.
    Abandoned,
    /// Keep it: its version is not published, so it may belong to a running promotion.
    Open,
}

impl Fate {
    /// Returns whether the draft is deleted.
    pub fn goes(self) -> bool {
        match self {
            Self::Lost | Self::Abandoned => true,
            Self::Open => false,
        }
    }

    /// Returns the reason as text.
    pub fn why(self) -> &'static str {
        match self {
            Self::Lost => "its version is published",
            Self::Abandoned => "its version is not published",
            Self::Open => {
                "its version is not published: a promotion may be running; --open deletes it too"
            }
        }
    }
}

/// Decides which drafts to delete, omitting those that are not Lockgate's. `open` is true if no promotion is running.
pub fn decide<'d>(
    packages: &[&Package],
    drafts: &'d [Draft],
    published: impl Fn(&Tag) -> bool,
    open: bool,
) -> Vec<(&'d Draft, Tag, Fate)> {
    drafts
        .iter()
        .filter_map(|draft| {
            let tag = packages.iter().find_map(|package| ours(package, draft))?;
            let fate = match (published(&tag), open) {
                (true, _) => Fate::Lost,
                (false, true) => Fate::Abandoned,
                (false, false) => Fate::Open,
            };
            Some((draft, tag, fate))
        })
        .collect()
}

/// Returns the tag of a draft that Lockgate made: its notes begin as Lockgate's do, and it has only assets that Lockgate uploads. A
/// draft with notes written by a person is left alone.
fn ours(package: &Package, draft: &Draft) -> Option<Tag> {
    if !draft.notes.starts_with(RELEASE_MARK) {
        return None;
    }
    if let Some(version) = package.version_of_tag(&draft.tag) {
        let known = |file: &String| is_file_of(package, &version, file);
        return draft.files.iter().all(known).then(|| package.tag(&version));
    }
    let withdrawn = draft.tag.strip_prefix(WITHDRAWN_PREFIX)?;
    let version = package.version_of_tag(withdrawn)?;
    let known = |file: &String| file == WITHDRAWAL_ASSET;
    draft
        .files
        .iter()
        .all(known)
        .then(|| package.withdrawal_tag(&version))
}

fn is_file_of(package: &Package, version: &Version, file: &str) -> bool {
    let mut assets = package
        .variants
        .iter()
        .map(|variant| package.asset(variant, version));
    file == SUMS_ASSET || file == RECEIPT_ASSET || assets.any(|name| name.as_str() == file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn only_drafts_of_lockgate_go_and_only_when_their_version_is_published() {
        let config = Config::parse(
            r#"
[package.tool]
version-file = "VERSION"
sources = ["src/**"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"
build = { command = ["make"], output = "out/{asset}" }
variant.amd64 = {}
"#,
        )
        .unwrap();
        let draft = |id, tag: &str, files: &[&str]| Draft {
            id: ReleaseId(id),
            tag: tag.to_owned(),
            title: "tool".to_owned(),
            notes: format!("{RELEASE_MARK}\nnotes"),
            author: "mia".to_owned(),
            files: files.iter().map(|&file| file.to_owned()).collect(),
        };
        let drafts = [
            draft(1, "tool-v2", &["tool-amd64-v2", "SHA256SUMS"]),
            draft(2, "tool-v3", &[]),
            draft(3, "tool-v2", &["tool-amd64-v2", "notes.pdf"]),
            draft(4, "v2", &[]),
            draft(5, "withdrawn-tool-v2", &["lockgate-withdrawal.json"]),
            draft(6, "tool-v2", &["tool-amd64-v3"]),
            // Drafts written by a person: without files, and with files left by a build.
            Draft {
                notes: "## What is new\nA day of writing.".to_owned(),
                ..draft(7, "tool-v2", &[])
            },
            Draft {
                notes: format!("Mine. {RELEASE_MARK}"),
                ..draft(8, "tool-v2", &["tool-amd64-v2"])
            },
        ];
        let packages: Vec<&Package> = config.packages.values().collect();
        let fates = |open| {
            let fates = decide(&packages, &drafts, |tag| tag.as_str() == "tool-v2", open);
            let fates = fates.iter().map(|(draft, _, fate)| (draft.id.0, *fate));
            fates.collect::<Vec<_>>()
        };
        assert_eq!(
            fates(false),
            [(1, Fate::Lost), (2, Fate::Open), (5, Fate::Open)]
        );
        assert_eq!(
            fates(true),
            [(1, Fate::Lost), (2, Fate::Abandoned), (5, Fate::Abandoned)]
        );
        let why = [Fate::Lost, Fate::Abandoned, Fate::Open].map(Fate::why);
        assert!(why.iter().all(|why| why.starts_with("its version is ")));
        assert!(why[2].contains("--open"), "it says how to delete it, too");
        assert!(Fate::Lost.goes() && Fate::Abandoned.goes() && !Fate::Open.goes());
    }
}
