//! Text that a script writes to the runner's files becomes outputs, variables and programs of later steps: one extra
//! line break, and the text decides what they are. Applies to our workflows, and to privileged ones that an outsider
//! can start.

use super::{Doc, Hit, Rule, hit, shown};

pub(super) const RULE: Rule = Rule {
    code: "lint.foreign-output",
    remedy: "let a command that checks every value write outputs, as `lockgate` does; never write the environment or the path",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if !doc.ours() && !doc.with_rights() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (text, node) in doc.scripts() {
        for file in [
            "GITHUB_OUTPUT",
            "GITHUB_ENV",
            "GITHUB_PATH",
            "GITHUB_STATE",
            "::set-output",
        ] {
            if text.contains(file) {
                let sentence = format!("a script writes into {}", shown(file));
                found.push(hit(doc.line_of(node, file), sentence));
            }
        }
    }
    found
}
