//! A privileged run that checks out a pull request hands its permissions to the author of the pull request. Applies to
//! every workflow.

use super::{Doc, Hit, Rule, hit};
use crate::yaml::read::Node;

pub(super) const RULE: Rule = Rule {
    code: "lint.checkout",
    remedy: "check out the default branch only; what must see the pull request's files runs on `pull_request`, without rights",
    look,
};

/// Expressions that name a pull request's commits.
const HEADS: [&str; 8] = [
    "github.head_ref",
    "pull_request.head",
    "pull_request.merge_commit_sha",
    "workflow_run.head_",
    "workflow_run.pull_requests",
    "refs/pull/",
    "issue.number",
    "event.number",
];

/// Commands with which scripts check them out.
const COMMANDS: [&str; 3] = ["gh pr checkout", "refs/pull/", "hub pr checkout"];

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if !doc.with_rights() {
        return Vec::new();
    }
    let sentence = "it can be started from outside, has rights, and checks out a pull request";
    let mut found = Vec::new();
    for step in doc.steps() {
        let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
        let inputs = ["ref", "repository"].map(|key| step.at(&["with", key]));
        for input in inputs.into_iter().flatten() {
            let text = input.text().unwrap_or_default();
            if uses.starts_with("actions/checkout@") && HEADS.iter().any(|head| text.contains(head))
            {
                found.push(hit(input.line, sentence));
            }
        }
    }
    for (text, node) in doc.scripts() {
        if let Some(command) = COMMANDS.iter().find(|command| text.contains(**command)) {
            found.push(hit(doc.line_of(node, command), sentence));
        }
    }
    found
}
