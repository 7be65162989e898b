use serde_json::{Value, json};

use crate::support::Rehearsal;

#[test]
fn a_draft_is_there_for_writers_and_for_nobody_else() {
    let rehearsal = Rehearsal::start();
    let id = rehearsal.draft("tool-v2");
    for (label, listed, status) in [
        ("automation", 1, 200),
        ("developer", 1, 200),
        ("maintainer", 1, 200),
        ("stranger", 0, 404),
        ("fork", 0, 404),
        ("anonymous", 0, 404),
    ] {
        let all = rehearsal.get(label, "/releases").json();
        assert_eq!(all.as_array().unwrap().len(), listed, "{label}");
        for path in [format!("/releases/{id}"), format!("/releases/{id}/assets")] {
            assert_eq!(rehearsal.get(label, &path).status, status, "{label} {path}");
        }
        assert_eq!(
            rehearsal.get(label, "/releases/tags/tool-v2").status,
            404,
            "{label}"
        );
        assert_eq!(
            rehearsal.get(label, "/releases/latest").status,
            404,
            "{label}"
        );
    }
    assert_eq!(
        rehearsal.get("anonymous", "/git/ref/tags/tool-v2").status,
        404
    );
}

#[test]
fn a_release_whose_tag_has_no_room_is_not_published() {
    let rehearsal = Rehearsal::start();
    let body = json!({ "ref": "refs/tags/tool-v2/old", "sha": rehearsal.main.as_str() });
    let made = rehearsal.api("automation", "POST", "/git/refs", body);
    assert_eq!(made.status, 201, "{made:?}");
    let id = rehearsal.draft("tool-v2");
    let answer = rehearsal.publish(id);
    assert_eq!(answer.status, 422, "{answer:?}");
    let flaw = &answer.json()["errors"][0];
    assert_eq!(flaw["message"], "Published releases must have a valid tag");
    let draft = rehearsal.get("automation", &format!("/releases/{id}"));
    assert_eq!(draft.json()["draft"], true);
    let other = rehearsal.draft("tool-v3");
    assert_eq!(rehearsal.publish(other).status, 200);
}

#[test]
fn publishing_makes_the_tag_at_the_target() {
    let rehearsal = Rehearsal::start();
    let body = json!({
        "tag_name": "tool-v2", "draft": true, "name": "Two", "body": "Notes",
        "target_commitish": rehearsal.bump.as_str(),
    });
    let draft = rehearsal
        .api("automation", "POST", "/releases", body)
        .json();
    assert_eq!(draft["tag_name"], "tool-v2");
    assert_eq!(draft["published_at"], Value::Null);
    assert!(
        draft["html_url"]
            .as_str()
            .unwrap()
            .contains("/releases/tag/untagged-")
    );
    assert!(
        draft["upload_url"]
            .as_str()
            .unwrap()
            .ends_with("/assets{?name,label}")
    );

    let reply = rehearsal.publish(draft["id"].as_u64().unwrap());
    assert_eq!(reply.status, 200);
    let release = reply.json();
    assert_eq!(
        (&release["draft"], &release["name"]),
        (&json!(false), &json!("Two"))
    );
    assert!(
        release["html_url"]
            .as_str()
            .unwrap()
            .ends_with("/releases/tag/tool-v2")
    );
    let tag = rehearsal.get("anonymous", "/git/ref/tags/tool-v2").json();
    assert_eq!(tag["object"]["sha"], rehearsal.bump.as_str());
    let by_tag = rehearsal.get("anonymous", "/releases/tags/tool-v2").json();
    assert_eq!(by_tag["id"], draft["id"]);
}

#[test]
fn many_drafts_may_share_a_tag_and_the_first_publish_wins() {
    let rehearsal = Rehearsal::start();
    let (first, second) = (rehearsal.draft("tool-v2"), rehearsal.draft("tool-v2"));
    assert_eq!(rehearsal.publish(second).status, 200);
    let lost = rehearsal.publish(first);
    assert_eq!(lost.status, 422);
    let error = &lost.json()["errors"][0];
    assert_eq!(error["code"], "already_exists");
    assert_eq!(
        (&error["resource"], &error["field"]),
        (&json!("Release"), &json!("tag_name"))
    );
    let winner = rehearsal.get("anonymous", "/releases/tags/tool-v2").json();
    assert_eq!(winner["id"], second);
}

