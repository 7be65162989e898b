//! Every action is third-party code next to the build or the token. Applies to our workflows.

use std::collections::BTreeSet;

use super::{Doc, Hit, Rule, hit, shown};

pub(super) const RULE: Rule = Rule {
    code: "lint.actions",
    remedy: "do it in a `run:` step, or in the build command; two actions of others are the most",
    look,
};

const MOST: usize = 2;

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if !doc.ours() {
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for (name, _, node) in doc.actions() {
        let repository: Vec<&str> = name.split('/').take(2).collect();
        let repository = repository.join("/");
        let own = doc.lockgate.as_ref() == Some(&repository);
        if !own && names.insert(repository) && names.len() > MOST {
            let sentence = format!("{} is one action of others too many", shown(name));
            found.push(hit(node.line, sentence));
        }
    }
    found
}
