//! A tag or a branch can be moved to other code; a full commit id cannot. Applies to our workflows, and to privileged
//! ones that an outsider can start.

use super::{Doc, Hit, Rule, hit, shown};

pub(super) const RULE: Rule = Rule {
    code: "lint.pin",
    remedy: "write the 40 digits of the commit, and the version as a comment behind",
    look,
};

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if !doc.ours() && !doc.with_rights() {
        return Vec::new();
    }
    let pinned = |reference: &str| {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        // An image has its own digest.
        let digest = reference.strip_prefix("sha256:");
        let length = if digest.is_some() { 64 } else { 40 };
        let text = digest.unwrap_or(reference);
        text.len() == length && text.bytes().all(hex)
    };
    doc.actions()
        .into_iter()
        .filter(|(_, reference, _)| !pinned(reference))
        .map(|(name, _, node)| {
            hit(
                node.line,
                format!("{} is not pinned by a full commit id", shown(name)),
            )
        })
        .collect()
}
