//! Parses the head of a request: the part of the server it is for, the caller, and the call.

use std::collections::BTreeMap;

use hyper::Request;
use hyper::header::{HeaderMap, HeaderName};

use crate::exchange::{Content, Exchange};
use crate::forge::Forge;
use crate::journal::{Entry, Side};
use crate::rates::Rate;
use crate::rest::input::{Query, segments};
use crate::rest::links::Links;
use crate::rest::{Call, Method, apps};
use crate::state::State;
use crate::state::people::{Actor, Role};
use crate::storage::Part;

/// Address and headers as one text.
#[derive(Clone)]
struct Raw(String);

impl std::fmt::Debug for Raw {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Raw")
    }
}

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct RequestHead {
    pub(crate) side: Side,
    pub(crate) upload: bool,
    pub(crate) method: String,
    /// The path without `/api/v3` or `/api/uploads`.
    pub(crate) path: String,
    pub(crate) query: String,
    host: String,
    authorization: Option<String>,
    /// The whole head, for finding misplaced tokens.
    raw: Raw,
    accept: String,
    pub(crate) agent: String,
    pub(crate) content_type: String,
    pub(crate) length: Option<u64>,
    /// `x-ms-blob-type`, which an upload in one piece sets.
    pub(crate) blob_type: Option<String>,
    pub(crate) part: Part,
}

impl RequestHead {
    /// Reads the head of a request. An absolute address, as sent to a proxy, contains the host itself.
    pub(crate) fn read<B>(request: &Request<B>, address: &str) -> Self {
        let headers = request.headers();
        let uri = request.uri();
        let named = uri
            .authority()
            .map(|authority| authority.as_str().to_owned());
        let host = named
            .or_else(|| text(headers, "host"))
            .unwrap_or_else(|| address.to_owned());
        let (side, upload, path) = place(&host, uri.path());
        Self {
            side,
            upload,
            method: request.method().as_str().to_owned(),
            path: path.to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            host,
            authorization: text(headers, "authorization"),
            raw: Raw(format!("{uri}{headers:?}")),
            accept: text(headers, "accept").unwrap_or_default(),
            agent: text(headers, "user-agent").unwrap_or_default(),
            content_type: text(headers, "content-type")
                .unwrap_or_else(|| "application/octet-stream".into()),
            length: text(headers, "content-length").and_then(|length| length.parse().ok()),
            blob_type: text(headers, "x-ms-blob-type"),
            part: Part {
                range: text(headers, "range"),
                if_range: text(headers, "if-range"),
                if_none_match: text(headers, "if-none-match"),
            },
        }
    }

    /// Returns the caller; `None` for an unknown token. Only the API accepts tokens of users and apps.
    pub(crate) fn actor(&self, state: &State, now: i64) -> Option<Actor> {
        match (&self.authorization, self.side) {
            (Some(_), Side::Api) if self.app(state, now).is_some() => Some(Actor::Known {
                label: "app".to_owned(),
                login: "app".to_owned(),
                role: Role::None,
                bot: true,
            }),
            (Some(_), Side::Api) => state
                .holder(self.token()?)
                .filter(|_| self.token().is_some_and(|token| !state.ended(token, now))),
            (None, Side::Api) | (_, Side::Storage | Side::Web | Side::Results) => {
                Some(Actor::Anonymous)
            }
        }
    }

    /// Returns the App that signed the request, if any.
    fn app(&self, state: &State, now: i64) -> Option<u64> {
        apps::signer(state, self.token()?, now).filter(|_| self.side == Side::Api)
    }

    /// Returns the token, of whatever kind.
    pub(crate) fn token(&self) -> Option<&str> {
        let (scheme, token) = self.authorization.as_deref()?.split_once(' ')?;
        let mut known = ["bearer", "token"].iter();
        let known = known.any(|it| scheme.eq_ignore_ascii_case(it));
        known.then(|| token.trim())
    }

    /// Returns whether the head contains a known token where none belongs: anywhere but in the one header, and in that
    /// one, too, unless it is the API's.
    pub(crate) fn leaks(&self, state: &State) -> bool {
        // The results service expects a job's own token.
        let own = matches!(self.side, Side::Api | Side::Results);
        let stray = self.authorization.is_some() && !own;
        let mut raw = self.raw.0.clone();
        if let Some(authorization) = self.authorization.as_ref().filter(|_| own) {
            raw = raw.replace(authorization, "");
        }
        stray || state.tokens().any(|token| raw.contains(token))
    }

    /// Returns the journal entry.
    pub(crate) fn entry(&self, actor: &str, fault: Option<String>) -> Entry {
        Entry {
            number: 0,
            side: self.side,
            actor: actor.to_owned(),
            method: self.method.clone(),
            path: self.path.clone(),
            query: if self.side == Side::Storage {
                String::new()
            } else {
                self.query.clone()
            },
            authorized: self.authorization.is_some(),
            status: None,
            fault,
        }
    }

