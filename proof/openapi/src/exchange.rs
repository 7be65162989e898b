//! Parses the exchanges that the fake GitHub records.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

/// One request and its response.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// `api`, `storage` or `web`.
    pub side: String,
    /// The client's user agent; empty for handwritten requests in tests.
    pub agent: String,
    /// The method.
    pub method: String,
    /// The path on the API, encoded.
    pub path: String,
    /// The query, encoded.
    pub query: String,
    /// The body of the request.
    pub request: Content,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// The headers of the response.
    pub headers: BTreeMap<String, String>,
    /// The body of the response.
    pub response: Content,
    /// The injected fault, as it was written.
    pub fault: Option<String>,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// No body.
    None,
    /// JSON.
    Json(Value),
    /// Text that is not JSON.
    Text(String),
    /// A file of this many bytes.
    Bytes(u64),
}

/// A line of a journal that is not an exchange.
#[derive(Debug, thiserror::Error)]
#[error("a line of the journal is no exchange: {line}")]
pub struct Unreadable {
    line: String,
    source: serde_json::Error,
}

impl FromStr for Exchange {
    type Err = Unreadable;

    fn from_str(line: &str) -> Result<Self, Unreadable> {
        serde_json::from_str(line).map_err(|source| Unreadable {
            line: line.chars().take(200).collect(),
            source,
        })
    }
}

/// Returns the pairs of a query, decoded.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decoded(&name.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Decodes percent-encoded text.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let byte = hex
            .and_then(|hex| str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
