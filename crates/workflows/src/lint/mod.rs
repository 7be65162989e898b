//! The lint rules for workflows, each in a file of its own, with its code, its sentence and its remedy.
//!
//! Some apply only to what Lockgate wrote (including custom blocks), some to every privileged workflow that an outsider
//! can start, some to every workflow: the right to post a status is enough to open the gate. Differences from the
//! generated text are not checked here but in [`crate::files`].

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
    /// The stable code, such as `lint.cache`.
    pub code: &'static str,
    /// What to do next.
    pub remedy: &'static str,
    /// Finds violations.
    look: fn(&Doc<'_>) -> Vec<Hit>,
}

/// The line of a violation, and its description.
struct Hit {
    line: usize,
    sentence: String,
}

/// A violation of a rule in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Path from the root of the repository.
    pub path: String,
    /// Line number, from 1.
    pub line: usize,
    code: &'static str,
    sentence: String,
    remedy: &'static str,
}

/// All rules.
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

/// Returns every code, for the page that explains them.
pub fn codes() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.code).collect()
}

/// Lints the workflow at a path.
#[must_use]
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

/// Returns a hit; untrusted text in the sentence has to be quoted already.
fn hit(line: usize, sentence: impl Into<String>) -> Hit {
    Hit {
        line,
        sentence: sentence.into(),
    }
}

/// Returns a name from a workflow, quoted and shortened.
fn shown(text: &str) -> String {
    quoted(text)
}
