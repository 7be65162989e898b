//! Comments on pull requests: `/repos/{owner}/{repo}/issues`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::json as parsed;
use super::{Answer, Desk, Outcome, paging, shapes};
use crate::state::comments::Comment;
use crate::time::rfc3339;

/// `GET /issues/{number}/comments`
pub(crate) fn list(desk: &mut Desk<'_>, number: &str) -> Outcome {
    let comments = desk.state.comments(Desk::id(number)?)?;
    let shown = comments
        .into_iter()
        .map(|comment| shape(desk, comment))
        .collect();
    Ok(paging::list(desk, shown))
}

/// `POST /issues/{number}/comments`
pub(crate) fn create(desk: &mut Desk<'_>, number: &str) -> Outcome {
    let body: Body = parsed(desk.call)?;
    let (call, number) = (desk.call, Desk::id(number)?);
    let comment = desk
        .state
        .create_comment(&call.actor, call.now, number, &body.body)?
        .clone();
    Ok(Answer::created(&shape(desk, &comment)))
}

/// `GET /issues/comments/{id}`
pub(crate) fn get(desk: &mut Desk<'_>, id: &str) -> Outcome {
    let comment = desk.state.comment(Desk::id(id)?)?;
    Ok(Answer::ok(&shape(desk, comment)))
}

/// `PATCH /issues/comments/{id}`
pub(crate) fn edit(desk: &mut Desk<'_>, id: &str) -> Outcome {
    let body: Body = parsed(desk.call)?;
    let (call, id) = (desk.call, Desk::id(id)?);
    let comment = desk
        .state
        .edit_comment(&call.actor, call.now, id, &body.body)?
        .clone();
    Ok(Answer::ok(&shape(desk, &comment)))
}

/// `DELETE /issues/comments/{id}`
pub(crate) fn delete(desk: &mut Desk<'_>, id: &str) -> Outcome {
    desk.state.delete_comment(&desk.call.actor, Desk::id(id)?)?;
    Ok(Answer::empty(204))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    body: String,
}

fn shape(desk: &Desk<'_>, comment: &Comment) -> Value {
    let (links, id, pull) = (&desk.call.links, comment.id, comment.pull);
    json!({
        "url": links.repo(&format!("/issues/comments/{id}")),
        "html_url": links.page(&format!("/pull/{pull}#issuecomment-{id}")),
        "issue_url": links.repo(&format!("/issues/{pull}")),
        "id": id,
        "node_id": shapes::node_id("IC", id),
        "user": shapes::user(desk.state, links, &comment.author),
        "created_at": rfc3339(comment.created_at),
        "updated_at": rfc3339(comment.updated_at),
        "author_association": "COLLABORATOR",
        "body": comment.body,
    })
}
