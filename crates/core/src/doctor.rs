//! doctor: the repository's settings -> which promises they uphold.
//!
//! Lockgate can only ask; what holds a merge or a tag back is the forge, and what the forge was told. Each finding is a
//! pass, a fail, or unknown: not being told is never a pass. Does not know how settings are read.

use crate::config::WITHDRAWN_PREFIX;
use crate::gate;
use crate::reason::reasons;
use crate::settings::{ACTIONS_APP, BranchRules, Environment, Merging, Reading, TagRules};
use crate::words::{BranchName, PackageName};

/// All that is looked at.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The packages, and how the tags of each begin.
    pub packages: Vec<(PackageName, String)>,
    /// The branch that is held.
    pub branch: BranchName,
    /// Whether the config asks for the hardened level.
    pub hardened: bool,
    /// What the rulesets say of the branch.
    pub rules: Reading<BranchRules>,
    /// The other branches that have a gate, and what the rulesets say of each.
    pub listed: Vec<(BranchName, Reading<BranchRules>)>,
    /// The name of the environment that promotions run in, and what it demands.
    pub environment: (String, Reading<Environment>),
    /// The name of the environment that holds the App's key for the gate, and what it demands; read at the hardened level.
    pub gate_environment: (String, Reading<Environment>),
    /// The number of the App that Lockgate signs in as, where that was said.
    pub app: Option<u64>,
    /// Whether releases freeze when they are published.
    pub immutable: Reading<bool>,
    /// The rulesets about tags.
    pub tags: Reading<Vec<TagRules>>,
}

/// How a question was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The setting upholds the promise.
    Pass,
    /// It does not.
    Fail(Problem),
    /// It could not be read; how to find out.
    Unknown(Problem),
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is asked, as a statement.
    pub question: String,
    /// The answer.
    pub outcome: Outcome,
}

reasons! {
    /// A setting that upholds nothing, or of which nobody would tell.
    pub enum Problem {
        /// The gate does not gate.
        NotRequired { /** Context. */ context: String, /** Branch. */ branch: BranchName } =>
            "doctor.not-required", "{branch} can be merged into without the status {context}", "make it a required status check in a ruleset of the branch";
        /// The gate can be outrun.
        NotUpToDate { /** Branch. */ branch: BranchName } =>
            "doctor.not-up-to-date", "a pull request that {branch} has overtaken can be merged before the gate has looked again", "require branches to be up to date before merging, or use a merge queue";
        /// The gate of a commit does not gate.
        QueueOfGroups { /** Branch. */ branch: BranchName } =>
            "doctor.queue-of-groups", "the merge queue of {branch} lands a commit whose gate is not green, if a later one of its group is", "let the queue merge only pull requests that do not fail (grouping strategy `ALLGREEN`)";
        /// History can be rewritten.
        ForcePushes { /** Branch. */ branch: BranchName } =>
            "doctor.force-pushes", "{branch} can be rewritten", "forbid force pushes in a ruleset of the branch";
        /// Anybody who writes may forge the gate.
        NotBound { /** Context. */ context: String } =>
            "doctor.not-bound", "anybody with write access can post the status {context}", "bind the required status to the App";
        /// Promotions are not held back.
        Unprotected { /** Name. */ environment: String, /** Why. */ problem: String } =>
            "doctor.environment", "the environment {environment} does not hold a promotion back: {problem}", "give it required reviewers, and let only the default branch use it";
        /// The App's key can be read by a job of any branch.
        KeyOpen { /** Name. */ environment: String, /** Why. */ problem: String } =>
            "doctor.app-key", "the App's key in the environment {environment} is not for the default branch only: {problem}", "let only the default branch use it; until then a writer can sign in as the App";
        /// Releases can be changed.
        Mutable =>
            "doctor.mutable-releases", "what is published can be changed or deleted", "switch on immutable releases";
        /// Tags can be made by anybody who writes.
        TagsOpen { /** Tags. */ prefix: String, /** What. */ missing: String } =>
            "doctor.tags-open", "anybody with write access can do this to the tags {prefix}*: {missing}", "add a tag ruleset that only the App may bypass";
        /// Not told.
        Unknown { /** What. */ what: String } =>
            "doctor.unknown", "it could not be read: {what}", "run it with a token that has `administration: read`, or look at the repository's settings";
    }
}

/// Asks everything that the level promises.
pub fn decide(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ask = |question: String, outcome: Outcome| findings.push(Finding { question, outcome });
    let branch = &facts.branch;
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
            let outcome = on(&facts.rules, "the rules of the branch", |rules| {
                let ours = |app: u64| {
                    app != ACTIONS_APP && facts.app.is_none_or(|configured| configured == app)
                };
                let bound = |it: &crate::settings::RequiredStatus| {
                    same(&it.context, &context) && it.app.is_some_and(ours)
                };
                (!rules.required.iter().any(bound)).then(|| Problem::NotBound {
                    context: context.clone(),
                })
            });
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
    if facts.hardened {
        let (name, reading) = &facts.gate_environment;
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
        let withdrawn = facts
            .packages
            .iter()
            .map(|(_, prefix)| format!("{WITHDRAWN_PREFIX}{prefix}"));
        let prefixes = facts.packages.iter().map(|(_, prefix)| prefix.clone());
        for prefix in &prefixes.chain(withdrawn).collect::<Vec<_>>() {
            let outcome = on(&facts.tags, "the rulesets about tags", |all| {
                open_tags(all, prefix)
            });
            ask(
                format!("only the App makes, moves or deletes the tags {prefix}*"),
                outcome,
            );
        }
    }
    findings
}

