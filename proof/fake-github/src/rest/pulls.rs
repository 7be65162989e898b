//! Pull requests: `/repos/{owner}/{repo}/pulls`.

use serde::Deserialize;
use serde_json::json;

use super::input::json as parsed;
use super::pull_shapes::{details, label, listed};
use super::{Answer, Outcome, RequestContext, commits, paging, schema};
use crate::ids::CommitId;
use crate::repository::MergeMethod;
use crate::state::merging::MergeRequest;
use crate::state::pulls::{HeadRepository, PullRequest, PullState};
use crate::state::refusal::Refusal;
use crate::time::rfc3339;

/// `GET /pulls?state=&head=&base=`
pub(crate) fn list(context: &mut RequestContext<'_>) -> Outcome {
    context.state.sync(context.call.now, context.git)?;
    let query = &context.call.query;
    let wanted = query.get("state").unwrap_or("open");
    let fits = |pull: &&PullRequest| {
        let state = wanted == "all" || (wanted == "open") == pull.is_open();
        let base = query
            .get("base")
            .is_none_or(|base| base == pull.base_branch);
        let head = query
            .get("head")
            .is_none_or(|head| head == label(context.state, pull));
        state && base && head
    };
    let pulls = context.state.pulls().into_iter().filter(fits);
    let shown = pulls.map(|pull| listed(context.state, &context.call.links, pull));
    Ok(paging::list(context, shown.collect()))
}

/// `GET /pulls/{number}`: reading it makes GitHub compute whether it is mergeable.
pub(crate) fn get(context: &mut RequestContext<'_>, number: &str) -> Outcome {
    context.state.sync(context.call.now, context.git)?;
    let number = RequestContext::id(number)?;
    let known = context.state.ask_mergeable(number)?;
    let pull = context.state.pull(number)?.clone();
    let mut body = listed(context.state, &context.call.links, &pull);
    details(context, &pull, known, &mut body)?;
    Ok(Answer::ok(&body))
}

/// `GET /issues/{number}/events`, limited to changes of the base branch.
pub(crate) fn events(context: &mut RequestContext<'_>, number: &str) -> Outcome {
    let pull = context.state.pull(RequestContext::id(number)?)?;
    let links = &context.call.links;
    let actor = schema::user(context.state, links, &pull.author);
    let shown = pull.base_changes.iter().map(|change| {
        json!({
            "id": change.id,
            "node_id": "",
            "url": links.repo(&format!("/issues/events/{}", change.id)),
            "actor": actor,
            "event": "base_ref_changed",
            "commit_id": null,
            "commit_url": null,
            "created_at": rfc3339(change.at),
            "performed_via_github_app": null,
        })
    });
    Ok(paging::list(context, shown.collect()))
}

/// `GET /pulls/{number}/files`
pub(crate) fn files(context: &mut RequestContext<'_>, number: &str) -> Outcome {
    context.state.sync(context.call.now, context.git)?;
    let pull = context.state.pull(RequestContext::id(number)?)?;
    let base = context.git.merge_base(&pull.base_sha, &pull.head_sha)?;
    let base = base.unwrap_or_else(|| pull.base_sha.clone());
    let changes = context.git.changes(&base, &pull.head_sha)?;
    let head = pull.head_sha.clone();
    let shown = changes
        .iter()
        .map(|change| commits::file(&context.call.links, &head, change));
    Ok(paging::list(context, shown.collect()))
}

/// `PUT /pulls/{number}/merge`
pub(crate) fn merge(context: &mut RequestContext<'_>, number: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        commit_title: Option<String>,
        commit_message: Option<String>,
        sha: Option<String>,
        merge_method: Option<MergeMethod>,
    }
    let body: Body = parsed(context.call)?;
    let order = MergeRequest {
        pull: RequestContext::id(number)?,
        method: body.merge_method.unwrap_or(MergeMethod::Merge),
        expected_head: body.sha,
        title: body.commit_title,
        message: body.commit_message,
    };
    let call = context.call;
    let commit = context
        .state
        .merge_pull(&call.actor, call.now, context.git, &order)?;
    let message = "Pull Request successfully merged";
    Ok(Answer::ok(
        &json!({ "sha": commit, "merged": true, "message": message }),
    ))
}

/// `GET /commits/{sha}/pulls`: the pull requests with this commit, open or merged.
pub(crate) fn of_commit(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    context.state.sync(context.call.now, context.git)?;
    let commit = commits::find(context.git, id)?;
    let mut shown = Vec::new();
    for pull in context.state.pulls() {
        if has(context, pull, &commit)? {
            shown.push(listed(context.state, &context.call.links, pull));
        }
    }
    Ok(paging::list(context, shown))
}

fn has(
    context: &RequestContext<'_>,
    pull: &PullRequest,
    commit: &CommitId,
) -> Result<bool, Refusal> {
    let landed = match &pull.state {
        PullState::Merged { commit: landed, .. } => landed == commit,
        PullState::Open => false,
        // GitHub returns only open and merged ones.
        PullState::Closed { .. } => return Ok(false),
    };
    // GitHub's results for a fork's commit are unreliable: here there are none.
    let ours = pull.head_repository == HeadRepository::Here;
    let inside = ours
        && (pull.head_sha == *commit
            || context.git.is_ancestor(commit, &pull.head_sha)?
                && !context.git.is_ancestor(commit, &pull.base_sha)?);
    Ok(landed || inside)
}
