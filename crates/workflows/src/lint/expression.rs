//! An expression in a script is expanded as text before a shell reads it: control over the value is control over the
//! script. Applies to our workflows, and to privileged ones that an outsider can start.

use super::{Doc, Hit, Rule, hit};

pub(super) const RULE: Rule = Rule {
    code: "lint.expression",
    remedy: "hand the value over by `env:`, and use it as a quoted variable",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if !doc.ours() && !doc.with_rights() {
        return Vec::new();
    }
    doc.scripts()
        .into_iter()
        .filter(|(text, _)| text.contains("${{"))
        .map(|(_, node)| hit(doc.line_of(node, "${{"), "a script holds an expression"))
        .collect()
}
