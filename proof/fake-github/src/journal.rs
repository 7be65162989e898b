//! Every request, in the order in which it came, for tests that count and for people who look.
//!
//! Holds no tokens, no signatures and no bodies.

use std::fmt;

use serde::Serialize;

/// On which side of the forge a request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The API, uploads included.
    Api,
    /// Where redirects for assets and artifacts lead, and artifacts are written.
    Storage,
    /// The service that jobs keep their artifacts with.
    Results,
    /// Pages and downloads for people without a token.
    Web,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// Where it arrived.
    pub side: Side,
    /// The label of whoever asked: `developer`, `automation`, `anonymous`, `bad-token`, ...
    pub actor: String,
    /// The method.
    pub method: String,
    /// The path, without `/api/v3` or `/api/uploads`.
    pub path: String,
    /// The query; empty where it holds a signature.
    pub query: String,
    /// Whether it carried an `Authorization` header. On the storage side it must not.
    pub authorized: bool,
    /// What was answered; `None` if nothing was, or not yet.
    pub status: Option<u16>,
    /// The fault that struck it.
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
    /// Notes a request; answers its number.
    pub(crate) fn begin(&mut self, mut entry: Entry) -> u64 {
        entry.number = self.entries.len() as u64 + 1;
        let number = entry.number;
        self.entries.push(entry);
        number
    }

    /// Notes how a request was answered.
    pub(crate) fn end(&mut self, number: u64, status: Option<u16>) {
        let at = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(entry) = self.entries.get_mut(at) {
            entry.status = status;
        }
    }

    /// A copy of all entries.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.clone()
    }
}
