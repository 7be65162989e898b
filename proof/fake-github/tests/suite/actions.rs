use lockgate_forge_embedded::RunId;
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::people::{Access, Rights};
use lockgate_forge_embedded::state::runs::NewRun;
use serde_json::{Value, json};

use crate::support::Rehearsal;

const DAY: i64 = 86_400;

fn run(rehearsal: &Rehearsal) -> RunId {
    let forge = &rehearsal.forge;
    let workflow = forge.register_workflow("Build tool", ".github/workflows/build-tool.yml");
    let pull = forge.open_pull("developer", "bump", "Version 2").unwrap();
    let order = NewRun {
        workflow,
        event: "pull_request".into(),
        head_sha: rehearsal.bump.clone(),
        head_branch: Some("bump".into()),
        actor: "developer".into(),
        pull: Some(pull),
    };
    forge.start_run(order).unwrap()
}

#[test]
fn a_run_says_what_it_was_about() {
    let rehearsal = Rehearsal::start();
    let id = run(&rehearsal);
    rehearsal.forge.set_job(id, "build (amd64)", None).unwrap();
    rehearsal
        .forge
        .set_job(id, "build (amd64)", Some("failure"))
        .unwrap();
    rehearsal
        .forge
        .set_run(id, "completed", Some("failure"))
        .unwrap();
    assert_eq!(rehearsal.forge.rerun(id, "maintainer").unwrap(), 2);
    rehearsal
        .forge
        .set_run(id, "completed", Some("success"))
        .unwrap();

    let shown = rehearsal
        .get("anonymous", &format!("/actions/runs/{id}"))
        .json();
    assert_eq!(shown["path"], ".github/workflows/build-tool.yml");
    assert_eq!(shown["head_sha"], rehearsal.bump.as_str());
    assert_eq!(
        (&shown["run_attempt"], &shown["conclusion"]),
        (&json!(2), &json!("success"))
    );
    assert_eq!(shown["pull_requests"][0]["number"], 1);
    assert_eq!(shown["actor"]["login"], "developer");
    assert_eq!(shown["triggering_actor"]["login"], "maintainer");
    assert_eq!(shown["head_repository"]["id"], shown["repository"]["id"]);
    let first = rehearsal
        .get("anonymous", &format!("/actions/runs/{id}/attempts/1"))
        .json();
    assert_eq!(first["conclusion"], "failure");
    assert_eq!(
        rehearsal
            .get("anonymous", &format!("/actions/runs/{id}/attempts/3"))
            .status,
        404
    );
    let jobs = rehearsal
        .get("anonymous", &format!("/actions/runs/{id}/jobs"))
        .json();
    assert_eq!(jobs["total_count"], 0);
    let jobs = rehearsal
        .get("anonymous", &format!("/actions/runs/{id}/jobs?filter=all"))
        .json();
    assert_eq!(jobs["jobs"][0]["conclusion"], "failure");
}

#[test]
fn runs_are_found_by_workflow_head_and_event() {
    let rehearsal = Rehearsal::start();
    run(&rehearsal);
    let head = &rehearsal.bump;
    for (path, count) in [
        ("/actions/runs".to_owned(), 1),
        (
            format!("/actions/runs?head_sha={head}&event=pull_request"),
            1,
        ),
        ("/actions/runs?event=push".to_owned(), 0),
        (
            format!("/actions/workflows/build-tool.yml/runs?head_sha={head}&branch=bump"),
            1,
        ),
        (
            "/actions/workflows/build-tool.yml/runs?status=completed".to_owned(),
            0,
        ),
    ] {
        let found = rehearsal.get("anonymous", &path).json();
        assert_eq!(found["total_count"], count, "{path}");
    }
    assert_eq!(
        rehearsal
            .get("anonymous", "/actions/workflows/none.yml/runs")
            .status,
        404
    );
    let workflow = rehearsal
        .get("anonymous", "/actions/workflows/build-tool.yml")
        .json();
    let by_id = rehearsal
        .get(
            "anonymous",
            &format!("/actions/workflows/{}", workflow["id"]),
        )
        .json();
    assert_eq!(workflow, by_id);
}

