//! doctor: determines which of Lockgate's guarantees the repository's settings uphold.
//!
//! Lockgate can only ask; GitHub is what holds a merge or a tag back, as its settings require. Each finding is a pass, a
//! fail, or unknown: a missing answer is never a pass. Does not know how settings are read.

use crate::config::WITHDRAWN_PREFIX;
use crate::gate;
use crate::ids::{BranchName, PackageName, RepositoryName};
use crate::reason::reasons;
use crate::settings::{
    ACTIONS_APP, BranchRules, Bypass, Environment, Merging, Reading, TagRules, WorkflowRights,
};

/// The facts that the findings depend on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The packages, and the tag prefix of each.
    pub packages: Vec<(PackageName, String)>,
    /// The protected branch.
    pub branch: BranchName,
    /// The branch that the workflows are written for, and the repository's default branch.
    pub written_for: (BranchName, BranchName),
    /// The name of the repository if it is not public.
    pub private: Option<RepositoryName>,
    /// Whether the config sets the hardened level.
    pub hardened: bool,
    /// The rules for the branch.
    pub rules: Reading<BranchRules>,
    /// The other branches that have a gate, and the rules for each.
    pub listed: Vec<(BranchName, Reading<BranchRules>)>,
    /// The name of the environment that promotions run in, and its settings.
    pub environment: (String, Reading<Environment>),
    /// The name of the environment that holds the App's key for the gate, and its settings; read at the hardened level.
    pub gate_environment: Option<(String, Reading<Environment>)>,
    /// The id of the App that Lockgate signs in as, if given.
    pub app: Option<u64>,
    /// Whether releases become immutable when they are published.
    pub immutable: Reading<bool>,
    /// The rulesets for tags.
    pub tags: Reading<Vec<TagRules>>,
    /// The default permissions of workflows.
    pub workflows: Reading<WorkflowRights>,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The setting upholds the guarantee.
    Pass,
    /// The setting upholds the guarantee, with something to note.
    Note(Problem),
    /// The setting does not uphold the guarantee.
    Fail(Problem),
    /// The setting could not be read; contains how to find out.
    Unknown(Problem),
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The question, phrased as a statement.
    pub question: String,
    /// The answer.
    pub outcome: Outcome,
}

