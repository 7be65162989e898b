//! An action whose runtime GitHub has removed fails before its first line. Applies to our workflows, including custom
//! blocks.

use super::{Doc, Hit, Rule, hit, shown};
use crate::runtime;

pub(super) const RULE: Rule = Rule {
    code: "lint.action-runtime",
    remedy: "move it to the newest version; `lockgate init` moves those that it wrote itself",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if !doc.ours() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (name, reference, node) in doc.actions() {
        let first = runtime::first_that_starts(name, reference, doc.comment_of(node));
        if let Some(first) = first {
            let sentence = format!(
                "{} is older than v{first}, and runs on a version of Node.js that GitHub's runners no longer have",
                shown(name)
            );
            found.push(hit(node.line, sentence));
        }
    }
    found
}
