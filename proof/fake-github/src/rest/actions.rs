//! Workflows and runs: `/repos/{owner}/{repo}/actions`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::json as parsed;
use super::{Answer, Outcome, RequestContext, paging, pull_shapes, schema};
use crate::ids::RunId;
use crate::state::pulls::HeadRepository;
use crate::state::refusal::Refusal;
use crate::state::runs::{Job, Run, Workflow};
use crate::time::rfc3339;

/// `GET /actions/workflows`
pub(crate) fn workflows(context: &mut RequestContext<'_>) -> Outcome {
    let all = context.state.workflows();
    let shown = all
        .into_iter()
        .map(|workflow| workflow_shape(context, workflow))
        .collect();
    Ok(paging::counted(context, "workflows", shown))
}

/// `GET /actions/workflows/{id or file}`
pub(crate) fn workflow(context: &mut RequestContext<'_>, key: &str) -> Outcome {
    Ok(Answer::ok(&workflow_shape(
        context,
        context.state.workflow(key)?,
    )))
}

/// `GET /actions/workflows/{id or file}/runs`
pub(crate) fn runs_of(context: &mut RequestContext<'_>, key: &str) -> Outcome {
    let workflow = context.state.workflow(key)?.id;
    filtered(context, |run| run.workflow == workflow)
}

/// `GET /actions/runs`
pub(crate) fn runs(context: &mut RequestContext<'_>) -> Outcome {
    filtered(context, |_| true)
}

/// `GET /actions/runs/{id}`
pub(crate) fn run(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let id = RequestContext::id(id)?;
    let behind = context.state.ask_run(id);
    let run = context.state.run(id)?;
    let mut shape = run_shape(context, run, run.attempt_number())?;
    if behind {
        set_back(&mut shape);
    }
    Ok(Answer::ok(&shape))
}

/// Shows a run as it was before it completed.
fn set_back(shape: &mut Value) {
    shape["status"] = "in_progress".into();
    shape["conclusion"] = Value::Null;
}

/// `GET /actions/runs/{id}/attempts/{number}`
pub(crate) fn attempt(context: &mut RequestContext<'_>, id: &str, number: &str) -> Outcome {
    let run = context.state.run(RequestContext::id(id)?)?;
    Ok(Answer::ok(&run_shape(
        context,
        run,
        RequestContext::id(number)?,
    )?))
}

/// `GET /actions/runs/{id}/jobs?filter=latest|all`
pub(crate) fn jobs(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let run = context.state.run(RequestContext::id(id)?)?;
    let all = context.call.query.get("filter") == Some("all");
    let first = if all {
        0
    } else {
        run.attempt_number().saturating_sub(1)
    };
    let mut shown = Vec::new();
    for (at, attempt) in run.attempts.iter().enumerate().skip(first) {
        shown.extend(
            attempt
                .jobs
                .iter()
                .map(|job| job_shape(context, run, at + 1, job)),
        );
    }
    Ok(paging::counted(context, "jobs", shown))
}

/// `POST /actions/workflows/{id or file}/dispatches`
pub(crate) fn dispatch(context: &mut RequestContext<'_>, key: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "ref", default)]
        reference: String,
        #[serde(default)]
        inputs: BTreeMap<String, Value>,
    }
    let body: Body = parsed(context.call)?;
    let text = |value: Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let inputs = body
        .inputs
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect();
    let call = context.call;
    context.state.dispatch(
        &call.actor,
        call.now,
        context.git,
        key,
        &body.reference,
        inputs,
    )?;
    Ok(Answer::empty(204))
}

fn filtered(context: &mut RequestContext<'_>, belongs: impl Fn(&Run) -> bool) -> Outcome {
    let query = &context.call.query;
    let is = |name, value: Option<&str>| query.get(name).is_none_or(|want| Some(want) == value);
    let fits = |run: &&Run| {
        let attempt = run.attempt();
        let status = attempt.map(|it| it.status.as_str());
        let conclusion = attempt.and_then(|it| it.conclusion.as_deref());
        belongs(run)
            && is("head_sha", Some(run.head_sha.as_str()))
            && is("event", Some(&run.event))
            && is("branch", run.head_branch.as_deref())
            && is("actor", run.attempts.first().map(|it| it.actor.as_str()))
            && (is("status", status) || is("status", conclusion))
    };
    let fitting = context.state.runs().into_iter().filter(fits);
    let fitting: Vec<_> = fitting.map(|run| run.id).collect();
    let mut shown = Vec::new();
    for id in fitting {
        let behind = context.state.ask_run(id);
        let run = context.state.run(id)?;
        let mut shape = run_shape(context, run, run.attempt_number())?;
        if behind {
            set_back(&mut shape);
        }
        shown.push(shape);
    }
    Ok(paging::counted(context, "workflow_runs", shown))
}

