//! Lists the remaining steps after the files are written, which no program should do for the maintainer.

use lockgate_core::config::{Config, TrustLevel};
use lockgate_core::gate;

use super::Found;

/// Returns the lines of the list.
pub(super) fn what_is_left(found: &Found, config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |line: &str| lines.push(line.to_owned());
    if !found.git.has_commits() {
        say(
            "note: the repository has no commit yet; workflows run once the default branch has them",
        );
    }
    if found.remote.is_none() {
        say("note: the repository has no remote yet; push it to the forge, then go on below");
    }
    if config.workflows.lockgate.is_none() {
        say(
            "WARNING: the workflows expect `lockgate` on the PATH of the runners. Runners of the forge do not have it: say\n  \
             --action OWNER/NAME@COMMIT --sha256sums FILE, or write `lockgate` and [workflows.sha256] into lockgate.toml",
        );
    }
    say("What a maintainer sets, once, in this order:");
    let mut step = 0;
    let mut point = |text: String| {
        step += 1;
        lines.push(format!("  {step}. {text}"));
    };
    let names: Vec<String> = config
        .packages
        .values()
        .map(|package| format!("`{}`", package.gate_context()))
        .collect();
    let at = found
        .repository
        .as_deref()
        .map(|name| format!(" of {name}"))
        .unwrap_or_default();
    let branch = &config.workflows.branch;
    point(format!(
        "In the settings{at}, Environments: make `release`, with required reviewers, for the branch {branch} only. Before the\n     first promotion: a job that names an environment that is not there makes it, without protection."
    ));
    if config.workflows.level == TrustLevel::Hardened {
        point(
            "Make a GitHub App for this repository alone (contents, statuses, pull requests: write; actions: read). Its\n     \
             number becomes the variable LOCKGATE_APP_ID, its private key the secret LOCKGATE_APP_KEY of two environments:\n     \
             `release`, and `lockgate` (no reviewers, the default branch only)."
                .to_owned(),
        );
        point(
            "A ruleset for tags: only the App creates, changes or deletes the packages' tags."
                .to_owned(),
        );
    }
    point("General, Releases: make releases immutable.".to_owned());
    point(format!(
        "Commit, open a pull request, merge it: workflows count from the branch {branch}."
    ));
    let bound = match config.workflows.level {
        TrustLevel::Hardened => ", from the App only",
        TrustLevel::Basic => "",
    };
    for listed in &config.workflows.branches {
        let context = |name| gate::context(name, listed, branch, &config.workflows.branches);
        let contexts = config.packages.keys().filter_map(context);
        let contexts: Vec<String> = contexts.map(|context| format!("`{context}`")).collect();
        point(format!(
            "A ruleset for {listed}: require the status {}{bound}, and the same as for {branch} below.",
            contexts.join(", ")
        ));
    }
    point(format!(
        "A ruleset for {branch}: require the status {}{bound}. Require branches to be up to date before merging, or a\n     \
         merge queue that merges only what does not fail. Block force pushes. Then `lockgate doctor` finds what is missing.",
        names.join(", ")
    ));
    lines
}
