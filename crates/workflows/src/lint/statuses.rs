//! The right to post a status is enough to open the gate. Applies to every workflow except the gate and the promotion.

use super::{Doc, Hit, Rule, Whose, hit};
use crate::yaml::read::Node;

pub(super) const RULE: Rule = Rule {
    code: "lint.statuses",
    remedy: "name only the rights that the job needs; a status is posted by the gate and by the promotion",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if matches!(doc.whose, Whose::Gate | Whose::Promote) {
        return Vec::new();
    }
    let of_jobs = doc.jobs().filter_map(|(_, job)| job.get("permissions"));
    let all = doc.get("permissions").into_iter().chain(of_jobs);
    all.filter_map(writes).collect()
}

fn writes(permissions: &Node) -> Option<Hit> {
    if permissions.text() == Some("write-all") {
        return Some(hit(
            permissions.line,
            "it may write everything, statuses too, and so open the gate",
        ));
    }
    let right = permissions.get("statuses")?;
    (right.text() == Some("write"))
        .then(|| hit(right.line, "it may post statuses, and so open the gate"))
}
