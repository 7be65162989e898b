//! How the network is used, and what is invalid about that.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::{Policy, Proxies};

/// How the network is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// The `User-Agent` of every request.
    pub user_agent: String,
    /// Time limits and retries.
    pub policy: Policy,
    /// The proxies.
    pub proxies: Proxies,
    /// Files with root certificates (PEM) that are trusted in addition to the system's.
    pub ca_files: Vec<PathBuf>,
    /// Ends every wait when it becomes true.
    pub stop: Option<Arc<AtomicBool>>,
}

impl Config {
    /// Creates a config without proxies.
    pub fn new(user_agent: impl Into<String>, policy: Policy) -> Self {
        Self {
            user_agent: user_agent.into(),
            policy,
            proxies: Proxies::default(),
            ca_files: Vec::new(),
            stop: None,
        }
    }
}

/// A setting that is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The user agent contains characters that no header can contain.
    #[error("the user agent holds characters that no header may have")]
    UserAgent,
    /// The text is not the address of a proxy. It is not shown: it can contain a password.
    #[error("the proxy is not the address of a proxy, such as http://proxy.example:3128")]
    Proxy,
    /// The proxy is of a kind that is not supported.
    #[error("{proxy} is a SOCKS proxy, which is not supported")]
    Socks {
        /// Its address, quoted, without user name and password.
        proxy: String,
    },
}
