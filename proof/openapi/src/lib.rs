//! Validates exchanges with the fake GitHub against GitHub's own description of its REST API.
//!
//! An exchange is a request and its response, as the fake GitHub records them. [`findings`] returns what GitHub would
//! not have accepted or sent. This crate is for tests: nothing that is shipped depends on it. It knows neither the fake
//! nor the adapter.
//!
//! | file | content |
//! | --- | --- |
//! | `exchange` | parses what the fake GitHub records |
//! | `description` | matches a request to an operation |
//! | `request`, `response` | validated against the operation |
//! | `schema` | converts a schema of the description to a validator |
//! | `undescribed` | members that no schema lists |
//! | [`Guard`] | the same for all exchanges of a test |
//! | [`deviations`] | where the fake GitHub, or GitHub itself, differs from the description, and why |

mod description;
pub mod deviations;
mod exchange;
mod guard;
mod request;
mod response;
mod schema;
#[cfg(test)]
mod tests;
mod undescribed;

use std::fmt;

pub use exchange::{Content, Exchange, Unreadable};
pub use guard::Guard;

/// A problem with an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The operation, such as `GET /repos/{owner}/{repo}`; the request itself if it matches none.
    pub operation: String,
    /// `request`, or `response` with the status, and the position in it as a JSON pointer.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}", self.operation, self.place, self.reason)
    }
}

/// Returns the problems with an exchange; empty if it could have taken place with GitHub.
#[must_use]
pub fn findings(exchange: &Exchange) -> Vec<Finding> {
    if deviations::outside(exchange) {
        return Vec::new();
    }
    let description = description::github();
    let Some(call) = description.find(&exchange.method, &exchange.path) else {
        if deviations::lacking(exchange) || deviations::graphql(exchange) {
            return Vec::new();
        }
        let reason = match exchange.status {
            Some(status) => {
                format!("is no operation of the description, and was answered with {status}")
            }
            None => "is no operation of the description".to_owned(),
        };
        return vec![Finding {
            operation: format!("{} {}", exchange.method, exchange.path),
            place: "request".to_owned(),
            reason,
        }];
    };
    let mut all = request::problems(description, &call, exchange);
    all.extend(response::problems(description, &call, exchange));
    all.into_iter()
        .map(|(place, reason)| Finding {
            operation: call.name(),
            place,
            reason,
        })
        .collect()
}

/// Returns the problems with a journal: one exchange per line, as `lockgate rehearse --journal` writes them.
///
/// # Errors
/// [`Unreadable`] if a line is not an exchange.
pub fn findings_in(journal: &str) -> Result<Vec<Finding>, Unreadable> {
    let mut all = Vec::new();
    for line in journal.lines().filter(|line| !line.is_empty()) {
        all.extend(findings(&line.parse()?));
    }
    all.sort_by_key(ToString::to_string);
    all.dedup();
    Ok(all)
}
