//! What a caller decides once: mirrors, cache, limits, and who hears about progress.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Hears how downloads go; may be called from several threads.
pub type Listener = Arc<dyn Fn(Progress<'_>) + Send + Sync>;

/// How a [`crate::Client`] works. The default has no cache and no mirror, and asks the network.
#[derive(Clone)]
pub struct Options {
    /// Addresses of mirrors, tried in this order before the release itself: `{mirror}/{tag}/{asset}`.
    ///
    /// Mirrors give executables only, never a receipt or a withdrawal: they are believed in nothing.
    pub mirrors: Vec<String>,
    /// The directory that holds what was fetched. Without one, nothing can be fetched; a release can be verified.
    pub cache: Option<PathBuf>,
    /// Whether downloading is ruled out: only the cache and files are used.
    pub offline: bool,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often to try again.
    pub retry: Retry,
    /// Through what.
    pub proxy: Proxy,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// The largest executable that is accepted, in bytes. Default: 2 GiB, the largest asset of a release on GitHub.
    pub max_size: u64,
    /// Hears how a download goes, after each piece.
    pub progress: Option<Listener>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mirrors: Vec::new(),
            cache: None,
            offline: false,
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            proxy: Proxy::Environment,
            user_agent: concat!("lockgate-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_size: 2 << 30,
            progress: None,
        }
    }
}

/// How long to wait before a server counts as unreachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For its name to resolve, and then for a connection, encryption included. Default: 15 seconds each.
    pub connect: Duration,
    /// For the next bytes. Default: 30 seconds.
    pub idle: Duration,
    /// For one transfer as a whole, redirects included; another attempt starts anew. Default: 30 minutes.
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

/// How often to ask an address whose trouble may pass (no connection, a time-out, a broken transfer, 429, 5xx).
#[derive(Clone)]
pub struct Retry {
    /// Attempts in all, at least one. Default: 3.
    pub attempts: u32,
    /// Waits: half a second, doubling, or as long as the server asks for, at most a minute. Default: sleeps.
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
    /// How long to wait after an attempt, counted from 1.
    pub(crate) fn wait(attempt: u32, asked_for: Option<Duration>) -> Duration {
        let doubling = Duration::from_millis(500)
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        asked_for.unwrap_or(doubling).min(Duration::from_secs(60))
    }
}

/// Through what to reach a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// What `ALL_PROXY`, `HTTPS_PROXY` or `HTTP_PROXY` (also in lower case) say, except for the hosts of `NO_PROXY`.
    #[default]
    Environment,
    /// Nothing.
    Direct,
    /// The proxy at this address.
    Through(String),
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The asset.
    pub asset: &'a str,
    /// How many bytes are here.
    pub received: u64,
    /// How many there will be, if that is known.
    pub size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_and_is_bounded() {
        let waits: Vec<_> = [1, 2, 3, 40]
            .map(|attempt| Retry::wait(attempt, None).as_millis())
            .into();
        assert_eq!(waits, [500, 1000, 2000, 60_000]);
        assert_eq!(Retry::wait(1, Some(Duration::from_secs(7))).as_secs(), 7);
        assert_eq!(
            Retry::wait(1, Some(Duration::from_secs(7000))).as_secs(),
            60
        );
    }
}
