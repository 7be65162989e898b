//! Tests of the doctor: each setting upholds its own guarantee.

use super::*;
use crate::Reason as _;
use crate::settings::{Branches, RequiredStatus, Reviewer};

fn facts() -> Facts {
    Facts {
        packages: vec![("tool".parse().unwrap(), "tool-v".to_owned())],
        branch: "main".parse().unwrap(),
        written_for: ("main".parse().unwrap(), "main".parse().unwrap()),
        private: None,
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
                self_review: false,
                admins_bypass: Some(false),
            }),
        ),
        gate_environment: Some((
            "lockgate".to_owned(),
            Reading::Read(Environment {
                reviewers: Vec::new(),
                branches: Branches::Listed(vec!["main".to_owned()]),
                self_review: true,
                admins_bypass: None,
            }),
        )),
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
            bypass: Some(vec![Bypass::App(7)]),
        }]),
        workflows: Reading::Read(WorkflowRights::default()),
    }
}

fn problems(change: impl FnOnce(&mut Facts)) -> Vec<&'static str> {
    let mut facts = facts();
    change(&mut facts);
    let findings = decide(&facts).into_iter();
    findings
        .filter_map(|finding| match finding.outcome {
            Outcome::Pass => None,
            Outcome::Note(problem) | Outcome::Fail(problem) | Outcome::Unknown(problem) => {
                Some(problem.code())
            }
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
        problems(|facts| facts.listed = vec![("release/1".parse().unwrap(), Reading::Read(rules))])
    };
    assert_eq!(listed("lockgate/tool (release/1)"), [""; 0]);
    assert_eq!(listed("lockgate/tool"), ["doctor.not-required"]);
    let unread = problems(|facts| facts.listed = vec![("next".parse().unwrap(), Reading::Denied)]);
    assert_eq!(unread, ["doctor.unknown"]);
}

#[test]
fn each_setting_upholds_its_own_promise() {
    assert_eq!(problems(|_| ()), [""; 0]);
    assert_eq!(decide(&facts()).len(), 12);
    let renamed = |facts: &mut Facts| facts.written_for.1 = "trunk".parse().unwrap();
    assert_eq!(problems(renamed), ["doctor.default-branch"]);
    let private = |facts: &mut Facts| facts.private = Some("o/r".parse().unwrap());
    assert_eq!(problems(private), ["doctor.private"]);
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
fn the_app_alone_bypasses_the_rules_of_the_tags() {
    let bypass = |bypass: Option<Vec<Bypass>>| {
        problems(|facts| {
            if let Reading::Read(all) = &mut facts.tags {
                all[0].bypass = bypass;
            }
        })
    };
    assert_eq!(bypass(Some(Vec::new())), [""; 0]);
    for other in [Bypass::App(8), Bypass::Other("RepositoryRole 5".to_owned())] {
        let both = vec![Bypass::App(7), other];
        assert_eq!(bypass(Some(both)), ["doctor.tags-bypassed"; 2]);
    }
    assert_eq!(bypass(None), ["doctor.unknown"; 2]);
}

#[test]
fn which_app_is_ours_has_to_be_said() {
    assert_eq!(
        problems(|facts| facts.app = Some(8)),
        [
            "doctor.not-bound",
            "doctor.tags-bypassed",
            "doctor.tags-bypassed"
        ]
    );
}

#[test]
fn what_small_teams_cannot_change_is_a_note() {
    let notes = |change: fn(&mut Facts)| {
        let mut facts = facts();
        change(&mut facts);
        let found = decide(&facts).into_iter();
        found
            .filter_map(|finding| match finding.outcome {
                Outcome::Note(problem) => Some(problem.code()),
                Outcome::Pass => None,
                other @ (Outcome::Fail(_) | Outcome::Unknown(_)) => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    let alone: fn(&mut Facts) = |facts| {
        if let Reading::Read(environment) = &mut facts.environment.1 {
            environment.self_review = true;
        }
    };
    assert_eq!(notes(alone), ["doctor.alone"]);
    for (write, approve) in [(true, true), (true, false), (false, true)] {
        let mut all = facts();
        all.workflows = Reading::Read(WorkflowRights { write, approve });
        let noted = |it: &Finding| matches!(&it.outcome, Outcome::Note(problem) if problem.code() == "doctor.workflows-write");
        assert_eq!(decide(&all).iter().filter(|it| noted(it)).count(), 1);
    }
    assert_eq!(
        problems(|facts| facts.workflows = Reading::Denied),
        ["doctor.unknown"]
    );
}

#[test]
fn tags_are_held_only_where_nobody_makes_moves_or_deletes_them() {
    let rules = |kinds: &[&str]| TagRules {
        include: vec!["refs/tags/tool-v*".to_owned()],
        exclude: Vec::new(),
        bypass: None,
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
        self_review: false,
        admins_bypass: None,
    };
    assert_eq!(environment(Reading::Read(open)), ["doctor.environment"]);
}

#[test]
fn an_environment_is_for_the_default_branch_and_for_people_who_may_promote() {
    use crate::ids::Role;

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
            &["doctor.alone"],
        ),
        (
            vec![Reviewer::Team],
            Branches::Protected,
            &["doctor.environment"],
        ),
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
            self_review: false,
            admins_bypass: None,
        };
        let found = problems(|facts| facts.environment.1 = Reading::Read(environment));
        assert_eq!(found, expected, "{shown}");
    }
    let key = |branches| {
        let reviewers = Vec::new();
        let found = Environment {
            reviewers,
            branches,
            self_review: false,
            admins_bypass: None,
        };
        problems(|facts| facts.gate_environment.as_mut().unwrap().1 = Reading::Read(found))
    };
    assert_eq!(key(listed(&["main"])), [""; 0]);
    assert_eq!(key(Branches::Protected), ["doctor.app-key"]);
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
    assert_eq!(unsaid(8), ["doctor.app-unsaid"]);
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
