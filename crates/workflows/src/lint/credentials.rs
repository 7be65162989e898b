//! A checkout leaves its token in the clone by default, readable by everything that runs later. Applies to the build.

use super::{Doc, Hit, Rule, Whose, hit};
use crate::yaml::read::Node;

pub(super) const RULE: Rule = Rule {
    code: "lint.credentials",
    remedy: "write `persist-credentials: false`",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if doc.whose != Whose::Build {
        return Vec::new();
    }
    let checkouts = doc.steps().filter_map(|step| {
        let uses = step.get("uses")?;
        let is_checkout = uses.text()?.starts_with("actions/checkout@");
        let reported = step
            .at(&["with", "persist-credentials"])
            .and_then(Node::text);
        (is_checkout && reported != Some("false")).then_some(uses)
    });
    checkouts
        .map(|uses| {
            hit(
                uses.line,
                "a checkout beside the pull request's code keeps its token",
            )
        })
        .collect()
}
