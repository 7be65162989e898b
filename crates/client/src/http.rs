//! One anonymous GET: redirects by hand, status to outcome, time limits.
//!
//! No credential is ever sent: no header holds one, addresses cannot, and cookies are not compiled in (a proxy's own
//! user name goes to that proxy). Does not know what the bytes are, nor how often to ask.

use std::io::{self, Read};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use ureq::http::{Response, Version, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, ProxyProtocol};

use crate::address::Address;
use crate::error::{FetchError, plain};
use crate::names::not_usable;
use crate::options::{Options, Proxy, Timeouts};

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 5;

/// The network, as far as an anonymous reader needs it.
pub(crate) struct Net {
    timeouts: Timeouts,
    user_agent: String,
    proxy: Option<ureq::Proxy>,
    plain: OnceLock<Agent>,
    // Root certificates are read at the first encrypted connection: a program that finds everything in its cache must
    // not wait for them.
    encrypted: OnceLock<Result<Agent, String>>,
}

/// A body that has begun to arrive.
pub(crate) struct Arriving {
    pub(crate) body: Box<dyn Read>,
    /// Its size, if the server said it.
    pub(crate) size: Option<u64>,
    /// Whether the end of the body can be told from a broken connection.
    pub(crate) framed: bool,
}

/// Why an address gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is not there for the public, or nobody may have it.
    Absent { status: u16 },
    /// Nobody can tell.
    Network { problem: String, again: Again },
}

/// Whether the trouble may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    Never,
    /// After as long as the server asks for, if it does.
    After(Option<Duration>),
}

impl Net {
    pub(crate) fn new(options: &Options) -> Result<Self, FetchError> {
        let proxy =
            match &options.proxy {
                Proxy::Environment => ureq::Proxy::try_from_env(),
                Proxy::Direct => None,
                // Not shown: it may hold a password.
                Proxy::Through(text) => Some(ureq::Proxy::new(text).map_err(|_| {
                    not_usable("the proxy that was given", "the address of a proxy")
                })?),
            };
        Ok(Self {
            timeouts: options.timeouts,
            user_agent: options.user_agent.clone(),
            proxy,
            plain: OnceLock::new(),
            encrypted: OnceLock::new(),
        })
    }

    /// Asks an address and follows redirects until a body begins.
    pub(crate) fn get(&self, address: &Address) -> Result<Arriving, Trouble> {
        let deadline = Instant::now() + self.timeouts.total;
        let mut at = address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.ask(&at, deadline)?;
            match response.status().as_u16() {
                200 => return arriving(response),
                301 | 302 | 303 | 307 | 308 => {
                    let location = header(&response, header::LOCATION).unwrap_or_default();
                    at = at.follow(location).map_err(never)?;
                }
                status => return Err(refused(status, &response)),
            }
        }
        Err(never(format!(
            "it redirects more than {MOST_REDIRECTS} times"
        )))
    }

    fn ask(&self, at: &Address, deadline: Instant) -> Result<Response<Body>, Trouble> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(later("it took too long".to_owned()));
        }
        self.agent(at)?
            .get(at.in_full())
            .header(header::ACCEPT, "*/*")
            .header(header::ACCEPT_ENCODING, "identity")
            .config()
            .timeout_global(Some(left))
            .build()
            .call()
            .map_err(|error| classified(&error))
    }

    fn agent(&self, at: &Address) -> Result<&Agent, Trouble> {
        let https_proxy = self
            .proxy
            .as_ref()
            .is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Https);
        if !at.is_tls() && !https_proxy {
            return Ok(self.plain.get_or_init(|| self.new_agent(&[])));
        }
        let encrypted = self.encrypted.get_or_init(|| {
            let found = rustls_native_certs::load_native_certs();
            let roots: Vec<_> = found
                .certs
                .iter()
                .map(|der| Certificate::from_der(der).to_owned())
                .collect();
            match (roots.as_slice(), found.errors.first()) {
                ([], Some(error)) => Err(format!("no root certificates could be read: {error}")),
                ([], None) => Err("there are no root certificates on this machine".to_owned()),
                (roots, _) => Ok(self.new_agent(roots)),
            }
        });
        encrypted.as_ref().map_err(|problem| never(problem.clone()))
    }

    fn new_agent(&self, roots: &[Certificate<'static>]) -> Agent {
        Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(&self.user_agent)
            .proxy(self.proxy.clone())
            .tls_config(
                TlsConfig::builder()
                    .root_certs(RootCerts::new_with_certs(roots))
                    .build(),
            )
            .timeout_resolve(Some(self.timeouts.connect))
            .timeout_connect(Some(self.timeouts.connect))
            .timeout_per_read(Some(self.timeouts.idle))
            .timeout_per_write(Some(self.timeouts.idle))
            .build()
            .new_agent()
    }
}

/// What a broken read of a body means.
pub(crate) fn broken(error: &io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return later("the connection was closed before the end".to_owned());
    }
    later(format!(
        "the transfer broke off: {}",
        plain(&error.to_string())
    ))
}

fn arriving(response: Response<Body>) -> Result<Arriving, Trouble> {
    let encoding = header(&response, header::CONTENT_ENCODING).unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        return Err(never(
            "it sends the bytes in an encoding that was not asked for".to_owned(),
        ));
    }
    let chunked = response.version() == Version::HTTP_11
        && response.headers().contains_key(header::TRANSFER_ENCODING);
    let framed = chunked || response.headers().contains_key(header::CONTENT_LENGTH);
    let size = response.body().content_length();
    Ok(Arriving {
        body: Box::new(response.into_body().into_reader()),
        size,
        framed,
    })
}

// 403 is what GitHub says when it has had too many requests, but then it says when to come again; otherwise it is what
// storage says of a name that does not exist, and what a forge says of what the public may not see.
fn refused(status: u16, response: &Response<Body>) -> Trouble {
    let wait = header(response, header::RETRY_AFTER)
        .and_then(|text| text.parse().ok())
        .map(Duration::from_secs);
    let problem = format!("it answered {status}");
    match status {
        403 if wait.is_some() => Trouble::Network {
            problem,
            again: Again::After(wait),
        },
        401 | 403 | 404 | 410 | 451 => Trouble::Absent { status },
        408 | 429 | 500..=599 => Trouble::Network {
            problem,
            again: Again::After(wait),
        },
        _ => never(problem),
    }
}

fn classified(error: &ureq::Error) -> Trouble {
    use ureq::Error as E;
    if let E::Io(error) = error {
        let problem = plain(&error.to_string());
        // A certificate that is not trusted arrives as invalid data, and will not be trusted next time.
        let passing = error.kind() != io::ErrorKind::InvalidData;
        return if passing {
            later(problem)
        } else {
            never(problem)
        };
    }
    if matches!(error, E::Timeout(_)) {
        return later("it took too long".to_owned());
    }
    let passing = matches!(
        error,
        E::HostNotFound | E::ConnectionFailed | E::ConnectProxyFailed(_) | E::Protocol(_)
    );
    let problem = plain(&error.to_string());
    if passing {
        later(problem)
    } else {
        never(problem)
    }
}

fn header(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

fn never(problem: String) -> Trouble {
    Trouble::Network {
        problem,
        again: Again::Never,
    }
}

pub(crate) fn later(problem: String) -> Trouble {
    Trouble::Network {
        problem,
        again: Again::After(None),
    }
}
