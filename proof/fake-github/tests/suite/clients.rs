//! What third-party clients use and Lockgate does not: pull requests over the API, and a little GraphQL.

use serde_json::{Value, json};

use crate::support::Rehearsal;

fn order(head: &str) -> Value {
    json!({ "title": "Version 2", "head": head, "base": "main", "body": "Text", "draft": true })
}

#[test]
fn a_pull_request_is_opened_by_whoever_may_push() {
    let rehearsal = Rehearsal::start();
    let open = |label: &str, body: Value| rehearsal.api(label, "POST", "/pulls", body);
    for (label, status) in [("anonymous", 401), ("stranger", 403), ("fork", 403)] {
        assert_eq!(open(label, order("bump")).status, status, "{label}");
    }
    let made = open("developer", order("octo:bump"));
    assert_eq!(made.status, 201);
    let pull = made.json();
    assert_eq!(made.header("location"), pull["url"].as_str());
    assert_eq!(
        (&pull["user"]["login"], &pull["draft"], &pull["body"]),
        (&json!("developer"), &json!(true), &json!("Text"))
    );
    assert_eq!(pull["head"]["sha"], rehearsal.bump.as_str());
    let again = open("maintainer", order("bump"));
    let message = &again.json()["errors"][0]["message"];
    assert_eq!(
        (again.status, message),
        (422, &json!("A pull request already exists for octo:bump."))
    );
    for (field, body) in [
        ("head", order("nowhere")),
        ("head", order("other:bump")),
        ("base", json!({ "title": "t", "head": "bump" })),
        ("title", json!({ "head": "bump", "base": "main" })),
    ] {
        let refused = open("developer", body);
        let found = &refused.json()["errors"][0]["field"];
        assert_eq!((refused.status, found), (422, &json!(field)));
    }
}

#[test]
fn a_pull_request_is_edited_closed_and_reopened() {
    let rehearsal = Rehearsal::start();
    let made = rehearsal.api("developer", "POST", "/pulls", order("bump"));
    let path = format!("/pulls/{}", made.json()["number"]);
    let edit = |label: &str, body: Value| rehearsal.api(label, "PATCH", &path, body);
    assert_eq!(edit("stranger", json!({ "title": "Mine" })).status, 403);
    assert_eq!(edit("developer", json!({ "base": "gone" })).status, 422);
    let edited = edit("developer", json!({ "title": "Two", "body": "More" })).json();
    assert_eq!(
        (&edited["title"], &edited["body"], &edited["state"]),
        (&json!("Two"), &json!("More"), &json!("open"))
    );
    let closed = edit("maintainer", json!({ "state": "closed" })).json();
    assert_eq!(
        (&closed["title"], &closed["state"]),
        (&json!("Two"), &json!("closed"))
    );
    assert_eq!(edit("developer", json!({ "base": "main" })).status, 422);
    let reopened = edit("developer", json!({ "state": "open" })).json();
    assert_eq!(reopened["state"], json!("open"));
}

#[test]
fn three_questions_in_graphql_are_answered_and_no_other() {
    let rehearsal = Rehearsal::start();
    rehearsal.draft("v1");
    let ask = |label: &str, query: &str, variables: Value| {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let path = "/api/graphql";
        let reply = rehearsal.ask(label, "POST", path, &[], body.as_bytes());
        reply.unwrap()
    };
    let ours = |tag: &str| json!({ "owner": "octo", "name": "tools", "tagName": tag });
    let by_tag = "query RepositoryReleaseByTag($name:String!){}";
    let found = ask("automation", by_tag, ours("v1")).json();
    let release = &found["data"]["repository"]["release"];
    assert_eq!(release["isDraft"], true);
    // A draft is visible only with write access.
    let none = ask("stranger", by_tag, ours("v1")).json();
    assert_eq!(none["data"]["repository"]["release"], Value::Null);
    let other = json!({ "owner": "octo", "name": "other", "tagName": "v1" });
    assert_eq!(ask("automation", by_tag, other).status, 404);
    assert_eq!(ask("anonymous", by_tag, ours("v1")).status, 401);

    rehearsal.draft("v2");
    let list = "query RepositoryReleaseList($name:String!){nodes{tagName,isDraft}}";
    let mut variables = ours("");
    variables["perPage"] = 1.into();
    let first = ask("automation", list, variables.clone()).json();
    let releases = &first["data"]["repository"]["releases"];
    let asked = json!([{ "tagName": "v2", "isDraft": true }]);
    assert_eq!(releases["nodes"], asked);
    assert_eq!(releases["pageInfo"]["hasNextPage"], true);
    variables["endCursor"] = releases["pageInfo"]["endCursor"].clone();
    let second = ask("automation", list, variables).json();
    let releases = &second["data"]["repository"]["releases"];
    assert_eq!(releases["nodes"][0]["tagName"], "v1");
    assert_eq!(releases["pageInfo"]["hasNextPage"], false);

    let unknown = ask("automation", "query PullRequestList{}", ours(""));
    assert_eq!(unknown.status, 501);
    let said = unknown.json()["message"].as_str().unwrap().to_owned();
    assert!(said.starts_with("not implemented by the rehearsal forge"));
}
