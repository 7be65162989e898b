//! The hardened level from build to merge: release, status, comment and the response to a merge queue come from the
//! App, which signs in with its own key, without the workflow's token.

use std::process::Command;

use lockgate_forge::github::App;
use lockgate_forge_embedded::state::people::{Access, Rights};
use lockgate_forge_embedded::{CommitId, PullNumber};

use crate::fixture::{Fixture, ended};

/// Made for tests; it grants no access.
const KEY: &str = include_str!("../../../forge/src/github/tests/app-key.pem");

/// The permissions in docs/permissions.md.
const RIGHTS: [(&str, Access); 4] = [
    ("contents", Access::Write),
    ("actions", Access::Read),
    ("statuses", Access::Write),
    ("pull-requests", Access::Write),
];

/// Returns for each object of a kind whether the App created it.
fn all_by_app(fixture: &Fixture, kind: &str) -> Vec<bool> {
    let all = fixture.server.look(|state| {
        let text = serde_json::to_value(state).unwrap();
        text[kind].as_object().unwrap().clone()
    });
    let by_app = |one: &serde_json::Value| one.to_string().contains("\"locksmith[bot]\"");
    all.values().map(by_app).collect()
}

#[test]
fn an_app_promotes_and_lets_the_merge_queue_land_it() {
    let fixture = Fixture::set(&["hello"]);
    fixture.checkout("job");
    let pull = fixture.open("raise", &["hello"]);
    fixture.build(pull, "hello");
    fixture
        .server
        .set(|settings| settings.required_contexts.push("lockgate/hello".to_owned()));
    let key = App::new("1", KEY).unwrap();
    let rights: Rights = RIGHTS
        .iter()
        .map(|(scope, access)| ((*scope).to_owned(), *access))
        .collect();
    let id = fixture
        .server
        .add_app("locksmith", key.public_key(), rights)
        .to_string();
    let as_app = |words: &[&str]| -> Command {
        let mut command = fixture.lockgate(&fixture.server.base_url(), "job", words);
        command
            .env_remove("GITHUB_TOKEN")
            .env("LOCKGATE_APP_ID", &id)
            .env("LOCKGATE_APP_KEY", KEY);
        command
    };
    let succeeds = |mut command: Command| {
        let (code, stderr) = ended(&command.output().unwrap());
        assert_eq!(code, Some(0), "{stderr}");
        stderr
    };

    let number = pull.to_string();
    for flow in ["gate", "report"] {
        succeeds(as_app(&[flow, "--pr", &number]));
    }
    // The queue is not a way around the promotion.
    let group = fixture.server.enqueue(pull).unwrap();
    let event = tempfile::NamedTempFile::new().unwrap();
    let gate = |pull: PullNumber, group: &CommitId| {
        let reported = serde_json::json!({
            "workflow_run": {
                "id": 1,
                "event": "merge_group",
                "head_sha": group.as_str(),
                "head_branch": format!("gh-readonly-queue/main/pr-{pull}-{group}"),
            },
            "repository": { "default_branch": "main" },
        });
        std::fs::write(event.path(), reported.to_string()).unwrap();
        let mut gate = as_app(&["gate"]);
        gate.env("GITHUB_EVENT_PATH", event.path());
        succeeds(gate)
    };
    let stderr = gate(pull, &group);
    assert!(
        stderr.contains("failure") || stderr.contains("pending"),
        "{stderr}"
    );
    assert!(fixture.server.land_queued(pull).is_err(), "{stderr}");

    let stderr = succeeds(as_app(&["promote", "--pr", &number]));
    assert!(stderr.contains("published hello-v2"), "{stderr}");
    let stderr = gate(pull, &group);
    assert!(stderr.contains("success"), "{stderr}");
    let late = fixture.open_apart("late", "hello");
    fixture.server.land_queued(pull).unwrap();

    // Git merges another change with that version without a conflict.
    let group = fixture.server.enqueue(late).unwrap();
    let stderr = gate(late, &group);
    assert!(stderr.contains("version 2 is taken"), "{stderr}");
    assert!(fixture.server.land_queued(late).is_err(), "{stderr}");

    for (kind, count) in [("statuses", 5), ("comments", 1), ("releases", 1)] {
        assert_eq!(all_by_app(&fixture, kind), vec![true; count], "{kind}");
    }
}