#[test]
fn a_target_that_is_no_commit_is_refused() {
    let rehearsal = Rehearsal::start();
    for target in ["no-such-branch", &"a".repeat(40)] {
        let body = json!({ "tag_name": "tool-v2", "target_commitish": target });
        let reply = rehearsal.api("automation", "POST", "/releases", body);
        assert_eq!(reply.status, 422, "{target}");
        assert_eq!(reply.json()["errors"][0]["field"], "target_commitish");
    }
}

#[test]
fn the_automation_cannot_tag_a_commit_that_changes_workflows() {
    let rehearsal = Rehearsal::start();
    rehearsal.branch("edited", "main");
    let edited = rehearsal.push("edited", &[(".github/workflows/build.yml", "on: push\n")]);
    let body = json!({ "tag_name": "tool-v2", "draft": true, "target_commitish": edited.as_str() });
    let draft = rehearsal
        .api("automation", "POST", "/releases", body)
        .json();
    let id = draft["id"].as_u64().unwrap();
    assert_eq!(rehearsal.publish(id).status, 404);
    let reference = json!({ "ref": "refs/tags/x", "sha": edited.as_str() });
    let reply = rehearsal.api("automation", "POST", "/git/refs", reference.clone());
    assert_eq!(reply.status, 404);
    // Nothing has happened, and a user can do it.
    assert_eq!(
        rehearsal
            .get("automation", &format!("/releases/{id}"))
            .json()["draft"],
        true
    );
    assert_eq!(
        rehearsal
            .api("maintainer", "POST", "/git/refs", reference)
            .status,
        201
    );
    let publish = json!({ "draft": false });
    let path = format!("/releases/{id}");
    assert_eq!(
        rehearsal.api("maintainer", "PATCH", &path, publish).status,
        200
    );
}

#[test]
fn an_immutable_release_freezes_and_burns_its_tag() {
    let rehearsal = Rehearsal::start();
    rehearsal.forge.set_immutable_releases(true);
    let id = rehearsal.draft("tool-v2");
    let asset = rehearsal.upload(id, "tool", b"bytes").unwrap().json()["id"]
        .as_u64()
        .unwrap();
    assert_eq!(rehearsal.publish(id).json()["immutable"], true);

    let refused = rehearsal.upload(id, "more", b"bytes").unwrap();
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.json()["message"],
        "Cannot upload assets to an immutable release."
    );
    let path = format!("/releases/assets/{asset}");
    assert_eq!(
        rehearsal.api("admin", "DELETE", &path, Value::Null).status,
        422
    );
    assert_eq!(
        rehearsal
            .api("admin", "PATCH", &path, json!({ "name": "x" }))
            .status,
        422
    );
    let path = format!("/releases/{id}");
    for (change, status) in [
        (json!({ "tag_name": "other" }), 422),
        (json!({ "target_commitish": "bump" }), 422),
        (json!({ "draft": true }), 422),
        (
            json!({ "name": "Title", "body": "Notes", "tag_name": "tool-v2" }),
            200,
        ),
    ] {
        let reply = rehearsal.api("admin", "PATCH", &path, change.clone());
        assert_eq!(reply.status, status, "{change}");
    }
    let tag = "/git/refs/tags/tool-v2";
    assert_eq!(
        rehearsal.api("admin", "DELETE", tag, Value::Null).status,
        422
    );

    assert_eq!(
        rehearsal.api("admin", "DELETE", &path, Value::Null).status,
        204
    );
    assert_eq!(
        rehearsal.api("admin", "DELETE", tag, Value::Null).status,
        204
    );
    let again = rehearsal.api(
        "admin",
        "POST",
        "/releases",
        json!({ "tag_name": "tool-v2" }),
    );
    assert_eq!(again.status, 422);
    let message = &again.json()["errors"][0]["message"];
    assert_eq!(message, "tag_name was used by an immutable release");
}

