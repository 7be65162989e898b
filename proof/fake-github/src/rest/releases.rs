//! Releases: `/repos/{owner}/{repo}/releases`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{encoded, json as parsed};
use super::links::Links;
use super::{Answer, Outcome, RequestContext, assets, paging, schema};
use crate::state::State;
use crate::state::publishing::MakeLatest;
use crate::state::refusal::Refusal;
use crate::state::releases::{NewRelease, Release, ReleaseEdit};
use crate::time::rfc3339;

/// `GET /releases`
pub(crate) fn list(context: &mut RequestContext<'_>) -> Outcome {
    let releases = context.state.releases(&context.call.actor);
    let shown = releases
        .into_iter()
        .map(|release| shape(context.state, &context.call.links, release));
    Ok(paging::list(context, shown.collect()))
}

/// `GET /releases/{id}`
pub(crate) fn get(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let release = context
        .state
        .release(&context.call.actor, RequestContext::id(id)?)?;
    Ok(Answer::ok(&shape(
        context.state,
        &context.call.links,
        release,
    )))
}

/// `GET /releases/tags/{tag}`
pub(crate) fn by_tag(context: &mut RequestContext<'_>, tag: &str) -> Outcome {
    let release = context.state.release_by_tag(tag)?;
    Ok(Answer::ok(&shape(
        context.state,
        &context.call.links,
        release,
    )))
}

/// `GET /releases/latest`
pub(crate) fn latest(context: &mut RequestContext<'_>) -> Outcome {
    let release = context.state.latest_release()?;
    Ok(Answer::ok(&shape(
        context.state,
        &context.call.links,
        release,
    )))
}

/// `POST /releases`
pub(crate) fn create(context: &mut RequestContext<'_>) -> Outcome {
    let body: Body = parsed(context.call)?;
    let make_latest = body.make_latest()?;
    let order = NewRelease {
        tag_name: body.tag_name.unwrap_or_default(),
        target_commitish: body.target_commitish.unwrap_or_default(),
        name: body.name,
        body: body.body,
        draft: body.draft.unwrap_or(false),
        prerelease: body.prerelease.unwrap_or(false),
        make_latest: make_latest.unwrap_or_default(),
    };
    let call = context.call;
    let id = context
        .state
        .create_release(&call.actor, call.now, context.git, order)?;
    let release = context.state.release(&call.actor, id)?;
    Ok(Answer::created(&shape(context.state, &call.links, release)))
}

/// `PATCH /releases/{id}`
pub(crate) fn edit(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    let body: Body = parsed(context.call)?;
    let edit = ReleaseEdit {
        make_latest: body.make_latest()?,
        tag_name: body.tag_name,
        target_commitish: body.target_commitish,
        name: body.name,
        body: body.body,
        draft: body.draft,
        prerelease: body.prerelease,
    };
    let (call, id) = (context.call, RequestContext::id(id)?);
    context
        .state
        .edit_release(&call.actor, call.now, context.git, id, edit)?;
    let release = context.state.release(&call.actor, id)?;
    Ok(Answer::ok(&shape(context.state, &call.links, release)))
}

/// `DELETE /releases/{id}`
pub(crate) fn delete(context: &mut RequestContext<'_>, id: &str) -> Outcome {
    context
        .state
        .delete_release(&context.call.actor, RequestContext::id(id)?)?;
    Ok(Answer::empty(204))
}

#[derive(Debug, Deserialize)]
struct Body {
    tag_name: Option<String>,
    target_commitish: Option<String>,
    name: Option<String>,
    body: Option<String>,
    draft: Option<bool>,
    prerelease: Option<bool>,
    make_latest: Option<String>,
}

impl Body {
    fn make_latest(&self) -> Result<Option<MakeLatest>, Refusal> {
        match self.make_latest.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(MakeLatest::True)),
            Some("false") => Ok(Some(MakeLatest::False)),
            Some("legacy") => Ok(Some(MakeLatest::Legacy)),
            Some(_) => Err(Refusal::invalid("Release", "make_latest")),
        }
    }
}

fn shape(state: &State, links: &Links, release: &Release) -> Value {
    let (id, tag) = (release.id, encoded(&release.tag_name));
    let own = |rest: &str| links.repo(&format!("/releases/{id}{rest}"));
    let ball = |kind: &str| {
        let address = links.repo(&format!("/{kind}/{tag}"));
        if release.draft {
            Value::Null
        } else {
            address.into()
        }
    };
    let shown = release
        .assets
        .iter()
        .filter_map(|id| state.asset_anyway(*id));
    let assets: Vec<Value> = shown
        .map(|asset| assets::shape(state, links, asset))
        .collect();
    json!({
        "url": own(""),
        "assets_url": own("/assets"),
        "upload_url": links.upload(&format!("/releases/{id}/assets{{?name,label}}")),
        "html_url": links.page(&format!("/releases/tag/{}", encoded(&release.address_tag()))),
        "id": id,
        "node_id": schema::node_id("RE", id),
        "author": schema::user(state, links, &release.author),
        "tag_name": release.tag_name,
        "target_commitish": release.target_commitish,
        "name": release.name,
        "body": release.body,
        "draft": release.draft,
        "immutable": release.immutable,
        "prerelease": release.prerelease,
        "created_at": rfc3339(release.created_at),
        "updated_at": rfc3339(release.updated_at),
        "published_at": schema::moment(release.published_at),
        "assets": assets,
        "tarball_url": ball("tarball"),
        "zipball_url": ball("zipball"),
    })
}
