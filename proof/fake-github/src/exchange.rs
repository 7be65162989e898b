//! One request and its response with their bodies, for inspecting every call.
//!
//! The journal counts requests; this shows them. It contains no tokens and no signatures, and only the sizes of files,
//! so it can be kept and shared.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use serde_json::Value;

use crate::journal::Side;
use crate::rest::{Answer, AnswerBody};

/// The embedding program's hook for every exchange, called when the response is decided and before it is sent.
pub type ExchangeHook = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// One request and its response.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exchange {
    /// The number in the journal.
    pub number: u64,
    /// The side at which the request arrived.
    pub side: Side,
    /// The label of the caller.
    pub actor: String,
    /// The client's user agent; empty if missing.
    pub agent: String,
    /// The method.
    pub method: String,
    /// The path, without `/api/v3` or `/api/uploads`.
    pub path: String,
    /// The query; empty if it contains a signature.
    pub query: String,
    /// Whether the request went to the upload address.
    pub upload: bool,
    /// Whether the head contains a token where none belongs: in any request to storage and to pages, and outside the
    /// one header in requests to the API.
    pub leaks: bool,
    /// The body of the request.
    pub request: Content,
    /// The status of the response; `None` if there was none.
    pub status: Option<u16>,
    /// The headers that are specific to this kind of response, without those of every response.
    pub headers: BTreeMap<String, String>,
    /// The body of the response, before a fault changed it.
    pub response: Content,
    /// The fault that occurred.
    pub fault: Option<String>,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// No body.
    None,
    /// JSON, with tokens removed.
    Json(Value),
    /// Text that is not JSON.
    Text(String),
    /// A file of this many bytes.
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

/// Records an exchange while it is processed; does nothing if no hook is set.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    wanted: bool,
    request: OnceLock<Content>,
    answer: OnceLock<(BTreeMap<String, String>, Content)>,
}

impl Trace {
    /// Creates a trace, which records only if `wanted`.
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// Returns whether the exchange is recorded.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Records the body of the request.
    pub(crate) fn asked(&self, body: &[u8]) {
        if self.wanted {
            self.request.get_or_init(|| Content::of(body));
        }
    }

    /// Records that the body of the request is a file.
    pub(crate) fn uploaded(&self, bytes: u64) {
        if self.wanted {
            self.request.get_or_init(|| Content::Bytes(bytes));
        }
    }

    /// Records the response.
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

    /// Moves the recorded bodies into the exchange.
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

/// Removes tokens and the signatures of storage addresses.
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

/// Removes the query of a storage address, which is its signature.
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
