//! A filter that keeps a run from starting also keeps its status from being posted, and a missing required status
//! blocks the merge permanently. Applies to the build and the gate.

use super::{Doc, Hit, Rule, Whose, hit, shown};

pub(super) const RULE: Rule = Rule {
    code: "lint.path-filter",
    remedy: "let it run for every pull request: Lockgate decides within seconds that there is nothing to do",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if !matches!(doc.whose, Whose::Build | Whose::Gate) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (event, settings) in doc.triggers() {
        let filters: &[&str] = match event {
            "pull_request" | "pull_request_target" | "merge_group" | "workflow_run" => {
                &["paths", "paths-ignore", "branches", "branches-ignore"]
            }
            "push" => &["paths", "paths-ignore"],
            _ => &[],
        };
        for (key, _) in settings.rows() {
            let name = key.text().unwrap_or_default();
            if filters.contains(&name) {
                let sentence = format!(
                    "the trigger {} has the filter {}",
                    shown(event),
                    shown(name)
                );
                found.push(hit(key.line, sentence));
            }
        }
    }
    found
}
