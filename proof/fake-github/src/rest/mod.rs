//! GitHub's REST: a request -> an operation on the state -> a response in GitHub's shapes.
//!
//! Knows no sockets: a [`Call`] comes in whole, an [`Answer`] goes out, and bytes of assets are only
//! named. Knows no rules either: those are in `state`.

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
mod settings;
mod shapes;
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

/// A request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The path in segments, decoded, without `/api/v3`.
    pub(crate) path: Vec<String>,
    pub(crate) query: Query,
    pub(crate) accept: String,
    pub(crate) if_none_match: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) actor: Actor,
    /// The App that signed the request, which is no token's holder then.
    pub(crate) app: Option<u64>,
    pub(crate) links: Links,
    pub(crate) now: i64,
    pub(crate) rate: Rate,
}

/// The methods that the forge knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    /// One that no endpoint has.
    Other,
}

impl Method {
    /// `HEAD` is answered like `GET`: the server leaves the body out.
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

/// What a response carries.
#[derive(Clone, Debug)]
pub(crate) enum AnswerBody {
    Empty,
    Bytes(Vec<u8>),
    /// A part of a blob; the server reads it.
    Blob(Blob, std::ops::Range<u64>),
}

impl Answer {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: AnswerBody::Empty,
        }
    }

    /// An answer in JSON.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        let body = AnswerBody::Bytes(value.to_string().into_bytes());
        let answer = Self {
            status,
            headers: Vec::new(),
            body,
        };
        answer.header("content-type", "application/json; charset=utf-8")
    }

    /// 200, in JSON.
    pub(crate) fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    /// 201, in JSON, with the address of what was made.
    pub(crate) fn created(value: &Value) -> Self {
        let location = value["url"].as_str().unwrap_or_default().to_owned();
        Self::json(201, value).header("location", location)
    }

    /// 302 to `location`.
    pub(crate) fn found(location: String) -> Self {
        Self::empty(302).header("location", location)
    }

    /// The same answer with one more header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a handler makes of a call.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// All that a handler needs.
pub(crate) struct Desk<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) git: &'a dyn Repository,
    pub(crate) call: &'a Call,
    pub(crate) signer: &'a Signer,
}

impl Desk<'_> {
    /// The number in a path; what is none is not there.
    fn id<T: std::str::FromStr>(text: &str) -> Result<T, Refusal> {
        text.parse().map_err(|_| Refusal::NotFound)
    }
}

/// Answers a call to the API.
pub(crate) fn answer(desk: &mut Desk<'_>) -> Answer {
    let call = desk.call;
    match route::handle(desk) {
        Ok(answer) => conditional(call, answer),
        Err(refusal) => refused(&refusal, &call.path),
    }
}

/// Gives what was read an `etag`, and answers 304 to a client that has it already.
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
