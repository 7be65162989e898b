//! Lets clients open and edit pull requests: `POST /pulls`, `PATCH /pulls/{number}`.

use serde::Deserialize;

use super::input::json as parsed;
use super::{Outcome, RequestContext, pulls};
use crate::state::people::Role;
use crate::state::pulls::{HeadRepository, NewPull};
use crate::state::refusal::Refusal;

/// `POST /pulls`: from a branch of this repository.
pub(crate) fn open(context: &mut RequestContext<'_>) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        title: String,
        #[serde(default)]
        head: String,
        #[serde(default)]
        base: String,
        body: Option<String>,
        #[serde(default)]
        draft: bool,
    }
    context.call.actor.signed_in()?;
    let body: Body = parsed(context.call)?;
    for (field, value) in [("title", &body.title), ("base", &body.base)] {
        if value.is_empty() {
            return Err(Refusal::missing("PullRequest", field));
        }
    }
    let (owner, branch) = match body.head.split_once(':') {
        Some((owner, branch)) => (Some(owner), branch),
        None => (None, body.head.as_str()),
    };
    let ours = &context.state.repository().owner;
    if owner.is_some_and(|owner| !owner.eq_ignore_ascii_case(ours)) {
        return Err(Refusal::invalid("PullRequest", "head"));
    }
    let order = NewPull {
        title: body.title,
        body: body.body,
        author: String::new(),
        base: body.base,
        head: branch.to_owned(),
        head_repository: HeadRepository::Here,
        fork_head: None,
        draft: body.draft,
    };
    let call = context.call;
    let made = context
        .state
        .request_pull(&call.actor, call.now, context.git, order)?;
    let mut answer = pulls::get(context, &made.to_string())?;
    answer.status = 201;
    let address = context.call.links.repo(&format!("/pulls/{made}"));
    Ok(answer.header("location", address))
}

/// `PATCH /pulls/{number}`: edits the text and the base, closes and reopens.
pub(crate) fn edit(context: &mut RequestContext<'_>, number: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        title: Option<String>,
        body: Option<String>,
        state: Option<String>,
        base: Option<String>,
    }
    let body: Body = parsed(context.call)?;
    let id = RequestContext::id(number)?;
    let pull = context.state.pull(id)?;
    if *context.call.actor.signed_in()? != *pull.author {
        context.call.actor.with(Role::Write)?;
    }
    let closes = body.state.as_deref() == Some("closed") && pull.is_open();
    let reopens = body.state.as_deref() == Some("open") && !pull.is_open();
    if reopens {
        context
            .state
            .reopen_pull(context.call.now, context.git, id)?;
    }
    if let Some(base) = &body.base {
        context
            .state
            .retarget(context.call.now, context.git, id, base)?;
    }
    if closes {
        context.state.close_pull(context.call.now, id)?;
    }
    context.state.edit_pull(context.call.now, id, |pull| {
        if let Some(title) = body.title {
            pull.title = title;
        }
        if body.body.is_some() {
            pull.body = body.body;
        }
    })?;
    pulls::get(context, number)
}
