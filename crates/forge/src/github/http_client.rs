//! Makes one exchange: sets the headers, adds the token, reads the response.
//!
//! The token goes to the API's own host and, with assets, to its upload host, and nowhere else. No redirect is followed
//! here; downloads follow theirs themselves, without the token. Nothing is repeated.

use lockgate_core::escape;
use lockgate_http::http::{HeaderMap, Method, Request, Response, request};
use lockgate_http::{Address, Body, Clock, Http, SendBody, SendError, read_at_most};
use serde::de::DeserializeOwned;

use super::address::{Api, encoded};
use super::answer::{self, Kind};
use super::memory::Memory;
use super::{Config, ConfigProblem};
use crate::{ErrorKind, ForgeError, Token};

/// The largest response that is held in memory.
const ANSWER: u64 = 8 * 1024 * 1024;
/// The most characters of untrusted text that an error shows.
const SHOWN: usize = 500;

pub(super) const JSON: &str = "application/vnd.github+json";

/// What is known about the size of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// A small request and response: limited as a whole.
    Small,
    /// A file in either direction: limited only while no bytes move.
    Stream,
}

pub(super) struct HttpClient {
    pub(super) api: Api,
    repository: String,
    owner: String,
    token: Option<Token>,
    pub(super) http: Http,
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
        let name = &config.repository;
        Ok(Self {
            api: Api::parse(&config.api_url)?,
            repository: format!("/repos/{}/{}", encoded(name.owner()), encoded(name.name())),
            owner: name.owner().to_owned(),
            token,
            http: Http::new(config.http).map_err(|_| ConfigProblem::UserAgent)?,
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
        let mut request = plain(method, url, accept).header("X-GitHub-Api-Version", "2022-11-28");
        if let Some(token) = self.token.as_ref().filter(|_| trusted) {
            request = request.header("Authorization", format!("Bearer {}", token.reveal()));
        }
        request
    }

    /// Returns a request to storage: without the token, whatever the host.
    pub(super) fn anonymous(&self, url: &str) -> request::Builder {
        plain(Method::GET, url, "*/*")
    }

    /// Sends a request once.
    pub(super) fn send(
        &self,
        size: Size,
        request: request::Builder,
        body: Option<SendBody<'_>>,
    ) -> Result<Response<Body>, SendError> {
        let malformed = || SendError::unsent("the address or a header of the request is malformed");
        let request: Request<()> = request.body(()).map_err(|_| malformed())?;
        let address = Address::parse(&request.uri().to_string()).ok_or_else(malformed)?;
        let limit = (size == Size::Small).then_some(self.http.policy().timeouts.total);
        self.http.route(&address)?.send(request, body, limit)
    }

    /// Reads a response into memory and determines its meaning.
    pub(super) fn answer(
        &self,
        kind: Kind,
        operation: &str,
        response: &mut Response<Body>,
    ) -> Result<Vec<u8>, ForgeError> {
        let mut body = Vec::new();
        let read = read_at_most(response.body_mut(), ANSWER, &mut body);
        let status = response.status().as_u16();
        answer::classify(kind, status, response.headers(), &body, (self.clock.now)())
            .map_err(|kind| self.error(kind, operation, &answer::words(status, &body)))?;
        match read {
            Ok(true) => Ok(body),
            Ok(false) => Err(self.senseless(kind, operation, "the answer is larger than 8 MiB")),
            Err(error) => {
                let detail = format!("the answer broke off: {error}");
                Err(self.lost(kind == Kind::Read, operation, &detail))
            }
        }
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

fn plain(method: Method, url: &str, accept: &str) -> request::Builder {
    Request::builder()
        .method(method)
        .uri(url)
        .header("Accept", accept)
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
