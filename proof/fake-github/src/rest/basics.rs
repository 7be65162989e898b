//! General endpoints of the API: the repository, the caller, the rate limit.

use serde_json::json;

use super::{Answer, Outcome, RequestContext, schema};
use crate::state::people::{Actor, Role};
use crate::state::refusal::{MissingPermission, Refusal};
use crate::time::rfc3339;

/// `GET /`
pub(crate) fn root(context: &mut RequestContext<'_>) -> Outcome {
    let links = &context.call.links;
    Ok(Answer::ok(&json!({
        "current_user_url": links.api("/user"),
        "rate_limit_url": links.api("/rate_limit"),
        "repository_url": links.api("/repos/{owner}/{repo}"),
    })))
}

/// `GET /repos/{owner}/{repo}`
pub(crate) fn repository(context: &mut RequestContext<'_>) -> Outcome {
    let mut body = schema::repository(context.state, &context.call.links);
    body["subscribers_count"] = 0.into();
    body["network_count"] = 0.into();
    if context.call.actor != Actor::Anonymous {
        let role = context.call.actor.role();
        body["permissions"] = json!({
            "admin": role >= Role::Admin,
            "maintain": role >= Role::Maintain,
            "push": role >= Role::Write,
            "triage": role >= Role::Triage,
            "pull": true,
        });
    }
    for name in [
        "allow_merge_commit",
        "allow_squash_merge",
        "allow_rebase_merge",
    ] {
        body[name] = true.into();
    }
    Ok(Answer::ok(&body))
}

/// `GET /user`: an app's token in a workflow has no user.
pub(crate) fn user(context: &mut RequestContext<'_>) -> Outcome {
    if context.call.actor.is_bot() {
        return Err(Refusal::Forbidden(MissingPermission::Integration));
    }
    let login = context.call.actor.signed_in()?;
    let mut body = schema::user(context.state, &context.call.links, login);
    let at = rfc3339(context.state.repository().created_at);
    for name in [
        "name", "company", "blog", "location", "email", "hireable", "bio",
    ] {
        body[name] = serde_json::Value::Null;
    }
    for name in ["public_repos", "public_gists", "followers", "following"] {
        body[name] = 0.into();
    }
    body["created_at"] = at.as_str().into();
    body["updated_at"] = at.into();
    Ok(Answer::ok(&body))
}

/// `GET /rate_limit`
pub(crate) fn rate_limit(context: &mut RequestContext<'_>) -> Outcome {
    let rate = context.call.rate;
    let core = json!({
        "limit": rate.limit,
        "remaining": rate.remaining(),
        "reset": rate.reset,
        "used": rate.used,
    });
    let resources = json!({ "core": core, "search": core });
    Ok(Answer::ok(&json!({ "resources": resources, "rate": core })))
}
