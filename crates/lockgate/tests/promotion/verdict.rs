//! What must be true for a repository whatever happened to the promotions: one complete release, or none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockgate_core::document::{Document as _, Receipt};
use lockgate_forge_embedded::state::people::{Actor, Role};
use lockgate_forge_embedded::{Handle, PullNumber, ReleaseId};

use crate::fixture::Fixture;

const SUMS: &str = "SHA256SUMS";
const RECEIPT: &str = "lockgate-receipt.json";

/// A release on the fake GitHub: names and digests, `None` for an incomplete file.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) id: ReleaseId,
    pub(crate) draft: bool,
    tag: String,
    files: BTreeMap<String, Option<String>>,
}

/// Returns every release, including drafts.
pub(crate) fn releases(forge: &Handle) -> Vec<Seen> {
    let actor = Actor::Known {
        label: "test".to_owned(),
        login: "admin".to_owned(),
        role: Role::Admin,
        bot: false,
    };
    forge.look(|state| {
        let all = state.releases(&actor).into_iter();
        all.map(|release| {
            let files = state.assets(&actor, release.id).unwrap().into_iter();
            Seen {
                id: release.id,
                draft: release.draft,
                tag: release.tag_name.clone(),
                files: files
                    .map(|file| {
                        let sha256 = file.blob.as_ref().map(|blob| blob.sha256.clone());
                        (file.name.clone(), sha256)
                    })
                    .collect(),
            }
        })
        .collect()
    })
}

/// Returns what is wrong with the public release of a tag; `None` if there is none.
///
/// There may be at most one release, with exactly the files of a candidate.
pub(crate) fn public(
    forge: &Handle,
    tag: &str,
    candidate: &BTreeMap<String, String>,
) -> Option<Result<Seen, String>> {
    let mut all = releases(forge);
    all.retain(|release| !release.draft && release.tag == tag);
    let release = all.pop()?;
    if !all.is_empty() {
        return Some(Err(format!("a second release: {all:?}")));
    }
    let names: BTreeSet<&str> = release.files.keys().map(String::as_str).collect();
    let wanted = candidate.keys().map(String::as_str).chain([SUMS, RECEIPT]);
    if names != wanted.collect() {
        return Some(Err(format!("other files: {release:?}")));
    }
    let differs = candidate
        .iter()
        .find(|(name, digest)| release.files[*name].as_ref() != Some(digest));
    let torn = release.files.values().any(Option::is_none);
    Some(match (differs, torn) {
        (None, false) => Ok(release),
        _ => Err(format!("a part, or other bytes: {release:?}")),
    })
}

/// Asserts that the tag has one release with the whole candidate, that its receipt and its sums match, and that the
/// gate is green.
pub(crate) fn is_published(
    fixture: &Fixture,
    pull: PullNumber,
    package: &str,
    candidate: &BTreeMap<String, String>,
) -> Seen {
    let tag = format!("{package}-v2");
    let release = public(&fixture.server, &tag, candidate).unwrap().unwrap();
    let read = |name: &str| {
        let sha256 = release.files[name].as_ref().unwrap();
        std::fs::read(fixture.blob(sha256)).unwrap()
    };
    let receipt = Receipt::from_json(&read(RECEIPT)).unwrap();
    let reported: BTreeMap<String, String> = receipt
        .manifest
        .executables
        .iter()
        .map(|one| (one.name.to_string(), one.sha256.to_string()))
        .collect();
    assert_eq!(reported, *candidate);
    assert_eq!(receipt.origin.pull_request.0, pull.0);
    assert_eq!(read(SUMS), receipt.sums().to_string().into_bytes());
    assert_eq!(gate(&fixture.server, pull, package), "success");
    release
}

/// Returns the gate's state on the head of a pull request; empty without a status.
pub(crate) fn gate(forge: &Handle, pull: PullNumber, package: &str) -> String {
    forge.look(|state| {
        let head = state.pull(pull).unwrap().head_sha.clone();
        let context = format!("lockgate/{package}");
        let newest = state.newest_statuses(&head);
        let ours = newest.iter().find(|status| status.context == context);
        ours.map_or("", |status| status.verdict.name()).to_owned()
    })
}

/// Asserts that a failed process reports a reason with a documented code.
pub(crate) fn has_a_stable_code(code: Option<i32>, stderr: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/refusals.md");
    let page = std::fs::read_to_string(page).unwrap();
    let known = page
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
    let mut codes = known.filter(|known| stderr.contains(&format!(" ({known}): ")));
    assert!(
        matches!(code, Some(1 | 3 | 4 | 5 | 6)) && codes.next().is_some(),
        "{code:?}: {stderr}"
    );
    assert!(stderr.contains("next: "), "{stderr}");
}
