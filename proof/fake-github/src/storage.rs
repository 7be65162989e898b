//! Serves the redirect targets of assets and artifacts: signed addresses, valid for a minute. Artifacts are also
//! uploaded to such addresses, valid for an hour.
//!
//! This module does not know tokens or releases: the address grants access to the bytes, or to a range of them.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::blobs::{Blob, hex};
use crate::faults::FaultKind;
use crate::rest::input::{Query, encoded};
use crate::rest::{Answer, AnswerBody};

/// The lifetime of an address, in seconds.
const LIFETIME: i64 = 60;

/// The time allowed for uploading an artifact, in seconds.
const TO_WRITE: i64 = 3600;

/// Signs and verifies addresses.
#[derive(Debug)]
pub(crate) struct Signer {
    secret: String,
}

/// The part of the bytes that a request asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) range: Option<String>,
    pub(crate) if_range: Option<String>,
    pub(crate) if_none_match: Option<String>,
}

impl Signer {
    /// Creates a signer with its own secret.
    pub(crate) fn new() -> Self {
        let random = [RandomState::new(), RandomState::new()];
        let secret = random.map(|state| format!("{:016x}", state.hash_one("rehearsal")));
        Self {
            secret: secret.concat(),
        }
    }

    /// Returns a path and query for downloading a blob from now on.
    pub(crate) fn path(&self, blob: &Blob, content_type: &str, name: &str, now: i64) -> String {
        let place = format!("{}/{}", blob.sha256, blob.size);
        let (kind, name) = (encoded(content_type), encoded(name));
        let expires = now + LIFETIME;
        let facts = format!("expires={expires}&type={kind}&name={name}");
        format!(
            "{place}?{facts}&signature={}",
            self.signature(&place, &facts)
        )
    }

    /// Handles a request for `path` (`_storage/SHA256/SIZE`), and returns the fault to apply.
    pub(crate) fn answer(
        &self,
        path: &[String],
        query: &Query,
        part: &Part,
        now: i64,
    ) -> (Answer, Option<FaultKind>) {
        let spoil = query.get("spoil").and_then(|text| text.parse().ok());
        let [_, sha256, size] = path else {
            return (denied(404, "ResourceNotFound"), None);
        };
        let place = format!("{sha256}/{size}");
        let value = |name| query.get(name).unwrap_or_default();
        let (expires, kind, name) = (value("expires"), value("type"), value("name"));
        let facts = format!(
            "expires={expires}&type={}&name={}",
            encoded(kind),
            encoded(name)
        );
        let signed = self.signature(&place, &facts) == value("signature");
        let expired = expires.parse().is_ok_and(|expires: i64| expires < now);
        if !signed || expired {
            return (denied(403, "AuthenticationFailed"), None);
        }
        let blob = Blob {
            sha256: sha256.clone(),
            size: size.parse().unwrap_or(0),
        };
        (bytes(blob, kind, name, part), spoil)
    }

    /// Returns a path and query for uploading an artifact from now on.
    pub(crate) fn upload_path(&self, upload: u64, now: i64) -> String {
        let (place, facts) = (
            format!("uploads/{upload}"),
            format!("se={}", now + TO_WRITE),
        );
        format!("{place}?{facts}&sig={}", self.signature(&place, &facts))
    }

    /// Returns the upload that `path` (`_storage/uploads/NUMBER`) is for.
    pub(crate) fn upload(&self, path: &[String], query: &Query, now: i64) -> Result<u64, Answer> {
        let [_, kind, number] = path else {
            return Err(denied(404, "ResourceNotFound"));
        };
        let expires = query.get("se").unwrap_or_default();
        let (place, facts) = (format!("{kind}/{number}"), format!("se={expires}"));
        let signed = self.signature(&place, &facts) == query.get("sig").unwrap_or_default();
        let good = expires.parse().is_ok_and(|expires: i64| expires >= now);
        match number.parse() {
            Ok(number) if signed && good && kind == "uploads" => Ok(number),
            Ok(_) | Err(_) => Err(denied(403, "AuthenticationFailed")),
        }
    }

    /// Returns an unguessable text for `purpose`.
    pub(crate) fn secret(&self, purpose: &str) -> String {
        self.signature(purpose, "")
    }