reasons! {
    /// A problem with a setting: it upholds nothing, or it could not be read.
    pub enum Problem {
        /// The repository is private, so published files cannot be downloaded publicly.
        Private { /** Name. */ repository: RepositoryName } =>
            "doctor.private", "{repository} is private: strangers cannot read its releases", "make the repository public; `promote` publishes nothing before";
        /// Workflows are written for another branch.
        OtherDefault { /** By the config. */ written: BranchName, /** By the forge. */ default: BranchName } =>
            "doctor.default-branch", "the workflows are written for the branch {written}, and the repository's default branch is {default}", "set `branch = \"{default}\"` in [workflows] of lockgate.toml, and run `lockgate init`";
        /// The gate is not required.
        NotRequired { /** Context. */ context: String, /** Branch. */ branch: BranchName } =>
            "doctor.not-required", "{branch} can be merged into without the status {context}", "make it a required status check in a ruleset of the branch";
        /// A merge does not require an up-to-date branch, so the gate may be outdated.
        NotUpToDate { /** Branch. */ branch: BranchName } =>
            "doctor.not-up-to-date", "a pull request that {branch} has overtaken can be merged before the gate has looked again", "require branches to be up to date before merging, or use a merge queue";
        /// The merge queue checks only the last commit of a group, so the gate of each commit does not count.
        QueueOfGroups { /** Branch. */ branch: BranchName } =>
            "doctor.queue-of-groups", "the merge queue of {branch} lands a commit whose gate is not green, if a later one of its group is", "let the queue merge only pull requests that do not fail (grouping strategy `ALLGREEN`)";
        /// History can be rewritten.
        ForcePushes { /** Branch. */ branch: BranchName } =>
            "doctor.force-pushes", "{branch} can be rewritten", "forbid force pushes in a ruleset of the branch";
        /// Any writer can forge the gate's status.
        NotBound { /** Context. */ context: String } =>
            "doctor.not-bound", "any user with write access can post the status {context}", "bind the required status to the App";
        /// The status is bound to an App, and the id of Lockgate's App was not given.
        AppUnsaid { /** Context. */ context: String, /** Its number. */ app: u64 } =>
            "doctor.app-unsaid", "the status {context} counts only from the App {app}, and whether that is yours was not said", "run it with LOCKGATE_APP_ID, the number of the App that Lockgate signs in as";
        /// A promotion needs only one person.
        Alone { /** Name. */ environment: String, /** How. */ ways: String } =>
            "doctor.alone", "a promotion in the environment {environment} needs no second maintainer: {ways}", "where there is one, switch on \"Prevent self-review\", switch off that administrators bypass the rules, and name maintainers only";
        /// Workflows have write permissions that they do not request.
        WorkflowsWrite { /** What. */ rights: &'static str } =>
            "doctor.workflows-write", "a workflow that names no rights may {rights}", "let workflows read only (Settings, Actions, General), so that each has to name what it needs";
        /// Actors other than the App may bypass the ruleset.
        TagsBypassed { /** Tags. */ prefix: String, /** Who. */ who: String } =>
            "doctor.tags-bypassed", "the rules of the tags {prefix}* do not hold back {who}", "leave the App alone in the list of those who bypass the tag ruleset";
        /// Promotions are not held back.
        Unprotected { /** Name. */ environment: String, /** Why. */ problem: String } =>
            "doctor.environment", "the environment {environment} does not hold a promotion back: {problem}", "give it required reviewers, and let only the default branch use it";
        /// The App's key can be read by a job of any branch.
        KeyOpen { /** Name. */ environment: String, /** Why. */ problem: String } =>
            "doctor.app-key", "the App's key in the environment {environment} is not for the default branch only: {problem}", "let only the default branch use it; until then a writer can sign in as the App";
        /// Releases can be changed after publication.
        Mutable =>
            "doctor.mutable-releases", "what is published can be changed or deleted", "switch on immutable releases";
        /// Any writer can create tags.
        TagsOpen { /** Tags. */ prefix: String, /** What. */ missing: String } =>
            "doctor.tags-open", "any user with write access can do this to the tags {prefix}*: {missing}", "add a tag ruleset that only the App may bypass";
        /// The setting could not be read.
        Unknown { /** What. */ what: String } =>
            "doctor.unknown", "it could not be read: {what}", "run it with a token that has `administration: read`, or look at the repository's settings";
    }
}

/// Checks every guarantee of the level.
pub fn decide(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ask = |question: String, outcome: Outcome| findings.push(Finding { question, outcome });
    let branch = &facts.branch;
    let (written, default) = facts.written_for.clone();
    ask(
        format!("the workflows are written for {default}"),
        match written == default {
            true => Outcome::Pass,
            false => Outcome::Fail(Problem::OtherDefault { written, default }),
        },
    );
    let private = facts.private.clone();
    ask(
        "strangers can read what is published".to_owned(),
        private.map_or(Outcome::Pass, |repository| {
            Outcome::Fail(Problem::Private { repository })
        }),
    );
    for (package, _) in &facts.packages {
        let Some(context) = gate::context(package, branch, branch, &[]) else {
            continue;
        };
        let outcome = on(&facts.rules, "the rules of the branch", |rules| {
            let required = rules.required.iter().any(|it| same(&it.context, &context));
            (!required).then(|| Problem::NotRequired {
                context: context.clone(),
                branch: branch.clone(),
            })
        });
        ask(format!("{branch} needs the status {context}"), outcome);
        if facts.hardened {
            let mut bound_to = None;
            let outcome = on(&facts.rules, "the rules of the branch", |rules| {
                let required = rules.required.iter();
                let mut apps = required
                    .filter(|it| same(&it.context, &context))
                    .filter_map(|it| it.app)
                    .filter(|app| *app != ACTIONS_APP)
                    .filter(|app| facts.app.is_none_or(|configured| configured == *app));
                bound_to = apps.next();
                bound_to.is_none().then(|| Problem::NotBound {
                    context: context.clone(),
                })
            });
            let outcome = match (outcome, bound_to, facts.app) {
                (Outcome::Pass, Some(app), None) => Outcome::Unknown(Problem::AppUnsaid {
                    context: context.clone(),
                    app,
                }),
                (outcome, _, _) => outcome,
            };
            ask(format!("{context} counts only from one App"), outcome);
        }
    }
    for (listed, rules) in &facts.listed {
        let all: Vec<BranchName> = facts.listed.iter().map(|(name, _)| name.clone()).collect();
        for (package, _) in &facts.packages {
            let Some(context) = gate::context(package, listed, branch, &all) else {
                continue;
            };
            let outcome = on(rules, "the rules of the branch", |rules| {
                let required = rules.required.iter().any(|it| same(&it.context, &context));
                (!required).then(|| Problem::NotRequired {
                    context: context.clone(),
                    branch: listed.clone(),
                })
            });
            ask(format!("{listed} needs the status {context}"), outcome);
        }
    }
    let outcome = on(&facts.rules, "the rules of the branch", |rules| {
        merging(rules.merging, branch)
    });
    ask(
        format!("the gate has seen each commit that {branch} gets"),
        outcome,
    );
    let outcome = on(&facts.rules, "the rules of the branch", |rules| {
        let branch = branch.clone();
        rules
            .force_pushes
            .then_some(Problem::ForcePushes { branch })
    });
    ask(format!("the history of {branch} stays"), outcome);
    ask(
        format!("promotions wait in the environment {}", facts.environment.0),
        environment(facts),
    );
    let outcome = on(&facts.immutable, "whether releases are immutable", |on| {
        (!on).then_some(Problem::Mutable)
    });
    ask("what is published cannot be changed".to_owned(), outcome);
    ask(
        "a workflow may write only what it names".to_owned(),
        workflow_rights(&facts.workflows),
    );
    if let Some((name, reading)) = &facts.gate_environment {
        let outcome = on(reading, "the environment of the gate", |environment| {
            let environment = environment.open_to(branch)?;
            Some(Problem::KeyOpen {
                environment: name.clone(),
                problem: environment,
            })
        });
        ask(
            format!("the App's key in the environment {name} is for {branch} only"),
            outcome,
        );
    }
    if facts.hardened {
        let withdrawn = facts
            .packages
            .iter()
            .map(|(_, prefix)| format!("{WITHDRAWN_PREFIX}{prefix}"));
        let prefixes = facts.packages.iter().map(|(_, prefix)| prefix.clone());
        for prefix in &prefixes.chain(withdrawn).collect::<Vec<_>>() {
            let open = on(&facts.tags, "the rulesets about tags", |all| {
                open_tags(all, prefix)
            });
            let outcome = match open {
                Outcome::Pass => bypassed(facts, prefix),
                Outcome::Note(_) | Outcome::Fail(_) | Outcome::Unknown(_) => open,
            };
            ask(
                format!("only the App makes, moves or deletes the tags {prefix}*"),
                outcome,
            );
        }
    }
    findings
}

/// Compares contexts as GitHub does: case-insensitively.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn on<T>(reading: &Reading<T>, what: &str, problem: impl FnOnce(&T) -> Option<Problem>) -> Outcome {
    match reading {
        Reading::Read(value) => problem(value).map_or(Outcome::Pass, Outcome::Fail),
        Reading::NotFound | Reading::Denied => Outcome::Unknown(Problem::Unknown {
            what: what.to_owned(),
        }),
    }
}

