//! Calls for pull requests and their comments.

use lockgate_core::escape::quoted;
use lockgate_core::promote::PullState;
use lockgate_core::{BranchName, CommentId, PullNumber, Timestamp};
use lockgate_http::http::Method;
use serde_json::json;

use super::address::encoded;
use super::calls::CachePolicy;
use super::http_client::HttpClient;
use super::paging;
use super::schema;
use crate::{Comment, ForgeError, Pull};

pub(super) fn one(http_client: &HttpClient, number: PullNumber) -> Result<Pull, ForgeError> {
    let found: schema::Pull = http_client.read_again(
        &format!("read pull request {number}"),
        &http_client.at(&format!("/pulls/{number}")),
    )?;
    Ok(found.into())
}

pub(super) fn from_branch(
    http_client: &HttpClient,
    owner: &str,
    branch: &BranchName,
) -> Result<Vec<Pull>, ForgeError> {
    let head = encoded(&format!("{owner}:{branch}"));
    let operation = format!("find the pull requests from {owner}:{branch}");
    let mut found = list(http_client, &operation, &format!("state=all&head={head}"))?;
    found.retain(|pull| pull.facts.state != PullState::Closed);
    Ok(found)
}

pub(super) fn ever_from_branch(
    http_client: &HttpClient,
    branch: &str,
) -> Result<Vec<Pull>, ForgeError> {
    let head = encoded(&format!("{}:{branch}", http_client.owner()));
    let operation = format!("find all pull requests from {}", quoted(branch));
    list(http_client, &operation, &format!("state=all&head={head}"))
}

/// GitHub changes a base by itself when a branch of a stack is merged and deleted.
pub(super) fn base_changes(
    http_client: &HttpClient,
    pull: PullNumber,
) -> Result<Vec<Timestamp>, ForgeError> {
    let operation = format!("list the events of pull request {pull}");
    let url = http_client.at(&format!("/issues/{pull}/events"));
    paging::all(
        http_client,
        &operation,
        &url,
        CachePolicy::No,
        |page: Vec<schema::IssueEvent>| {
            let changes = page
                .into_iter()
                .filter(schema::IssueEvent::changes_the_base);
            changes.map(|event| event.created_at).collect()
        },
    )
}

pub(super) fn open_into(
    http_client: &HttpClient,
    base: &BranchName,
) -> Result<Vec<Pull>, ForgeError> {
    let operation = format!("list the open pull requests into {base}");
    list(
        http_client,
        &operation,
        &format!("state=open&base={}", encoded(base.as_str())),
    )
}

fn list(http_client: &HttpClient, operation: &str, query: &str) -> Result<Vec<Pull>, ForgeError> {
    let url = http_client.at(&format!("/pulls?{query}"));
    paging::all(
        http_client,
        operation,
        &url,
        CachePolicy::No,
        |page: Vec<schema::Pull>| page.into_iter().map(Pull::from).collect(),
    )
}

pub(super) fn comments(
    http_client: &HttpClient,
    pull: PullNumber,
) -> Result<Vec<Comment>, ForgeError> {
    let operation = format!("list the comments of pull request {pull}");
    let url = http_client.at(&format!("/issues/{pull}/comments"));
    paging::all(
        http_client,
        &operation,
        &url,
        CachePolicy::No,
        |page: Vec<schema::Comment>| page.into_iter().map(Comment::from).collect(),
    )
}

pub(super) fn create_comment(
    http_client: &HttpClient,
    pull: PullNumber,
    body: &str,
) -> Result<Comment, ForgeError> {
    let url = http_client.at(&format!("/issues/{pull}/comments"));
    let made: schema::Comment = http_client.write(
        &format!("comment on pull request {pull}"),
        Method::POST,
        &url,
        &json!({ "body": body }),
    )?;
    Ok(made.into())
}

pub(super) fn update_comment(
    http_client: &HttpClient,
    id: CommentId,
    body: &str,
) -> Result<Comment, ForgeError> {
    let url = http_client.at(&format!("/issues/comments/{id}"));
    let made: schema::Comment = http_client.write(
        &format!("replace comment {id}"),
        Method::PATCH,
        &url,
        &json!({ "body": body }),
    )?;
    Ok(made.into())
}
