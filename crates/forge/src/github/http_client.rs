//! Makes one exchange: sets the headers, adds the token, reads the response.
//!
//! The token goes to the API's own host and, with assets, to its upload host, and nowhere else. No redirect is followed
//! here; downloads follow theirs themselves, without the token. Nothing is repeated.

use std::io::Read;

use lockgate_core::escape;
use serde::de::DeserializeOwned;
use ureq::http::{HeaderMap, Method, Request, Response, request};
use ureq::{Body, SendBody};

use super::address::{Api, encoded};
use super::agents::{Agents, Size};
use super::answer::{self, Kind};
use super::memory::Memory;
use super::{Clock, Config, ConfigProblem, Limits};
use crate::{ErrorKind, ForgeError, Token};

/// The largest response that is held in memory.
const ANSWER: u64 = 8 * 1024 * 1024;
/// The most characters of untrusted text that an error shows.
const SHOWN: usize = 500;

pub(super) const JSON: &str = "application/vnd.github+json";

pub(super) struct HttpClient {
    pub(super) api: Api,
    repository: String,
    owner: String,
    token: Option<Token>,
    user_agent: String,
    agents: Agents,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) memory: Memory,
}

impl HttpClient {
    pub(super) fn new(config: Config) -> Result<Self, ConfigProblem> {
        let header = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let token = config.token.filter(|token| !token.reveal().is_empty());
        if token.as_ref().is_some_and(|token| !header(token.reveal())) {
            return Err(ConfigProblem::Token);
        }
        if config.user_agent.is_empty() || !config.user_agent.split(' ').all(header) {
            return Err(ConfigProblem::UserAgent);
        }
        let name = &config.repository;
        Ok(Self {
            api: Api::parse(&config.api_url)?,
            repository: format!("/repos/{}/{}", encoded(name.owner()), encoded(name.name())),
            owner: name.owner().to_owned(),
            token,
            agents: Agents::new(config.limits, config.proxies, config.user_agent.clone()),
            user_agent: config.user_agent,
            limits: config.limits,
            clock: config.clock,
            memory: Memory::default(),
        })
    }

    /// Returns the owner of the repository.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// Returns the address of something in the repository; `path` is empty or begins with a slash.
    pub(super) fn at(&self, path: &str) -> String {
        self.api.url(&format!("{}{path}", self.repository))
    }

