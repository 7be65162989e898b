//! What a caller decides once: where to look, through what, how long, and who hears about it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::error::redacted;
use crate::event::Listener;

/// How a [`crate::Client`] works. The default has no cache and no mirror, and asks the network.
#[derive(Clone)]
pub struct Options {
    /// A folder with executables that came with the program: `{bundled}/{asset}`. Used in place where the file is what is
    /// believed and may be run; copied into the cache where it may not be run.
    pub bundled: Option<PathBuf>,
    /// The directory that holds what was fetched. Without one, only the bundled folder is of use; a release can be
    /// verified.
    pub cache: Option<PathBuf>,
    /// Mirrors, tried in this order before the release itself: addresses, or folders whose path begins with `/` or `.`;
    /// `{mirror}/{tag}/{asset}` in both.
    ///
    /// Mirrors give executables only, never a receipt or a withdrawal: they are believed in nothing.
    pub mirrors: Vec<String>,
    /// A netrc file, for mirrors that want a user name and a password. It is looked at when such a mirror is asked, for the
    /// mirror's own host; nobody else gets what it says.
    pub netrc: Option<PathBuf>,
    /// A header for a mirror that wants one, such as `Authorization: Bearer TOKEN`, in place of the netrc file. It is for one
    /// server (scheme, host and port), so all web mirrors have to be on that one; nobody else gets it. It is never shown.
    pub mirror_header: Option<String>,
    /// Whether the network is ruled out: only files are used.
    pub offline: bool,
    /// Whether to ask for a withdrawal whatever is remembered of earlier answers.
    pub refresh: bool,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often to try again.
    pub retry: Retry,
    /// Through what.
    pub proxy: Proxy,
    /// Files with root certificates (PEM) that are trusted besides the system's.
    pub ca_files: Vec<PathBuf>,
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// The largest executable that is accepted, in bytes. Default: 2 GiB, the largest asset of a release on GitHub.
    pub max_size: u64,
    /// Whether what is handed out has to be executable where it is; else the fetch ends with [`crate::FetchError::NoExec`].
    /// Without it, a cache on a file system that is mounted `noexec` will do, for callers who only copy the file. Default:
    /// true.
    pub executable: bool,
    /// Hears what happens.
    pub listener: Option<Listener>,
    /// Once it is true, the work ends with [`crate::FetchError::Stopped`] within a tenth of a second, also while the network is
    /// silent; hashing a file that is here is done first.
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
    /// For its name to resolve, and then for a connection, encryption included. Default: 15 seconds each.
    pub connect: Duration,
    /// For the next bytes. Default: 30 seconds.
    pub idle: Duration,
    /// For one file from one address, all attempts included; and for another process that gets the same file. Default:
    /// 30 minutes.
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
    /// Attempts in all, at least one, that bring nothing: one that brings a part of the file does not count. Default: 3.
    pub attempts: u32,
    /// Waits: half a second, doubling, at most a minute; or as long as the server asks for. Default: sleeps.
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
    /// How long to wait after an attempt, counted from 1; `None` if the server asks for more than a minute.
    pub(crate) fn wait(attempt: u32, asked_for: Option<Duration>) -> Option<Duration> {
        let longest = Duration::from_secs(60);
        let doubling = Duration::from_millis(500)
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        asked_for.map_or(Some(doubling.min(longest)), |wait| {
            (wait <= longest).then_some(wait)
        })
    }
}

/// Through what to reach a server. Shown without the user name and password of a proxy.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// What `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY` (also in lower case) say, except for this machine and the hosts of
    /// `NO_PROXY`.
    #[default]
    Environment,
    /// Nothing.
    Direct,
    /// The proxy at this address, whatever is asked.
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
        assert_eq!(asked(61), None, "nobody waits an hour for an answer");
    }
}
