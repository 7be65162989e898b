use serde_json::{Value, json};

use crate::support::{REPO, Rehearsal};

#[test]
fn what_is_missing_says_that_the_forge_lacks_it() {
    let rehearsal = Rehearsal::start();
    let reply = rehearsal.get("admin", "/milestones");
    assert_eq!(reply.status, 501);
    assert_eq!(
        reply.json()["message"],
        "not implemented by the rehearsal forge"
    );
    assert_eq!(
        rehearsal
            .api("admin", "OPTIONS", "/releases", Value::Null)
            .status,
        501
    );
    let graphql = rehearsal.ask("admin", "POST", "/api/graphql", &[], b"{}");
    assert_eq!(graphql.unwrap().status, 501);
    let other = rehearsal
        .ask("admin", "GET", "/api/v3/repos/octo/other", &[], b"")
        .unwrap();
    assert_eq!(other.status, 404);
}

#[test]
fn bodies_that_are_no_json_are_refused() {
    let rehearsal = Rehearsal::start();
    let path = format!("{REPO}/releases");
    for (body, status) in [("{", 400), ("{\"tag_name\": 5}", 422), ("[]", 422)] {
        let reply = rehearsal
            .ask("admin", "POST", &path, &[], body.as_bytes())
            .unwrap();
        assert_eq!(reply.status, status, "{body}");
    }
}

#[test]
fn a_client_that_has_an_answer_already_is_told_so() {
    let rehearsal = Rehearsal::start();
    let path = format!("{REPO}/releases");
    let first = rehearsal.ask("admin", "GET", &path, &[], b"").unwrap();
    let tag = first.header("etag").unwrap().to_owned();
    let known = [("if-none-match", tag.as_str())];
    let second = rehearsal.ask("admin", "GET", &path, &known, b"").unwrap();
    assert_eq!((second.status, second.body.len()), (304, 0));
    rehearsal.draft("v1");
    assert_eq!(
        rehearsal
            .ask("admin", "GET", &path, &known, b"")
            .unwrap()
            .status,
        200
    );
}

#[test]
fn a_budget_runs_out_and_comes_back() {
    let rehearsal = Rehearsal::start();
    rehearsal.forge.set_rate_budget("developer", Some(2));
    for left in ["1", "0"] {
        let reply = rehearsal.get("developer", "");
        assert_eq!(
            (reply.status, reply.header("x-ratelimit-remaining")),
            (200, Some(left))
        );
    }
    let reply = rehearsal.get("developer", "");
    assert_eq!(
        (reply.status, reply.header("x-ratelimit-remaining")),
        (403, Some("0"))
    );
    assert!(
        reply.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("API rate limit exceeded")
    );
    assert_eq!(rehearsal.get("maintainer", "").status, 200);
    let budget = rehearsal
        .ask("developer", "GET", "/api/v3/rate_limit", &[], b"")
        .unwrap();
    assert_eq!(budget.json()["rate"]["remaining"], 0);
    let reset: i64 = reply.header("x-ratelimit-reset").unwrap().parse().unwrap();
    rehearsal.forge.set_now(reset);
    assert_eq!(rehearsal.get("developer", "").status, 200);
}

#[test]
fn without_a_budget_nobody_is_told_to_wait() {
    let rehearsal = Rehearsal::start();
    let left = |reply: crate::support::Reply| {
        let left = reply.header("x-ratelimit-remaining").unwrap();
        left.parse::<u32>().unwrap()
    };
    for _ in 0..70 {
        assert!(left(rehearsal.get("anonymous", "")) > 0);
    }
}

