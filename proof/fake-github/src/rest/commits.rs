//! Commits, branches and comparisons.

use serde_json::{Value, json};

use super::input::encoded;
use super::links::Links;
use super::{Answer, Outcome, RequestContext, paging, schema};
use crate::ids::CommitId;
use crate::repository::{Change, ChangeKind, Commit, Repository};
use crate::state::refusal::Refusal;

/// `GET /commits/{ref}`
pub(crate) fn get(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let commit = read(context.git, &find(context.git, id)?)?;
    if context.call.accept.contains("vnd.github.sha") {
        let mut answer = Answer::empty(200).header("content-type", "application/vnd.github.sha");
        answer.body = super::AnswerBody::Bytes(commit.id.to_string().into_bytes());
        return Ok(answer);
    }
    let links = &context.call.links;
    let mut body = schema::commit(links, &commit);
    if let Some(parent) = commit.parents.first() {
        let changes = context.git.changes(parent, &commit.id)?;
        let files = changes.iter().map(|change| file(links, &commit.id, change));
        body["files"] = files.collect();
    }
    Ok(Answer::ok(&body))
}

/// `GET /branches/{branch}`
pub(crate) fn branch(context: &mut RequestContext<'_>, name: &str) -> Outcome {
    let tip = context
        .git
        .resolve(&format!("refs/heads/{name}"))?
        .ok_or(Refusal::NotFound)?;
    let commit = read(context.git, &tip)?;
    let links = &context.call.links;
    let own = links.repo(&format!("/branches/{}", encoded(name)));
    let protected = name == context.state.repository().default_branch
        && !context.state.settings().required_contexts.is_empty();
    Ok(Answer::ok(&json!({
        "name": name,
        "commit": schema::commit(links, &commit),
        "_links": { "self": own, "html": links.page(&format!("/tree/{name}")) },
        "protected": protected,
        "protection": {
            "enabled": protected,
            "required_status_checks": {
                "enforcement_level": if protected { "everyone" } else { "off" },
                "contexts": if protected { context.state.settings().required_contexts.as_slice() } else { &[] },
                "checks": [],
            },
        },
        "protection_url": format!("{own}/protection"),
    })))
}

/// `GET /compare/{base}...{head}`
pub(crate) fn compare(context: &mut RequestContext<'_>, range: &str) -> Outcome {
    let (base, head) = range.split_once("...").ok_or(Refusal::NotFound)?;
    let (git, links) = (context.git, &context.call.links);
    let (from, to) = (find(git, base)?, find(git, head)?);
    let fork_point = git.merge_base(&from, &to)?.ok_or(Refusal::NotFound)?;
    let (ahead, behind) = (
        git.commits_between(&from, &to)?,
        git.commits_between(&to, &from)?,
    );
    let status = match (ahead.is_empty(), behind.is_empty()) {
        (true, true) => "identical",
        (false, true) => "ahead",
        (true, false) => "behind",
        (false, false) => "diverged",
    };
    let mut commits = Vec::new();
    for id in ahead.iter().take(250) {
        commits.push(schema::commit(links, &read(git, id)?));
    }
    let changes = git.changes(&fork_point, &to)?;
    let files: Vec<Value> = changes
        .iter()
        .map(|change| file(links, &to, change))
        .collect();
    let page = links.page(&format!("/compare/{from}...{to}"));
    Ok(Answer::ok(&json!({
        "url": links.repo(&format!("/compare/{base}...{head}")),
        "html_url": page,
        "permalink_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "base_commit": schema::commit(links, &read(git, &from)?),
        "merge_base_commit": schema::commit(links, &read(git, &fork_point)?),
        "status": status,
        "ahead_by": ahead.len(),
        "behind_by": behind.len(),
        "total_commits": ahead.len(),
        "commits": commits,
        "files": files,
    })))
}

/// Returns the commit of a branch, a tag or an id in a path.
pub(crate) fn find(git: &dyn Repository, id: &str) -> Result<CommitId, Refusal> {
    let short = id
        .strip_prefix("heads/")
        .or_else(|| id.strip_prefix("tags/"));
    let found = match git.resolve(id)? {
        Some(commit) => Some(commit),
        None => short.map_or(Ok(None), |short| git.resolve(short))?,
    };
    found.ok_or_else(|| Refusal::Unprocessable(format!("No commit found for SHA: {id}")))
}

/// Returns a changed file.
pub(crate) fn file(links: &Links, at: &CommitId, change: &Change) -> Value {
    let path: Vec<String> = change.path.split('/').map(encoded).collect();
    let path = path.join("/");
    json!({
        "sha": change.blob,
        "filename": change.path,
        "status": match change.kind {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::Modified => "modified",
        },
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": links.page(&format!("/blob/{at}/{path}")),
        "raw_url": links.page(&format!("/raw/{at}/{path}")),
        "contents_url": links.repo(&format!("/contents/{path}?ref={at}")),
    })
}

/// `GET /commits?sha=&per_page=`: the history of a branch, newest first.
pub(crate) fn list(context: &mut RequestContext<'_>) -> Outcome {
    let default = context.state.repository().default_branch.clone();
    let mut next = Some(find(
        context.git,
        context.call.query.get("sha").unwrap_or(&default),
    )?);
    let mut shown = Vec::new();
    while let Some(id) = next {
        let commit = read(context.git, &id)?;
        shown.push(schema::commit(&context.call.links, &commit));
        next = commit.parents.into_iter().next();
    }
    Ok(paging::list(context, shown))
}

fn read(git: &dyn Repository, id: &CommitId) -> Result<Commit, Refusal> {
    git.commit(id)?.ok_or(Refusal::NotFound)
}