fn merging(rule: Merging, branch: &BranchName) -> Option<Problem> {
    let branch = branch.clone();
    match rule {
        Merging::Lagging => Some(Problem::NotUpToDate { branch }),
        Merging::QueueOfGroups => Some(Problem::QueueOfGroups { branch }),
        Merging::UpToDate | Merging::Queue => None,
    }
}

/// Checks the environment of promotions. One that does not exist is a failure: the first job that names it creates it, unprotected.
fn environment(facts: &Facts) -> Outcome {
    let (name, reading) = &facts.environment;
    let fail = |problem: String| {
        Outcome::Fail(Problem::Unprotected {
            environment: name.clone(),
            problem,
        })
    };
    match reading {
        Reading::NotFound => {
            fail("there is no such environment, or the token may not see it".to_owned())
        }
        Reading::Read(found) => match (found.problem(&facts.branch), found.alone()) {
            (Some(problem), _) => fail(problem),
            (None, Some(ways)) => Outcome::Note(Problem::Alone {
                environment: name.clone(),
                ways,
            }),
            (None, None) => Outcome::Pass,
        },
        Reading::Denied => on(reading, "the environment", |_| None),
    }
}

/// Checks the default permissions of workflows. A writer's workflow can request any permission, so narrow defaults only limit mistakes;
/// a finding is therefore a note.
fn workflow_rights(reading: &Reading<WorkflowRights>) -> Outcome {
    let Reading::Read(found) = reading else {
        return on(reading, "what workflows may do that name no rights", |_| {
            None
        });
    };
    let rights = match (found.write, found.approve) {
        (true, true) => "write everything and approve pull requests",
        (true, false) => "write everything",
        (false, true) => "approve pull requests",
        (false, false) => return Outcome::Pass,
    };
    Outcome::Note(Problem::WorkflowsWrite { rights })
}

/// Returns which actors other than the App may bypass the tag rulesets. Only an actor that bypasses all of them counts: one that
/// bypasses a single ruleset is still held back by another with the same rules.
fn bypassed(facts: &Facts, prefix: &str) -> Outcome {
    let Reading::Read(all) = &facts.tags else {
        return Outcome::Pass;
    };
    let mut who = Vec::new();
    for rules in all.iter().filter(|rules| rules.covers(prefix)) {
        let Some(bypass) = &rules.bypass else {
            return Outcome::Unknown(Problem::Unknown {
                what: "who bypasses the rulesets about tags".to_owned(),
            });
        };
        for one in bypass {
            match one {
                Bypass::App(app) if facts.app.is_none_or(|ours| ours == *app) => {}
                Bypass::App(app) => who.push(format!("the App {app}")),
                Bypass::Other(words) => who.push(words.clone()),
            }
        }
    }
    who.sort();
    who.dedup();
    match who.is_empty() {
        true => Outcome::Pass,
        false => Outcome::Fail(Problem::TagsBypassed {
            prefix: prefix.to_owned(),
            who: who.join(", "),
        }),
    }
}

fn open_tags(all: &[TagRules], prefix: &str) -> Option<Problem> {
    let held = |kind: &str| {
        let mut covering = all.iter().filter(|rules| rules.covers(prefix));
        covering.any(|rules| rules.kinds.iter().any(|it| it == kind))
    };
    let missing: Vec<&str> = ["creation", "update", "deletion"]
        .into_iter()
        .filter(|kind| !held(kind))
        .collect();
    (!missing.is_empty()).then(|| Problem::TagsOpen {
        prefix: prefix.to_owned(),
        missing: missing.join(", "),
    })
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
