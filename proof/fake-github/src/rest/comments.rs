//! Comments on pull requests: `/repos/{owner}/{repo}/issues`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::json as parsed;
use super::{Answer, Outcome, RequestContext, paging, schema};
use crate::state::comments::Comment;
use crate::time::rfc3339;

/// `GET /issues/{number}/comments`
pub(crate) fn list(context: &mut RequestContext<'_>, number: &str) -> Outcome {
    let comments = context.state.comments(RequestContext::id(number)?)?;
    let shown = comments
        .into_iter()
        .map(|comment| shape(context, comment))
        .collect();
    Ok(paging::list(context, shown))
}

/// `POST /issues/{number}/comments`
pub(crate) fn create(context: &mut RequestContext<'_>, number: &str) -> Outcome {
    let body: Body = parsed(context.call)?;
    let (call, number) = (context.call, RequestContext::id(number)?);
    let comment = context
        .state
        .create_comment(&call.actor, call.now, number, &body.body)?
        .clone();
    Ok(Answer::created(&shape(context, &comment)))
}

/// `GET /issues/comments/{id}`
pub(crate) fn get(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let comment = context.state.comment(RequestContext::id(id)?)?;
    Ok(Answer::ok(&shape(context, comment)))
}

/// `PATCH /issues/comments/{id}`
pub(crate) fn edit(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let body: Body = parsed(context.call)?;
    let (call, id) = (context.call, RequestContext::id(id)?);
    let comment = context
        .state
        .edit_comment(&call.actor, call.now, id, &body.body)?
        .clone();
    Ok(Answer::ok(&shape(context, &comment)))
}

/// `DELETE /issues/comments/{id}`
pub(crate) fn delete(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    context
        .state
        .delete_comment(&context.call.actor, RequestContext::id(id)?)?;
    Ok(Answer::empty(204))
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    body: String,
}

fn shape(context: &RequestContext<'_>, comment: &Comment) -> Value {
    let (links, id, pull) = (&context.call.links, comment.id, comment.pull);
    json!({
        "url": links.repo(&format!("/issues/comments/{id}")),
        "html_url": links.page(&format!("/pull/{pull}#issuecomment-{id}")),
        "issue_url": links.repo(&format!("/issues/{pull}")),
        "id": id,
        "node_id": schema::node_id("IC", id),
        "user": schema::user(context.state, links, &comment.author),
        "created_at": rfc3339(comment.created_at),
        "updated_at": rfc3339(comment.updated_at),
        "author_association": "COLLABORATOR",
        "body": comment.body,
    })
}
