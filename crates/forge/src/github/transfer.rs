//! Transfers files in both directions, as streams.
//!
//! Uploads ask first (`Expect: 100-continue`): GitHub refuses before the bytes are sent, so its response is read and
//! not lost, and a rate limit can be waited out with the source untouched. A server that ignores the header receives
//! the bytes after a second. If it responds while they are being sent, and closes, the outcome of the call is
//! ambiguous.

use std::io::Read;

use lockgate_core::{ArtifactId, AssetId};
use lockgate_http::http::{Method, Response};
use lockgate_http::{Address, Followed, SendBody, follow};

use super::address::encoded;
use super::answer::Kind;
use super::calls::Failure;
use super::http_client::{HttpClient, JSON, Size, header};
use super::outgoing::Outgoing;
use super::schema;
use crate::{Asset, Body, ErrorKind, ForgeError, Release};

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
    let body = Some(SendBody::from_reader(outgoing));
    let sent = http_client.send(Size::Stream, request, body);
    // If the source failed, the connection was closed with part of the announced bytes missing.
    if let Some(text) = outgoing.failed() {
        return Err(http_client.error(ErrorKind::Source, operation, text));
    }
    // Even if no byte was requested: the head alone may have left an asset in the state `starter`.
    let mut response =
        sent.map_err(|error| http_client.lost(error.unsent, operation, &error.problem))?;
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
    let refused = |text: &str| {
        let error = http_client.error(ErrorKind::InvalidResponse, operation, text);
        Failure::from(error)
    };
    http_client.persist(Kind::Read, || {
        let from = Address::parse(url).ok_or_else(|| refused("the address is malformed"))?;
        // The reason would show the address.
        let refuse = |_| refused("it redirects too often, or to an address that is not followed");
        let followed = follow(&from, refuse, |at, hops| {
            let request = match hops {
                0 => http_client.request(Method::GET, url, accept),
                _ => http_client.anonymous(&at.in_full()),
            };
            let sent = http_client.send(Size::Stream, request, None);
            sent.map_err(|error| http_client.unanswered(operation, &error))
        });
        let Followed {
            mut response, hops, ..
        } = followed?;
        match response.status().as_u16() {
            200 => Ok(body(response)),
            // What storage refuses may work with a newly signed address.
            status if hops > 0 && !matches!(status, 404 | 410) => {
                let text = format!("storage answered with status {status}");
                Err(http_client
                    .error(ErrorKind::Unavailable, operation, &text)
                    .into())
            }
            status => {
                http_client.answer(Kind::Read, operation, &mut response)?;
                Err(refused(&format!(
                    "the answer with status {status} is no file"
                )))
            }
        }
    })
}

fn body(response: Response<lockgate_http::Body>) -> Body {
    let content_type = header(response.headers(), "content-type").map(str::to_owned);
    let body = response.into_body();
    Body {
        size: body.content_length(),
        content_type,
        reader: Box::new(lockgate_http::reader(body)),
    }
}
