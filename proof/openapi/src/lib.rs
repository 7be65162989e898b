//! Holds exchanges with the rehearsal forge against GitHub's own description of its REST API.
//!
//! An exchange is a request and its answer, as the forge shows them. Of each, this says what GitHub would not have taken or
//! said: [`findings`]. It is for tests: nothing that is shipped depends on it. Knows neither the forge nor the adapter.
//!
//! | file | what |
//! | --- | --- |
//! | `exchange` | what the forge shows, read |
//! | `description` | which operation a request is |
//! | `request`, `response` | what is held against the operation |
//! | `schema` | a schema of the description -> a validator |
//! | `undescribed` | members that no schema knows |
//! | [`Guard`] | the same for all exchanges of a test |
//! | [`deviations`] | where the forge, or GitHub itself, differs from the description, and why |

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

/// What is wrong with an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The operation, such as `GET /repos/{owner}/{repo}`; the request itself where it is none.
    pub operation: String,
    /// `request` or `response` with the status, and the place in it as a JSON pointer.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}", self.operation, self.place, self.reason)
    }
}

/// What is wrong with an exchange; empty where GitHub might have had it too.
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

/// What is wrong with a journal: one exchange a line, as `lockgate rehearse --journal` writes them.
///
/// # Errors
/// [`Unreadable`] where a line is no exchange.
pub fn findings_in(journal: &str) -> Result<Vec<Finding>, Unreadable> {
    let mut all = Vec::new();
    for line in journal.lines().filter(|line| !line.is_empty()) {
        all.extend(findings(&line.parse()?));
    }
    all.sort_by_key(ToString::to_string);
    all.dedup();
    Ok(all)
}
