//! Pull requests: `/repos/{owner}/{repo}/pulls`.

use serde::Deserialize;
use serde_json::json;

use super::input::json as parsed;
use super::pull_shapes::{details, label, listed};
use super::{Answer, Desk, Outcome, commits, paging, shapes};
use crate::ids::CommitId;
use crate::repository::MergeMethod;
use crate::state::merging::Landing;
use crate::state::pulls::{HeadRepository, PullRequest, PullState};
use crate::state::refusal::Refusal;
use crate::time::rfc3339;

/// `GET /pulls?state=&head=&base=`
pub(crate) fn list(desk: &mut Desk<'_>) -> Outcome {
    desk.state.sync(desk.call.now, desk.git)?;
    let query = &desk.call.query;
    let wanted = query.get("state").unwrap_or("open");
    let fits = |pull: &&PullRequest| {
        let state = wanted == "all" || (wanted == "open") == pull.is_open();
        let base = query
            .get("base")
            .is_none_or(|base| base == pull.base_branch);
        let head = query
            .get("head")
            .is_none_or(|head| head == label(desk.state, pull));
        state && base && head
    };
    let pulls = desk.state.pulls().into_iter().filter(fits);
    let shown = pulls.map(|pull| listed(desk.state, &desk.call.links, pull));
    Ok(paging::list(desk, shown.collect()))
}

/// `GET /pulls/{number}`: reading it makes GitHub compute whether it is mergeable.
pub(crate) fn get(desk: &mut Desk<'_>, number: &str) -> Outcome {
    desk.state.sync(desk.call.now, desk.git)?;
    let number = Desk::id(number)?;
    let known = desk.state.ask_mergeable(number)?;
    let pull = desk.state.pull(number)?.clone();
    let mut body = listed(desk.state, &desk.call.links, &pull);
    details(desk, &pull, known, &mut body)?;
    Ok(Answer::ok(&body))
}

/// `GET /issues/{number}/events`, limited to changes of the base branch.
pub(crate) fn events(desk: &mut Desk<'_>, number: &str) -> Outcome {
    let pull = desk.state.pull(Desk::id(number)?)?;
    let links = &desk.call.links;
    let actor = shapes::user(desk.state, links, &pull.author);
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
    Ok(paging::list(desk, shown.collect()))
}

/// `GET /pulls/{number}/files`
pub(crate) fn files(desk: &mut Desk<'_>, number: &str) -> Outcome {
    desk.state.sync(desk.call.now, desk.git)?;
    let pull = desk.state.pull(Desk::id(number)?)?;
    let base = desk.git.merge_base(&pull.base_sha, &pull.head_sha)?;
    let base = base.unwrap_or_else(|| pull.base_sha.clone());
    let changes = desk.git.changes(&base, &pull.head_sha)?;
    let head = pull.head_sha.clone();
    let shown = changes
        .iter()
        .map(|change| commits::file(&desk.call.links, &head, change));
    Ok(paging::list(desk, shown.collect()))
}

/// `PUT /pulls/{number}/merge`
pub(crate) fn merge(desk: &mut Desk<'_>, number: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        commit_title: Option<String>,
        commit_message: Option<String>,
        sha: Option<String>,
        merge_method: Option<MergeMethod>,
    }
    let body: Body = parsed(desk.call)?;
    let order = Landing {
        pull: Desk::id(number)?,
        method: body.merge_method.unwrap_or(MergeMethod::Merge),
        expected_head: body.sha,
        title: body.commit_title,
        message: body.commit_message,
    };
    let call = desk.call;
    let commit = desk
        .state
        .merge_pull(&call.actor, call.now, desk.git, &order)?;
    let message = "Pull Request successfully merged";
    Ok(Answer::ok(
        &json!({ "sha": commit, "merged": true, "message": message }),
    ))
}

/// `GET /commits/{sha}/pulls`: the pull requests with this commit, open or merged.
pub(crate) fn of_commit(desk: &mut Desk<'_>, id: &str) -> Outcome {
    desk.state.sync(desk.call.now, desk.git)?;
    let commit = commits::find(desk.git, id)?;
    let mut shown = Vec::new();
    for pull in desk.state.pulls() {
        if has(desk, pull, &commit)? {
            shown.push(listed(desk.state, &desk.call.links, pull));
        }
    }
    Ok(paging::list(desk, shown))
}

fn has(desk: &Desk<'_>, pull: &PullRequest, commit: &CommitId) -> Result<bool, Refusal> {
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
            || desk.git.is_ancestor(commit, &pull.head_sha)?
                && !desk.git.is_ancestor(commit, &pull.base_sha)?);
    Ok(landed || inside)
}