    /// Returns a request with the headers that every request has. This is the only place that reveals the token.
    pub(super) fn request(&self, method: Method, url: &str, accept: &str) -> request::Builder {
        let trusted = self.api.owns(url) || (method == Method::POST && self.api.takes_uploads(url));
        let mut request = plain(method, url, accept, &self.user_agent)
            .header("X-GitHub-Api-Version", "2022-11-28");
        if let Some(token) = self.token.as_ref().filter(|_| trusted) {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        request
    }

    /// Returns a request to storage: without the token, whatever the host.
    pub(super) fn anonymous(&self, url: &str) -> request::Builder {
        plain(Method::GET, url, "*/*", &self.user_agent)
    }

    /// Sends a request once.
    pub(super) fn send(
        &self,
        size: Size,
        request: request::Builder,
        body: SendBody<'_>,
    ) -> Result<Response<Body>, Problem> {
        let request: Request<SendBody<'_>> = request
            .body(body)
            .map_err(|_| Problem::unsent("the address or a header of the request is malformed"))?;
        let agent = self
            .agents
            .of(&request.uri().to_string(), size)
            .map_err(Problem::unsent)?;
        agent.run(request).map_err(|error| Problem::of(&error))
    }

    /// Reads a response into memory and determines its meaning.
    pub(super) fn answer(
        &self,
        kind: Kind,
        operation: &str,
        response: &mut Response<Body>,
    ) -> Result<Vec<u8>, ForgeError> {
        let mut body = Vec::new();
        let read = response
            .body_mut()
            .as_reader()
            .take(ANSWER + 1)
            .read_to_end(&mut body);
        let status = response.status().as_u16();
        answer::classify(kind, status, response.headers(), &body, (self.clock.now)())
            .map_err(|kind| self.error(kind, operation, &answer::words(status, &body)))?;
        if let Err(error) = read {
            let kind = if kind == Kind::Read {
                ErrorKind::Unavailable
            } else {
                ErrorKind::Ambiguous
            };
            return Err(self.error(kind, operation, &format!("the answer broke off: {error}")));
        }
        if body.len() as u64 > ANSWER {
            return Err(self.senseless(kind, operation, "the answer is larger than 8 MiB"));
        }
        Ok(body)
    }

    pub(super) fn parsed<T: DeserializeOwned>(
        &self,
        kind: Kind,
        operation: &str,
        body: &[u8],
    ) -> Result<T, ForgeError> {
        serde_json::from_slice(body).map_err(|error| {
            self.senseless(
                kind,
                operation,
                &format!("the answer makes no sense: {error}"),
            )
        })
    }

    fn senseless(&self, kind: Kind, operation: &str, detail: &str) -> ForgeError {
        self.error(
            if kind == Kind::Read {
                ErrorKind::InvalidResponse
            } else {
                ErrorKind::Ambiguous
            },
            operation,
            detail,
        )
    }

    /// Returns an error whose text is safe to show, whatever the response contained.
    pub(super) fn error(&self, kind: ErrorKind, operation: &str, detail: &str) -> ForgeError {
        let detail = match &self.token {
            Some(token) => detail.replace(token.reveal(), "…"),
            None => detail.to_owned(),
        };
        let detail = escape::line(&detail);
        let cut = detail.chars().count() > SHOWN;
        let detail = detail
            .chars()
            .take(SHOWN)
            .chain(cut.then_some('…'))
            .collect();
        ForgeError {
            kind,
            operation: operation.to_owned(),
            detail,
        }
    }
}

fn plain(method: Method, url: &str, accept: &str, user_agent: &str) -> request::Builder {
    Request::builder()
        .method(method)
        .uri(url)
        .header("Accept", accept)
        .header("User-Agent", user_agent)
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Why there is no response.
pub(super) struct Problem {
    /// Whether the failure certainly came before the first byte of the request. Failures that may also come later do
    /// not count: some of name lookup and of TLS have no kind of their own.
    pub(super) before: bool,
    /// The message for display, without the address, which may be signed.
    pub(super) text: String,
}

impl Problem {
    fn unsent(text: impl Into<String>) -> Self {
        Self {
            before: true,
            text: text.into(),
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not listed here may come from any time after the first byte"
    )]
    fn of(error: &ureq::Error) -> Self {
        use std::io::ErrorKind as Io;
        use ureq::{Error as E, Timeout};
        match error {
            E::HostNotFound => Self::unsent("the host is not known"),
            E::ConnectionFailed => Self::unsent("no connection"),
            E::Timeout(Timeout::Resolve) => Self::unsent("finding the host took too long"),
            E::Timeout(Timeout::Connect) => Self::unsent("connecting took too long"),
            E::Tls(_) | E::Pem(_) | E::TlsRequired => Self::unsent("no encrypted connection"),
            E::ConnectProxyFailed(text) => {
                Self::unsent(format!("the proxy does not connect: {text}"))
            }
            E::BadUri(_) | E::RequireHttpsOnly(_) | E::InvalidProxyUrl => {
                Self::unsent("the address is malformed")
            }
            // Only connecting returns this error.
            E::Io(error) if error.kind() == Io::ConnectionRefused => {
                Self::unsent("the connection was refused")
            }
            E::Timeout(what) => Self {
                before: false,
                text: format!("it took too long ({what})"),
            },
            E::Io(error) => Self {
                before: false,
                text: error.to_string(),
            },
            other => Self {
                before: false,
                text: other.to_string(),
            },
        }
    }
}
