//! A job that declares no permissions gets those of a repository setting, which no review shows. Applies to our
//! workflows, and to privileged ones that an outsider can start.

use super::{Doc, Hit, Rule, hit, shown};

pub(super) const RULE: Rule = Rule {
    code: "lint.permissions",
    remedy: "write `permissions: {}` at the top, and to each job what it needs",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if doc.root.is_err() || !doc.ours() && !doc.with_rights() {
        return Vec::new();
    }
    let top = doc.get("permissions");
    // Elsewhere any top-level declaration is enough; ours begin with none.
    if top.is_some() && !doc.ours() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if doc.ours() && top.is_none_or(|top| top.rows().next().is_some() || top.text().is_some()) {
        let line = top.map_or(1, |top| top.line);
        found.push(hit(line, "the workflow does not begin without any right"));
    }
    for (name, job) in doc.jobs() {
        if job.get("permissions").is_none() {
            let name_text = shown(name.text().unwrap_or_default());
            found.push(hit(
                name.line,
                format!("the job {name_text} does not name its rights"),
            ));
        }
    }
    found
}
