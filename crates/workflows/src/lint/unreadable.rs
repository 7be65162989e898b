//! A workflow that cannot be parsed cannot be checked. Applies to every workflow.

use super::{Doc, Hit, Rule, hit};

pub(super) const RULE: Rule = Rule {
    code: "lint.unreadable",
    remedy: "fix the file; a key stands in a table only once, and a file is one document",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    match &doc.root {
        Ok(_) => Vec::new(),
        Err(error) => vec![hit(
            error.line,
            format!("it cannot be read: {}", error.problem),
        )],
    }
}
