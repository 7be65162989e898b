//! Pull requests as GitHub shows them: in lists, alone, and in runs.

use serde_json::{Value, json};

use super::links::Links;
use super::{RequestContext, schema};
use crate::ids::PullNumber;
use crate::state::State;
use crate::state::people::Role;
use crate::state::pulls::{HeadRepository, PullRequest, PullState};
use crate::state::refusal::Refusal;
use crate::time::rfc3339;

/// Returns a pull request as it appears in lists.
pub(crate) fn listed(state: &State, links: &Links, pull: &PullRequest) -> Value {
    let number = pull.number;
    let (closed_at, merged_at, landed) = match &pull.state {
        PullState::Open => (None, None, pull.test_merge.clone()),
        PullState::Closed { at } => (Some(*at), None, pull.test_merge.clone()),
        PullState::Merged { at, commit, .. } => (Some(*at), Some(*at), Some(commit.clone())),
    };
    let mut body = json!({
        "id": pull.id,
        "node_id": schema::node_id("PR", pull.id),
        "number": number,
        "state": if pull.is_open() { "open" } else { "closed" },
        "locked": false,
        "title": pull.title,
        "user": schema::user(state, links, &pull.author),
        "body": pull.body,
        "labels": [],
        "milestone": null,
        "draft": pull.draft,
        "created_at": rfc3339(pull.created_at),
        "updated_at": rfc3339(pull.updated_at),
        "closed_at": schema::moment(closed_at),
        "merged_at": schema::moment(merged_at),
        "merge_commit_sha": landed,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": head(state, links, pull),
        "base": base(state, links, pull),
        "author_association": association(state, pull),
        "auto_merge": null,
    });
    let page = links.page(&format!("/pull/{number}"));
    body["diff_url"] = format!("{page}.diff").into();
    body["patch_url"] = format!("{page}.patch").into();
    for (name, short, address) in addresses(links, pull, page) {
        body["_links"][short] = json!({ "href": address });
        body[name] = address.into();
    }
    body
}

/// Returns the addresses of a pull request: as properties, and under `_links`.
fn addresses(
    links: &Links,
    pull: &PullRequest,
    page: String,
) -> [(&'static str, &'static str, String); 8] {
    let own = links.repo(&format!("/pulls/{}", pull.number));
    let issue = links.repo(&format!("/issues/{}", pull.number));
    [
        ("url", "self", own.clone()),
        ("html_url", "html", page),
        ("issue_url", "issue", issue.clone()),
        ("comments_url", "comments", format!("{issue}/comments")),
        (
            "review_comments_url",
            "review_comments",
            format!("{own}/comments"),
        ),
        (
            "review_comment_url",
            "review_comment",
            links.repo("/pulls/comments{/number}"),
        ),
        ("commits_url", "commits", format!("{own}/commits")),
        (
            "statuses_url",
            "statuses",
            links.repo(&format!("/statuses/{}", pull.head_sha)),
        ),
    ]
}

/// Adds what only a single pull request contains.
pub(crate) fn details(
    context: &RequestContext<'_>,
    pull: &PullRequest,
    known: bool,
    body: &mut Value,
) -> Result<(), Refusal> {
    let (state, git) = (&*context.state, context.git);
    let commits = git.commits_between(&pull.base_sha, &pull.head_sha)?.len();
    let base = git.merge_base(&pull.base_sha, &pull.head_sha)?;
    let changes = git.changes(base.as_ref().unwrap_or(&pull.base_sha), &pull.head_sha)?;
    let (merged, by) = match &pull.state {
        PullState::Merged { by, .. } => (true, schema::user(state, &context.call.links, by)),
        PullState::Open | PullState::Closed { .. } => (false, Value::Null),
    };
    let mergeable = (pull.is_open() && known).then_some(pull.test_merge.is_some());
    let mergeable_state = if known {
        state.mergeable_state(pull)
    } else {
        "unknown"
    };
    if !known {
        body["merge_commit_sha"] = Value::Null;
    }
    body["merged"] = merged.into();
    body["merged_by"] = by;
    body["mergeable"] = mergeable.into();
    body["rebaseable"] = mergeable.into();
    body["mergeable_state"] = mergeable_state.into();
    body["comments"] = state.comments(pull.number)?.len().into();
    body["review_comments"] = 0.into();
    body["maintainer_can_modify"] = false.into();
    body["commits"] = commits.into();
    body["additions"] = changes.iter().map(|it| it.additions).sum::<u64>().into();
    body["deletions"] = changes.iter().map(|it| it.deletions).sum::<u64>().into();
    body["changed_files"] = changes.len().into();
    Ok(())
}

/// Returns `owner:branch` of the head, for filtering lists.
pub(crate) fn label(state: &State, pull: &PullRequest) -> String {
    match &pull.head_repository {
        HeadRepository::Here => format!("{}:{}", state.repository().owner, pull.head_branch),
        HeadRepository::Fork { owner, .. } => format!("{owner}:{}", pull.head_branch),
        HeadRepository::Deleted => format!("unknown:{}", pull.head_branch),
    }
}

fn association(state: &State, pull: &PullRequest) -> &'static str {
    match state.person(&pull.author).map(|person| person.role) {
        Some(Role::Write | Role::Maintain | Role::Admin | Role::Triage) => "COLLABORATOR",
        Some(Role::Read | Role::None) | None => "NONE",
    }
}

fn head(state: &State, links: &Links, pull: &PullRequest) -> Value {
    let owner = match &pull.head_repository {
        HeadRepository::Here => &state.repository().owner,
        HeadRepository::Fork { owner, .. } => owner,
        HeadRepository::Deleted => &pull.author,
    };
    json!({
        "label": label(state, pull),
        "ref": pull.head_branch,
        "sha": pull.head_sha,
        "user": schema::user(state, links, owner),
        "repo": schema::head_repository(state, links, &pull.head_repository),
    })
}

fn base(state: &State, links: &Links, pull: &PullRequest) -> Value {
    let owner = &state.repository().owner;
    json!({
        "label": format!("{owner}:{}", pull.base_branch),
        "ref": pull.base_branch,
        "sha": pull.base_sha,
        "user": schema::user(state, links, owner),
        "repo": schema::repository(state, links),
    })
}

/// Returns a pull request as it appears in runs.
pub(crate) fn minimal(state: &State, links: &Links, number: PullNumber) -> Option<Value> {
    let pull = state.pull(number).ok()?;
    let here = state.repository();
    let repo = json!({ "id": here.id, "name": here.name, "url": links.repo("") });
    Some(json!({
        "id": pull.id,
        "number": number,
        "url": links.repo(&format!("/pulls/{number}")),
        "head": { "ref": pull.head_branch, "sha": pull.head_sha, "repo": repo },
        "base": { "ref": pull.base_branch, "sha": pull.base_sha, "repo": repo },
    }))
}
