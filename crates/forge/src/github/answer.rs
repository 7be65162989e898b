//! Maps a response (status, headers and body) to an [`ErrorKind`], as a pure function.
//!
//! It does not know how requests are sent or repeated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lockgate_http::http::HeaderMap;
use lockgate_http::retry_after;
use serde::Deserialize;

use crate::ErrorKind;

/// Whether a call can have an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

/// The wait that GitHub asks for if a rate limit response names none ("Rate limits for the REST API": "at least one
/// minute").
const UNSAID: Duration = Duration::from_secs(60);

/// Returns the meaning of a status. `Ok` is 2xx, and 304 for a read.
pub(super) fn classify(
    kind: Kind,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    now: SystemTime,
) -> Result<(), ErrorKind> {
    match (status, kind) {
        (200..=299, _) | (304, Kind::Read) => Ok(()),
        (403, _) if is_limited(headers, body) => {
            Err(ErrorKind::RateLimited(Some(wait(headers, now))))
        }
        (429, _) => Err(ErrorKind::RateLimited(Some(wait(headers, now)))),
        (401 | 403 | 451, _) => Err(ErrorKind::Denied),
        // Another address must not be requested: that of a renamed repository, for example.
        (404 | 410 | 300..=399, _) => Err(ErrorKind::NotFound),
        // An upload that ends with 502 may have left an asset.
        (408 | 500..=599, Kind::Write) => Err(ErrorKind::Ambiguous),
        (408 | 500..=599, Kind::Read) => Err(ErrorKind::Unavailable),
        (400..=499, _) => Err(ErrorKind::Conflict),
        (_, Kind::Write) => Err(ErrorKind::Ambiguous),
        (_, Kind::Read) => Err(ErrorKind::InvalidResponse),
    }
}

// A 401 with no requests remaining still means a bad token: the anonymous limit was counted.
fn is_limited(headers: &HeaderMap, body: &[u8]) -> bool {
    headers.contains_key("retry-after")
        || number(headers, "x-ratelimit-remaining") == Some(0)
        || contains_ignoring_case(body, b"secondary rate limit")
}

