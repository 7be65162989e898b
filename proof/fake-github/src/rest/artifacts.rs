//! Workflow artifacts: `/repos/{owner}/{repo}/actions/artifacts`.

use serde_json::{Value, json};

use super::actions::head_repository_id;
use super::{Answer, Outcome, RequestContext, paging, schema};
use crate::state::artifacts::{Artifact, ArtifactForm};
use crate::time::rfc3339;

/// `GET /actions/artifacts?name=`
pub(crate) fn list(context: &mut RequestContext<'_>) -> Outcome {
    named(context, context.state.artifacts())
}

/// `GET /actions/runs/{id}/artifacts?name=`
pub(crate) fn of_run(context: &mut RequestContext<'_>, run: &str) -> Outcome {
    let run = context.state.run(RequestContext::id(run)?)?.id;
    named(context, context.state.artifacts_of(run))
}

/// `GET /actions/artifacts/{id}`
pub(crate) fn get(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    Ok(Answer::ok(&shape(
        context,
        context.state.artifact(RequestContext::id(id)?)?,
    )))
}

/// `GET /actions/artifacts/{id}/zip`: a redirect that is valid for a minute.
pub(crate) fn download(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let (call, id) = (context.call, RequestContext::id(id)?);
    let artifact = context.state.downloadable(&call.actor, call.now, id)?;
    let name = match artifact.form {
        ArtifactForm::Zip => format!("{}.zip", artifact.name),
        ArtifactForm::Plain => artifact.name.clone(),
    };
    let kind = artifact.form.content_type();
    let path = context.signer.path(&artifact.blob, kind, &name, call.now);
    Ok(Answer::found(call.links.storage(&path)))
}

/// `DELETE /actions/artifacts/{id}`
pub(crate) fn delete(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    context
        .state
        .delete_artifact(&context.call.actor, RequestContext::id(id)?)?;
    Ok(Answer::empty(204))
}

fn named(context: &RequestContext<'_>, artifacts: Vec<&Artifact>) -> Outcome {
    let wanted = context.call.query.get("name");
    let fit = artifacts
        .into_iter()
        .filter(|it| wanted.is_none_or(|name| name == it.name));
    let shown = fit.map(|artifact| shape(context, artifact)).collect();
    Ok(paging::counted(context, "artifacts", shown))
}

fn shape(context: &RequestContext<'_>, artifact: &Artifact) -> Value {
    let own = context
        .call
        .links
        .repo(&format!("/actions/artifacts/{}", artifact.id));
    let digest = Some(&artifact.blob).filter(|_| !artifact.hides_digest);
    let run = context.state.run(artifact.run).ok().map(|run| {
        json!({
            "id": run.id,
            "repository_id": context.state.repository().id,
            "head_repository_id": head_repository_id(context, &run.head_repository),
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
        })
    });
    json!({
        "id": artifact.id,
        "node_id": schema::node_id("A", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.blob.size,
        "url": own,
        "archive_download_url": format!("{own}/zip"),
        "expired": artifact.expired(context.call.now),
        "created_at": rfc3339(artifact.created_at),
        "updated_at": rfc3339(artifact.created_at),
        "expires_at": rfc3339(artifact.expires_at),
        "digest": digest.map(|blob| format!("sha256:{}", blob.sha256)),
        "workflow_run": run,
    })
}
