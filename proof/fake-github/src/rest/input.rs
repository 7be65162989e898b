//! Parses what callers send: paths, queries, JSON bodies.
//!
//! Everything is parsed once, here; invalid input is refused with GitHub's messages.

use serde::de::DeserializeOwned;

use super::Call;
use crate::state::refusal::Refusal;

/// The decoded pairs of a query, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses the part after the `?`.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decoded(&name.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            )
        });
        Self(pairs.collect())
    }

    /// Returns the value of a name, unless it is empty or missing.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns the pairs with other names.
    pub(crate) fn without<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        pairs.filter(move |(key, _)| *key != name)
    }
}

/// Returns the decoded segments of a path.
pub(crate) fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .map(decoded)
        .collect()
}

/// Parses the JSON body of a call.
pub(crate) fn json<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    let body: &[u8] = if call.body.is_empty() {
        b"{}"
    } else {
        &call.body
    };
    serde_json::from_slice(body).map_err(|error| {
        if error.is_data() {
            return Refusal::Unprocessable(format!("Invalid request.\n\n{error}"));
        }
        Refusal::Malformed("Problems parsing JSON".into())
    })
}

/// Decodes percent-encoding: `%41` to `A`. An invalid escape stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let value = pair.and_then(|pair| std::str::from_utf8(pair).ok());
        match value.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Encodes text for a path segment or a query value: `A/B` to `A%2FB`.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Query, decoded, encoded, segments};

    #[test]
    fn escapes_go_both_ways() {
        for text in ["plain", "a b", "a/b?c=d&e", "100%", "ż"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }

    #[test]
    fn a_query_is_read_as_browsers_write_it() {
        let query = Query::parse("name=a+b%2Bc&label=&flag");
        assert_eq!(query.get("name"), Some("a b+c"));
        assert_eq!(query.get("label"), None);
        assert_eq!(query.get("missing"), None);
        assert_eq!(segments("/a//b%2Fc/"), ["a", "b/c"]);
    }
}