#[test]
fn the_latest_release_is_chosen_by_make_latest() {
    let rehearsal = Rehearsal::start();
    let publish = |tag: &str, make_latest: &str| {
        let body = json!({ "tag_name": tag, "make_latest": make_latest });
        assert_eq!(
            rehearsal
                .api("automation", "POST", "/releases", body)
                .status,
            201
        );
        rehearsal.get("anonymous", "/releases/latest")
    };
    assert_eq!(publish("tool-v1", "false").status, 404);
    assert_eq!(
        publish("project-1.0", "true").json()["tag_name"],
        "project-1.0"
    );
    assert_eq!(
        publish("tool-v2", "false").json()["tag_name"],
        "project-1.0"
    );
    assert_eq!(
        publish("project-1.1", "true").json()["tag_name"],
        "project-1.1"
    );
    let wrong = json!({ "tag_name": "x", "make_latest": true });
    assert_eq!(
        rehearsal
            .api("automation", "POST", "/releases", wrong)
            .status,
        422
    );
}

#[test]
fn lists_come_in_pages_with_links() {
    let rehearsal = Rehearsal::start();
    for number in 1..=5 {
        rehearsal.draft(&format!("v{number}"));
    }
    let first = rehearsal.get("automation", "/releases?per_page=2");
    let tags = |page: &Value| -> Vec<String> {
        let all = page.as_array().unwrap().iter();
        all.map(|release| release["tag_name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(tags(&first.json()), ["v5", "v4"]);
    let link = first.header("link").unwrap();
    assert!(link.contains("page=2>; rel=\"next\"") && link.contains("page=3>; rel=\"last\""));
    assert!(!link.contains("prev"));
    let next = link.split(['<', '>']).nth(1).unwrap();
    assert_eq!(
        next,
        format!(
            "{}/repos/octo/tools/releases?per_page=2&page=2",
            rehearsal.forge.api_url()
        )
    );
    let last = rehearsal.get("automation", "/releases?per_page=2&page=3");
    assert_eq!(tags(&last.json()), ["v1"]);
    let link = last.header("link").unwrap();
    assert!(
        link.contains("rel=\"prev\"") && link.contains("rel=\"first\"") && !link.contains("next")
    );
    assert_eq!(
        rehearsal.get("automation", "/releases").header("link"),
        None
    );
}

#[test]
fn who_may_not_write_is_told_in_the_words_that_fit() {
    let rehearsal = Rehearsal::start();
    for (label, status, message) in [
        ("stranger", 403, "Must have push access to repository"),
        ("fork", 403, "Resource not accessible by integration"),
        ("anonymous", 404, "Not Found"),
        ("nobody-knows", 401, "Bad credentials"),
    ] {
        let reply = rehearsal.api(label, "POST", "/releases", json!({ "tag_name": "v1" }));
        assert_eq!(reply.status, status, "{label}");
        let error = reply.json();
        assert_eq!(error["message"], message, "{label}");
        assert_eq!(error["status"], status.to_string(), "{label}");
        assert!(
            error["documentation_url"]
                .as_str()
                .unwrap()
                .starts_with("https://docs.github.com")
        );
    }
}

#[test]
fn tag_names_with_slashes_and_spaces_work_as_in_git() {
    let rehearsal = Rehearsal::start();
    let slash = rehearsal.draft("tools/v2");
    assert_eq!(rehearsal.publish(slash).status, 200);
    assert_eq!(
        rehearsal.get("anonymous", "/releases/tags/tools/v2").status,
        200
    );
    assert_eq!(
        rehearsal
            .get("anonymous", "/releases/tags/tools%2Fv2")
            .status,
        200
    );
    for tag in ["a b", "a..b", "-/../x", "a~1", ""] {
        let reply = rehearsal.api(
            "automation",
            "POST",
            "/releases",
            json!({ "tag_name": tag }),
        );
        assert_eq!(reply.status, 422, "{tag}");
    }
}
