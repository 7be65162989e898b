//! The options of a client: sources, network, limits, listener.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use lockgate_http::{Clock, Policy, Proxy, Timeouts};

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

/// How to retry after a temporary error (no connection, a time-out, a broken transfer, 429, 5xx).
#[derive(Clone)]
pub struct Retry {
    /// The number of attempts, at least one. An attempt that brings a part of the file does not count. Default: 3.
    pub attempts: u32,
    /// Waits between attempts: half a second, doubling, at most a minute; or as long as the server asks for. Default: sleeps
    /// so long, and up to a quarter longer at random, so that clients which failed together do not return together; see
    /// [`crate::jittered`].
    pub pause: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: Policy::DOWNLOAD.attempts,
            pause: Clock::default().sleep,
        }
    }
}
