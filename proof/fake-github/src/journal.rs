//! Every request in the order of arrival, for tests that count and for debugging.
//!
//! It contains no tokens, no signatures and no bodies.

use std::fmt;

use serde::Serialize;

/// The part of the server at which a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The API, uploads included.
    Api,
    /// The target of redirects for assets and artifacts, to which artifacts are also uploaded.
    Storage,
    /// The service that stores the artifacts of jobs.
    Results,
    /// Pages and downloads that need no token.
    Web,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number, from 1.
    pub number: u64,
    /// The side at which the request arrived.
    pub side: Side,
    /// The label of the caller: `developer`, `automation`, `anonymous`, `bad-token`, ...
    pub actor: String,
    /// The method.
    pub method: String,
    /// The path, without `/api/v3` or `/api/uploads`.
    pub path: String,
    /// The query; empty if it contains a signature.
    pub query: String,
    /// Whether the request had an `Authorization` header. On the storage side it must not.
    pub authorized: bool,
    /// The status of the response; `None` if there was none, or not yet.
    pub status: Option<u16>,
    /// The fault that occurred.
    pub fault: Option<String>,
}

impl fmt::Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.actor, self.method, self.path)?;
        if !self.query.is_empty() {
            write!(out, "?{}", self.query)?;
        }
        match self.status {
            Some(status) => write!(out, " -> {status}")?,
            None => write!(out, " -> nothing")?,
        }
        match &self.fault {
            Some(fault) => write!(out, " [{fault}]"),
            None => Ok(()),
        }
    }
}

/// All requests so far.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Vec<Entry>,
}

impl Journal {
    /// Records a request; returns its number.
    pub(crate) fn begin(&mut self, mut entry: Entry) -> u64 {
        entry.number = self.entries.len() as u64 + 1;
        let number = entry.number;
        self.entries.push(entry);
        number
    }

    /// Records the response to a request.
    pub(crate) fn end(&mut self, number: u64, status: Option<u16>) {
        let at = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(entry) = self.entries.get_mut(at) {
            entry.status = status;
        }
    }

    /// Returns a copy of all entries.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.clone()
    }
}
