//! Files and folders at a commit: `/repos/{owner}/{repo}/contents`.

use serde_json::{Value, json};

use super::git::base64;
use super::input::encoded;
use super::links::Links;
use super::{Answer, AnswerBody, Outcome, RequestContext, commits};
use crate::ids::CommitId;
use crate::repository::TreeEntry;
use crate::state::refusal::Refusal;

/// `GET /contents/{path}?ref=`
pub(crate) fn get(context: &mut RequestContext<'_>, path: &str) -> Outcome {
    let default = context.state.repository().default_branch.clone();
    let wanted = context.call.query.get("ref").unwrap_or(&default);
    let commit = commits::find(context.git, wanted).map_err(|_| Refusal::NotFound)?;
    let tree = context
        .git
        .tree(commit.as_str(), true)?
        .ok_or(Refusal::NotFound)?;
    let links = &context.call.links;
    if let Some(entry) = tree
        .entries
        .iter()
        .find(|entry| entry.path == path && !is_folder(entry))
    {
        return file(context, &commit, entry);
    }
    let inside = if path.is_empty() {
        String::new()
    } else {
        format!("{path}/")
    };
    let children = tree.entries.iter().filter(|entry| {
        let rest = entry.path.strip_prefix(&inside);
        rest.is_some_and(|rest| !rest.contains('/'))
    });
    let shown: Vec<Value> = children.map(|entry| facts(links, &commit, entry)).collect();
    if shown.is_empty() {
        return Err(Refusal::NotFound);
    }
    Ok(Answer::ok(&shown.into()))
}

fn file(context: &RequestContext<'_>, commit: &CommitId, entry: &TreeEntry) -> Outcome {
    let mut body = facts(&context.call.links, commit, entry);
    if entry.kind == "commit" {
        body["submodule_git_url"] = Value::Null;
        return Ok(Answer::ok(&body));
    }
    let bytes = context.git.blob(&entry.id)?.ok_or(Refusal::NotFound)?;
    if context.call.accept.contains("raw") {
        let mut answer = Answer::empty(200).header("content-type", "application/octet-stream");
        answer.body = AnswerBody::Bytes(bytes);
        return Ok(answer);
    }
    if entry.mode == "120000" {
        body["target"] = String::from_utf8_lossy(&bytes).into();
    } else {
        body["encoding"] = "base64".into();
        body["content"] = base64(&bytes).into();
    }
    Ok(Answer::ok(&body))
}

fn facts(links: &Links, commit: &CommitId, entry: &TreeEntry) -> Value {
    let path: Vec<String> = entry.path.split('/').map(encoded).collect();
    let path = path.join("/");
    let own = links.repo(&format!("/contents/{path}?ref={commit}"));
    let (kind, place) = match (entry.kind.as_str(), entry.mode.as_str()) {
        ("tree", _) => ("dir", "trees"),
        ("commit", _) => ("submodule", "commits"),
        (_, "120000") => ("symlink", "blobs"),
        _ => ("file", "blobs"),
    };
    let git = links.repo(&format!("/git/{place}/{}", entry.id));
    let page = links.page(&format!("/blob/{commit}/{path}"));
    let raw = links.page(&format!("/raw/{commit}/{path}"));
    json!({
        "type": kind,
        "size": entry.size.unwrap_or(0),
        "name": entry.path.rsplit('/').next(),
        "path": entry.path,
        "sha": entry.id,
        "url": own,
        "git_url": git,
        "html_url": page,
        "download_url": if kind == "dir" { Value::Null } else { raw.into() },
        "_links": { "self": own, "git": git, "html": page },
    })
}

fn is_folder(entry: &TreeEntry) -> bool {
    entry.kind == "tree"
}
