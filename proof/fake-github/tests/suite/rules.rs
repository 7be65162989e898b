//! Tests the rules of the state, without a socket.

use lockgate_forge_embedded::state::State;
use lockgate_forge_embedded::state::assets::NewAsset;
use lockgate_forge_embedded::state::people::{Actor, Role};
use lockgate_forge_embedded::state::pulls::{HeadRepository, NewPull};
use lockgate_forge_embedded::state::refusal::Refusal;
use lockgate_forge_embedded::state::releases::{NewRelease, ReleaseEdit};
use lockgate_forge_embedded::state::statuses::NewStatus;
use lockgate_forge_embedded::{Blob, CommitId, Files, MemoryRepository, MergeMethod};

fn files(pairs: &[(&str, &str)]) -> Files {
    pairs
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect()
}

fn setting() -> (State, MemoryRepository, Actor) {
    let git = MemoryRepository::new();
    git.commit_files("main", files(&[("VERSION", "1")]), "Start", 100);
    let mut state = State::new("octo", "tools", "main", 0);
    state.add_cast();
    let automation = state.holder("automation-token").unwrap();
    (state, git, automation)
}

fn draft(tag: &str) -> NewRelease {
    NewRelease {
        tag_name: tag.into(),
        draft: true,
        ..NewRelease::default()
    }
}

fn named(name: &str) -> NewAsset {
    NewAsset {
        name: name.into(),
        ..NewAsset::default()
    }
}

const PUBLISH: ReleaseEdit = ReleaseEdit {
    tag_name: None,
    target_commitish: None,
    name: None,
    body: None,
    draft: Some(false),
    prerelease: None,
    make_latest: None,
};

#[test]
fn a_token_can_do_no_more_than_its_person_and_its_cut() {
    let mut state = State::new("octo", "tools", "main", 0);
    for (person, cut, role) in [
        (Role::Admin, Role::Admin, Role::Admin),
        (Role::Admin, Role::Read, Role::Read),
        (Role::Read, Role::Admin, Role::Read),
    ] {
        state.add_person("somebody", person);
        state.add_token("token", "label", "somebody", cut);
        assert_eq!(state.holder("token").unwrap().role(), role);
    }
    state.revoke_token("token");
    assert_eq!(state.holder("token"), None);
}

#[test]
fn who_deleted_a_draft_under_an_upload_has_won() {
    let (mut state, git, automation) = setting();
    let release = state
        .create_release(&automation, 1, &git, draft("v1"))
        .unwrap();
    let asset = state
        .begin_upload(&automation, 1, release, named("tool"))
        .unwrap();
    state.delete_release(&automation, release).unwrap();
    let finished = state.finish_upload(2, asset, Blob::of(b"bytes"));
    assert_eq!(finished.unwrap_err(), Refusal::NotFound);
}

#[test]
fn bytes_that_come_after_an_immutable_publish_are_refused() {
    let (mut state, git, automation) = setting();
    state.settings_mut().immutable_releases = true;
    let release = state
        .create_release(&automation, 1, &git, draft("v1"))
        .unwrap();
    let asset = state
        .begin_upload(&automation, 1, release, named("tool"))
        .unwrap();
    state
        .edit_release(&automation, 2, &git, release, PUBLISH)
        .unwrap();
    assert!(state.finish_upload(3, asset, Blob::of(b"bytes")).is_err());
    assert!(state.public_asset("v1", "tool").is_err());
}

#[test]
fn a_release_holds_a_thousand_assets() {
    let (mut state, git, automation) = setting();
    let release = state
        .create_release(&automation, 1, &git, draft("v1"))
        .unwrap();
    let mut upload = |number: u32| {
        let name = named(&format!("tool-{number}"));
        state
            .upload_asset(&automation, 1, release, name, Blob::of(b"x"))
            .map(|_| ())
    };
    (0..1000).for_each(|number| upload(number).unwrap());
    assert!(upload(1000).is_err());
}

#[test]
fn a_commit_and_context_hold_a_thousand_statuses() {
    let (mut state, git, automation) = setting();
    let id = git.commit_files("main", files(&[("VERSION", "2")]), "Bump", 200);
    let mut set = |context: &str| {
        let order = NewStatus {
            state: "pending".into(),
            context: context.into(),
            ..NewStatus::default()
        };
        state
            .create_status(&automation, 1, &git, id.as_str(), order)
            .map(|_| ())
    };
    (0..1000).for_each(|_| set("gate").unwrap());
    assert!(set("GATE").is_err());
    assert!(set("other").is_ok());
}

#[test]
fn the_latest_release_by_date_is_that_of_the_newest_commit() {
    let (mut state, git, automation) = setting();
    let old = git.commit_files("main", files(&[("VERSION", "2")]), "Bump", 200);
    git.commit_files("main", files(&[("VERSION", "3")]), "Bump", 300);
    let legacy = |tag: &str, target: &str| NewRelease {
        tag_name: tag.into(),
        target_commitish: target.into(),
        make_latest: lockgate_forge_embedded::state::publishing::MakeLatest::Legacy,
        ..NewRelease::default()
    };
    state
        .create_release(&automation, 1, &git, legacy("new", "main"))
        .unwrap();
    state
        .create_release(&automation, 2, &git, legacy("old", old.as_str()))
        .unwrap();
    assert_eq!(state.latest_release().unwrap().tag_name, "new");
}

#[test]
fn a_pull_request_in_memory_merges_and_conflicts_by_file() {
    let (mut state, git, _) = setting();
    let base = git.commit_files("main", files(&[("VERSION", "1"), ("a", "1")]), "Add", 150);
    lockgate_forge_embedded::Repository::set_reference(&git, "refs/heads/bump", &base).unwrap();
    git.commit_files("bump", files(&[("VERSION", "2"), ("a", "1")]), "Bump", 200);
    let order = NewPull {
        title: "Bump".into(),
        body: None,
        author: "developer".into(),
        base: String::new(),
        head: "bump".into(),
        head_repository: HeadRepository::Here,
        fork_head: None,
        draft: false,
    };
    let number = state.open_pull(1, &git, order).unwrap();
    assert!(state.pull(number).unwrap().test_merge.is_some());
    git.commit_files("main", files(&[("VERSION", "3"), ("a", "1")]), "Other", 300);
    assert!(state.sync(2, &git).unwrap());
    assert_eq!(state.mergeable_state(state.pull(number).unwrap()), "dirty");
    git.commit_files(
        "bump",
        files(&[("VERSION", "3"), ("a", "2")]),
        "Follow",
        400,
    );
    state.sync(3, &git).unwrap();
    let maintainer = state.holder("maintainer-token").unwrap();
    let order =
        lockgate_forge_embedded::state::merging::MergeRequest::new(number, MergeMethod::Squash);
    let landed: CommitId = state.merge_pull(&maintainer, 4, &git, &order).unwrap();
    assert_eq!(
        git.files(&landed).unwrap(),
        files(&[("VERSION", "3"), ("a", "2")])
    );
}
