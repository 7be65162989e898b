//! GitHub's REST API: maps a request to an operation on the state, and its result to a response in GitHub's format.
//!
//! It knows no sockets: a whole [`Call`] comes in, an [`Answer`] goes out, which only refers to the bytes of assets. It
//! knows no rules either: those are in `state`.

mod actions;
pub(crate) mod apps;
mod artifacts;
pub(crate) mod assets;
mod basics;
mod comments;
mod commits;
mod contents;
mod git;
mod graphql;
pub(crate) mod input;
pub(crate) mod links;
mod paging;
mod pull_orders;
mod pull_shapes;
mod pulls;
mod refusals;
mod releases;
pub(crate) mod rights;
mod route;
mod schema;
mod settings;
mod statuses;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::blobs::{Blob, hex};
use crate::rates::Rate;
use crate::repository::Repository;
use crate::state::State;
use crate::state::people::Actor;
use crate::state::refusal::Refusal;
use crate::storage::Signer;
use input::Query;
use links::Links;

pub(crate) use refusals::{message, refused};

/// A request that was read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The decoded segments of the path, without `/api/v3`.
    pub(crate) path: Vec<String>,
    pub(crate) query: Query,
    pub(crate) accept: String,
    pub(crate) if_none_match: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) actor: Actor,
    /// The App that signed the request, which then has no token.
    pub(crate) app: Option<u64>,
    pub(crate) links: Links,
    pub(crate) now: i64,
    pub(crate) rate: Rate,
}

/// The supported methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    /// A method that no endpoint has.
    Other,
}

impl Method {
    /// `HEAD` is handled like `GET`: the server omits the body.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }
}

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: AnswerBody,
}

/// The body of a response.
#[derive(Clone, Debug)]
pub(crate) enum AnswerBody {
    Empty,
    Bytes(Vec<u8>),
    /// A part of a blob, which the server reads.
    Blob(Blob, std::ops::Range<u64>),
}

impl Answer {
    /// Returns a response without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: AnswerBody::Empty,
        }
    }

    /// Returns a JSON response.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        let body = AnswerBody::Bytes(value.to_string().into_bytes());
        let answer = Self {
            status,
            headers: Vec::new(),
            body,
        };
        answer.header("content-type", "application/json; charset=utf-8")
    }

    /// Returns a JSON response with status 200.
    pub(crate) fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    /// Returns a JSON response with status 201 and the address of the new object.
    pub(crate) fn created(value: &Value) -> Self {
        let location = value["url"].as_str().unwrap_or_default().to_owned();
        Self::json(201, value).header("location", location)
    }

    /// Returns a redirect (302) to `location`.
    pub(crate) fn found(location: String) -> Self {
        Self::empty(302).header("location", location)
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The result of a handler.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// Everything that a handler needs.
pub(crate) struct RequestContext<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) git: &'a dyn Repository,
    pub(crate) call: &'a Call,
    pub(crate) signer: &'a Signer,
}

impl RequestContext<'_> {
    /// Parses an id in a path; an invalid one is not found.
    fn id<T: std::str::FromStr>(text: &str) -> Result<T, Refusal> {
        text.parse().map_err(|_| Refusal::NotFound)
    }
}

/// Handles a call to the API.
pub(crate) fn answer(context: &mut RequestContext<'_>) -> Answer {
    let call = context.call;
    match route::handle(context) {
        Ok(answer) => conditional(call, answer),
        Err(refusal) => refused(&refusal, &call.path),
    }
}

/// Adds an `etag` to the response of a read, or returns 304 if the client has it already.
fn conditional(call: &Call, answer: Answer) -> Answer {
    let AnswerBody::Bytes(bytes) = &answer.body else {
        return answer;
    };
    if call.method != Method::Get || answer.status != 200 {
        return answer;
    }
    let tag = format!("\"{}\"", hex(&Sha256::digest(bytes)));
    let known = call.if_none_match.as_deref().unwrap_or_default();
    let matches = known
        .split(',')
        .any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut answer = answer.header("etag", format!("W/{tag}"));
    if matches || known.trim() == "*" {
        answer.status = 304;
        answer.body = AnswerBody::Empty;
    }
    answer
}
