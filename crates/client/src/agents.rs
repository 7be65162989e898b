//! Connections: one agent for each kind of route (TLS or not, which proxy), and the certificates that TLS trusts.
//!
//! Does not know the requests.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ureq::http::HeaderValue;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, RustlsConnector};
use ureq::{Agent, ProxyProtocol};

use crate::address::Address;
use crate::dial::Dialer;
use crate::error::{FetchError, plain, quoted_address};
use crate::http::{TransferError, never};
use crate::login::base64;
use crate::names::not_usable;
use crate::options::{Options, Timeouts};
use crate::proxies::{Proxies, is_socks};
use crate::stop::Stop;
use crate::transport::{Connect, Forward, Lookup};

/// The size of the buffer for a response, in bytes.
const BUFFER: usize = 512 * 1024;

/// The agents, each created when it is first needed.
pub(crate) struct Agents {
    timeouts: Timeouts,
    user_agent: String,
    proxies: Proxies,
    ca_files: Vec<PathBuf>,
    dialer: Arc<Dialer>,
    stop: Stop,
    /// In tests: the addresses that every name resolves to.
    fixed: Vec<SocketAddr>,
    // Root certificates are read at the first encrypted connection, so that a program whose files are all in the cache
    // does not wait for them.
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
pub(crate) struct Route {
    pub(crate) agent: Agent,
    /// The proxy, quoted, without its password.
    pub(crate) proxy: Option<String>,
    /// Whether a connection of this route may have been kept open since the last response.
    pub(crate) kept: Arc<AtomicBool>,
}

impl Agents {
    pub(crate) fn new(options: &Options) -> Result<Self, FetchError> {
        if HeaderValue::from_str(&options.user_agent).is_err() {
            let expected = "the name of a program, in ASCII and on one line";
            return Err(not_usable(&options.user_agent, expected));
        }
        Ok(Self {
            timeouts: options.timeouts,
            user_agent: options.user_agent.clone(),
            proxies: Proxies::new(&options.proxy)?,
            ca_files: options.ca_files.clone(),
            dialer: Arc::default(),
            stop: Stop(options.stop.clone()),
            fixed: Vec::new(),
            roots: OnceLock::new(),
            made: Mutex::default(),
        })
    }

    /// Returns the route to an address, or why it cannot be reached.
    pub(crate) fn of(&self, address: &Address) -> Result<Route, TransferError> {
        let key = AgentKey {
            tls: address.is_tls(),
            proxy: self.proxies.of(address).map(str::to_owned),
        };
        if let Some(text) = key.proxy.as_deref().filter(|text| is_socks(text)) {
            let proxy = quoted_address(text);
            return Err(TransferError::Proxy { proxy });
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, route)) = made.iter().find(|(known, _)| *known == key) {
            return Ok(route.clone());
        }
        let route = self.make(&key).map_err(never)?;
        made.push((key, route.clone()));
        Ok(route)
    }

    fn make(&self, key: &AgentKey) -> Result<Route, String> {
        let proxy = key.proxy.as_ref().map(|text| ureq::Proxy::new(text));
        let proxy = proxy
            .transpose()
            .map_err(|_| "the proxy's address is invalid".to_owned())?;
        let https_proxy = proxy
            .as_ref()
            .is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Https);
        let mut tls = TlsConfig::builder();
        if key.tls || https_proxy {
            tls = tls.root_certs(self.roots.get_or_init(|| self.load_roots()).clone()?);
        }
        let (tunnel, forward) = match proxy {
            Some(proxy) if !key.tls && !https_proxy => (None, Some(forward(&proxy))),
            proxy => (proxy, None),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(&self.user_agent)
            .proxy(tunnel)
            .tls_config(tls.build())
            .input_buffer_size(BUFFER)
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
            fixed: self.fixed.clone(),
            stop: self.stop.clone(),
        };
        Ok(Route {
            agent: Agent::with_parts(config.build(), connector, lookup),
            proxy: shown,
            kept: Arc::default(),
        })
    }

    fn load_roots(&self) -> Result<RootCerts, String> {
        let found = rustls_native_certs::load_native_certs();
        let mut all = found.certs;
        for file in &self.ca_files {
            let shown = plain(&file.display().to_string());
            let more = rustls_native_certs::load_certs_from_paths(Some(file), None);
            match (more.certs.is_empty(), more.errors.first()) {
                (false, _) => all.extend(more.certs),
                (true, Some(error)) => return Err(format!("cannot read {shown}: {error}")),
                (true, None) => return Err(format!("there is no certificate in {shown}")),
            }
        }
        match (all.is_empty(), found.errors.first()) {
            (false, _) => {
                let der = all.iter().map(|der| Certificate::from_der(der).to_owned());
                Ok(der.collect::<Vec<_>>().into())
            }
            (true, Some(error)) => Err(format!("no root certificates could be read: {error}")),
            (true, None) => Err("there are no root certificates on this machine".to_owned()),
        }
    }
}

fn forward(proxy: &ureq::Proxy) -> Forward {
    let login = proxy.username().is_some() || proxy.password().is_some();
    let login = login.then(|| {
        let (user, password) = (proxy.username(), proxy.password());
        let both = format!(
            "{}:{}",
            user.unwrap_or_default(),
            password.unwrap_or_default()
        );
        format!("Basic {}", base64(both.as_bytes()))
    });
    Forward {
        uri: proxy.uri().clone(),
        login,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Proxy;

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
        let options = Options {
            proxy: Proxy::Direct,
            // Much longer than this test waits.
            timeouts: Timeouts {
                connect: Duration::from_secs(3600),
                ..Timeouts::default()
            },
            ..Options::default()
        };
        let agents = Agents {
            fixed: vec![at, live.local_addr().unwrap()],
            ..Agents::new(&options).unwrap()
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
        let options = Options {
            proxy: Proxy::Direct,
            ..Options::default()
        };
        let named = "socks5h://me:secret@127.0.0.1:1080";
        let variable = |name: &str| (name == "ALL_PROXY").then(|| named.to_owned());
        let agents = Agents {
            proxies: Proxies::with(&Proxy::Environment, variable).unwrap(),
            ..Agents::new(&options).unwrap()
        };
        let of = |address: &str| agents.of(&Address::parse(address).unwrap());
        let proxy = "\"socks5h://…@127.0.0.1:1080\"".to_owned();
        let refused = TransferError::Proxy { proxy };
        assert_eq!(of("https://forge.example/").unwrap_err(), refused);
        assert_eq!(of("http://forge.example/").unwrap_err(), refused);
        assert!(of("http://127.0.0.1:1/").is_ok());
    }
}
