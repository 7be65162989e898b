//! Calls for releases and tags.

use lockgate_core::{ReleaseId, Tag};
use lockgate_http::http::Method;
use serde_json::{Value, json};

use super::address::encoded;
use super::calls::CachePolicy;
use super::http_client::HttpClient;
use super::paging;
use super::schema;
use crate::{ErrorKind, ForgeError, NewRelease, Release};

pub(super) fn of_tag(http_client: &HttpClient, tag: &Tag) -> Result<Option<Release>, ForgeError> {
    let url = http_client.at(&format!("/releases/tags/{}", encoded(tag.as_str())));
    match http_client.read::<schema::Release>(&format!("read the release of {tag}"), &url) {
        Ok(found) => Ok(Some(Release::from(found)).filter(|release| !release.draft)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn one(http_client: &HttpClient, id: ReleaseId) -> Result<Release, ForgeError> {
    let found: schema::Release =
        http_client.read(&format!("read release {id}"), &at(http_client, id))?;
    Ok(found.into())
}

pub(super) fn all(http_client: &HttpClient) -> Result<Vec<Release>, ForgeError> {
    let url = http_client.at("/releases");
    paging::all(
        http_client,
        "list the releases",
        &url,
        CachePolicy::No,
        |page: Vec<schema::Release>| page.into_iter().map(Release::from).collect(),
    )
}

// `make_latest` is always sent: a tool's release must not replace the project's own latest release.
pub(super) fn create_draft(
    http_client: &HttpClient,
    draft: &NewRelease<'_>,
) -> Result<Release, ForgeError> {
    let body = json!({
        "tag_name": draft.tag,
        "target_commitish": draft.target,
        "name": draft.title,
        "body": draft.notes,
        "draft": true,
        "prerelease": draft.prerelease,
        "make_latest": "false",
    });
    let made: schema::Release = http_client.write(
        &format!("create a draft for {}", draft.tag),
        Method::POST,
        &http_client.at("/releases"),
        &body,
    )?;
    Ok(made.into())
}

pub(super) fn publish(http_client: &HttpClient, id: ReleaseId) -> Result<Release, ForgeError> {
    edit(
        http_client,
        id,
        &format!("publish release {id}"),
        &json!({ "draft": false, "make_latest": "false" }),
    )
}

// Sends all of the content again, so that edits made since the draft was read are not frozen. One report says that a
// body sent along with `draft: false` can be lost: the caller checks the response, and describes the release once more.
pub(super) fn publish_as(
    http_client: &HttpClient,
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
    edit(http_client, id, &format!("publish release {id}"), &body)
}

pub(super) fn describe(
    http_client: &HttpClient,
    id: ReleaseId,
    title: &str,
    notes: &str,
) -> Result<Release, ForgeError> {
    edit(
        http_client,
        id,
        &format!("change the notes of release {id}"),
        &json!({ "name": title, "body": notes }),
    )
}

fn edit(
    http_client: &HttpClient,
    id: ReleaseId,
    operation: &str,
    body: &Value,
) -> Result<Release, ForgeError> {
    let made: schema::Release =
        http_client.write(operation, Method::PATCH, &at(http_client, id), body)?;
    Ok(made.into())
}

pub(super) fn delete(http_client: &HttpClient, id: ReleaseId) -> Result<(), ForgeError> {
    http_client
        .command(
            &format!("delete release {id}"),
            Method::DELETE,
            &at(http_client, id),
            None,
        )
        .map(drop)
}

pub(super) fn delete_tag(http_client: &HttpClient, tag: &Tag) -> Result<(), ForgeError> {
    let url = http_client.at(&format!("/git/refs/tags/{}", encoded(tag.as_str())));
    http_client
        .command(&format!("delete tag {tag}"), Method::DELETE, &url, None)
        .map(drop)
}

fn at(http_client: &HttpClient, id: ReleaseId) -> String {
    http_client.at(&format!("/releases/{id}"))
}
