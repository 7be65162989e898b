//! Connections: time limits, buffers, proxies, and TLS trust. Created when first needed, because reading the machine's
//! certificates takes longer than anything else at start-up.
//!
//! Certificates come from the platform's store; `rustls-native-certs` itself reads `SSL_CERT_FILE` and `SSL_CERT_DIR`
//! from the environment, which replace it.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy, ProxyProtocol};

use super::address::is_secure;
use super::{Limits, Proxies};

/// At several hundred megabytes a second, the number of system calls counts.
const BUFFER: usize = 256 * 1024;

/// What is known about the size of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// A small request and response: limited as a whole.
    Small,
    /// A file in either direction: limited only while no bytes move.
    Stream,
}

pub(super) struct Agents {
    limits: Limits,
    proxies: Proxies,
    user_agent: String,
    roots: OnceLock<Result<RootCerts, String>>,
    made: Mutex<Vec<(Key, Agent)>>,
}

/// Everything that an agent depends on, so that no agent is changed per request.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    size: Size,
    tls: bool,
    proxy: Option<String>,
}

impl Agents {
    pub(super) fn new(limits: Limits, proxies: Proxies, user_agent: String) -> Self {
        Self {
            limits,
            proxies,
            user_agent,
            roots: OnceLock::new(),
            made: Mutex::default(),
        }
    }

    /// Returns the agent for an address, or the reason why it cannot be made.
    pub(super) fn of(&self, url: &str, size: Size) -> Result<Agent, String> {
        let proxy = self.proxies.of(url).map(str::to_owned);
        let tls = is_secure(url) || proxy.as_deref().is_some_and(is_secure_proxy);
        let key = Key { size, tls, proxy };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, agent)) = made.iter().find(|(known, _)| *known == key) {
            return Ok(agent.clone());
        }
        let agent = self.make(&key)?;
        made.push((key, agent.clone()));
        Ok(agent)
    }

    fn make(&self, key: &Key) -> Result<Agent, String> {
        let mut tls = TlsConfig::builder();
        if key.tls {
            tls = tls.root_certs(self.roots()?);
        }
        let proxy = key.proxy.as_deref().map(proxy).transpose()?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(proxy)
            .tls_config(tls.build())
            .user_agent(&self.user_agent)
            .accept_encoding("")
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .timeout_resolve(Some(self.limits.connect))
            .timeout_connect(Some(self.limits.connect))
            .timeout_per_read(Some(self.limits.idle))
            .timeout_per_write(Some(self.limits.idle))
            .timeout_await_100(Some(Duration::from_secs(1)))
            .timeout_global((key.size == Size::Small).then_some(self.limits.call));
        Ok(config.build().new_agent())
    }

    fn roots(&self) -> Result<RootCerts, String> {
        self.roots.get_or_init(load_roots).clone()
    }
}

fn load_roots() -> Result<RootCerts, String> {
    let loaded = rustls_native_certs::load_native_certs();
    if loaded.certs.is_empty() {
        let why = loaded
            .errors
            .first()
            .map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(format!(
            "no certificates to trust were found on this machine: {why}"
        ));
    }
    Ok(loaded
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .into())
}

fn is_secure_proxy(url: &str) -> bool {
    url.get(..8)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

// The text is not shown: it may hold a password.
fn proxy(url: &str) -> Result<Proxy, String> {
    let proxy = Proxy::new(url)
        .map_err(|_| "the proxy that the environment names is not an address".to_owned())?;
    if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
        return Err("the proxy that the environment names is neither http nor https".to_owned());
    }
    Ok(proxy)
}
