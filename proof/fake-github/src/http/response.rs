//! Builds HTTP responses: headers, the bytes of blobs, and faults that affect bodies.

use bytes::Bytes;
use hyper::Response;
use hyper::header::{HeaderName, HeaderValue};

use super::reply::{Reply, flipped};
use super::respond::Dropped;
use crate::blobs::Blobs;
use crate::faults::FaultKind;
use crate::journal::Side;
use crate::rates::Rate;
use crate::rest::{Answer, AnswerBody};
use crate::storage::spoiled;

/// The parts of a response other than the answer.
pub(crate) struct Facts {
    pub(crate) number: u64,
    pub(crate) side: Side,
    pub(crate) rate: Rate,
    pub(crate) now: i64,
    pub(crate) fault: Option<FaultKind>,
}

/// Builds the response, and applies the fault if it affects bodies.
pub(crate) fn build(
    blobs: &Blobs,
    facts: Facts,
    answer: Answer,
) -> Result<Response<Reply>, Dropped> {
    let of_bodies =
        |kind: &&FaultKind| matches!(kind, FaultKind::Tamper | FaultKind::Truncated { .. });
    let spoil = facts.fault.as_ref().filter(of_bodies);
    let status = answer.status;
    let mut headers: Vec<(&str, String)> = answer.headers;
    if let (Some(kind), 302) = (spoil, status) {
        let locations = headers.iter_mut().filter(|(name, _)| *name == "location");
        locations.for_each(|(_, to)| *to = spoiled(to, kind));
    }
    headers.push(("server", "rehearsal-forge".into()));
    headers.push((
        "x-github-request-id",
        format!("{:04X}:{:04X}", facts.number >> 16, facts.number & 0xffff),
    ));
    if facts.side == Side::Api {
        api_headers(&facts, &mut headers);
    }
    let body = match answer.body {
        AnswerBody::Empty => Reply::whole(Bytes::new()),
        AnswerBody::Bytes(bytes) => small(Bytes::from(bytes), spoil),
        AnswerBody::Blob(blob, range) => {
            let reader = blobs.reader(&blob, range).map_err(|_| Dropped)?;
            let kept = match spoil {
                Some(FaultKind::Truncated { bytes }) => Some(*bytes),
                _ => None,
            };
            Reply::streamed(reader, spoil == Some(&FaultKind::Tamper), kept)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().map_err(|_| Dropped)?;
    for (name, value) in headers {
        let value = HeaderValue::try_from(value).map_err(|_| Dropped)?;
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    Ok(response)
}

fn small(bytes: Bytes, spoil: Option<&FaultKind>) -> Reply {
    match spoil {
        Some(FaultKind::Truncated { bytes: kept }) => Reply::cut(bytes, *kept),
        Some(FaultKind::Tamper) => Reply::whole(flipped(&bytes)),
        _ => Reply::whole(bytes),
    }
}

fn api_headers(facts: &Facts, headers: &mut Vec<(&'static str, String)>) {
    let mut rate = facts.rate;
    if let Some(FaultKind::RateLimited { retry, reset, .. }) = &facts.fault {
        if let Some(seconds) = retry {
            headers.push(("retry-after", seconds.to_string()));
        }
        if let Some(seconds) = reset {
            rate.used = rate.limit;
            rate.reset = facts.now + i64::from(*seconds);
        }
    }
    headers.push(("x-ratelimit-limit", rate.limit.to_string()));
    headers.push(("x-ratelimit-remaining", rate.remaining().to_string()));
    headers.push(("x-ratelimit-used", rate.used.to_string()));
    headers.push(("x-ratelimit-reset", rate.reset.to_string()));
    headers.push(("x-ratelimit-resource", "core".into()));
    headers.push(("x-github-media-type", "github.v3; format=json".into()));
}
