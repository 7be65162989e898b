//! Workflow artifacts: `/repos/{owner}/{repo}/actions/artifacts`.

use serde_json::{Value, json};

use super::actions::head_repository_id;
use super::{Answer, Desk, Outcome, paging, shapes};
use crate::state::artifacts::{Artifact, ArtifactForm};
use crate::time::rfc3339;

/// `GET /actions/artifacts?name=`
pub(crate) fn list(desk: &mut Desk<'_>) -> Outcome {
    named(desk, desk.state.artifacts())
}

/// `GET /actions/runs/{id}/artifacts?name=`
pub(crate) fn of_run(desk: &mut Desk<'_>, run: &str) -> Outcome {
    let run = desk.state.run(Desk::id(run)?)?.id;
    named(desk, desk.state.artifacts_of(run))
}

/// `GET /actions/artifacts/{id}`
pub(crate) fn get(desk: &mut Desk<'_>, id: &str) -> Outcome {
    Ok(Answer::ok(&shape(
        desk,
        desk.state.artifact(Desk::id(id)?)?,
    )))
}

/// `GET /actions/artifacts/{id}/zip`: a redirect that is valid for a minute.
pub(crate) fn download(desk: &mut Desk<'_>, id: &str) -> Outcome {
    let (call, id) = (desk.call, Desk::id(id)?);
    let artifact = desk.state.downloadable(&call.actor, call.now, id)?;
    let name = match artifact.form {
        ArtifactForm::Zip => format!("{}.zip", artifact.name),
        ArtifactForm::Plain => artifact.name.clone(),
    };
    let kind = artifact.form.content_type();
    let path = desk.signer.path(&artifact.blob, kind, &name, call.now);
    Ok(Answer::found(call.links.storage(&path)))
}

/// `DELETE /actions/artifacts/{id}`
pub(crate) fn delete(desk: &mut Desk<'_>, id: &str) -> Outcome {
    desk.state
        .delete_artifact(&desk.call.actor, Desk::id(id)?)?;
    Ok(Answer::empty(204))
}

fn named(desk: &Desk<'_>, artifacts: Vec<&Artifact>) -> Outcome {
    let wanted = desk.call.query.get("name");
    let fit = artifacts
        .into_iter()
        .filter(|it| wanted.is_none_or(|name| name == it.name));
    let shown = fit.map(|artifact| shape(desk, artifact)).collect();
    Ok(paging::counted(desk, "artifacts", shown))
}

fn shape(desk: &Desk<'_>, artifact: &Artifact) -> Value {
    let own = desk
        .call
        .links
        .repo(&format!("/actions/artifacts/{}", artifact.id));
    let digest = Some(&artifact.blob).filter(|_| !artifact.hides_digest);
    let run = desk.state.run(artifact.run).ok().map(|run| {
        json!({
            "id": run.id,
            "repository_id": desk.state.repository().id,
            "head_repository_id": head_repository_id(desk, &run.head_repository),
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
        })
    });
    json!({
        "id": artifact.id,
        "node_id": shapes::node_id("A", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.blob.size,
        "url": own,
        "archive_download_url": format!("{own}/zip"),
        "expired": artifact.expired(desk.call.now),
        "created_at": rfc3339(artifact.created_at),
        "updated_at": rfc3339(artifact.created_at),
        "expires_at": rfc3339(artifact.expires_at),
        "digest": digest.map(|blob| format!("sha256:{}", blob.sha256)),
        "workflow_run": run,
    })
}
