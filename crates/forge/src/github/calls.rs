//! Small calls: a request and its response, repeated as far as the rules allow.
//!
//! - Reads are repeated while GitHub is unavailable, unless the reason would still be there: an untrusted certificate.
//! - Writes are never repeated, unless a rate limit kept them from having an effect.
//! - A write whose response is lost is ambiguous, unless its body was never requested: then GitHub has not seen it.

use lockgate_http::http::{HeaderMap, Method};
use lockgate_http::{Attempts, FailureKind, SendBody, SendError};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::Kind;
use super::http_client::{HttpClient, JSON, Size, header};
use super::outgoing::Outgoing;
use super::paging::{self, Page};
use crate::{ErrorKind, ForgeError};

/// Whether a request is likely to be repeated. The next one is then conditional: GitHub does not count a request whose
/// response is "not modified".
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CachePolicy {
    No,
    Likely,
}

/// A failed call, and whether the caller knows that it may be repeated.
pub(super) struct Failure {
    pub(super) error: ForgeError,
    pub(super) repeatable: bool,
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        Self {
            error,
            repeatable: true,
        }
    }
}

impl HttpClient {
    /// Reads one response.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        operation: &str,
        url: &str,
    ) -> Result<T, ForgeError> {
        let page = self.page(operation, url, CachePolicy::No)?;
        self.parsed(Kind::Read, operation, &page.body)
    }

    /// Reads one response that is likely to be requested again.
    pub(super) fn read_again<T: DeserializeOwned>(
        &self,
        operation: &str,
        url: &str,
    ) -> Result<T, ForgeError> {
        let page = self.page(operation, url, CachePolicy::Likely)?;
        self.parsed(Kind::Read, operation, &page.body)
    }

    /// Reads one page of a response.
    pub(super) fn page(
        &self,
        operation: &str,
        url: &str,
        again: CachePolicy,
    ) -> Result<Page, ForgeError> {
        self.persist(Kind::Read, || {
            let known = match again {
                CachePolicy::No => None,
                CachePolicy::Likely => self.memory.recall(url),
            };
            let mut request = self.request(Method::GET, url, JSON);
            if let Some((tag, _)) = &known {
                request = request.header("If-None-Match", tag);
            }
            let mut response = self
                .send(Size::Small, request, None)
                .map_err(|error| self.unanswered(operation, &error))?;
            let body = self.answer(Kind::Read, operation, &mut response)?;
            if let (304, Some((_, page))) = (response.status().as_u16(), known) {
                return Ok(page);
            }
            let next = self.next(operation, response.headers())?;
            let page = Page { body, next };
            if let (CachePolicy::Likely, Some(tag)) = (again, header(response.headers(), "etag")) {
                self.memory.keep(url, tag, &page);
            }
            Ok(page)
        })
    }

    fn next(&self, operation: &str, headers: &HeaderMap) -> Result<Option<String>, ForgeError> {
        let next = header(headers, "link").and_then(paging::next);
        if next.is_some_and(|url| !self.api.owns(url)) {
            let detail = "the forge names a next page on another host";
            return Err(self.error(ErrorKind::InvalidResponse, operation, detail));
        }
        Ok(next.map(str::to_owned))
    }

    /// Makes a write, and returns its response.
    pub(super) fn write<T: DeserializeOwned>(
        &self,
        operation: &str,
        method: Method,
        url: &str,
        body: &Value,
    ) -> Result<T, ForgeError> {
        let answer = self.command(operation, method, url, Some(body))?;
        self.parsed(Kind::Write, operation, &answer)
    }

    /// Makes a write, and returns its response unparsed.
    pub(super) fn command(
        &self,
        operation: &str,
        method: Method,
        url: &str,
        body: Option<&Value>,
    ) -> Result<Vec<u8>, ForgeError> {
        let body = body.map(Value::to_string);
        self.persist(Kind::Write, || {
            let request = self.request(method.clone(), url, JSON);
            let Some(body) = &body else {
                let sent = self.send(Size::Small, request, None);
                let mut response =
                    sent.map_err(|error| self.lost(error.unsent, operation, &error.problem))?;
                let answer = self.answer(Kind::Write, operation, &mut response)?;
                // The response to a deletion is empty. Any content comes from something other than GitHub, and nothing
                // was deleted.
                return match answer.is_empty() {
                    true => Ok(answer),
                    false => Err(self
                        .lost(false, operation, "the answer makes no sense")
                        .into()),
                };
            };
            let size = body.len() as u64;
            let request = request
                .header("Content-Type", "application/json")
                .header("Content-Length", size);
            let mut bytes = body.as_bytes();
            let mut outgoing = Outgoing::new(&mut bytes, size);
            let source = SendBody::from_reader(&mut outgoing);
            let sent = self.send(Size::Small, request, Some(source));
            let unseen = !outgoing.touched();
            let mut response =
                sent.map_err(|error| self.lost(error.unsent || unseen, operation, &error.problem))?;
            Ok(self.answer(Kind::Write, operation, &mut response)?)
        })
    }

    /// Returns the failure of a read without a response.
    pub(super) fn unanswered(&self, operation: &str, error: &SendError) -> Failure {
        Failure {
            repeatable: error.kind == FailureKind::Passing,
            error: self.error(ErrorKind::Unavailable, operation, &error.problem),
        }
    }

    /// Returns the error for a write without a response.
    pub(super) fn lost(&self, unseen: bool, operation: &str, detail: &str) -> ForgeError {
        let kind = if unseen {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Ambiguous
        };
        self.error(kind, operation, detail)
    }

    /// Makes a call, and repeats it as the rules at the top of this module allow.
    pub(super) fn persist<T>(
        &self,
        kind: Kind,
        mut call: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, ForgeError> {
        let mut attempts = Attempts::new(self.http.policy());
        loop {
            let Failure { error, repeatable } = match call() {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let asked_for = match (error.kind, kind) {
                (ErrorKind::RateLimited(Some(wait)), _) => Some(wait),
                (ErrorKind::Unavailable, Kind::Read) => None,
                (
                    ErrorKind::RateLimited(None)
                    | ErrorKind::Unavailable
                    | ErrorKind::NotFound
                    | ErrorKind::Conflict
                    | ErrorKind::Denied
                    | ErrorKind::Ambiguous
                    | ErrorKind::InvalidResponse
                    | ErrorKind::Source,
                    _,
                ) => return Err(error),
            };
            let wait = repeatable.then(|| attempts.next_wait(asked_for));
            let Some(wait) = wait.flatten() else {
                return Err(error);
            };
            (self.clock.sleep)(wait);
        }
    }
}
