//! Why a request has no response: what the errors of the HTTP library mean.
//!
//! Does not know what was requested, nor how often.

use std::io;

use ureq::Timeout;

use crate::escape::plain;

/// Why a request has no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct SendError {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// Whether the failure certainly came before the first byte of the request. Failures that can also come later do not count.
    pub unsent: bool,
    /// What happened, safe to show, with the proxy but without the address, which may be signed.
    pub problem: String,
}

/// What a failure means for the next attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// Another attempt can succeed.
    Passing,
    /// Another attempt would fail as well.
    Lasting,
    /// The certificate of the server or the proxy is not trusted.
    Untrusted,
    /// The proxy is of a kind that is not supported.
    Socks {
        /// Its address, quoted, without user name and password.
        proxy: String,
    },
}

impl SendError {
    /// Returns an error that came before the request, and would come again.
    pub fn unsent(problem: impl Into<String>) -> Self {
        Self::new(FailureKind::Lasting, true, problem)
    }

    /// Returns an error that another attempt does not change.
    pub(crate) fn lasting(problem: impl Into<String>) -> Self {
        Self::new(FailureKind::Lasting, false, problem)
    }

    pub(crate) fn socks(proxy: String) -> Self {
        let problem = format!("{proxy} is a SOCKS proxy, which is not supported");
        Self::new(FailureKind::Socks { proxy }, true, problem)
    }

    fn new(kind: FailureKind, unsent: bool, problem: impl Into<String>) -> Self {
        Self {
            kind,
            unsent,
            problem: problem.into(),
        }
    }

    /// Returns the meaning of an error of the HTTP library, on the way through this proxy.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not listed here may come at any time after the first byte, and would come again"
    )]
    pub(crate) fn of(error: &ureq::Error, proxy: Option<&str>) -> Self {
        use FailureKind::{Lasting, Passing};
        use ureq::Error as E;
        let shown = || plain(&error.to_string());
        if is_untrusted(error) {
            // A handshake comes before the request.
            return Self::new(FailureKind::Untrusted, true, shown());
        }
        let (kind, unsent, problem) = match error {
            E::ConnectProxyFailed(reason) => {
                return proxy_answered(reason, proxy.unwrap_or_default());
            }
            E::HostNotFound => (Passing, true, "the host is not known".to_owned()),
            E::ConnectionFailed => (Passing, true, "no connection".to_owned()),
            E::Timeout(Timeout::Resolve) => {
                (Passing, true, "finding the host took too long".to_owned())
            }
            E::Timeout(Timeout::Connect) => (Passing, true, "connecting took too long".to_owned()),
            E::Timeout(_) => (Passing, false, "it took too long".to_owned()),
            E::Tls(_) | E::Pem(_) | E::TlsRequired => (
                Lasting,
                true,
                format!("no encrypted connection: {}", shown()),
            ),
            E::BadUri(_) | E::RequireHttpsOnly(_) | E::InvalidProxyUrl => {
                (Lasting, true, "the address is malformed".to_owned())
            }
            E::Protocol(_) => (Passing, false, shown()),
            E::Io(error) => {
                // Only connecting returns this error.
                let refused = error.kind() == io::ErrorKind::ConnectionRefused;
                // What is not TLS will not be TLS the next time.
                let kind = match error.kind() == io::ErrorKind::InvalidData {
                    true => Lasting,
                    false => Passing,
                };
                let problem = match refused && error.get_ref().is_none() {
                    true => "the connection was refused".to_owned(),
                    false => plain(&error.to_string()),
                };
                (kind, refused, problem)
            }
            _ => (Lasting, false, shown()),
        };
        Self::new(kind, unsent, through(problem, proxy))
    }
}

/// Returns the problem with the proxy through which it came.
pub(crate) fn through(problem: String, proxy: Option<&str>) -> String {
    match proxy.filter(|proxy| !problem.contains(proxy)) {
        Some(proxy) => format!("{problem} (through the proxy {proxy})"),
        None => problem,
    }
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

/// Returns the meaning of a proxy's refusal to connect. The library gives its status as text.
fn proxy_answered(reason: &str, proxy: &str) -> SendError {
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
    let kind = match status {
        Some(408 | 429 | 500..=599) | None => FailureKind::Passing,
        Some(_) => FailureKind::Lasting,
    };
    SendError::new(kind, true, format!("the proxy {proxy} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::Error as E;

    fn io(kind: io::ErrorKind) -> E {
        E::Io(kind.into())
    }

    #[test]
    fn an_error_says_whether_the_request_was_sent_and_whether_it_may_pass() {
        use FailureKind::{Lasting, Passing, Untrusted};
        let certificate = rustls::CertificateError::UnknownIssuer;
        let wrong = rustls::Error::InvalidCertificate(certificate);
        // error, failure, whether nothing was sent
        let table = [
            (E::HostNotFound, Passing, true),
            (E::ConnectionFailed, Passing, true),
            (E::Timeout(Timeout::Resolve), Passing, true),
            (E::Timeout(Timeout::Connect), Passing, true),
            (E::Timeout(Timeout::RecvResponse), Passing, false),
            (E::Timeout(Timeout::Global), Passing, false),
            (io(io::ErrorKind::ConnectionRefused), Passing, true),
            (io(io::ErrorKind::ConnectionReset), Passing, false),
            (io(io::ErrorKind::InvalidData), Lasting, false),
            (E::BadUri("x".to_owned()), Lasting, true),
            (E::Tls("x"), Lasting, true),
            (E::BodyStalled, Lasting, false),
            (E::Rustls(wrong.clone()), Untrusted, true),
            (E::Io(io::Error::other(wrong)), Untrusted, true),
            (E::ConnectProxyFailed("x/407".to_owned()), Lasting, true),
            (E::ConnectProxyFailed("x/503".to_owned()), Passing, true),
            (E::ConnectProxyFailed("gone".to_owned()), Passing, true),
        ];
        for (error, kind, unsent) in table {
            let found = SendError::of(&error, None);
            assert_eq!((found.kind, found.unsent), (kind, unsent), "{error}");
        }
    }

    #[test]
    fn the_proxy_is_named_once() {
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "the proxy \"p\" is gone");
        let found = SendError::of(&E::Io(refused), Some("\"p\""));
        assert_eq!(found.problem, "the proxy \"p\" is gone");
        assert!(found.unsent);
        let found = SendError::of(&E::Timeout(Timeout::Global), Some("\"p\""));
        assert_eq!(found.problem, "it took too long (through the proxy \"p\")");
    }
}
