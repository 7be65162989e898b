//! Connections: one agent for each kind of route, with or without TLS, through which proxy.
//!
//! Does not know what is requested.

#[cfg(test)]
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ureq::http::HeaderValue;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, RustlsConnector};
use ureq::{Agent, ProxyProtocol};

use crate::dial::Dialer;
use crate::error::SendError;
use crate::escape::quoted_address;
use crate::forward::Forward;
use crate::proxies::is_socks;
use crate::stop::Stop;
use crate::transport::{Connect, Lookup};
use crate::{Address, Config, ConfigError, Proxies, Timeouts, basic, roots};

/// How much of a response is held at a time, in bytes.
const INPUT: usize = 512 * 1024;
/// How much of a request is held at a time, in bytes: at several hundred megabytes a second, the number of system calls counts.
const OUTPUT: usize = 256 * 1024;

/// The agents, each created when it is first needed.
pub(crate) struct Agents {
    timeouts: Timeouts,
    user_agent: String,
    proxies: Proxies,
    ca_files: Vec<PathBuf>,
    dialer: Arc<Dialer>,
    stop: Stop,
    /// The addresses of every name.
    #[cfg(test)]
    fixed: Vec<SocketAddr>,
    // Root certificates are read at the first encrypted connection, because that takes longer than anything else at start-up.
    roots: OnceLock<Result<RootCerts, String>>,
    made: Mutex<Vec<(AgentKey, Route)>>,
}

#[derive(Clone, PartialEq, Eq)]
struct AgentKey {
    tls: bool,
    proxy: Option<String>,
}

/// How an address is reached.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) agent: Agent,
    /// The proxy, quoted, without its password.
    pub(crate) proxy: Option<String>,
    /// Whether one of its connections may have been kept open since the last response.
    pub(crate) kept: Arc<AtomicBool>,
}

impl Agents {
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        if HeaderValue::from_str(&config.user_agent).is_err() {
            return Err(ConfigError::UserAgent);
        }
        Ok(Self {
            timeouts: config.policy.timeouts,
            user_agent: config.user_agent,
            proxies: config.proxies,
            ca_files: config.ca_files,
            dialer: Arc::default(),
            stop: Stop(config.stop),
            #[cfg(test)]
            fixed: Vec::new(),
            roots: OnceLock::new(),
            made: Mutex::default(),
        })
    }

    /// Returns the route to an address, or why there is none.
    pub(crate) fn of(&self, address: &Address) -> Result<Route, SendError> {
        let key = AgentKey {
            tls: address.is_tls(),
            proxy: self.proxies.of(address).map(str::to_owned),
        };
        if let Some(text) = key.proxy.as_deref().filter(|text| is_socks(text)) {
            return Err(SendError::socks(quoted_address(text)));
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, route)) = made.iter().find(|(known, _)| *known == key) {
            return Ok(route.clone());
        }
        let route = self.make(&key).map_err(SendError::unsent)?;
        made.push((key, route.clone()));
        Ok(route)
    }

    fn make(&self, key: &AgentKey) -> Result<Route, String> {
        let proxy = key.proxy.as_ref().map(|text| ureq::Proxy::new(text));
        let proxy = proxy
            .transpose()
            .map_err(|_| "the proxy's address is malformed".to_owned())?;
        let https_proxy = proxy
            .as_ref()
            .is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Https);
        let mut tls = TlsConfig::builder();
        if key.tls || https_proxy {
            let roots = self.roots.get_or_init(|| roots::load(&self.ca_files));
            tls = tls.root_certs(roots.clone()?);
        }
        let (tunnel, forward) = match proxy {
            Some(proxy) if !key.tls && !https_proxy => (None, Some(forward(&proxy))),
            proxy => (proxy, None),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(&self.user_agent)
            .accept_encoding("")
            .proxy(tunnel)
            .tls_config(tls.build())
            .input_buffer_size(INPUT)
            .output_buffer_size(OUTPUT)
            .timeout_resolve(Some(self.timeouts.connect))
            .timeout_connect(Some(self.timeouts.connect))
            .timeout_per_read(Some(self.timeouts.idle))
            .timeout_per_write(Some(self.timeouts.idle));
        let shown = key.proxy.as_deref().map(quoted_address);
        let connector = ConnectProxyConnector::default()
            .chain(Connect {
                dialer: Arc::clone(&self.dialer),
                proxy: shown.clone(),
                forward: forward.clone(),
                stop: self.stop.clone(),
            })
            .chain(RustlsConnector::default());
        let lookup = Lookup {
            proxy: shown.clone(),
            forward,
            #[cfg(test)]
            fixed: self.fixed.clone(),
            stop: self.stop.clone(),
        };
        Ok(Route {
            agent: Agent::with_parts(config.build(), connector, lookup),
            proxy: shown,
            kept: Arc::default(),
        })
    }
}

fn forward(proxy: &ureq::Proxy) -> Forward {
    let (user, password) = (proxy.username(), proxy.password());
    let login = (user.is_some() || password.is_some())
        .then(|| basic(user.unwrap_or_default(), password.unwrap_or_default()));
    Forward {
        uri: proxy.uri().clone(),
        login,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, Proxy};

    #[test]
    fn a_dead_address_does_not_keep_a_request_from_the_live_one() {
        use std::io::{Read, Write};
        use std::net::{TcpListener, TcpStream};
        use std::time::Duration;
        // This listener accepts no connection once its queue is full, and drops the packets.
        let dead =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        dead.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
            .unwrap();
        dead.listen(0).unwrap();
        let at = dead.local_addr().unwrap().as_socket().unwrap();
        let short = Duration::from_millis(100);
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&at, short) {
            queued.push(stream);
        }
        let live = TcpListener::bind("127.0.0.1:0").unwrap();
        let policy = Policy {
            // Far longer than anybody waits for this test.
            timeouts: Timeouts {
                connect: Duration::from_secs(3600),
                ..Timeouts::default()
            },
            ..Policy::DOWNLOAD
        };
        let agents = Agents {
            fixed: vec![at, live.local_addr().unwrap()],
            ..Agents::new(Config::new("test", policy)).unwrap()
        };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let (mut stream, _) = live.accept().unwrap();
                assert!(stream.read(&mut [0; 1000]).unwrap() > 0);
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(answer).unwrap();
            });
            let address = Address::parse("http://forge.example/x").unwrap();
            let route = agents.of(&address).unwrap();
            let answer = route.agent.get(address.in_full()).call().unwrap();
            assert_eq!(answer.status(), 200);
        });
    }

    #[test]
    fn a_socks_proxy_of_the_environment_is_refused_where_it_would_be_used() {
        let named = "socks5h://me:secret@127.0.0.1:1080";
        let variable = |name: &str| (name == "ALL_PROXY").then(|| named.to_owned());
        let config = Config {
            proxies: Proxies::with(&Proxy::Environment, variable).unwrap(),
            ..Config::new("test", Policy::DOWNLOAD)
        };
        let agents = Agents::new(config).unwrap();
        let of = |address: &str| agents.of(&Address::parse(address).unwrap());
        let proxy = "\"socks5h://…@127.0.0.1:1080\"".to_owned();
        let refused = SendError::socks(proxy);
        assert_eq!(of("https://forge.example/").unwrap_err(), refused);
        assert_eq!(of("http://forge.example/").unwrap_err(), refused);
        assert!(of("http://127.0.0.1:1/").is_ok());
    }
}
