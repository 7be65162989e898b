//! Makes one exchange: through which route, within which time, and once more if a kept connection had been closed.
//!
//! Follows no redirect and repeats no request for any other reason. Sends only the headers that the caller gives: no cookie, no
//! credential but a proxy's own, which that proxy gets.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ureq::http::{HeaderName, Method, Request, Response, header as headers};
use ureq::{AsSendBody, Body, SendBody};

use crate::agents::{Agents, Route};
use crate::error::{SendError, through};
use crate::guard::guarded;
use crate::{Address, Config, ConfigError, Policy};

/// The network, as a config says. Connections are kept and shared by all threads.
pub struct Http {
    agents: Agents,
    policy: Policy,
}

impl Http {
    /// Creates the network. Reads no file and opens no connection yet.
    ///
    /// # Errors
    /// [`ConfigError::UserAgent`].
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self {
            policy: config.policy.clone(),
            agents: Agents::new(config)?,
        })
    }

    /// Returns the time limits and the retry policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns how an address is reached.
    ///
    /// # Errors
    /// [`SendError`] if its proxy is not supported, or certificates cannot be read.
    pub fn route(&self, address: &Address) -> Result<Route, SendError> {
        guarded(|| self.agents.of(address)).map_err(SendError::unsent)?
    }
}

impl Route {
    /// Sends a request once, with a body if there is one. `limit` bounds the whole exchange, the response's body included.
    ///
    /// # Errors
    /// [`SendError`] if there is no response.
    pub fn send(
        &self,
        request: Request<()>,
        body: Option<SendBody<'_>>,
        limit: Option<Duration>,
    ) -> Result<Response<Body>, SendError> {
        let was_kept = self.kept.swap(false, Ordering::Relaxed);
        let again = (request.method() == Method::GET && body.is_none() && was_kept)
            .then(|| request.clone());
        let mut answer = match body {
            Some(body) => self.run(request.map(|()| body), limit)?,
            None => self.run(request, limit)?,
        };
        // A server may close a connection at the very moment at which it is used again (RFC 9110, 9.2.2).
        if let Some(request) = again.filter(|_| answer.as_ref().is_err_and(is_closed)) {
            answer = self.run(request, limit)?;
        }
        self.kept
            .store(answer.as_ref().is_ok_and(is_kept), Ordering::Relaxed);
        answer.map_err(|error| SendError::of(&error, self.proxy.as_deref()))
    }

    fn run(
        &self,
        request: Request<impl AsSendBody>,
        limit: Option<Duration>,
    ) -> Result<Result<Response<Body>, ureq::Error>, SendError> {
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(limit)
            .build();
        guarded(|| self.agent.run(request)).map_err(SendError::lasting)
    }

    /// Returns a problem with the proxy of this route, if it has one.
    pub fn through(&self, problem: String) -> String {
        through(problem, self.proxy.as_deref())
    }
}

/// Returns a header of a response as text.
pub fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

fn is_kept(response: &Response<Body>) -> bool {
    header(response, headers::CONNECTION).is_none_or(|text| !text.eq_ignore_ascii_case("close"))
}

fn is_closed(error: &ureq::Error) -> bool {
    use io::ErrorKind as Kind;
    let closed = [
        Kind::UnexpectedEof,
        Kind::ConnectionReset,
        Kind::ConnectionAborted,
        Kind::BrokenPipe,
    ];
    matches!(error, ureq::Error::Io(error) if closed.contains(&error.kind()))
}