#[test]
fn refs_are_made_once_and_moved_forward() {
    let rehearsal = Rehearsal::start();
    let (main, bump) = (rehearsal.main.as_str(), rehearsal.bump.as_str());
    let create = |name: &str, sha: &str| {
        rehearsal.api(
            "automation",
            "POST",
            "/git/refs",
            json!({ "ref": name, "sha": sha }),
        )
    };
    assert_eq!(create("refs/tags/claim/v2", main).status, 201);
    let again = create("refs/tags/claim/v2", bump);
    assert_eq!(
        (again.status, &again.json()["message"]),
        (422, &json!("Reference already exists"))
    );
    for folder in ["refs/tags/claim", "refs/tags/claim/v2/x"] {
        let answer = create(folder, main);
        assert_eq!(
            (answer.status, &answer.json()["message"]),
            (422, &json!("Reference update failed")),
            "{folder}"
        );
    }
    assert_eq!(create("refs/tags/x", &"0".repeat(40)).status, 422);
    assert_eq!(create("tags/x", main).status, 422);
    let path = "/git/refs/tags/claim/v2";
    let change = |body: Value| rehearsal.api("automation", "PATCH", path, body).status;
    assert_eq!(change(json!({ "sha": bump })), 200);
    assert_eq!(change(json!({ "sha": main })), 422);
    assert_eq!(change(json!({ "sha": main, "force": true })), 200);
    let found = rehearsal.get("anonymous", "/git/ref/tags/claim/v2").json();
    assert_eq!(found["object"]["sha"], main);
    let matching = rehearsal
        .get("anonymous", "/git/matching-refs/tags/cl")
        .json();
    assert_eq!(matching.as_array().unwrap().len(), 1);
    assert_eq!(
        rehearsal
            .api("automation", "DELETE", path, Value::Null)
            .status,
        204
    );
    assert_eq!(
        rehearsal
            .api("automation", "DELETE", path, Value::Null)
            .status,
        422
    );
    let main = "/git/refs/heads/main";
    assert_eq!(
        rehearsal
            .api("automation", "DELETE", main, Value::Null)
            .status,
        422
    );
}

#[test]
fn git_objects_can_be_read() {
    let rehearsal = Rehearsal::start();
    let commit = rehearsal
        .get("anonymous", &format!("/git/commits/{}", rehearsal.bump))
        .json();
    assert_eq!(commit["parents"][0]["sha"], rehearsal.main.as_str());
    assert_eq!(commit["author"]["date"], "2025-10-09T08:53:20Z");
    let tree = commit["tree"]["sha"].as_str().unwrap();
    let flat = rehearsal
        .get("anonymous", &format!("/git/trees/{tree}?recursive=1"))
        .json();
    let paths: Vec<&str> = flat["tree"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["path"].as_str())
        .collect();
    assert_eq!(paths, ["README", "VERSION", "src", "src/a.txt"]);
    assert_eq!(
        rehearsal.get("anonymous", "/git/trees/bump").json()["sha"],
        tree
    );
    let blob = flat["tree"][1]["sha"].as_str().unwrap();
    let blob = rehearsal
        .get("anonymous", &format!("/git/blobs/{blob}"))
        .json();
    assert_eq!(
        (&blob["content"], &blob["size"]),
        (&json!("Mgo=\n"), &json!(2))
    );

    let file = rehearsal
        .get("anonymous", "/contents/VERSION?ref=bump")
        .json();
    assert_eq!(
        (&file["content"], &file["type"]),
        (&json!("Mgo=\n"), &json!("file"))
    );
    let raw = [("accept", "application/vnd.github.raw+json")];
    let raw = rehearsal
        .ask(
            "anonymous",
            "GET",
            &format!("{REPO}/contents/VERSION"),
            &raw,
            b"",
        )
        .unwrap();
    assert_eq!(raw.text(), "1\n");
    let folder = rehearsal.get("anonymous", "/contents/src").json();
    assert_eq!(folder[0]["path"], "src/a.txt");
    assert_eq!(rehearsal.get("anonymous", "/contents/none").status, 404);

    let branch = rehearsal.get("anonymous", "/branches/bump").json();
    assert_eq!(branch["commit"]["sha"], rehearsal.bump.as_str());
    assert_eq!(
        rehearsal.get("anonymous", "/commits/main").json()["sha"],
        rehearsal.main.as_str()
    );
    assert_eq!(rehearsal.get("anonymous", "/commits/none").status, 422);
    let compare = rehearsal.get("anonymous", "/compare/main...bump").json();
    assert_eq!(
        (&compare["status"], &compare["ahead_by"]),
        (&json!("ahead"), &json!(1))
    );
    assert_eq!(compare["files"][0]["filename"], "VERSION");
}

