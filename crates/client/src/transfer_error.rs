//! Why an address does not provide a file, and whether a retry may help.
//!
//! Does not know the request, nor the number of attempts.

use std::io;
use std::time::{Duration, SystemTime};

use ureq::Body;
use ureq::http::{Response, header};

use crate::error::plain;
use crate::http::header;

/// Why an address does not provide a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TransferError {
    /// The server reports that there is no such file (404 or 410).
    Absent { status: u16 },
    /// A web page arrived instead, from this address.
    WebPage { at: String, status: u16 },
    /// The route leads through this proxy, whose kind is not supported.
    Proxy { proxy: String },
    /// The server's or the proxy's certificate is not trusted.
    Untrusted { problem: String },
    /// It could not be determined.
    Network { problem: String, again: RetryAdvice },
}

/// Whether a retry may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAdvice {
    Never,
    /// After the delay that the server asks for, if it does.
    After(Option<Duration>),
    /// At once, but from the first byte: the response is not the rest of the partial download.
    FromTheStart,
}

impl TransferError {
    /// Returns the description of the error, to show with the address.
    pub(crate) fn problem(&self) -> String {
        match self {
            Self::Absent { status } => format!("it answered {status}"),
            Self::WebPage { at, status } => {
                format!("a web page came in place of the file, from {at} (status {status})")
            }
            Self::Proxy { proxy } => format!("{proxy} is a SOCKS proxy, which is not supported"),
            Self::Untrusted { problem } | Self::Network { problem, .. } => problem.clone(),
        }
    }

    /// Adds the proxy through which the error came.
    pub(crate) fn through(mut self, proxy: Option<&str>) -> Self {
        if let (Self::Network { problem, .. }, Some(proxy)) = (&mut self, proxy)
            && !problem.contains(proxy)
        {
            *problem = format!("{problem} (through the proxy {proxy})");
        }
        self
    }
}

/// Makes an error that a retry does not change.
pub(crate) fn never(problem: String) -> TransferError {
    TransferError::Network {
        problem,
        again: RetryAdvice::Never,
    }
}

/// Makes an error for which a retry may help.
pub(crate) fn later(problem: String) -> TransferError {
    TransferError::Network {
        problem,
        again: RetryAdvice::After(None),
    }
}

/// Makes the error for parts that do not belong together.
pub(crate) fn from_the_start(problem: &str) -> TransferError {
    TransferError::Network {
        problem: problem.to_owned(),
        again: RetryAdvice::FromTheStart,
    }
}

/// Classifies a broken read of a body.
pub(crate) fn broken(error: &io::Error) -> TransferError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return later("the connection was closed before the end".to_owned());
    }
    let problem = plain(&error.to_string());
    later(format!("the transfer broke off: {problem}"))
}

/// Classifies a response without a file by its status.
///
/// 401, 403, 407 and 451 do not show whether there is a file: a login, a proxy or a filter in between answers so too.
/// GitHub answers 404 for what the public may not access, and 403 with a time after too many requests.
pub(crate) fn refused(status: u16, response: &Response<Body>) -> TransferError {
    let wait = header(response, header::RETRY_AFTER)
        .and_then(|text| retry_after(text, header(response, header::DATE), SystemTime::now()));
    let problem = match (status, wait) {
        (_, Some(wait)) => {
            let seconds = wait.as_secs();
            format!("it answered {status} and asks to retry after {seconds} s")
        }
        (401, None) => "it answered 401: it wants a login".to_owned(),
        (407, None) => "the proxy answered 407: it wants a user name and a password".to_owned(),
        (403 | 451, None) => format!(
            "it answered {status}: access is denied, by the server or by a filter on the way"
        ),
        (_, None) => format!("it answered {status}"),
    };
    let again = RetryAdvice::After(wait);
    match status {
        404 | 410 => TransferError::Absent { status },
        403 if wait.is_some() => TransferError::Network { problem, again },
        408 | 429 | 500..=599 => TransferError::Network { problem, again },
        _ => never(problem),
    }
}

// RFC 9110, 10.2.3: seconds, or a date. A date is compared with the server's clock if it is known: the local one may be
// wrong.
fn retry_after(text: &str, reported: Option<&str>, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let now = reported
        .and_then(|reported| httpdate::parse_http_date(reported.trim()).ok())
        .unwrap_or(now);
    Some(date.duration_since(now).unwrap_or_default())
}

/// Classifies an error of the HTTP library on a route through this proxy.
pub(crate) fn classified(error: &ureq::Error, proxy: Option<&str>) -> TransferError {
    use ureq::Error as E;
    let mut problem = plain(&error.to_string());
    if is_untrusted(error) {
        return TransferError::Untrusted { problem };
    }
    if let E::ConnectProxyFailed(reason) = error {
        return proxy_answered(reason, proxy.unwrap_or_default());
    }
    let mut passing = matches!(
        error,
        E::Timeout(_) | E::HostNotFound | E::ConnectionFailed | E::Protocol(_)
    );
    if let E::Io(error) = error {
        problem = plain(&error.to_string());
        // A server that does not use TLS will not use it next time either.
        passing = error.kind() != io::ErrorKind::InvalidData;
    } else if matches!(error, E::Timeout(_)) {
        problem = "it took too long".to_owned();
    }
    let transfer_error = if passing {
        later(problem)
    } else {
        never(problem)
    };
    transfer_error.through(proxy)
}

fn is_untrusted(error: &ureq::Error) -> bool {
    let tls = if let ureq::Error::Rustls(error) = error {
        Some(error)
    } else if let ureq::Error::Io(error) = error {
        error.get_ref().and_then(|inner| inner.downcast_ref())
    } else {
        None
    };
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}

/// Recognizes a proxy that made no connection to the server. The library gives its status as text.
fn proxy_answered(reason: &str, proxy: &str) -> TransferError {
    let status = reason.rsplit('/').next().unwrap_or_default();
    let status: Option<u16> = status.parse().ok();
    let what = match status {
        Some(407) => "answered 407: it wants a user name and a password".to_owned(),
        Some(status @ (403 | 405)) => {
            format!("answered {status}: it does not allow connections to this address")
        }
        Some(status) => format!("answered {status}"),
        None => plain(reason),
    };
    let problem = format!("the proxy {proxy} {what}");
    match status {
        Some(408 | 429 | 500..=599) | None => later(problem),
        Some(_) => never(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_to_come_again_is_seconds_or_a_date_by_the_servers_clock() {
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
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(
                retry_after(text, reported, our_clock),
                expected,
                "{text}, {reported:?}"
            );
        }
    }
}
