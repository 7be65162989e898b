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
use super::outgoing::Outgoing;
use super::shapes;
use super::wire::{JSON, Wire, header};
use crate::{Asset, Body, ErrorKind, ForgeError, Release};

/// The most redirects that a download follows.
const HOPS: u32 = 5;

pub(super) fn upload(
    wire: &Wire,
    release: &Release,
    name: &str,
    size: u64,
    bytes: &mut dyn Read,
) -> Result<Asset, ForgeError> {
    let doing = format!("upload {name} into release {}", release.id);
    if !wire.api.takes_uploads(&release.upload_url) {
        return Err(wire.error(
            ErrorKind::Denied,
            &doing,
            "the forge wants the file on a host that is not its own",
        ));
    }
    let url = format!("{}?name={}", release.upload_url, encoded(name));
    let mut outgoing = Outgoing::new(bytes, size);
    let answer = wire.persist(Kind::Write, || {
        let answer = send(wire, &doing, &url, size, &mut outgoing);
        answer.map_err(|error| Failure {
            error,
            repeatable: !outgoing.touched(),
        })
    })?;
    let asset: shapes::Asset = wire.parsed(Kind::Write, &doing, &answer)?;
    Ok(asset.into())
}

fn send(
    wire: &Wire,
    doing: &str,
    url: &str,
    size: u64,
    outgoing: &mut Outgoing<'_>,
) -> Result<Vec<u8>, ForgeError> {
    let mut request = wire
        .request(Method::POST, url, JSON)
        .header("Content-Type", "application/octet-stream")
        .header("Content-Length", size);
    if size > 0 {
        request = request.header("Expect", "100-continue");
    }
    let sent = wire.send(Size::Stream, request, SendBody::from_reader(outgoing));
    // If the source failed, the connection was closed with part of the announced bytes missing.
    if let Some(text) = outgoing.failed() {
        return Err(wire.error(ErrorKind::Source, doing, text));
    }
    // Even if no byte was requested: the head alone may have left an asset in the state `starter`.
    let mut response = sent.map_err(|problem| wire.lost(problem.before, doing, &problem.text))?;
    wire.answer(Kind::Write, doing, &mut response)
}

pub(super) fn open_asset(wire: &Wire, id: AssetId) -> Result<Body, ForgeError> {
    open(
        wire,
        &format!("download asset {id}"),
        &wire.at(&format!("/releases/assets/{id}")),
        "application/octet-stream",
    )
}

pub(super) fn open_artifact(wire: &Wire, id: ArtifactId) -> Result<Body, ForgeError> {
    open(
        wire,
        &format!("download artifact {id}"),
        &wire.at(&format!("/actions/artifacts/{id}/zip")),
        JSON,
    )
}

/// Requests the API, then the storage that it names; the signed addresses in between are used once and never shown.
fn open(wire: &Wire, doing: &str, url: &str, accept: &str) -> Result<Body, ForgeError> {
    wire.persist(Kind::Read, || {
        let unavailable = |text: &str| wire.error(ErrorKind::Unavailable, doing, text);
        let send = |request| {
            wire.send(Size::Stream, request, SendBody::none())
                .map_err(|problem| unavailable(&problem.text))
        };
        let mut response = send(wire.request(Method::GET, url, accept))?;
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
                        wire.answer(Kind::Read, doing, &mut response)?;
                        Err(wire
                            .error(
                                ErrorKind::Garbled,
                                doing,
                                &format!("the answer with status {status} is no file"),
                            )
                            .into())
                    }
                };
            };
            if hop == HOPS {
                return Err(wire
                    .error(ErrorKind::Garbled, doing, "there is no end of redirects")
                    .into());
            }
            let next = redirected(&at, location);
            at = next.ok_or_else(|| {
                wire.error(
                    ErrorKind::Garbled,
                    doing,
                    "the forge redirects to what is no address",
                )
            })?;
            response = send(wire.anonymous(&at))?;
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
