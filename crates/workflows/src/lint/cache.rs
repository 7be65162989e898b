//! Write access to a cache is enough to change the build's output after the review. Applies to the build.

use super::{Doc, Hit, Rule, Whose, hit, shown};
use crate::yaml::read::Node;

pub(super) const RULE: Rule = Rule {
    code: "lint.cache",
    remedy: "build without a cache: another run, of another pull request, may have filled it",
    look,
};

/// Actions that cache by default, and the input that turns it off.
const BY_THEMSELVES: [(&str, &str); 5] = [
    ("actions/setup-go", "cache"),
    ("actions/setup-node", "package-manager-cache"),
    ("astral-sh/setup-uv", "enable-cache"),
    ("docker/setup-buildx-action", "cache-binary"),
    ("golangci/golangci-lint-action", "skip-cache"),
];

fn look(doc: &Doc<'_>) -> Vec<Hit> {
    if doc.whose != Whose::Build {
        return Vec::new();
    }
    let mut found = Vec::new();
    for step in doc.steps() {
        if let Some(uses) = step.get("uses")
            && let Some(text) = uses.text()
        {
            found.extend(of_action(
                step,
                uses,
                text.split('@').next().unwrap_or(text),
            ));
        }
        if let Some(run) = step.get("run")
            && let Some(text) = run.text()
        {
            for mark in [
                "type=gha",
                "--cache-from",
                "ACTIONS_CACHE_URL",
                "ACTIONS_RESULTS_URL",
            ] {
                if text.contains(mark) {
                    let line = doc.line_of(run, mark);
                    found.push(hit(
                        line,
                        format!("the build uses a cache: {}", shown(mark)),
                    ));
                }
            }
        }
    }
    found
}

fn of_action(step: &Node, uses: &Node, name: &str) -> Option<Hit> {
    let cached = |what: &str| {
        Some(hit(
            uses.line,
            format!("the build uses a cache: {}", shown(what)),
        ))
    };
    if name
        .split('/')
        .any(|part| part.split('-').any(|word| word == "cache"))
    {
        return cached(name);
    }
    let input = |key: &str| step.at(&["with", key]).and_then(Node::text);
    let off = |text: Option<&str>| matches!(text, Some("false" | "" | "no" | "never"));
    for (action, key) in BY_THEMSELVES {
        let reported = match key {
            "skip-cache" => input(key) == Some("true"),
            key => off(input(key)),
        };
        if name == action && !reported {
            return cached(name);
        }
    }
    let inputs = step.get("with").into_iter().flat_map(Node::rows);
    for (key, value) in inputs {
        let key_text = key.text().unwrap_or_default();
        let is_cache = key_text == "cache"
            || key_text.starts_with("cache-")
            || key_text.ends_with("-cache") && key_text != "skip-cache";
        // Many inputs are paths of a cache that another input enables; a cache that is off by default is accepted.
        let on = !off(value.text());
        if is_cache && on {
            let what = format!("{name}, {key_text}");
            return Some(hit(
                key.line,
                format!("the build uses a cache: {}", shown(&what)),
            ));
        }
    }
    None
}
