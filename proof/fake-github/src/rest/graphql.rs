//! `POST /graphql`: the three queries that `gh release` needs.
//!
//! Each is recognized by the name of its query; of its text, only the requested members of a release matter. Any other
//! query gets a 501.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Outcome, RequestContext, message};
use crate::state::refusal::Refusal;
use crate::state::releases::Release;
use crate::time::rfc3339;

/// The members of a release that are supported.
const FIELDS: [&str; 8] = [
    "name",
    "tagName",
    "isDraft",
    "isLatest",
    "isPrerelease",
    "immutable",
    "createdAt",
    "publishedAt",
];

/// The most releases on a page.
const PAGE: usize = 100;

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    query: String,
    #[serde(default)]
    variables: Variables,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Variables {
    owner: String,
    name: String,
    tag_name: String,
    per_page: Option<usize>,
    end_cursor: Option<String>,
}

/// Answers a query.
pub(crate) fn ask(context: &mut RequestContext<'_>) -> Outcome {
    let question: Question = super::input::json(context.call)?;
    let query = question.query.trim_start();
    let name = query.strip_prefix("query ").unwrap_or_default();
    let name = name.split(['(', '{']).next().unwrap_or_default().trim();
    let repository = match name {
        "Release_fields" => {
            context.call.actor.signed_in()?;
            let fields = FIELDS.map(|name| json!({ "name": name }));
            return Ok(data(&json!({ "Release": { "fields": fields } })));
        }
        "RepositoryReleaseByTag" => by_tag(context, &question.variables)?,
        "RepositoryReleaseList" => list(context, query, &question.variables)?,
        _ => {
            let text = "not implemented by the rehearsal forge: this question in GraphQL";
            return Ok(message(501, text, &context.call.path));
        }
    };
    let ours = context.state.repository();
    if (&question.variables.owner, &question.variables.name) != (&ours.owner, &ours.name) {
        return Err(Refusal::NotFound);
    }
    Ok(data(&json!({ "repository": repository })))
}

fn data(value: &Value) -> Answer {
    Answer::ok(&json!({ "data": value }))
}

/// Unlike in REST, a draft is found by its tag.
fn by_tag(context: &RequestContext<'_>, variables: &Variables) -> Result<Value, Refusal> {
    let all = seen(context)?;
    let found = all.iter().find(|one| one.tag_name == variables.tag_name);
    let shown = found.map(|one| json!({ "databaseId": one.id, "isDraft": one.draft }));
    Ok(json!({ "release": shown }))
}

fn list(
    context: &RequestContext<'_>,
    query: &str,
    variables: &Variables,
) -> Result<Value, Refusal> {
    let all = seen(context)?;
    let latest = context.state.latest_release().ok().map(|one| one.id);
    let cursor = variables.end_cursor.as_deref().unwrap_or("0");
    let from: usize = cursor
        .parse()
        .map_err(|_| Refusal::Unprocessable("the cursor is none of ours".into()))?;
    let count = variables.per_page.unwrap_or(PAGE).min(PAGE);
    let nodes: Vec<Value> = all
        .iter()
        .skip(from)
        .take(count)
        .map(|one| {
            let reported = json!({
                "name": one.name,
                "tagName": one.tag_name,
                "isDraft": one.draft,
                "isLatest": Some(one.id) == latest,
                "isPrerelease": one.prerelease,
                "immutable": one.immutable,
                "createdAt": rfc3339(one.created_at),
                "publishedAt": one.published_at.map(rfc3339),
            });
            asked_for(query, reported)
        })
        .collect();
    let end = from + nodes.len();
    let page = json!({ "hasNextPage": end < all.len(), "endCursor": end.to_string() });
    Ok(json!({ "releases": { "nodes": nodes, "pageInfo": page } }))
}

/// Returns only the requested members, because clients check.
fn asked_for(query: &str, mut reported: Value) -> Value {
    let nodes = query.split_once("nodes").map_or("", |(_, nodes)| nodes);
    let words: Vec<&str> = nodes
        .split(|letter: char| !letter.is_alphanumeric())
        .collect();
    if let Some(members) = reported.as_object_mut() {
        members.retain(|name, _| words.contains(&name.as_str()));
    }
    reported
}

fn seen<'d>(context: &'d RequestContext<'_>) -> Result<Vec<&'d Release>, Refusal> {
    context.call.actor.signed_in()?;
    Ok(context.state.releases(&context.call.actor))
}