// GitHub, "Rate limits for the REST API": `retry-after`; else, with nothing remaining, the reset; else a minute.
fn wait(headers: &HeaderMap, now: SystemTime) -> Duration {
    if let Some(wait) = retry_after(headers, now) {
        return wait;
    }
    let reset = number(headers, "x-ratelimit-reset")
        .filter(|_| number(headers, "x-ratelimit-remaining") == Some(0));
    let Some(reset) =
        reset.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
    else {
        return UNSAID;
    };
    // The reset is in whole seconds.
    reset.duration_since(now).unwrap_or_default() + Duration::from_secs(1)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn contains_ignoring_case(body: &[u8], words: &[u8]) -> bool {
    body.windows(words.len())
        .any(|window| window.eq_ignore_ascii_case(words))
}

/// Returns GitHub's description of the problem, unescaped: the status, its message and its details.
pub(super) fn words(status: u16, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
        #[serde(default)]
        errors: Vec<Particular>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Particular {
        Text(String),
        ReleaseDefect {
            resource: Option<String>,
            field: Option<String>,
            code: Option<String>,
            message: Option<String>,
        },
    }
    let Ok(refusal) = serde_json::from_slice::<Refusal>(body) else {
        return format!("the forge answered with status {status}");
    };
    let mut text = format!(
        "the forge answered with status {status}: {}",
        refusal.message
    );
    for particular in refusal.errors {
        let parts = match particular {
            Particular::Text(text) => vec![text],
            Particular::ReleaseDefect {
                resource,
                field,
                code,
                message,
            } => [resource, field, code, message]
                .into_iter()
                .flatten()
                .collect(),
        };
        text.push_str("; ");
        text.push_str(&parts.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind as E;

    const NOW: u64 = 1_800_000_000;

    fn judged(
        kind: Kind,
        status: u16,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> Result<(), E> {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
            .collect();
        classify(
            kind,
            status,
            &headers,
            body.as_bytes(),
            UNIX_EPOCH + Duration::from_secs(NOW),
        )
    }

    #[test]
    fn a_status_means_the_same_to_reads_and_writes_except_where_an_effect_is_in_doubt() {
        // status, for a read, for a write
        let table = [
            (200, Ok(()), Ok(())),
            (201, Ok(()), Ok(())),
            (204, Ok(()), Ok(())),
            (301, Err(E::NotFound), Err(E::NotFound)),
            (304, Ok(()), Err(E::NotFound)),
            (400, Err(E::Conflict), Err(E::Conflict)),
            (401, Err(E::Denied), Err(E::Denied)),
            (403, Err(E::Denied), Err(E::Denied)),
            (404, Err(E::NotFound), Err(E::NotFound)),
            (408, Err(E::Unavailable), Err(E::Ambiguous)),
            (409, Err(E::Conflict), Err(E::Conflict)),
            (410, Err(E::NotFound), Err(E::NotFound)),
            (413, Err(E::Conflict), Err(E::Conflict)),
            (422, Err(E::Conflict), Err(E::Conflict)),
            (451, Err(E::Denied), Err(E::Denied)),
            (500, Err(E::Unavailable), Err(E::Ambiguous)),
            (502, Err(E::Unavailable), Err(E::Ambiguous)),
            (503, Err(E::Unavailable), Err(E::Ambiguous)),
            (101, Err(E::InvalidResponse), Err(E::Ambiguous)),
            (999, Err(E::InvalidResponse), Err(E::Ambiguous)),
        ];
        for (status, read, write) in table {
            assert_eq!(judged(Kind::Read, status, &[], ""), read, "read {status}");
            assert_eq!(
                judged(Kind::Write, status, &[], ""),
                write,
                "write {status}"
            );
        }
    }

    #[test]
    fn a_rate_limit_says_how_long_to_wait() {
        let (soon, past) = (&(NOW + 30).to_string(), &(NOW - 5).to_string());
        let secondary = r#"{"message":"You have exceeded a Secondary Rate Limit."}"#;
        type Row<'r> = (u16, &'r [(&'static str, &'r str)], &'r str, u64);
        // status, headers, body, seconds to wait
        let table: [Row<'_>; 11] = [
            (429, &[], "", 60),
            (429, &[("retry-after", "7")], "", 7),
            (
                403,
                &[
                    ("retry-after", "7"),
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", soon),
                ],
                "",
                7,
            ),
            (
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", soon)],
                "",
                31,
            ),
            (
                403,
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", past)],
                "",
                1,
            ),
            (403, &[("x-ratelimit-remaining", "0")], "", 60),
            (
                403,
                &[("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", soon)],
                secondary,
                60,
            ),
            (429, &[("retry-after", "soon")], "", 60),
            (
                429,
                &[("retry-after", "Fri, 15 Jan 2027 08:00:09 GMT")],
                "",
                9,
            ),
            (
                403,
                &[
                    ("date", "Fri, 15 Jan 2027 08:00:00 GMT"),
                    ("retry-after", "Fri, 15 Jan 2027 08:00:07 GMT"),
                ],
                "",
                7,
            ),
            (
                429,
                &[
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "18446744073709551615"),
                ],
                "",
                60,
            ),
        ];
        for (status, headers, body, seconds) in table {
            let expected = Err(E::RateLimited(Some(Duration::from_secs(seconds))));
            assert_eq!(
                judged(Kind::Read, status, headers, body),
                expected,
                "{status} {headers:?}"
            );
            assert_eq!(
                judged(Kind::Write, status, headers, body),
                expected,
                "{status} {headers:?}"
            );
        }
    }

    #[test]
    fn a_wrong_token_is_denied_even_where_nothing_remains() {
        assert_eq!(
            judged(Kind::Read, 401, &[("x-ratelimit-remaining", "0")], ""),
            Err(E::Denied)
        );
        assert_eq!(
            judged(Kind::Read, 403, &[("x-ratelimit-remaining", "12")], ""),
            Err(E::Denied)
        );
    }

    #[test]
    fn the_forges_own_words_are_kept() {
        let body = br#"{"message":"Validation Failed","errors":[{"resource":"ReleaseAsset","code":"already_exists","field":"name"},"x"]}"#;
        assert_eq!(
            words(422, body),
            "the forge answered with status 422: Validation Failed; ReleaseAsset name already_exists; x"
        );
        assert_eq!(
            words(502, b"<html>oops"),
            "the forge answered with status 502"
        );
    }
}