#[test]
fn statuses_are_checked_and_the_newest_of_a_context_counts() {
    let rehearsal = Rehearsal::start();
    let path = format!("/statuses/{}", rehearsal.bump);
    let set = |label: &str, body: Value| rehearsal.api(label, "POST", &path, body).status;
    let long = "x".repeat(141);
    for (label, body, status) in [
        (
            "automation",
            json!({ "state": "pending", "context": "gate" }),
            201,
        ),
        (
            "automation",
            json!({ "state": "success", "context": "GATE", "description": "done" }),
            201,
        ),
        (
            "automation",
            json!({ "state": "green", "context": "gate" }),
            422,
        ),
        ("automation", json!({ "context": "gate" }), 422),
        (
            "automation",
            json!({ "state": "success", "description": long }),
            422,
        ),
        ("fork", json!({ "state": "success" }), 403),
        ("stranger", json!({ "state": "success" }), 403),
    ] {
        assert_eq!(set(label, body.clone()), status, "{label} {body}");
    }
    let missing = format!("/statuses/{}", "0".repeat(40));
    assert_eq!(
        rehearsal
            .api(
                "automation",
                "POST",
                &missing,
                json!({ "state": "success" })
            )
            .status,
        422
    );
    let combined = rehearsal.get("anonymous", "/commits/bump/status").json();
    assert_eq!(
        (&combined["state"], &combined["total_count"]),
        (&json!("success"), &json!(1))
    );
    let all = rehearsal
        .get(
            "anonymous",
            &format!("/commits/{}/statuses", rehearsal.bump),
        )
        .json();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(
        rehearsal.get("anonymous", "/commits/main/status").json()["state"],
        "pending"
    );
}

#[test]
fn comments_are_written_edited_and_limited() {
    let rehearsal = Rehearsal::start();
    let number = rehearsal
        .forge
        .open_pull("developer", "bump", "Version 2")
        .unwrap();
    let path = format!("/issues/{number}/comments");
    let comment = rehearsal.api("automation", "POST", &path, json!({ "body": "Built." }));
    assert_eq!(comment.status, 201);
    let own = format!("/issues/comments/{}", comment.json()["id"]);
    assert_eq!(
        rehearsal
            .api("automation", "PATCH", &own, json!({ "body": "Better." }))
            .status,
        200
    );
    assert_eq!(
        rehearsal
            .api("stranger", "PATCH", &own, json!({ "body": "Mine." }))
            .status,
        403
    );
    assert_eq!(
        rehearsal.get("anonymous", &path).json()[0]["body"],
        "Better."
    );
    for (label, body, status) in [
        ("stranger", "Nice.".to_owned(), 201),
        ("automation", "x".repeat(65_536), 201),
        ("automation", "x".repeat(65_537), 422),
        ("automation", " ".to_owned(), 422),
        ("fork", "x".to_owned(), 403),
        ("anonymous", "x".to_owned(), 401),
    ] {
        let reply = rehearsal.api(label, "POST", &path, json!({ "body": body }));
        assert_eq!(reply.status, status, "{label}");
    }
    assert_eq!(
        rehearsal
            .api("automation", "DELETE", &own, Value::Null)
            .status,
        204
    );
    assert_eq!(rehearsal.get("automation", &own).status, 404);
    assert_eq!(
        rehearsal.get("automation", "/issues/99/comments").status,
        404
    );
}