#[test]
fn an_artifact_is_listed_downloaded_and_expires() {
    let rehearsal = Rehearsal::start();
    let id = run(&rehearsal);
    let forge = &rehearsal.forge;
    let artifact = forge
        .add_artifact(id, "tool-amd64", ArtifactForm::Zip, &b"PK..."[..], 90)
        .unwrap();
    let again = forge.add_artifact(id, "tool-amd64", ArtifactForm::Zip, &b"PK"[..], 90);
    assert!(again.is_err());
    forge
        .add_artifact(id, "plain", ArtifactForm::Plain, &b"ELF"[..], 1)
        .unwrap();

    let path = format!("/actions/runs/{id}/artifacts");
    assert_eq!(rehearsal.get("anonymous", &path).json()["total_count"], 2);
    let listed = rehearsal
        .get("anonymous", &format!("{path}?name=tool-amd64"))
        .json();
    let shown = &listed["artifacts"][0];
    assert_eq!(
        (&shown["size_in_bytes"], &shown["expired"]),
        (&json!(5), &json!(false))
    );
    assert!(shown["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(shown["workflow_run"]["head_sha"], rehearsal.bump.as_str());
    assert_eq!(shown["expires_at"], "2026-04-01T00:00:00Z");

    let zip = format!("/actions/artifacts/{artifact}/zip");
    assert_eq!(rehearsal.get("anonymous", &zip).status, 401);
    let found = rehearsal.get("fork", &zip);
    assert_eq!(found.status, 302);
    let bytes = rehearsal.follow(found.header("location").unwrap(), &[]);
    assert_eq!(
        (bytes.text().as_str(), bytes.header("content-type")),
        ("PK...", Some("application/zip"))
    );

    forge.advance(90 * DAY);
    assert_eq!(rehearsal.get("automation", &zip).status, 410);
    let facts = rehearsal
        .get("automation", &format!("/actions/artifacts/{artifact}"))
        .json();
    assert_eq!(facts["expired"], true);
    let path = format!("/actions/artifacts/{artifact}");
    assert_eq!(
        rehearsal
            .api("automation", "DELETE", &path, Value::Null)
            .status,
        204
    );
    assert_eq!(rehearsal.get("automation", &path).status, 404);
}

#[test]
fn a_dispatch_is_written_down() {
    let rehearsal = Rehearsal::start();
    run(&rehearsal);
    let path = "/actions/workflows/build-tool.yml/dispatches";
    let body = json!({ "ref": "main", "inputs": { "pr": "12", "dry": true } });
    assert_eq!(
        rehearsal.api("fork", "POST", path, body.clone()).status,
        403
    );
    assert_eq!(rehearsal.api("maintainer", "POST", path, body).status, 204);
    assert_eq!(
        rehearsal
            .api("maintainer", "POST", path, json!({ "ref": "none" }))
            .status,
        422
    );
    rehearsal.forge.look(|state| {
        let [dispatch] = state.dispatches() else {
            panic!("{:?}", state.dispatches());
        };
        assert_eq!(
            (dispatch.reference.as_str(), dispatch.actor.as_str()),
            ("main", "maintainer")
        );
        assert_eq!(dispatch.inputs["pr"], "12");
        assert_eq!(dispatch.inputs["dry"], "true");
    });
}

#[test]
fn a_token_of_a_workflow_has_the_rights_that_stand_there() {
    let rehearsal = Rehearsal::start();
    let rights = Rights::from([("statuses".to_owned(), Access::Write)]);
    rehearsal.forge.limit_token("automation-token", rights);
    let status = json!({ "state": "success", "context": "c" });
    let path = format!("/statuses/{}", rehearsal.main);
    let posted = rehearsal.api("automation", "POST", &path, status);
    assert_eq!(posted.status, 201);
    let draft = json!({ "tag_name": "v1", "draft": true });
    let refused = rehearsal.api("automation", "POST", "/releases", draft);
    assert_eq!(refused.status, 403);
    let text = "Resource not accessible by integration";
    assert_eq!(refused.json()["message"], text);
    assert_eq!(rehearsal.get("automation", "/pulls").status, 403);
    assert_eq!(rehearsal.get("automation", "").status, 200);
}
