//! When a server wants to be asked again.

use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, header};

/// Returns the wait that `Retry-After` asks for, in either form: seconds or a date (RFC 9110, 10.2.3). A date is compared with
/// the server's own `Date` if there is one, because the clock of this machine can be wrong.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked_for = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = asked_for.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(asked_for).ok()?;
    let theirs = text(header::DATE).and_then(|text| httpdate::parse_http_date(text).ok());
    Some(
        date.duration_since(theirs.unwrap_or(now))
            .unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_seconds_or_a_date_by_the_servers_clock() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        let our_clock = httpdate::parse_http_date(date).unwrap() - Duration::from_secs(90);
        let table = [
            ("9", None, Some(9)),
            (" 9 ", Some(date), Some(9)),
            (date, None, Some(90)),
            (date, Some("Wed, 21 Oct 2026 07:27:30 GMT"), Some(30)),
            (date, Some("Wed, 21 Oct 2026 07:28:30 GMT"), Some(0)),
            (date, Some("noon"), Some(90)),
            ("Wednesday, 21-Oct-26 07:28:00 GMT", None, Some(90)),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("", None, None),
        ];
        for (text, reported, seconds) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
            if let Some(reported) = reported {
                headers.insert(header::DATE, reported.parse().unwrap());
            }
            let expected = seconds.map(Duration::from_secs);
            let found = retry_after(&headers, our_clock);
            assert_eq!(found, expected, "{text}, {reported:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), our_clock), None);
    }
}
