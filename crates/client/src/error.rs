//! Why a fetch fails: one enum, each variant with a stable code and a hint.
//!
//! Does not know how the errors come about. Three outcomes are always kept apart: the release is not public (*not
//! published*), it could not be determined (*network*), the bytes differ from the expected ones (*wrong bytes*).

use std::fmt;
use std::path::PathBuf;

use lockgate_format::ids::{Digest, ParseError};
use lockgate_http::ConfigError;

use crate::names::not_usable;
use crate::request::{Origin, TrustSource};
pub(crate) use lockgate_http::escape::{plain, quoted, quoted_address, redacted};

/// Why there is no verified executable.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A name, tag or address from the caller is malformed.
    #[error("{text} is not {expected}")]
    InvalidInput {
        /// The given text, quoted and escaped.
        text: String,
        /// What is expected instead.
        expected: &'static str,
    },
    /// The release address reports that the asset does not exist for the public (404, 410).
    #[error("{what} is not published: {address} answered {status}")]
    NotPublished {
        /// The asset.
        what: String,
        /// Its address.
        address: String,
        /// The HTTP status.
        status: u16,
        /// The mirrors that were asked before.
        tried: Vec<Tried>,
    },
    /// No answer: no connection, an untrusted certificate, a time-out, a broken transfer, a server error.
    #[error("cannot download {what}: {}", last(.tried))]
    Network {
        /// The asset.
        what: String,
        /// The addresses that were asked, the release address last; at least one.
        tried: Vec<Tried>,
        /// Whether the certificate of the last one is not trusted.
        untrusted: bool,
    },
    /// Every address that was asked returned a web page in place of the file: a server that wants a login, or a filter
    /// in between. Nothing of it was kept.
    #[error("cannot download {what}: {}", last(.tried))]
    WebPage {
        /// The asset.
        what: String,
        /// The addresses that were asked, the release address last; at least one.
        tried: Vec<Tried>,
    },
    /// The environment or the caller names a proxy of a kind that is not supported.
    #[error("{proxy} is a SOCKS proxy, which is not supported")]
    Proxy {
        /// Its address, quoted, without user name and password.
        proxy: String,
    },
    /// The bytes differ from the expected ones. Nothing of them was kept.
    #[error(transparent)]
    WrongBytes(Box<WrongBytes>),
    /// The version was withdrawn: it must not be used.
    #[error("{tag} was withdrawn: {reason}")]
    Withdrawn {
        /// The tag of the withdrawn release.
        tag: String,
        /// The maintainers' reason, escaped.
        reason: String,
    },
    /// The pins or the receipt do not name the asset, so there is nothing to verify it against.
    #[error("{} no {asset}; {}", ground.names(), others(.known))]
    NoPin {
        /// The asset.
        asset: String,
        /// The source that does not name it.
        ground: TrustSource,
        /// The names that the source has.
        known: Vec<String>,
    },
    /// The receipt is from another repository than the one known by that name: it was renamed and another took its
    /// name, or the given number is wrong.
    #[error(
        "the receipt is of the repository with the number {found}, and {repository} is known by the number {known}"
    )]
    RepositoryMismatch {
        /// The requested name.
        repository: String,
        /// The number in the receipt.
        found: u64,
        /// The number that was given, or that is stored from an earlier receipt.
        known: u64,
    },
    /// A download is needed, and the caller ruled it out.
    #[error("{what} is not in the cache, and downloading was ruled out")]
    Offline {
        /// What is missing.
        what: String,
    },
    /// Pins, receipt, digests or withdrawal cannot be read, contradict each other, or belong to something else.
    #[error("the {document} from {origin} is invalid: {problem}")]
    Document {
        /// The kind of document.
        document: &'static str,
        /// Where it was read: an address or a path.
        origin: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file or directory cannot be read or written.
    #[error("cannot {operation} {}", path.display())]
    Cache {
        /// The operation that failed.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The caller stopped the fetch. The next one resumes what has arrived.
    #[error("{what} was not downloaded: the caller stopped the fetch")]
    Stopped {
        /// The asset.
        what: String,
    },
    /// The executable is here and verified, and this account cannot execute it where it is.
    #[error("{} cannot be executed: {}", path.display(), if *.noexec { "its file system is mounted noexec" } else { "the system denies it to this account" })]
    NoExec {
        /// The executable.
        path: PathBuf,
        /// Whether the file system's mount options are the cause.
        noexec: bool,
    },
    /// There is no directory for the executable.
    #[error("no cache directory was given, so there is nowhere to put the executable")]
    NoCache,
    /// The file has more bytes than the caller allows. Nothing of them was kept.
    #[error("{what} has more than {limit} bytes")]
    TooLarge {
        /// The asset.
        what: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// An unexpected failure of the client: a bug, or a system without memory or threads.
    #[error("an internal error: {problem}")]
    Internal {
        /// What is known about it.
        problem: String,
    },
}

impl FetchError {
    /// Every code of this enum, for the page that explains them.
    pub const CODES: &'static [&'static str] = &[
        "fetch.not-usable",
        "fetch.not-published",
        "fetch.network",
        "fetch.web-page",
        "fetch.proxy",
        "fetch.wrong-bytes",
        "fetch.withdrawn",
        "fetch.no-pin",
        "fetch.other-repository",
        "fetch.offline",
        "fetch.document",
        "fetch.cache",
        "fetch.noexec",
        "fetch.no-cache",
        "fetch.too-large",
        "fetch.stopped",
        "fetch.internal",
    ];

    /// Returns the stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "fetch.not-usable",
            Self::NotPublished { .. } => "fetch.not-published",
            Self::Network { .. } => "fetch.network",
            Self::WebPage { .. } => "fetch.web-page",
            Self::Proxy { .. } => "fetch.proxy",
            Self::WrongBytes(_) => "fetch.wrong-bytes",
            Self::Withdrawn { .. } => "fetch.withdrawn",
            Self::NoPin { .. } => "fetch.no-pin",
            Self::RepositoryMismatch { .. } => "fetch.other-repository",
            Self::Offline { .. } => "fetch.offline",
            Self::Document { .. } => "fetch.document",
            Self::Cache { .. } => "fetch.cache",
            Self::NoExec { .. } => "fetch.noexec",
            Self::NoCache => "fetch.no-cache",
            Self::TooLarge { .. } => "fetch.too-large",
            Self::Stopped { .. } => "fetch.stopped",
            Self::Internal { .. } => "fetch.internal",
        }
    }

    /// Returns what to do next, as one sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InvalidInput { .. } => "give it in the form that is expected",
            Self::NotPublished { .. } => {
                "check the repository's list of releases: the version may not be published yet, or the repository may not be public"
            }
            Self::Network {
                untrusted: true, ..
            } => {
                "if the server or the network has a certificate authority of its own, name that authority's file in LOCKGATE_CA_FILE; otherwise do not trust this network"
            }
            Self::Network { .. } => {
                "check the connection and the proxy variables, then retry; or use a mirror or a file from elsewhere"
            }
            Self::WebPage { .. } => {
                "sign in to the network, or ask the operator of the server or filter to allow this address without a login; or use a mirror or a file from elsewhere"
            }
            Self::Proxy { .. } => {
                "name an HTTP proxy in HTTPS_PROXY and HTTP_PROXY, which take precedence over ALL_PROXY, or the server in NO_PROXY; or use a mirror in a folder or a file from elsewhere"
            }
            Self::WrongBytes(_) => {
                "do not use it, and report to the maintainers where it came from: it may have been tampered with"
            }
            Self::Withdrawn { .. } => "use another version",
            Self::NoPin { .. } => {
                "check the name for a spelling mistake; otherwise ask the maintainers to pin it"
            }
            Self::RepositoryMismatch { .. } => {
                "check which repository is meant; if the receipt's number is right, set it as LOCKGATE_REPOSITORY_ID, or pin the executables"
            }
            Self::Offline { .. } => "download it once while online, or provide it as a file",
            Self::Document { .. } => {
                "check where it comes from: Lockgate does not write such a document"
            }
            Self::Cache { .. } => {
                "check the permissions and the free space, or choose another cache with `--cache DIR` (LOCKGATE_CACHE)"
            }
            Self::NoExec { .. } => {
                "choose a folder that allows it, with `--cache DIR` (LOCKGATE_CACHE) or `--into DIR`; `lockgate mirror` only stores"
            }
            Self::NoCache => "choose a cache with `--cache DIR` (LOCKGATE_CACHE)",
            Self::Stopped { .. } => "fetch it again if it is still needed",
            Self::TooLarge { .. } => {
                "if a file of this size is expected, raise the limit with --max-size or LOCKGATE_MAX_SIZE, in bytes"
            }
            Self::Internal { .. } => {
                "try again; if it happens again, report it as a bug of Lockgate"
            }
        }
    }
}

