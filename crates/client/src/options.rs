//! The options of a client: sources, network, limits, listener.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::error::redacted;
use crate::event::Listener;

/// The options of a [`crate::Client`]. The default has no cache and no mirror, and uses the network.
#[derive(Clone)]
pub struct Options {
    /// A folder with executables that came with the program: `{bundled}/{asset}`. A file with the expected digest is
    /// used in place if it can be executed there; otherwise it is copied into the cache.
    pub bundled: Option<PathBuf>,
    /// The directory for fetched executables. Without one, `fetch` can use the bundled folder only; a release can still
    /// be verified.
    pub cache: Option<PathBuf>,
    /// Mirrors, tried in this order before the release itself: addresses, or folders whose path begins with `/` or `.`;
    /// `{mirror}/{tag}/{asset}` in both.
    ///
    /// Mirrors serve executables only and are untrusted. Receipts and withdrawals are always read from the release.
    pub mirrors: Vec<String>,
    /// A netrc file, for mirrors that require a user name and a password. It is read when such a mirror is asked; an
    /// entry is sent to the mirror's own host only.
    pub netrc: Option<PathBuf>,
    /// A header for a mirror that requires one, such as `Authorization: Bearer TOKEN`, in place of the netrc file. It
    /// is sent to one server (scheme, host and port) only, so all web mirrors must be on that server. It is never
    /// shown.
    pub mirror_header: Option<String>,
    /// Whether to use files only, never the network.
    pub offline: bool,
    /// Whether to check for a withdrawal regardless of stored answers.
    pub refresh: bool,
    /// The time limits.
    pub timeouts: Timeouts,
    /// How often to retry.
    pub retry: Retry,
    /// The proxy.
    pub proxy: Proxy,
    /// Files with root certificates (PEM) that are trusted in addition to the system's.
    pub ca_files: Vec<PathBuf>,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// The largest executable that is accepted, in bytes. Default: 2 GiB, the largest asset of a release on GitHub.
    pub max_size: u64,
    /// Whether the fetched file must be executable where it is; if it is not, the fetch ends with
    /// [`crate::FetchError::NoExec`]. If false, the cache may be on a file system that is mounted `noexec`, for callers
    /// that only copy the file. Default: true.
    pub executable: bool,
    /// Receives the events.
    pub listener: Option<Listener>,
    /// A flag that ends the work with [`crate::FetchError::Stopped`] within a tenth of a second once it is true, also
    /// while the network is silent; hashing of a local file is finished first.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bundled: None,
            cache: None,
            mirrors: Vec::new(),
            netrc: None,
            mirror_header: None,
            offline: false,
            refresh: false,
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            proxy: Proxy::Environment,
            ca_files: Vec::new(),
            user_agent: concat!("lockgate-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_size: 2 << 30,
            executable: true,
            listener: None,
            stop: None,
        }
    }
}

/// How long to wait before a server counts as unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The limit for resolving its name, and again for connecting, TLS included. Default: 15 seconds each.
    pub connect: Duration,
    /// The limit for the next bytes. Default: 30 seconds.
    pub idle: Duration,
    /// The limit for one file from one address, all attempts included; and for another process that downloads the same
    /// file. Default: 30 minutes.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(1800),
        }
    }
}

/// How to retry after a temporary error (no connection, a time-out, a broken transfer, 429, 5xx).
#[derive(Clone)]
pub struct Retry {
    /// The number of attempts, at least one. An attempt that brings a part of the file does not count. Default: 3.
    pub attempts: u32,
    /// Waits between attempts: half a second, doubling, at most a minute; or as long as the server asks for. Default:
    /// sleeps.
    pub pause: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            pause: Arc::new(std::thread::sleep),
        }
    }
}

impl Retry {
    /// Returns how long to wait after an attempt, counted from 1; `None` if the server asks for more than a minute.
    pub(crate) fn wait(attempt: u32, asked_for: Option<Duration>) -> Option<Duration> {
        let longest = Duration::from_secs(60);
        let doubling = Duration::from_millis(500)
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        asked_for.map_or(Some(doubling.min(longest)), |wait| {
            (wait <= longest).then_some(wait)
        })
    }
}

/// The proxy for reaching a server. Shown without the proxy's user name and password.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// The proxy that `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` (also in lower case) name, except for this machine and
    /// the hosts of `NO_PROXY`.
    #[default]
    Environment,
    /// No proxy.
    Direct,
    /// The proxy at this address, for every request.
    Through(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("Environment"),
            Self::Direct => f.write_str("Direct"),
            Self::Through(text) => f.debug_tuple("Through").field(&redacted(text)).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_proxy_is_not_shown() {
        let proxy = Proxy::Through("http://me:secret@proxy:3128".to_owned());
        assert_eq!(format!("{proxy:?}"), "Through(\"http://…@proxy:3128\")");
    }

    #[test]
    fn waiting_doubles_and_is_bounded() {
        let waits = [1, 2, 3, 40].map(|attempt| Retry::wait(attempt, None).unwrap().as_millis());
        assert_eq!(waits, [500, 1000, 2000, 60_000]);
        let asked = |seconds| Retry::wait(1, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(7), Some(Duration::from_secs(7)));
        assert_eq!(asked(61), None, "an hour is too long to wait for an answer");
    }
}
