//! Release assets: `/repos/{owner}/{repo}/releases/assets`, and both ends of an upload.

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::json as parsed;
use super::links::Links;
use super::{Answer, Call, Method, Outcome, RequestContext, paging, schema};
use crate::blobs::Blob;
use crate::ids::{AssetId, ReleaseId};
use crate::state::State;
use crate::state::assets::{Asset, NewAsset};
use crate::state::refusal::Refusal;
use crate::time::rfc3339;

/// `GET /releases/{id}/assets`
pub(crate) fn list(context: &mut RequestContext<'_>, release: &str) -> Outcome {
    let assets = context
        .state
        .assets(&context.call.actor, RequestContext::id(release)?)?;
    let shown = assets
        .into_iter()
        .map(|asset| shape(context.state, &context.call.links, asset));
    Ok(paging::list(context, shown.collect()))
}

/// `GET /releases/assets/{id}`: the description, or a redirect to the bytes.
pub(crate) fn get(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let id = RequestContext::id(id)?;
    let asset = context.state.asset(&context.call.actor, id)?;
    if !context.call.accept.contains("application/octet-stream") {
        return Ok(Answer::ok(&shape(
            context.state,
            &context.call.links,
            asset,
        )));
    }
    let blob = asset.blob.as_ref().ok_or(Refusal::NotFound)?;
    let path = context
        .signer
        .path(blob, &asset.content_type, &asset.name, context.call.now);
    context.state.count_download(id);
    Ok(Answer::found(context.call.links.storage(&path)))
}

/// `PATCH /releases/assets/{id}`
pub(crate) fn edit(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    #[derive(Deserialize)]
    struct Body {
        name: Option<String>,
        label: Option<String>,
    }
    let body: Body = parsed(context.call)?;
    let (call, id) = (context.call, RequestContext::id(id)?);
    context
        .state
        .edit_asset(&call.actor, call.now, id, body.name, body.label)?;
    let asset = context.state.asset(&call.actor, id)?;
    Ok(Answer::ok(&shape(context.state, &call.links, asset)))
}

/// `DELETE /releases/assets/{id}`
pub(crate) fn delete(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    context.state.delete_asset(
        &context.call.actor,
        context.call.now,
        RequestContext::id(id)?,
    )?;
    Ok(Answer::empty(204))
}

/// Returns the release that an upload is for: `POST {uploads}/repos/{owner}/{repo}/releases/{id}/assets`.
pub(crate) fn upload_target(state: &State, call: &Call) -> Option<ReleaseId> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let ["repos", owner, name, "releases", id, "assets"] = path.as_slice() else {
        return None;
    };
    let here = state.repository();
    let ours = here.owner.eq_ignore_ascii_case(owner) && here.name.eq_ignore_ascii_case(name);
    if !ours || call.method != Method::Post {
        return None;
    }
    id.parse().ok()
}

/// Handles the head of an upload, which creates the asset as a `starter`.
pub(crate) fn begin(
    state: &mut State,
    call: &Call,
    release: ReleaseId,
    content_type: &str,
) -> Result<AssetId, Refusal> {
    let order = NewAsset {
        name: call.query.get("name").unwrap_or_default().to_owned(),
        label: call.query.get("label").map(str::to_owned),
        content_type: content_type.to_owned(),
    };
    state.begin_upload(&call.actor, call.now, release, order)
}

/// Responds to an upload whose bytes have all arrived.
pub(crate) fn finish(state: &mut State, call: &Call, id: AssetId, blob: Blob) -> Outcome {
    let asset = state.finish_upload(call.now, id, blob)?.clone();
    Ok(Answer::created(&shape(state, &call.links, &asset)))
}

/// Returns an asset, as GitHub shows it.
pub(crate) fn shape(state: &State, links: &Links, asset: &Asset) -> Value {
    let tag = state.address_tag_of(asset);
    let digest = asset.blob.as_ref().filter(|_| !asset.hides_digest);
    json!({
        "url": links.repo(&format!("/releases/assets/{}", asset.id)),
        "id": asset.id,
        "node_id": schema::node_id("RA", asset.id),
        "name": asset.name,
        "label": asset.label.as_deref().unwrap_or_default(),
        "uploader": schema::user(state, links, &asset.uploader),
        "content_type": asset.content_type,
        "state": if asset.blob.is_some() { "uploaded" } else { "starter" },
        "size": asset.blob.as_ref().map_or(0, |blob| blob.size),
        "digest": digest.map(|blob| format!("sha256:{}", blob.sha256)),
        "download_count": asset.downloads,
        "created_at": rfc3339(asset.created_at),
        "updated_at": rfc3339(asset.updated_at),
        "browser_download_url": links.download(&tag, &asset.name),
    })
}