/// Contexts are compared as GitHub does: without case.
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

/// An environment that is not there is worse than unknown: the first job that names it makes it, unprotected.
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
        Reading::Read(found) => found.problem(&facts.branch).map_or(Outcome::Pass, fail),
        Reading::Denied => on(reading, "the environment", |_| None),
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
mod tests {
    use super::*;
    use crate::Reason as _;
    use crate::settings::{Branches, RequiredStatus, Reviewer};

    fn facts() -> Facts {
        Facts {
            packages: vec![("tool".parse().unwrap(), "tool-v".to_owned())],
            branch: "main".parse().unwrap(),
            hardened: true,
            rules: Reading::Read(BranchRules {
                required: vec![RequiredStatus {
                    context: "Lockgate/Tool".to_owned(),
                    app: Some(7),
                }],
                merging: Merging::UpToDate,
                force_pushes: false,
            }),
            listed: Vec::new(),
            environment: (
                "release".to_owned(),
                Reading::Read(Environment {
                    reviewers: vec![Reviewer::Team],
                    branches: Branches::Listed(vec!["main".to_owned()]),
                }),
            ),
            gate_environment: (
                "lockgate".to_owned(),
                Reading::Read(Environment {
                    reviewers: Vec::new(),
                    branches: Branches::Listed(vec!["main".to_owned()]),
                }),
            ),
            app: Some(7),
            immutable: Reading::Read(true),
            tags: Reading::Read(vec![TagRules {
                include: vec![
                    "refs/tags/tool-v*".to_owned(),
                    "refs/tags/withdrawn-tool-v*".to_owned(),
                ],
                exclude: Vec::new(),
                kinds: ["creation", "update", "deletion"]
                    .map(str::to_owned)
                    .to_vec(),
            }]),
        }
    }

