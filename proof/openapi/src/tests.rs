//! Shows that the check finds problems, and what it does not find.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::deviations::TABLE;
use crate::{Content, Exchange, Finding, findings};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn exchange(line: &str, status: u16, response: Content) -> Exchange {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Exchange {
        side: "api".into(),
        agent: "a client".into(),
        method: method.into(),
        path: path.into(),
        query: query.into(),
        request: Content::None,
        status: Some(status),
        headers: BTreeMap::new(),
        response,
        fault: None,
    }
}

fn asking(mut exchange: Exchange, body: Value) -> Exchange {
    exchange.request = Content::Json(body);
    exchange
}

fn refusal() -> Content {
    Content::Json(
        json!({ "message": "No", "documentation_url": "https://docs.github.com/rest", "status": "403" }),
    )
}

fn reference() -> Value {
    json!({
        "ref": "refs/tags/v1",
        "node_id": "x",
        "url": "http://h/git/refs/tags/v1",
        "object": { "type": "commit", "sha": COMMIT, "url": "http://h/git/commits/1" },
    })
}

fn places(exchange: &Exchange) -> Vec<String> {
    let all = findings(exchange).into_iter();
    all.map(|Finding { place, .. }| place.trim().to_owned())
        .collect()
}

#[test]
fn an_exchange_as_github_has_it_is_without_findings() {
    let read = exchange(
        "GET /repos/o/r/git/ref/tags/a/b",
        200,
        Content::Json(reference()),
    );
    assert_eq!(findings(&read), []);
    let order = json!({ "ref": "refs/tags/v1", "sha": COMMIT });
    let made = exchange("POST /repos/o/r/git/refs", 201, Content::Json(reference()));
    assert_eq!(findings(&asking(made, order)), []);
    let gone = exchange("DELETE /repos/o/r/git/refs/tags/v1", 204, Content::None);
    assert_eq!(findings(&gone), []);
}

#[test]
fn whatever_is_broken_in_an_answer_is_found() {
    let broken = |change: fn(&mut Value)| {
        let mut body = reference();
        change(&mut body);
        places(&exchange(
            "GET /repos/o/r/git/ref/tags/v1",
            200,
            Content::Json(body),
        ))
    };
    let at = |place: &str| vec![format!("response 200 {place}").trim().to_owned()];
    // A required member, a type, a length, a format, an extra member.
    assert_eq!(broken(|body| body["node_id"] = Value::Null), at("/node_id"));
    assert_eq!(
        broken(|body| drop(body.as_object_mut().unwrap().remove("url"))),
        at("")
    );
    assert_eq!(
        broken(|body| body["object"]["sha"] = "short".into()),
        at("/object/sha")
    );
    assert_eq!(broken(|body| body["url"] = "no address".into()), at("/url"));
    assert_eq!(
        broken(|body| body["object"]["size"] = 5.into()),
        at("/object/size")
    );
    // The status, and its body.
    let line = "GET /repos/o/r/git/ref/tags/v1";
    assert_eq!(
        places(&exchange(line, 202, Content::None)),
        ["response 202"]
    );
    assert_eq!(
        places(&exchange(line, 200, Content::None)),
        ["response 200"]
    );
    let bare = Content::Json(json!({ "error": "no" }));
    assert_eq!(places(&exchange(line, 403, bare)), ["response 403 /error"]);
    let line = "DELETE /repos/o/r/git/refs/tags/v1";
    assert_eq!(places(&exchange(line, 204, refusal())), ["response 204"]);
}

#[test]
fn whatever_is_broken_in_a_request_is_found() {
    let (refs, ok) = ("POST /repos/o/r/git/refs", Content::Json(reference()));
    let post = |body: Value| places(&asking(exchange(refs, 201, ok.clone()), body));
    assert_eq!(post(json!({ "ref": "refs/tags/v1" })), ["request body"]);
    assert_eq!(post(json!({ "ref": "r", "sha": 5 })), ["request body /sha"]);
    let typed = json!({ "ref": "r", "sha": COMMIT, "froce": true });
    assert_eq!(post(typed), ["request body /froce"]);
    assert_eq!(places(&exchange(refs, 201, ok.clone())), ["request body"]);
    let get = |line: &str| places(&exchange(line, 304, Content::None));
    assert_eq!(
        get("GET /repos/o/r/pulls?state=any"),
        ["request query state"]
    );
    assert_eq!(
        get("GET /repos/o/r/pulls?stat=open"),
        ["request query stat"]
    );
    assert_eq!(
        get("GET /repos/o/r/pulls/one"),
        ["request path pull_number"]
    );
    assert_eq!(
        get("GET /repos/o/r/pulls?state=open&per_page=100&page=2"),
        [""; 0]
    );
    assert_eq!(
        places(&exchange("GET /repos/o/r/pull/1", 200, Content::None)),
        ["request"]
    );
    assert_eq!(
        places(&exchange("PUT /repos/o/r/git/refs", 404, refusal())),
        ["request"]
    );
    let uploaded = exchange("POST /repos/o/r/releases/1/assets", 422, refusal());
    assert_eq!(places(&uploaded), ["request query name"]);
}

#[test]
fn each_deviation_goes_as_far_as_it_says() {
    let get = |status, body| exchange("GET /repos/o/r/git/ref/tags/v1", status, body);
    let lacking = Content::Json(json!({ "message": "not implemented" }));
    assert_eq!(
        places(&exchange("POST /graphql", 501, lacking.clone())),
        [""; 0]
    );
    assert_eq!(
        places(&exchange("POST /graphql", 501, Content::None)),
        ["request"]
    );
    assert_eq!(
        places(&exchange("POST /graphql", 200, lacking)),
        ["request"]
    );
    assert_eq!(
        places(&exchange("POST /twirp/a.Service/Do", 200, Content::None)),
        [""; 0]
    );
    assert_eq!(places(&get(403, refusal())), [""; 0]);
    assert_eq!(places(&get(418, refusal())), ["response 418"]);
    let mut struck = get(502, refusal());
    assert_eq!(places(&struck), ["response 502"]);
    struck.fault = Some("before=502 GET *".into());
    assert_eq!(places(&struck), [""; 0]);
    assert_eq!(places(&get(304, Content::None)), [""; 0]);
    let mut made = exchange("POST /repos/o/r/git/refs", 422, refusal());
    made.request = Content::Text("{".into());
    assert_eq!(places(&made), ["request body"]);
    made.agent = String::new();
    assert_eq!(places(&made), [""; 0]);
}

#[test]
fn the_docs_have_a_row_for_each_deviation() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contributing/fidelity.md");
    let page = std::fs::read_to_string(page).unwrap();
    let missing: Vec<_> = TABLE
        .iter()
        .filter(|one| !page.contains(&format!("| {} | {} |", one.name, one.why)))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
