//! One request and its answer with their bodies, for whoever wants to see every call.
//!
//! The journal counts requests; this shows them. Holds no tokens and no signatures, and of files only
//! their sizes: what it shows can be kept and passed on.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde_json::Value;

use crate::journal::Side;
use crate::rest::{Answer, AnswerBody};

/// What the embedding program does with every exchange, once its answer is decided and before the
/// client has it.
pub type ExchangeHook = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// One request, and what was answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchange {
    /// Its number in the journal.
    pub number: u64,
    /// Where it arrived.
    pub side: Side,
    /// The label of whoever asked.
    pub actor: String,
    /// What the client calls itself; empty where it does not say.
    pub agent: String,
    /// The method.
    pub method: String,
    /// The path, without `/api/v3` or `/api/uploads`.
    pub path: String,
    /// The query; empty where it holds a signature.
    pub query: String,
    /// Whether it went to the place for uploads.
    pub upload: bool,
    /// Whether there was a token in its head where none belongs: in any request to storage and to pages, and in those to the API
    /// anywhere but in the one header.
    pub leaks: bool,
    /// What came with it.
    pub request: Content,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
    /// The headers of the answer that belong to this kind of answer: not those that every answer has.
    pub headers: BTreeMap<String, String>,
    /// What was answered, before a fault spoiled it.
    pub response: Content,
    /// The fault that struck.
    pub fault: Option<String>,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// There is none.
    None,
    /// JSON. The tokens in it are gone.
    Json(Value),
    /// Text that is no JSON.
    Text(String),
    /// A file of so many bytes.
    Bytes(u64),
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::None;
        }
        match serde_json::from_slice(bytes) {
            Ok(value) => Self::Json(without_tokens(value)),
            Err(_) => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

/// What passes by while a request is answered; notes nothing where nobody wants to see it.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    wanted: bool,
    request: OnceLock<Content>,
    answer: OnceLock<(BTreeMap<String, String>, Content)>,
}

impl Trace {
    /// For a request that somebody wants to see, or nobody.
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// Whether somebody wants to see it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// The request's body was read.
    pub(crate) fn asked(&self, body: &[u8]) {
        if self.wanted {
            self.request.get_or_init(|| Content::of(body));
        }
    }

    /// The request's body is a file.
    pub(crate) fn uploaded(&self, bytes: u64) {
        if self.wanted {
            self.request.get_or_init(|| Content::Bytes(bytes));
        }
    }

    /// The answer is decided.
    pub(crate) fn answered(&self, answer: &Answer) {
        if !self.wanted {
            return;
        }
        let headers = answer.headers.iter().map(|(name, value)| {
            let shown = match *name {
                "location" => unsigned(value),
                _ => value,
            };
            ((*name).to_owned(), shown.to_owned())
        });
        let body = match &answer.body {
            AnswerBody::Empty => Content::None,
            AnswerBody::Bytes(bytes) => {
                let mut types = answer
                    .headers
                    .iter()
                    .filter(|(name, _)| *name == "content-type");
                if types.any(|(_, value)| !value.contains("json")) {
                    Content::Bytes(bytes.len() as u64)
                } else {
                    Content::of(bytes)
                }
            }
            AnswerBody::Blob(_, range) => Content::Bytes(range.end.saturating_sub(range.start)),
        };
        self.answer.get_or_init(|| (headers.collect(), body));
    }

    /// Puts what was noted into the exchange.
    pub(crate) fn fill(self, exchange: &mut Exchange) {
        if let Some(request) = self.request.into_inner() {
            exchange.request = request;
        }
        if let Some((headers, response)) = self.answer.into_inner() {
            exchange.headers = headers;
            exchange.response = response;
        }
    }
}

/// The same without tokens and without the signatures of storage addresses.
fn without_tokens(value: Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(without_tokens).collect(),
        Value::Object(members) => {
            let shown = members.into_iter().map(|(name, value)| {
                let hidden = name == "token" && value.is_string();
                let shown = if hidden {
                    "…".into()
                } else {
                    without_tokens(value)
                };
                (name, shown)
            });
            Value::Object(shown.collect())
        }
        Value::String(text) if text.contains("/_storage/") => unsigned(&text).into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// What follows the `?` of a storage address is its signature.
fn unsigned(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Content, Trace};
    use crate::rest::Answer;

    #[test]
    fn tokens_and_signatures_are_not_shown() {
        let trace = Trace::new(true);
        trace.asked(br#"{"a":[{"token":"secret","at":"http://h/_storage/b?sig=secret"}]}"#);
        trace.answered(&Answer::found("http://h/_storage/a/1?sig=secret".into()));
        let shown = json!({ "a": [{ "token": "…", "at": "http://h/_storage/b" }] });
        assert_eq!(trace.request.get(), Some(&Content::Json(shown)));
        let (headers, response) = trace.answer.get().unwrap();
        assert_eq!(headers["location"], "http://h/_storage/a/1");
        assert_eq!(response, &Content::None);
    }

    #[test]
    fn nothing_is_kept_where_nobody_looks() {
        let trace = Trace::new(false);
        trace.asked(b"{}");
        trace.answered(&Answer::ok(&json!({})));
        assert!(trace.request.get().is_none() && trace.answer.get().is_none());
    }
}
