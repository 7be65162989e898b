//! Lets clients open and edit pull requests: `POST /pulls`, `PATCH /pulls/{number}`.

use serde::Deserialize;

use super::input::json as parsed;
use super::{Desk, Outcome, pulls};
use crate::state::people::Role;
use crate::state::pulls::{HeadRepository, NewPull};
use crate::state::refusal::Refusal;

/// `POST /pulls`: from a branch of this repository.
pub(crate) fn open(desk: &mut Desk<'_>) -> Outcome {
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
    desk.call.actor.signed_in()?;
    let body: Body = parsed(desk.call)?;
    for (field, value) in [("title", &body.title), ("base", &body.base)] {
        if value.is_empty() {
            return Err(Refusal::missing("PullRequest", field));
        }
    }
    let (owner, branch) = match body.head.split_once(':') {
        Some((owner, branch)) => (Some(owner), branch),
        None => (None, body.head.as_str()),
    };
    let ours = &desk.state.repository().owner;
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
    let call = desk.call;
    let made = desk
        .state
        .request_pull(&call.actor, call.now, desk.git, order)?;
    let mut answer = pulls::get(desk, &made.to_string())?;
    answer.status = 201;
    let address = desk.call.links.repo(&format!("/pulls/{made}"));
    Ok(answer.header("location", address))
}

/// `PATCH /pulls/{number}`: edits the text and the base, closes and reopens.
pub(crate) fn edit(desk: &mut Desk<'_>, number: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        title: Option<String>,
        body: Option<String>,
        state: Option<String>,
        base: Option<String>,
    }
    let body: Body = parsed(desk.call)?;
    let id = Desk::id(number)?;
    let pull = desk.state.pull(id)?;
    if *desk.call.actor.signed_in()? != *pull.author {
        desk.call.actor.with(Role::Write)?;
    }
    let closes = body.state.as_deref() == Some("closed") && pull.is_open();
    let reopens = body.state.as_deref() == Some("open") && !pull.is_open();
    if reopens {
        desk.state.reopen_pull(desk.call.now, desk.git, id)?;
    }
    if let Some(base) = &body.base {
        desk.state.retarget(desk.call.now, desk.git, id, base)?;
    }
    if closes {
        desk.state.close_pull(desk.call.now, id)?;
    }
    desk.state.edit_pull(desk.call.now, id, |pull| {
        if let Some(title) = body.title {
            pull.title = title;
        }
        if body.body.is_some() {
            pull.body = body.body;
        }
    })?;
    pulls::get(desk, number)
}