    fn signature(&self, place: &str, facts: &str) -> String {
        let text = format!("{} {place} {facts}", self.secret);
        hex(&Sha256::digest(text.as_bytes()))
    }
}

/// Returns the address `location`, changed so that `kind` affects the bytes there.
pub(crate) fn spoiled(location: &str, kind: &FaultKind) -> String {
    format!("{location}&spoil={}", encoded(&kind.to_string()))
}

fn bytes(blob: Blob, kind: &str, name: &str, part: &Part) -> Answer {
    let tag = format!("\"{}\"", blob.sha256);
    if part.if_none_match.as_ref() == Some(&tag) {
        return Answer::empty(304).header("etag", tag);
    }
    let same = part.if_range.as_ref().is_none_or(|known| *known == tag);
    let asked = part.range.as_deref().filter(|_| same);
    let (status, range) = match asked.map_or(Asked::Whole, |range| wanted(range, blob.size)) {
        Asked::Whole => (200, 0..blob.size),
        Asked::Part(range) => (206, range),
        Asked::Beyond => {
            return denied(416, "InvalidRange")
                .header("content-range", format!("bytes */{}", blob.size));
        }
    };
    let disposition = format!(
        "attachment; filename=\"{}\"",
        name.replace(['"', '\\'], "_")
    );
    let mut answer = Answer::empty(status)
        .header("content-type", kind.replace(|c: char| c.is_control(), ""))
        .header(
            "content-disposition",
            disposition.replace(|c: char| !c.is_ascii(), "_"),
        )
        .header("accept-ranges", "bytes")
        .header("etag", tag);
    if status == 206 {
        let last = range.end.saturating_sub(1);
        let shown = format!("bytes {}-{last}/{}", range.start, blob.size);
        answer = answer.header("content-range", shown);
    }
    answer.body = AnswerBody::Blob(blob, range);
    answer
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Beyond,
}

/// Returns what a `Range` header asks of `size` bytes. An invalid one asks for the whole (RFC 9110); so do several
/// ranges.
fn wanted(header: &str, size: u64) -> Asked {
    let Some((first, last)) = header
        .strip_prefix("bytes=")
        .and_then(|it| it.split_once('-'))
    else {
        return Asked::Whole;
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..size.min(last.saturating_add(1)),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..size,
        (Err(_), Ok(length)) if first.trim().is_empty() => size.saturating_sub(length)..size,
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Asked::Whole,
    };
    if range.start >= size {
        Asked::Beyond
    } else {
        Asked::Part(range)
    }
}

/// Returns a refusal by storage, which is neither JSON nor worded like GitHub's.
pub(crate) fn denied(status: u16, code: &str) -> Answer {
    let text =
        format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code></Error>");
    let mut answer = Answer::empty(status).header("content-type", "application/xml");
    answer.body = AnswerBody::Bytes(text.into_bytes());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_has_it() {
        for (header, asked) in [
            ("bytes=0-9", Asked::Part(0..10)),
            ("bytes=90-200", Asked::Part(90..100)),
            ("bytes=50-", Asked::Part(50..100)),
            ("bytes=-10", Asked::Part(90..100)),
            ("bytes=-1000", Asked::Part(0..100)),
            ("bytes=100-", Asked::Beyond),
            ("bytes=9-3", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("lines=1-2", Asked::Whole),
        ] {
            assert_eq!(wanted(header, 100), asked, "{header}");
        }
    }

    #[test]
    fn an_address_is_good_for_a_minute_and_for_nothing_else() {
        let (signer, blob) = (Signer::new(), Blob::of(b"hello"));
        let status = |signer: &Signer, path: &str, now| {
            let (path, query) = path.split_once('?').unwrap();
            let path = crate::rest::input::segments(&format!("_storage/{path}"));
            let (answer, _) = signer.answer(&path, &Query::parse(query), &Part::default(), now);
            answer.status
        };
        let path = signer.path(&blob, "text/plain", "a b", 1000);
        assert_eq!(status(&signer, &path, 1060), 200);
        assert_eq!(status(&signer, &path, 1061), 403);
        assert_eq!(
            status(&signer, &path.replace("expires=1060", "expires=9999"), 1061),
            403
        );
        assert_eq!(status(&Signer::new(), &path, 1000), 403);
    }
}
