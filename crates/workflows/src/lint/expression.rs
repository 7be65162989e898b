//! An expression in a script is put there as text before a shell reads it: whoever chooses the value chooses the script. Concerns
//! our workflows, and those that an outsider can start with rights.

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
