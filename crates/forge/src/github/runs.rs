//! Calls for workflow runs, their artifacts, and commit statuses.

use lockgate_core::{CommitId, RunId, gate};
use serde_json::json;
use ureq::http::Method;

use super::address::encoded;
use super::calls::Again;
use super::paging;
use super::shapes;
use super::wire::Wire;
use crate::{Artifact, ForgeError, PostedStatus, Run};

pub(super) fn one(wire: &Wire, id: RunId) -> Result<Run, ForgeError> {
    let found: shapes::Run = wire.read_again(
        &format!("read run {id}"),
        &wire.at(&format!("/actions/runs/{id}")),
    )?;
    Ok(found.into())
}

pub(super) fn of_workflow(
    wire: &Wire,
    file: &str,
    head: &CommitId,
    branch: Option<&str>,
) -> Result<Vec<Run>, ForgeError> {
    // GitHub expects the file's name, not its path.
    let name = file.rsplit('/').next().unwrap_or(file);
    let doing = format!("list the runs of {name} for {}", head.short());
    let url = wire.at(&format!(
        "/actions/workflows/{}/runs?head_sha={head}{}",
        encoded(name),
        branch.map_or_else(String::new, |branch| format!("&branch={}", encoded(branch)))
    ));
    let mut found: Vec<Run> = paging::all(wire, &doing, &url, Again::No, |page: shapes::Runs| {
        page.workflow_runs.into_iter().map(Run::from).collect()
    })?;
    found.sort_by_key(|run| std::cmp::Reverse(run.facts.id));
    Ok(found)
}

pub(super) fn artifacts(wire: &Wire, run: RunId) -> Result<Vec<Artifact>, ForgeError> {
    let doing = format!("list the artifacts of run {run}");
    let url = wire.at(&format!("/actions/runs/{run}/artifacts"));
    paging::all(
        wire,
        &doing,
        &url,
        Again::Likely,
        |page: shapes::Artifacts| page.artifacts.into_iter().map(Artifact::from).collect(),
    )
}

pub(super) fn artifacts_named(wire: &Wire, name: &str) -> Result<Vec<Artifact>, ForgeError> {
    let doing = format!("look for artifacts named {name}");
    let url = wire.at(&format!("/actions/artifacts?name={}", encoded(name)));
    paging::all(wire, &doing, &url, Again::No, |page: shapes::Artifacts| {
        page.artifacts.into_iter().map(Artifact::from).collect()
    })
}

pub(super) fn post_status(
    wire: &Wire,
    commit: &CommitId,
    context: &str,
    status: &gate::Status,
    target_url: Option<&str>,
) -> Result<(), ForgeError> {
    let doing = format!("post status {context} on {}", commit.short());
    let mut body = json!({ "state": status.state.as_str(), "context": context, "description": status.description });
    if let Some(url) = target_url {
        body["target_url"] = url.into();
    }
    // The response has to be a status: a page from an intermediary, whatever its content, means that nothing was
    // posted.
    let url = wire.at(&format!("/statuses/{commit}"));
    let _: shapes::Status = wire.write(&doing, Method::POST, &url, &body)?;
    Ok(())
}

// GitHub lists the newest first. One page holds the newest 100 of the commit; a context that is not among them is so
// old that posting it again does no harm.
pub(super) fn status(
    wire: &Wire,
    commit: &CommitId,
    context: &str,
) -> Result<Option<PostedStatus>, ForgeError> {
    let doing = format!("read status {context} of {}", commit.short());
    let found: Vec<shapes::Status> = wire.read(
        &doing,
        &wire.at(&format!("/commits/{commit}/statuses?per_page=100")),
    )?;
    Ok(found
        .into_iter()
        .find(|status| same_context(&status.context, context))
        .map(Into::into))
}

/// GitHub compares contexts case-insensitively.
fn same_context(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
