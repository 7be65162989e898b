//! Commit statuses: `/repos/{owner}/{repo}/statuses` and `/commits/{ref}/status`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::json as parsed;
use super::{Answer, Outcome, RequestContext, commits, paging, schema};
use crate::state::statuses::{NewStatus, Status};
use crate::time::rfc3339;

/// `POST /statuses/{sha}`
pub(crate) fn create(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        state: String,
        context: Option<String>,
        description: Option<String>,
        target_url: Option<String>,
    }
    let body: Body = parsed(context.call)?;
    let order = NewStatus {
        state: body.state,
        context: body.context.unwrap_or_default(),
        description: body.description,
        target_url: body.target_url,
    };
    let call = context.call;
    let status = context
        .state
        .create_status(&call.actor, call.now, context.git, id, order)?
        .clone();
    Ok(Answer::created(&shape(context, &status)))
}

/// `GET /commits/{ref}/statuses`
pub(crate) fn list(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let commit = commits::find(context.git, id)?;
    let all = context.state.statuses(&commit);
    let shown = all
        .into_iter()
        .map(|status| shape(context, status))
        .collect();
    Ok(paging::list(context, shown))
}

/// `GET /commits/{ref}/status`
pub(crate) fn combined(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let commit = commits::find(context.git, id)?;
    let newest = context.state.newest_statuses(&commit);
    let statuses: Vec<Value> = newest
        .into_iter()
        .map(|status| shape(context, status))
        .map(without_creator)
        .collect();
    let links = &context.call.links;
    Ok(Answer::ok(&json!({
        "state": context.state.combined_status(&commit).name(),
        "statuses": statuses,
        "sha": commit,
        "total_count": statuses.len(),
        "repository": schema::repository(context.state, links),
        "commit_url": links.repo(&format!("/commits/{commit}")),
        "url": links.repo(&format!("/commits/{commit}/status")),
    })))
}

/// The combined status does not contain the creator.
fn without_creator(mut status: Value) -> Value {
    if let Some(members) = status.as_object_mut() {
        members.remove("creator");
    }
    status
}

fn shape(context: &RequestContext<'_>, status: &Status) -> Value {
    let links = &context.call.links;
    let creator = schema::user(context.state, links, &status.creator);
    json!({
        "url": links.repo(&format!("/statuses/{}", status.commit)),
        "avatar_url": creator["avatar_url"],
        "id": status.id,
        "node_id": schema::node_id("SC", status.id),
        "state": status.verdict.name(),
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": rfc3339(status.created_at),
        "updated_at": rfc3339(status.created_at),
        "creator": creator,
    })
}