    fn problems(change: impl FnOnce(&mut Facts)) -> Vec<&'static str> {
        let mut facts = facts();
        change(&mut facts);
        let findings = decide(&facts).into_iter();
        findings
            .filter_map(|finding| match finding.outcome {
                Outcome::Pass => None,
                Outcome::Fail(problem) | Outcome::Unknown(problem) => Some(problem.code()),
            })
            .collect()
    }

    fn rules(change: impl FnOnce(&mut BranchRules)) -> Vec<&'static str> {
        problems(|facts| {
            if let Reading::Read(rules) = &mut facts.rules {
                change(rules);
            }
        })
    }

    #[test]
    fn a_listed_branch_needs_the_status_that_names_it() {
        let listed = |context: &str| {
            let required = vec![RequiredStatus {
                context: context.to_owned(),
                app: None,
            }];
            let rules = BranchRules {
                required,
                ..BranchRules::default()
            };
            problems(|facts| {
                facts.listed = vec![("release/1".parse().unwrap(), Reading::Read(rules))]
            })
        };
        assert_eq!(listed("lockgate/tool (release/1)"), [""; 0]);
        assert_eq!(listed("lockgate/tool"), ["doctor.not-required"]);
        let unread =
            problems(|facts| facts.listed = vec![("next".parse().unwrap(), Reading::Denied)]);
        assert_eq!(unread, ["doctor.unknown"]);
    }

    #[test]
    fn each_setting_upholds_its_own_promise() {
        assert_eq!(problems(|_| ()), [""; 0]);
        assert_eq!(decide(&facts()).len(), 9);
        assert_eq!(
            rules(|rules| rules.required.clear()),
            ["doctor.not-required", "doctor.not-bound"]
        );
        assert_eq!(
            rules(|rules| rules.required[0].app = None),
            ["doctor.not-bound"]
        );
        assert_eq!(
            rules(|rules| rules.merging = Merging::Lagging),
            ["doctor.not-up-to-date"]
        );
        assert_eq!(
            rules(|rules| rules.merging = Merging::QueueOfGroups),
            ["doctor.queue-of-groups"]
        );
        assert_eq!(rules(|rules| rules.merging = Merging::Queue), [""; 0]);
        assert_eq!(
            rules(|rules| rules.force_pushes = true),
            ["doctor.force-pushes"]
        );
        assert_eq!(
            problems(|facts| facts.immutable = Reading::Read(false)),
            ["doctor.mutable-releases"]
        );
        assert_eq!(
            problems(|facts| facts.tags = Reading::Read(Vec::new())),
            ["doctor.tags-open"; 2]
        );
        let withdrawals_open = |facts: &mut Facts| {
            if let Reading::Read(all) = &mut facts.tags {
                all[0].include.pop();
            }
        };
        assert_eq!(problems(withdrawals_open), ["doctor.tags-open"]);
        assert_eq!(
            rules(|rules| rules.required[0].context = "lockgate/other".to_owned()),
            ["doctor.not-required", "doctor.not-bound"]
        );
    }

    #[test]
    fn tags_are_held_only_where_nobody_makes_moves_or_deletes_them() {
        let rules = |kinds: &[&str]| TagRules {
            include: vec!["refs/tags/tool-v*".to_owned()],
            exclude: Vec::new(),
            kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
        };
        let missing = |all: &[TagRules]| match open_tags(all, "tool-v") {
            None => String::new(),
            Some(Problem::TagsOpen { prefix, missing }) => {
                assert_eq!(prefix, "tool-v");
                missing
            }
            Some(other) => panic!("{other:?}"),
        };
        let two = ["creation", "update"];
        assert_eq!(missing(&[]), "creation, update, deletion");
        assert_eq!(missing(&[rules(&two)]), "deletion");
        assert_eq!(missing(&[rules(&["deletion"])]), "creation, update");
        assert_eq!(missing(&[rules(&two), rules(&["deletion"])]), "");
    }

    #[test]
    fn not_being_told_is_never_a_pass() {
        assert_eq!(
            problems(|facts| facts.immutable = Reading::NotFound),
            ["doctor.unknown"]
        );
        assert_eq!(
            problems(|facts| facts.tags = Reading::Denied),
            ["doctor.unknown"; 2]
        );
        assert_eq!(
            problems(|facts| facts.rules = Reading::Denied),
            ["doctor.unknown"; 4]
        );
        let environment = |reading| problems(|facts: &mut Facts| facts.environment.1 = reading);
        assert_eq!(environment(Reading::Denied), ["doctor.unknown"]);
        assert_eq!(environment(Reading::NotFound), ["doctor.environment"]);
        let open = Environment {
            reviewers: vec![Reviewer::Team],
            branches: Branches::All,
        };
        assert_eq!(environment(Reading::Read(open)), ["doctor.environment"]);
    }

    #[test]
    fn an_environment_is_for_the_default_branch_and_for_people_who_may_promote() {
        use crate::words::Role;

        let listed = |names: &[&str]| Branches::Listed(names.iter().map(|&it| it.into()).collect());
        let person = |role| Reviewer::Person("someone".parse().unwrap(), Some(role));
        let cases: [(Vec<Reviewer>, Branches, &[&str]); 9] = [
            (vec![], listed(&["main"]), &["doctor.environment"]),
            (
                vec![person(Role::Read)],
                listed(&["main"]),
                &["doctor.environment"],
            ),
            (vec![person(Role::Maintain)], listed(&["main"]), &[]),
            (
                vec![person(Role::Read), Reviewer::Team],
                listed(&["main"]),
                &[],
            ),
            (vec![Reviewer::Team], Branches::Protected, &[]),
            (
                vec![Reviewer::Team],
                listed(&["*"]),
                &["doctor.environment"],
            ),
            (
                vec![Reviewer::Team],
                listed(&["main", "feature/*"]),
                &["doctor.environment"],
            ),
            (
                vec![Reviewer::Team],
                listed(&["refs/tags/main"]),
                &["doctor.environment"],
            ),
            (
                vec![Reviewer::Team],
                listed(&["master"]),
                &["doctor.environment"],
            ),
        ];
        for (reviewers, branches, expected) in cases {
            let shown = format!("{reviewers:?} {branches:?}");
            let environment = Environment {
                reviewers,
                branches,
            };
            let found = problems(|facts| facts.environment.1 = Reading::Read(environment));
            assert_eq!(found, expected, "{shown}");
        }
        let key = |branches| {
            let reviewers = Vec::new();
            let found = Environment {
                reviewers,
                branches,
            };
            problems(|facts| facts.gate_environment.1 = Reading::Read(found))
        };
        assert_eq!(key(Branches::Protected), [""; 0]);
        assert_eq!(key(Branches::All), ["doctor.app-key"]);
        assert_eq!(key(listed(&["*"])), ["doctor.app-key"]);
    }

    #[test]
    fn a_status_that_every_workflow_can_post_is_bound_to_nobody() {
        let bound = |app| rules(|rules| rules.required[0].app = app);
        assert_eq!(bound(Some(7)), [""; 0]);
        assert_eq!(bound(Some(8)), ["doctor.not-bound"]);
        assert_eq!(bound(Some(ACTIONS_APP)), ["doctor.not-bound"]);
        let unsaid = |app| {
            problems(|facts| {
                facts.app = None;
                if let Reading::Read(rules) = &mut facts.rules {
                    rules.required[0].app = Some(app);
                }
            })
        };
        assert_eq!(unsaid(8), [""; 0]);
        assert_eq!(unsaid(ACTIONS_APP), ["doctor.not-bound"]);
    }

    #[test]
    fn the_basic_level_does_not_ask_for_an_app() {
        let basic = |facts: &mut Facts| {
            facts.hardened = false;
            facts.tags = Reading::Denied;
            if let Reading::Read(rules) = &mut facts.rules {
                rules.required[0].app = None;
            }
        };
        assert_eq!(problems(basic), [""; 0]);
    }
}