impl From<ConfigError> for FetchError {
    fn from(error: ConfigError) -> Self {
        let (text, expected) = match error {
            ConfigError::Socks { proxy } => return Self::Proxy { proxy },
            ConfigError::Proxy => (
                "the proxy",
                "the address of a proxy, such as http://proxy.example:3128",
            ),
            ConfigError::UserAgent => (
                "the user agent",
                "the name of a program, in ASCII and on one line",
            ),
        };
        not_usable(text, expected)
    }
}

impl From<ParseError> for FetchError {
    fn from(error: ParseError) -> Self {
        Self::InvalidInput {
            text: redacted(&error.text),
            expected: error.expected,
        }
    }
}

/// An address that did not provide the asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The address, without its query (which may hold a signature).
    pub address: String,
    /// What was wrong there.
    pub problem: String,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.address, self.problem)
    }
}

/// Bytes that differ from the expected ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} from {origin} is not what {} promised: expected {expected}{}, found {found}", ground.promised(), sized(.expected_size))]
pub struct WrongBytes {
    /// The asset.
    pub what: String,
    /// Where the bytes came from.
    pub origin: Origin,
    /// The source of the expected digest.
    pub ground: TrustSource,
    /// The expected digest.
    pub expected: Digest,
    /// The expected size in bytes, if the source has one.
    pub expected_size: Option<u64>,
    /// What arrived instead.
    pub found: Found,
}

/// What arrived in place of the expected bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A whole file.
    File {
        /// Its digest.
        sha256: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// More bytes than expected; the rest was not read, so there is no digest.
    MoreThan(u64),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { sha256, size } => write!(f, "{sha256} ({size} bytes)"),
            Self::MoreThan(size) => write!(f, "more than {size} bytes"),
        }
    }
}

fn last(tried: &[Tried]) -> String {
    tried
        .last()
        .map_or_else(|| "nothing was asked".to_owned(), Tried::to_string)
}

fn others(names: &[String]) -> String {
    match names {
        [] => "nor any other".to_owned(),
        names => format!("but {}", names.join(", ")),
    }
}

fn sized(size: &Option<u64>) -> String {
    size.map_or_else(String::new, |size| format!(" ({size} bytes)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once() {
        let mut codes = crate::codes();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), crate::codes().len());
        assert!(codes.iter().all(|code| code.starts_with("fetch.")));
        assert!(crate::codes().contains(&FetchError::NoCache.code()));
    }
}
