//! A writer's workflow publishes by hand while a promotion fills its draft, with a receipt that claims one: the
//! promotion does not trust it, and stores no such receipt with its run.

use std::sync::atomic::{AtomicBool, Ordering};

use lockgate_core::Digest;
use lockgate_core::document::{Document as _, Receipt};
use lockgate_forge_embedded::Handle;
use lockgate_forge_embedded::state::assets::NewAsset;
use lockgate_forge_embedded::state::releases::{NewRelease, ReleaseEdit};

use crate::fixture::{Fixture, ended};
use crate::message::Message;
use crate::relay::Relay;
use crate::verdict::{gate, has_a_stable_code, releases};

/// Publishes other bytes under the tag of the existing draft, with its receipt changed to list them.
fn publish_by_hand(forge: &Handle) {
    let draft = releases(forge).pop().unwrap();
    let actor = forge.holder("automation-token").unwrap();
    let stored = forge.look(|state| {
        let files = state.assets(&actor, draft.id).unwrap();
        let receipt = files.iter().find(|it| it.name == "lockgate-receipt.json");
        receipt.unwrap().blob.clone().unwrap()
    });
    let bytes = forge.blobs().read(&stored).unwrap();
    let mut receipt = Receipt::from_json(&bytes).unwrap();
    let mut files = Vec::new();
    for executable in &mut receipt.manifest.executables {
        let bytes = format!("not what was built: {}", executable.name).into_bytes();
        executable.sha256 = Digest::of(&bytes);
        executable.size = bytes.len() as u64;
        files.push((executable.name.to_string(), bytes));
    }
    files.push(("SHA256SUMS".into(), receipt.sums().to_string().into_bytes()));
    files.push((
        "lockgate-receipt.json".into(),
        receipt.to_json().into_bytes(),
    ));
    let files: Vec<_> = files
        .into_iter()
        .map(|(name, bytes)| (name, forge.blobs().store(bytes.as_slice()).unwrap()))
        .collect();
    forge.with(|state, git, now| {
        let order = NewRelease {
            tag_name: receipt.tag.to_string(),
            target_commitish: receipt.origin.head.to_string(),
            draft: true,
            ..NewRelease::default()
        };
        let id = state.create_release(&actor, now, git, order).unwrap();
        for (name, blob) in files {
            let order = NewAsset {
                name,
                content_type: "application/octet-stream".into(),
                ..NewAsset::default()
            };
            state.upload_asset(&actor, now, id, order, blob).unwrap();
        }
        let edit = ReleaseEdit {
            draft: Some(false),
            ..ReleaseEdit::default()
        };
        state.edit_release(&actor, now, git, id, edit).unwrap();
    });
}

#[test]
fn a_forged_release_that_came_first_is_not_taken_for_the_promotions_own() {
    let fixture = Fixture::set(&["hello"]);
    let pull = fixture.open("raise", &["hello"]);
    fixture.build(pull, "hello");
    fixture.checkout("job");
    let (forge, done) = (Handle::clone(&fixture.server), AtomicBool::new(false));
    let watch = move |name: &str, answer: Option<&Message>| {
        let sent = answer.is_some() && name.contains("lockgate-receipt.json");
        if sent && !done.swap(true, Ordering::Relaxed) {
            publish_by_hand(&forge);
        }
    };
    let relay = Relay::start(fixture.server.addr(), Box::new(watch));
    let workspace = tempfile::tempdir().unwrap();
    let output = workspace.path().join("output");
    let promote = || {
        std::fs::write(&output, "").unwrap();
        let mut command = fixture.lockgate(&relay.url(), "job", &["promote", "--pr"]);
        command.arg(pull.to_string());
        command.env("GITHUB_OUTPUT", &output);
        command.env("RUNNER_TEMP", workspace.path());
        ended(&command.output().unwrap())
    };
    // While it runs, and when the release exists from the start.
    for _ in 0..2 {
        let (code, stderr) = promote();
        assert_eq!(code, Some(3), "{stderr}");
        assert!(stderr.contains("(promote.release-foreign): "), "{stderr}");
        has_a_stable_code(code, &stderr);
        let outputs = std::fs::read_to_string(&output).unwrap();
        assert!(!outputs.contains("receipt"), "{outputs}");
        assert!(!workspace.path().join("lockgate-receipt.json").exists());
        assert_ne!(gate(&fixture.server, pull, "hello"), "success");
    } // A maintainer deletes it and its tag, as the next step says.
    fixture.server.with(|state, git, _| {
        let maintainer = state.holder("maintainer-token").unwrap();
        let forged = state.release_by_tag("hello-v2").unwrap().id;
        state.delete_release(&maintainer, forged).unwrap();
        git.delete_reference("refs/tags/hello-v2").unwrap();
    });
    let (code, stderr) = promote();
    assert_eq!(code, Some(0), "{stderr}");
}
