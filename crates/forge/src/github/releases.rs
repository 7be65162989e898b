//! Calls for releases and tags.

use lockgate_core::{ReleaseId, Tag};
use serde_json::{Value, json};
use ureq::http::Method;

use super::address::encoded;
use super::calls::Again;
use super::paging;
use super::shapes;
use super::wire::Wire;
use crate::{ErrorKind, ForgeError, NewRelease, Release};

pub(super) fn of_tag(wire: &Wire, tag: &Tag) -> Result<Option<Release>, ForgeError> {
    let url = wire.at(&format!("/releases/tags/{}", encoded(tag.as_str())));
    match wire.read::<shapes::Release>(&format!("read the release of {tag}"), &url) {
        Ok(found) => Ok(Some(Release::from(found)).filter(|release| !release.draft)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn one(wire: &Wire, id: ReleaseId) -> Result<Release, ForgeError> {
    let found: shapes::Release = wire.read(&format!("read release {id}"), &at(wire, id))?;
    Ok(found.into())
}

pub(super) fn all(wire: &Wire) -> Result<Vec<Release>, ForgeError> {
    let url = wire.at("/releases");
    paging::all(
        wire,
        "list the releases",
        &url,
        Again::No,
        |page: Vec<shapes::Release>| page.into_iter().map(Release::from).collect(),
    )
}

// `make_latest` is always sent: a tool's release must not replace the project's own latest release.
pub(super) fn create_draft(wire: &Wire, draft: &NewRelease<'_>) -> Result<Release, ForgeError> {
    let body = json!({
        "tag_name": draft.tag,
        "target_commitish": draft.target,
        "name": draft.title,
        "body": draft.notes,
        "draft": true,
        "prerelease": draft.prerelease,
        "make_latest": "false",
    });
    let made: shapes::Release = wire.write(
        &format!("create a draft for {}", draft.tag),
        Method::POST,
        &wire.at("/releases"),
        &body,
    )?;
    Ok(made.into())
}

pub(super) fn publish(wire: &Wire, id: ReleaseId) -> Result<Release, ForgeError> {
    edit(
        wire,
        id,
        &format!("publish release {id}"),
        &json!({ "draft": false, "make_latest": "false" }),
    )
}

// Sends all of the content again, so that edits made since the draft was read are not frozen. One report says that a
// body sent along with `draft: false` can be lost: the caller checks the response, and describes the release once more.
pub(super) fn publish_as(
    wire: &Wire,
    id: ReleaseId,
    release: &NewRelease<'_>,
) -> Result<Release, ForgeError> {
    let body = json!({
        "tag_name": release.tag,
        "target_commitish": release.target,
        "name": release.title,
        "body": release.notes,
        "prerelease": release.prerelease,
        "make_latest": "false",
        "draft": false,
    });
    edit(wire, id, &format!("publish release {id}"), &body)
}

pub(super) fn describe(
    wire: &Wire,
    id: ReleaseId,
    title: &str,
    notes: &str,
) -> Result<Release, ForgeError> {
    edit(
        wire,
        id,
        &format!("change the notes of release {id}"),
        &json!({ "name": title, "body": notes }),
    )
}

fn edit(wire: &Wire, id: ReleaseId, doing: &str, body: &Value) -> Result<Release, ForgeError> {
    let made: shapes::Release = wire.write(doing, Method::PATCH, &at(wire, id), body)?;
    Ok(made.into())
}

pub(super) fn delete(wire: &Wire, id: ReleaseId) -> Result<(), ForgeError> {
    wire.command(
        &format!("delete release {id}"),
        Method::DELETE,
        &at(wire, id),
        None,
    )
    .map(drop)
}

pub(super) fn delete_tag(wire: &Wire, tag: &Tag) -> Result<(), ForgeError> {
    let url = wire.at(&format!("/git/refs/tags/{}", encoded(tag.as_str())));
    wire.command(&format!("delete tag {tag}"), Method::DELETE, &url, None)
        .map(drop)
}

fn at(wire: &Wire, id: ReleaseId) -> String {
    wire.at(&format!("/releases/{id}"))
}