fn workflow_shape(context: &RequestContext<'_>, workflow: &Workflow) -> Value {
    let (links, id) = (&context.call.links, workflow.id);
    let file = workflow.path.rsplit('/').next().unwrap_or_default();
    let at = rfc3339(workflow.created_at);
    json!({
        "id": id,
        "node_id": schema::node_id("W", id),
        "name": workflow.name,
        "path": workflow.path,
        "state": "active",
        "created_at": at,
        "updated_at": at,
        "url": links.repo(&format!("/actions/workflows/{id}")),
        "html_url": links.page(&format!("/actions/workflows/{file}")),
        "badge_url": links.page(&format!("/actions/workflows/{file}/badge.svg")),
    })
}

/// Returns a run at one of its attempts, counted from 1.
fn run_shape(context: &RequestContext<'_>, run: &Run, number: usize) -> Result<Value, Refusal> {
    let (state, links) = (&*context.state, &context.call.links);
    let at = number.checked_sub(1).and_then(|at| run.attempts.get(at));
    let attempt = at.ok_or(Refusal::NotFound)?;
    let first = run.attempts.first().unwrap_or(attempt);
    let name = state
        .workflow(&run.workflow.to_string())
        .map(|it| it.name.clone())
        .ok();
    let api = |rest: &str| run_address(context, run.id, rest);
    let pulls = run
        .pulls
        .iter()
        .filter_map(|pull| pull_shapes::minimal(state, links, *pull));
    let previous = (number > 1).then(|| api(&format!("/attempts/{}", number - 1)));
    Ok(json!({
        "id": run.id,
        "name": name,
        "node_id": schema::node_id("WFR", run.id),
        "check_suite_id": run.id,
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "run_number": run.number,
        "run_attempt": number,
        "event": run.event,
        "display_title": run.title,
        "status": attempt.status,
        "conclusion": attempt.conclusion,
        "workflow_id": run.workflow,
        "url": api(""),
        "html_url": links.page(&format!("/actions/runs/{}", run.id)),
        "pull_requests": pulls.collect::<Vec<Value>>(),
        "created_at": rfc3339(run.created_at),
        "updated_at": rfc3339(attempt.updated_at),
        "run_started_at": rfc3339(attempt.started_at),
        "actor": schema::user(state, links, &first.actor),
        "triggering_actor": schema::user(state, links, &attempt.actor),
        "jobs_url": api("/jobs"),
        "logs_url": api("/logs"),
        "check_suite_url": links.repo(&format!("/check-suites/{}", run.id)),
        "artifacts_url": api("/artifacts"),
        "cancel_url": api("/cancel"),
        "rerun_url": api("/rerun"),
        "previous_attempt_url": previous,
        "workflow_url": links.repo(&format!("/actions/workflows/{}", run.workflow)),
        "referenced_workflows": [],
        "head_commit": head_commit(context, run)?,
        "repository": schema::repository(state, links),
        "head_repository": schema::head_repository(state, links, &run.head_repository),
        "head_repository_id": head_repository_id(context, &run.head_repository),
    }))
}

fn run_address(context: &RequestContext<'_>, run: RunId, rest: &str) -> String {
    context
        .call
        .links
        .repo(&format!("/actions/runs/{run}{rest}"))
}

/// Returns the id of the repository that contains a run's commit.
pub(crate) fn head_repository_id(context: &RequestContext<'_>, head: &HeadRepository) -> Value {
    match head {
        HeadRepository::Here => context.state.repository().id.0.into(),
        HeadRepository::Fork { id, .. } => id.0.into(),
        HeadRepository::Deleted => Value::Null,
    }
}

fn head_commit(context: &RequestContext<'_>, run: &Run) -> Result<Value, Refusal> {
    let Some(commit) = context.git.commit(&run.head_sha)? else {
        return Ok(Value::Null);
    };
    let person = |it: &crate::repository::Signature| json!({ "name": it.name, "email": it.email });
    Ok(json!({
        "id": commit.id,
        "tree_id": commit.tree,
        "message": commit.message.trim_end(),
        "timestamp": rfc3339(commit.committer.at),
        "author": person(&commit.author),
        "committer": person(&commit.committer),
    }))
}

fn job_shape(context: &RequestContext<'_>, run: &Run, attempt: usize, job: &Job) -> Value {
    let (links, id) = (&context.call.links, job.id);
    json!({
        "id": id,
        "run_id": run.id,
        "run_url": run_address(context, run.id, ""),
        "run_attempt": attempt,
        "node_id": schema::node_id("CR", id),
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "url": links.repo(&format!("/actions/jobs/{id}")),
        "html_url": links.page(&format!("/actions/runs/{}/job/{id}", run.id)),
        "check_run_url": links.repo(&format!("/check-runs/{id}")),
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": rfc3339(job.started_at),
        "started_at": rfc3339(job.started_at),
        "completed_at": schema::moment(job.completed_at),
        "name": job.name,
        "steps": [],
        "labels": ["rehearsal"],
        "runner_id": null,
        "runner_name": null,
        "runner_group_id": null,
        "runner_group_name": null,
        "workflow_name": context.state.workflow(&run.workflow.to_string()).map(|it| it.name.clone()).ok(),
    })
}
