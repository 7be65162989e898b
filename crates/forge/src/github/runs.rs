//! Calls for workflow runs, their artifacts, and commit statuses.

use lockgate_core::{CommitId, RunId, gate};
use lockgate_http::http::Method;
use serde_json::json;

use super::address::encoded;
use super::calls::CachePolicy;
use super::http_client::HttpClient;
use super::paging;
use super::schema;
use crate::{Artifact, ForgeError, PostedStatus, Run};

pub(super) fn one(http_client: &HttpClient, id: RunId) -> Result<Run, ForgeError> {
    let found: schema::Run = http_client.read_again(
        &format!("read run {id}"),
        &http_client.at(&format!("/actions/runs/{id}")),
    )?;
    Ok(found.into())
}

pub(super) fn of_workflow(
    http_client: &HttpClient,
    file: &str,
    head: &CommitId,
    branch: Option<&str>,
) -> Result<Vec<Run>, ForgeError> {
    // GitHub expects the file's name, not its path.
    let name = file.rsplit('/').next().unwrap_or(file);
    let operation = format!("list the runs of {name} for {}", head.short());
    let url = http_client.at(&format!(
        "/actions/workflows/{}/runs?head_sha={head}{}",
        encoded(name),
        branch.map_or_else(String::new, |branch| format!("&branch={}", encoded(branch)))
    ));
    let mut found: Vec<Run> = paging::all(
        http_client,
        &operation,
        &url,
        CachePolicy::No,
        |page: schema::Runs| page.workflow_runs.into_iter().map(Run::from).collect(),
    )?;
    found.sort_by_key(|run| std::cmp::Reverse(run.facts.id));
    Ok(found)
}

pub(super) fn artifacts(http_client: &HttpClient, run: RunId) -> Result<Vec<Artifact>, ForgeError> {
    let operation = format!("list the artifacts of run {run}");
    let url = http_client.at(&format!("/actions/runs/{run}/artifacts"));
    paging::all(
        http_client,
        &operation,
        &url,
        CachePolicy::Likely,
        |page: schema::Artifacts| page.artifacts.into_iter().map(Artifact::from).collect(),
    )
}

pub(super) fn artifacts_named(
    http_client: &HttpClient,
    name: &str,
) -> Result<Vec<Artifact>, ForgeError> {
    let operation = format!("look for artifacts named {name}");
    let url = http_client.at(&format!("/actions/artifacts?name={}", encoded(name)));
    paging::all(
        http_client,
        &operation,
        &url,
        CachePolicy::No,
        |page: schema::Artifacts| page.artifacts.into_iter().map(Artifact::from).collect(),
    )
}

pub(super) fn post_status(
    http_client: &HttpClient,
    commit: &CommitId,
    context: &str,
    status: &gate::Status,
    target_url: Option<&str>,
) -> Result<(), ForgeError> {
    let operation = format!("post status {context} on {}", commit.short());
    let mut body = json!({ "state": status.state.as_str(), "context": context, "description": status.description });
    if let Some(url) = target_url {
        body["target_url"] = url.into();
    }
    // The response has to be a status: a page from an intermediary, whatever its content, means that nothing was
    // posted.
    let url = http_client.at(&format!("/statuses/{commit}"));
    let _: schema::Status = http_client.write(&operation, Method::POST, &url, &body)?;
    Ok(())
}

// GitHub lists the newest first. One page holds the newest 100 of the commit; a context that is not among them is so
// old that posting it again does no harm.
pub(super) fn status(
    http_client: &HttpClient,
    commit: &CommitId,
    context: &str,
) -> Result<Option<PostedStatus>, ForgeError> {
    let operation = format!("read status {context} of {}", commit.short());
    let found: Vec<schema::Status> = http_client.read(
        &operation,
        &http_client.at(&format!("/commits/{commit}/statuses?per_page=100")),
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
