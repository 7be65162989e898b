//! Why an address does not provide a file, and whether a retry may help.
//!
//! Does not know the request, nor the number of attempts.

use std::io;
use std::time::{Duration, SystemTime};

use lockgate_http::http::Response;
use lockgate_http::{Body, FailureKind, SendError, retry_after};

use crate::error::plain;

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
}

impl From<SendError> for TransferError {
    fn from(error: SendError) -> Self {
        let problem = error.problem;
        match error.kind {
            FailureKind::Passing => later(problem),
            FailureKind::Lasting => never(problem),
            FailureKind::Untrusted => Self::Untrusted { problem },
            FailureKind::Socks { proxy } => Self::Proxy { proxy },
        }
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
    let wait = retry_after(response.headers(), SystemTime::now());
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
