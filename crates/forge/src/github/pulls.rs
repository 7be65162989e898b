//! Calls for pull requests and their comments.

use lockgate_core::escape::quoted;
use lockgate_core::promote::PullState;
use lockgate_core::{BranchName, CommentId, PullNumber, Timestamp};
use serde_json::json;
use ureq::http::Method;

use super::address::encoded;
use super::calls::Again;
use super::paging;
use super::shapes;
use super::wire::Wire;
use crate::{Comment, ForgeError, Pull};

pub(super) fn one(wire: &Wire, number: PullNumber) -> Result<Pull, ForgeError> {
    let found: shapes::Pull = wire.read_again(
        &format!("read pull request {number}"),
        &wire.at(&format!("/pulls/{number}")),
    )?;
    Ok(found.into())
}

pub(super) fn from_branch(
    wire: &Wire,
    owner: &str,
    branch: &BranchName,
) -> Result<Vec<Pull>, ForgeError> {
    let head = encoded(&format!("{owner}:{branch}"));
    let doing = format!("find the pull requests from {owner}:{branch}");
    let mut found = list(wire, &doing, &format!("state=all&head={head}"))?;
    found.retain(|pull| pull.facts.state != PullState::Closed);
    Ok(found)
}

pub(super) fn ever_from_branch(wire: &Wire, branch: &str) -> Result<Vec<Pull>, ForgeError> {
    let head = encoded(&format!("{}:{branch}", wire.owner()));
    let doing = format!("find all pull requests from {}", quoted(branch));
    list(wire, &doing, &format!("state=all&head={head}"))
}

/// GitHub changes a base by itself when a branch of a stack is merged and deleted.
pub(super) fn base_changes(wire: &Wire, pull: PullNumber) -> Result<Vec<Timestamp>, ForgeError> {
    let doing = format!("list the events of pull request {pull}");
    let url = wire.at(&format!("/issues/{pull}/events"));
    paging::all(
        wire,
        &doing,
        &url,
        Again::No,
        |page: Vec<shapes::IssueEvent>| {
            let changes = page
                .into_iter()
                .filter(shapes::IssueEvent::changes_the_base);
            changes.map(|event| event.created_at).collect()
        },
    )
}

pub(super) fn open_into(wire: &Wire, base: &BranchName) -> Result<Vec<Pull>, ForgeError> {
    let doing = format!("list the open pull requests into {base}");
    list(
        wire,
        &doing,
        &format!("state=open&base={}", encoded(base.as_str())),
    )
}

fn list(wire: &Wire, doing: &str, query: &str) -> Result<Vec<Pull>, ForgeError> {
    let url = wire.at(&format!("/pulls?{query}"));
    paging::all(wire, doing, &url, Again::No, |page: Vec<shapes::Pull>| {
        page.into_iter().map(Pull::from).collect()
    })
}

pub(super) fn comments(wire: &Wire, pull: PullNumber) -> Result<Vec<Comment>, ForgeError> {
    let doing = format!("list the comments of pull request {pull}");
    let url = wire.at(&format!("/issues/{pull}/comments"));
    paging::all(
        wire,
        &doing,
        &url,
        Again::No,
        |page: Vec<shapes::Comment>| page.into_iter().map(Comment::from).collect(),
    )
}

pub(super) fn create_comment(
    wire: &Wire,
    pull: PullNumber,
    body: &str,
) -> Result<Comment, ForgeError> {
    let url = wire.at(&format!("/issues/{pull}/comments"));
    let made: shapes::Comment = wire.write(
        &format!("comment on pull request {pull}"),
        Method::POST,
        &url,
        &json!({ "body": body }),
    )?;
    Ok(made.into())
}

pub(super) fn update_comment(
    wire: &Wire,
    id: CommentId,
    body: &str,
) -> Result<Comment, ForgeError> {
    let url = wire.at(&format!("/issues/comments/{id}"));
    let made: shapes::Comment = wire.write(
        &format!("replace comment {id}"),
        Method::PATCH,
        &url,
        &json!({ "body": body }),
    )?;
    Ok(made.into())
}
