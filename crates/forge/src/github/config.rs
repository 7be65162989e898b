//! The settings of the adapter, which never reads the environment.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lockgate_core::RepositoryName;

use super::Proxies;
use crate::Token;

/// The settings of the adapter.
#[derive(Debug, Clone)]
pub struct Config {
    /// The API's address, such as `https://api.github.com` or `http://127.0.0.1:8080/api/v3`.
    pub api_url: String,
    /// The repository that all calls are about.
    pub repository: RepositoryName,
    /// The credential; an empty one counts as missing.
    pub token: Option<Token>,
    /// The user agent that GitHub's operators see.
    pub user_agent: String,
    /// The proxies to use.
    pub proxies: Proxies,
    /// Limits for time, tries and waiting.
    pub limits: Limits,
    /// The clock, and how to wait.
    pub clock: Clock,
}

impl Config {
    /// Creates the default settings: no proxies, the machine's clock.
    pub fn new(
        api_url: impl Into<String>,
        repository: RepositoryName,
        token: Option<Token>,
    ) -> Self {
        Self {
            api_url: api_url.into(),
            repository,
            token,
            user_agent: concat!("lockgate/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxies: Proxies::none(),
            limits: Limits::default(),
            clock: Clock::default(),
        }
    }
}

/// Limits for time, tries and waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time limit for resolving the host, and again for connecting to it. Default: 10 seconds.
    pub connect: Duration,
    /// How long a transfer may make no progress. Default: 2 minutes.
    pub idle: Duration,
    /// Time limit for a whole call that transfers no file. Default: 1 minute.
    pub call: Duration,
    /// The most tries for a call. Default: 3. Writes are repeated only if a rate limit kept them from having an effect.
    pub tries: u32,
    /// The total time that one call may wait for rate limits. Default: 1 minute.
    pub retry_budget: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            call: Duration::from_secs(60),
            tries: 3,
            retry_budget: Duration::from_secs(60),
        }
    }
}

/// The clock, and how to wait: injected, so that tests need neither.
#[derive(Clone)]
pub struct Clock {
    /// Returns the current time.
    pub now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// Waits.
    pub sleep: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            now: Arc::new(SystemTime::now),
            sleep: Arc::new(std::thread::sleep),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A setting that is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    /// The address of the API.
    #[error("the address of the API is not of the form https://HOST or https://HOST/PATH")]
    ApiUrl,
    /// The credential. It is not shown.
    #[error("the token holds characters that no token has, such as a line break or a space")]
    Token,
    /// The user agent.
    #[error("the user agent holds characters that no header may have")]
    UserAgent,
}