    /// Returns the exchange, without the bodies.
    pub(crate) fn exchange(self, actor: &str, leaks: bool, fault: Option<String>) -> Exchange {
        let entry = self.entry(actor, fault);
        Exchange {
            number: entry.number,
            side: entry.side,
            actor: entry.actor,
            agent: self.agent,
            method: entry.method,
            path: entry.path,
            query: entry.query,
            upload: self.upload,
            leaks,
            request: Content::None,
            status: None,
            headers: BTreeMap::new(),
            response: Content::None,
            fault: entry.fault,
        }
    }

    /// Returns the call, without a body yet.
    pub(crate) fn call(&self, forge: &Forge, actor: Actor, rate: Rate) -> Call {
        let repository = forge.state.repository();
        Call {
            method: Method::of(&self.method),
            path: segments(&self.path),
            query: Query::parse(&self.query),
            accept: self.accept.clone(),
            if_none_match: self.part.if_none_match.clone(),
            body: Vec::new(),
            actor,
            app: self.app(&forge.state, forge.clock.now()),
            links: Links::new(&self.host, repository, forge.storage_base.as_deref()),
            now: forge.clock.now(),
            rate,
        }
    }
}

/// Returns the part of the server that a path on a host belongs to, whether it is for uploads, and the rest of the
/// path.
fn place<'a>(host: &str, path: &'a str) -> (Side, bool, &'a str) {
    let below = |prefix: &str| {
        path.strip_prefix(prefix)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if path.starts_with("/_storage/") {
        return (Side::Storage, false, path);
    }
    if path.starts_with("/twirp/") {
        return (Side::Results, false, path);
    }
    if let Some(rest) = below("/api/uploads") {
        return (Side::Api, true, rest);
    }
    if path == "/api/graphql" {
        return (Side::Api, false, "/graphql");
    }
    if let Some(rest) = below("/api/v3") {
        return (Side::Api, false, rest);
    }
    match host.split('.').next() {
        Some("api") => (Side::Api, false, path),
        Some("uploads") => (Side::Api, true, path),
        Some(_) | None => (Side::Web, false, path),
    }
}

fn text(headers: &HeaderMap, name: &'static str) -> Option<String> {
    let value = headers.get(HeaderName::from_static(name))?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::{RequestHead, Side, State, place};

    #[test]
    fn host_and_path_say_where_a_request_belongs() {
        for (host, path, expected) in [
            ("127.0.0.1:1", "/api/v3/user", (Side::Api, false, "/user")),
            ("127.0.0.1:1", "/api/v3", (Side::Api, false, "")),
            ("h", "/api/graphql", (Side::Api, false, "/graphql")),
            (
                "127.0.0.1:1",
                "/api/uploads/repos/o/r",
                (Side::Api, true, "/repos/o/r"),
            ),
            (
                "127.0.0.1:1",
                "/api/v30/user",
                (Side::Web, false, "/api/v30/user"),
            ),
            (
                "127.0.0.1:1",
                "/o/r/pull/1",
                (Side::Web, false, "/o/r/pull/1"),
            ),
            ("api.github.localhost", "/user", (Side::Api, false, "/user")),
            (
                "api.github.localhost",
                "/api/v3/user",
                (Side::Api, false, "/user"),
            ),
            (
                "uploads.github.localhost",
                "/repos/o/r",
                (Side::Api, true, "/repos/o/r"),
            ),
            ("github.localhost", "/o/r", (Side::Web, false, "/o/r")),
            (
                "anything",
                "/twirp/a.Service/Do",
                (Side::Results, false, "/twirp/a.Service/Do"),
            ),
            (
                "anything",
                "/_storage/a/1",
                (Side::Storage, false, "/_storage/a/1"),
            ),
        ] {
            assert_eq!(place(host, path), expected, "{host} {path}");
        }
    }

    #[test]
    fn a_token_leaks_wherever_it_is_not_the_api_s_own_header() {
        let mut state = State::new("octo", "tools", "main", 0);
        state.add_cast();
        let table = [
            (
                "/api/v3/user",
                "authorization",
                "Bearer automation-token",
                false,
            ),
            ("/api/v3/user", "x-other", "automation-token", true),
            ("/api/v3/user?token=automation-token", "x-other", "", true),
            (
                "/_storage/a/1",
                "authorization",
                "Bearer automation-token",
                true,
            ),
            ("/_storage/a/1", "authorization", "Bearer another", true),
            ("/_storage/a/1", "cookie", "a=automation-token", true),
            ("/_storage/a/1", "accept", "*/*", false),
            (
                "/octo/tools",
                "authorization",
                "Bearer automation-token",
                true,
            ),
            ("/octo/tools?a=automation-token", "accept", "*/*", true),
            ("/octo/tools", "accept", "*/*", false),
        ];
        for (address, name, value, expected) in table {
            let request = Request::builder().uri(address).header(name, value);
            let head = RequestHead::read(&request.body(()).unwrap(), "127.0.0.1:1");
            assert_eq!(head.leaks(&state), expected, "{address} {name}: {value}");
        }
    }
}
