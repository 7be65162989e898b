//! Transfers files in both directions, as streams.
//!
//! Uploads ask first (`Expect: 100-continue`): GitHub refuses before the bytes are sent, so its response is read and
//! not lost, and a rate limit can be waited out with the source untouched. A server that ignores the header receives
//! the bytes after a second. If it responds while they are being sent, and closes, the outcome of the call is
//! ambiguous.

use std::io::Read;

use lockgate_core::{ArtifactId, AssetId};
use ureq::SendBody;
use ureq::http::{Method, Response};

use super::address::{encoded, redirected};
use super::agents::Size;
use super::answer::Kind;
use super::calls::Failure;
use super::http_client::{HttpClient, JSON, header};
use super::outgoing::Outgoing;
use super::schema;
use crate::{Asset, Body, ErrorKind, ForgeError, Release};

/// The most redirects that a download follows.
const HOPS: u32 = 5;

pub(super) fn upload(
    http_client: &HttpClient,
    release: &Release,
    name: &str,
    size: u64,
    bytes: &mut dyn Read,
) -> Result<Asset, ForgeError> {
    let operation = format!("upload {name} into release {}", release.id);
    if !http_client.api.takes_uploads(&release.upload_url) {
        return Err(http_client.error(
            ErrorKind::Denied,
            &operation,
            "the forge wants the file on a host that is not its own",
        ));
    }
    let url = format!("{}?name={}", release.upload_url, encoded(name));
    let mut outgoing = Outgoing::new(bytes, size);
    let answer = http_client.persist(Kind::Write, || {
        let answer = send(http_client, &operation, &url, size, &mut outgoing);
        answer.map_err(|error| Failure {
            error,
            repeatable: !outgoing.touched(),
        })
    })?;
    let asset: schema::Asset = http_client.parsed(Kind::Write, &operation, &answer)?;
    Ok(asset.into())
}

fn send(
    http_client: &HttpClient,
    operation: &str,
    url: &str,
    size: u64,
    outgoing: &mut Outgoing<'_>,
) -> Result<Vec<u8>, ForgeError> {
    let mut request = http_client
        .request(Method::POST, url, JSON)
        .header("Content-Type", "application/octet-stream")
        .header("Content-Length", size);
    if size > 0 {
        request = request.header("Expect", "100-continue");
    }
    let sent = http_client.send(Size::Stream, request, SendBody::from_reader(outgoing));
    // If the source failed, the connection was closed with part of the announced bytes missing.
    if let Some(text) = outgoing.failed() {
        return Err(http_client.error(ErrorKind::Source, operation, text));
    }
    // Even if no byte was requested: the head alone may have left an asset in the state `starter`.
    let mut response =
        sent.map_err(|problem| http_client.lost(problem.before, operation, &problem.text))?;
    http_client.answer(Kind::Write, operation, &mut response)
}

pub(super) fn open_asset(http_client: &HttpClient, id: AssetId) -> Result<Body, ForgeError> {
    open(
        http_client,
        &format!("download asset {id}"),
        &http_client.at(&format!("/releases/assets/{id}")),
        "application/octet-stream",
    )
}

pub(super) fn open_artifact(http_client: &HttpClient, id: ArtifactId) -> Result<Body, ForgeError> {
    open(
        http_client,
        &format!("download artifact {id}"),
        &http_client.at(&format!("/actions/artifacts/{id}/zip")),
        JSON,
    )
}

/// Requests the API, then the storage that it names; the signed addresses in between are used once and never shown.
fn open(
    http_client: &HttpClient,
    operation: &str,
    url: &str,
    accept: &str,
) -> Result<Body, ForgeError> {
    http_client.persist(Kind::Read, || {
        let unavailable = |text: &str| http_client.error(ErrorKind::Unavailable, operation, text);
        let send = |request| {
            http_client
                .send(Size::Stream, request, SendBody::none())
                .map_err(|problem| unavailable(&problem.text))
        };
        let mut response = send(http_client.request(Method::GET, url, accept))?;
        let mut at = url.to_owned();
        for hop in 0.. {
            let status = response.status().as_u16();
            let location = header(response.headers(), "location")
                .filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308));
            let Some(location) = location else {
                return match status {
                    200 => Ok(body(response)),
                    // What storage refuses may work with a newly signed address.
                    _ if hop > 0 && !matches!(status, 404 | 410) => {
                        Err(unavailable(&format!("storage answered with status {status}")).into())
                    }
                    _ => {
                        http_client.answer(Kind::Read, operation, &mut response)?;
                        Err(http_client
                            .error(
                                ErrorKind::InvalidResponse,
                                operation,
                                &format!("the answer with status {status} is no file"),
                            )
                            .into())
                    }
                };
            };
            if hop == HOPS {
                return Err(http_client
                    .error(
                        ErrorKind::InvalidResponse,
                        operation,
                        "there is no end of redirects",
                    )
                    .into());
            }
            let next = redirected(&at, location);
            at = next.ok_or_else(|| {
                http_client.error(
                    ErrorKind::InvalidResponse,
                    operation,
                    "the forge redirects to what is no address",
                )
            })?;
            response = send(http_client.anonymous(&at))?;
        }
        Err(unavailable("there is no end of redirects").into())
    })
}

fn body(response: Response<ureq::Body>) -> Body {
    let content_type = header(response.headers(), "content-type").map(str::to_owned);
    let body = response.into_body();
    Body {
        size: body.content_length(),
        content_type,
        reader: Box::new(body.into_reader()),
    }
}
