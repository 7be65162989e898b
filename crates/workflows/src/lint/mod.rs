//! Rules over workflows, each in a file of its own, with its code, its sentence and its remedy.
//!
//! Some concern only what Lockgate wrote (and what people added to it), some every workflow that an outsider can start with
//! rights, some every workflow: whoever can post a status can open the gate. Does not know how a file differs from what would
//! be written; that is [`crate::files`].

mod action_runtime;
mod actions;
mod cache;
mod checkout;
mod credentials;
mod doc;
mod expression;
mod foreign_output;
mod path_filter;
mod permissions;
mod pin;
mod statuses;
mod unreadable;

use std::fmt;

use lockgate_core::Reason;
use lockgate_core::config::Config;
use lockgate_core::escape::quoted;

pub use doc::{Doc, Whose};

/// One rule.
pub struct Rule {
    /// Stable, such as `lint.cache`.
    pub code: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Finds what breaks it.
    look: fn(&Doc<'_>) -> Vec<Hit>,
}

/// Where a rule is broken, and by what.
struct Hit {
    line: usize,
    sentence: String,
}

/// A rule that is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// From the root of the repository.
    pub path: String,
    /// From 1.
    pub line: usize,
    code: &'static str,
    sentence: String,
    remedy: &'static str,
}

/// Every rule.
pub const RULES: &[&Rule] = &[
    &unreadable::RULE,
    &cache::RULE,
    &statuses::RULE,
    &foreign_output::RULE,
    &expression::RULE,
    &checkout::RULE,
    &path_filter::RULE,
    &actions::RULE,
    &action_runtime::RULE,
    &pin::RULE,
    &permissions::RULE,
    &credentials::RULE,
];

/// Every code, for the page that explains them.
pub fn codes() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.code).collect()
}

/// Lints the workflow at a path.
pub fn lint(config: &Config, path: &str, text: &str) -> Vec<Finding> {
    let doc = Doc::new(config, path, text);
    let found = |rule: &&Rule| {
        (rule.look)(&doc)
            .into_iter()
            .map(|hit| Finding {
                path: path.to_owned(),
                line: hit.line,
                code: rule.code,
                sentence: hit.sentence,
                remedy: rule.remedy,
            })
            .collect::<Vec<_>>()
    };
    let mut all: Vec<Finding> = RULES.iter().flat_map(found).collect();
    all.sort_by_key(|finding| finding.line);
    all
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Reason for Finding {
    fn code(&self) -> &'static str {
        self.code
    }

    fn hint(&self) -> String {
        self.remedy.to_owned()
    }
}

/// A hit; foreign text in the sentence is quoted already.
fn hit(line: usize, sentence: impl Into<String>) -> Hit {
    Hit {
        line,
        sentence: sentence.into(),
    }
}

/// A name of a workflow, quoted and short.
fn shown(text: &str) -> String {
    quoted(text)
}
