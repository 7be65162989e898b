//! The settings of the adapter, which never reads the environment.

use lockgate_core::RepositoryName;
use lockgate_http::{Clock, Policy};

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
    /// How the network is used. The policy's total time limit is for one attempt of a call that transfers no file.
    pub http: lockgate_http::Config,
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
            http: lockgate_http::Config::new(
                concat!("lockgate/", env!("CARGO_PKG_VERSION")),
                Policy::API,
            ),
            clock: Clock::default(),
        }
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
