//! The promises of every generated workflow.

use std::collections::BTreeSet;

use lockgate_workflows::actions::Action;
use lockgate_workflows::yaml::read::Node;

use crate::support::{HOSTILE, config, configs, fresh, settings, tree};

fn jobs(root: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let rows = root.get("jobs").unwrap().rows();
    rows.map(|(name, job)| (name.text().unwrap(), job))
}

fn steps(job: &Node) -> impl Iterator<Item = &Node> {
    job.get("steps").unwrap().items()
}

#[test]
fn nothing_has_a_right_that_its_job_does_not_name() {
    for config in configs() {
        for file in fresh(&config) {
            let root = tree(&file);
            assert_eq!(
                root.get("permissions").unwrap().rows().count(),
                0,
                "{}",
                file.path
            );
            for (name, job) in jobs(&root) {
                let rights = job.get("permissions").unwrap().rows();
                let writes: BTreeSet<&str> = rights
                    .filter(|(_, access)| access.text() == Some("write"))
                    .map(|(scope, _)| scope.text().unwrap())
                    .collect();
                assert!(
                    name == "gate" || name == "publish" || writes.is_empty(),
                    "{name}"
                );
                assert!(!writes.contains("id-token"));
            }
        }
    }
}

#[test]
fn every_step_is_one_call_a_checkout_or_an_upload() {
    let commands = ["detect", "build", "gate", "report", "promote"];
    for config in configs() {
        for file in fresh(&config) {
            for (_, job) in jobs(&tree(&file)) {
                for step in steps(job) {
                    match (step.get("run").and_then(Node::text), step.get("uses")) {
                        (Some(run), None) => {
                            let words: Vec<&str> = run.split(' ').collect();
                            assert!(
                                words[0] == "lockgate" && commands.contains(&words[1]),
                                "{run}"
                            );
                            assert!(
                                !run.contains(['\n', '{', '`', ';', '&', '|', '<', '>']),
                                "{run}"
                            );
                        }
                        (None, Some(_)) => {}
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    }
}

#[test]
fn at_most_two_actions_of_others_are_used_each_by_its_full_commit() {
    let mut strangers = BTreeSet::new();
    for config in configs() {
        for file in fresh(&config) {
            for (_, job) in jobs(&tree(&file)) {
                for uses in steps(job).filter_map(|step| step.get("uses")) {
                    let (name, commit) = uses.text().unwrap().split_once('@').unwrap();
                    assert_eq!(commit.len(), 40);
                    if name != "o/lockgate" {
                        strangers.insert(name.to_owned());
                    }
                }
            }
        }
    }
    let known: BTreeSet<String> = Action::ALL
        .iter()
        .map(|action| action.name().to_owned())
        .collect();
    assert_eq!(strangers, known);
    assert!(known.len() <= 2);
}

#[test]
fn only_the_build_job_runs_what_it_checked_out_and_it_can_only_read() {
    for config in configs() {
        for file in fresh(&config) {
            let root = tree(&file);
            let trusted = root.at(&["on", "pull_request"]).is_none();
            for (name, job) in jobs(&root) {
                for step in steps(job) {
                    let Some(with) = step
                        .get("with")
                        .filter(|with| with.get("fetch-depth").is_some())
                    else {
                        continue;
                    };
                    assert_eq!(
                        with.get("persist-credentials").unwrap().text(),
                        Some("false")
                    );
                    let head = with.get("ref").and_then(Node::text);
                    let head = head.is_some_and(|text| text.contains("pull_request"));
                    assert!(!(trusted && head), "{} {name}", file.path);
                }
            }
            assert!(!file.text.contains("actions/cache") && !file.text.contains("id-token"));
        }
    }
}

#[test]
fn a_hostile_but_legal_name_is_the_name_that_is_read_back() {
    for level in ["basic", "hardened"] {
        let config = config(HOSTILE, HOSTILE, &settings(level));
        let files = fresh(&config);
        for name in HOSTILE {
            let of = |kind: &str| {
                let path = format!(".github/workflows/{kind}-{name}.yml");
                tree(files.iter().find(|file| file.path == path).unwrap())
            };
            let build = of("build");
            assert_eq!(
                build.get("name").unwrap().text(),
                Some(format!("Build {name}").as_str())
            );
            let watched = of("gate");
            let watched = watched.at(&["on", "workflow_run", "workflows"]).unwrap();
            let watched: Vec<_> = watched.items().map(|item| item.text().unwrap()).collect();
            let ends = [
                format!("Build {name}"),
                format!("Promote to Release ({name})"),
            ];
            assert_eq!(watched, ends);
            let promote = of("promote");
            let promote = promote.get("name").unwrap().text().unwrap();
            assert_eq!(promote, format!("Promote to Release ({name})"));
        }
    }
}

#[test]
fn a_branch_of_any_name_is_matched_by_itself_only() {
    for (branch, filter) in [
        ("main", "main"),
        ("on", "on"),
        ("1.x", "1.x"),
        ("!a+b", "\\!a\\+b"),
        ("it's #1", ""),
        ("über", "über"),
        ("a,b", "a,b"),
        ("&x", "&x"),
    ] {
        if filter.is_empty() {
            continue;
        }
        let more = format!("[workflows]\nbranch = \"{branch}\"\n");
        let config = config(&["tool"], &["amd64"], &more);
        let gate = tree(&fresh(&config)[1]);
        let branches = gate.at(&["on", "push", "branches"]).unwrap();
        let branches: Vec<_> = branches.items().map(|item| item.text().unwrap()).collect();
        assert_eq!(branches, [filter]);
    }
}

#[test]
fn an_emulator_is_asked_for_only_where_a_variant_is_foreign_to_its_runner() {
    let build = |runner: &str| {
        let config = config(&["tool"], &["amd64"], &settings("basic"));
        let text = fresh(&config)[0].text.clone();
        assert!(!text.contains("emulate"));
        let more = format!(
            "[package.tool.variant.arm64]\nrunner = \"{runner}\"\n{}",
            settings("basic")
        );
        fresh(&crate::support::config(&["tool"], &["amd64"], &more))[0]
            .text
            .clone()
    };
    assert!(build("ubuntu-24.04").contains("emulate: ${{ matrix.arch }}"));
    assert!(!build("ubuntu-24.04-arm").contains("emulate"));
    assert!(!build("my-own-machine").contains("emulate"));
}

#[test]
fn the_hardened_workflows_hold_the_key_only_where_no_foreign_code_runs() {
    let files = fresh(&config(&["tool"], &["amd64"], &settings("hardened")));
    let [build, gate, promote] = files.as_slice() else {
        panic!()
    };
    assert!(!build.text.contains("secrets."));
    assert!(build.text.contains("merge_group"));
    assert!(!gate.text.contains("merge_group:"));
    for (file, environment) in [(gate, "lockgate"), (promote, "release")] {
        assert!(file.text.contains("secrets.LOCKGATE_APP_KEY"));
        assert!(!file.text.contains(": write"));
        for (name, job) in jobs(&tree(file)) {
            let has_key = steps(job)
                .filter_map(|step| step.get("env"))
                .any(|env| env.get("LOCKGATE_APP_KEY").is_some());
            let found = job.get("environment").and_then(Node::text);
            match name {
                "plan" => assert!(found.is_none() && !has_key),
                _ => assert!(found == Some(environment) && has_key),
            }
        }
    }
}

/// A job in a protected environment starts only when it is approved, maybe hours later. The page shows before what
/// would be published, and the job publishes that or nothing.
#[test]
fn a_promotion_is_planned_before_it_is_approved() {
    for config in configs() {
        for file in fresh(&config)
            .iter()
            .filter(|f| f.path.contains("/promote-"))
        {
            let root = tree(file);
            let all: Vec<_> = jobs(&root).collect();
            let [("plan", plan), ("publish", publish)] = all.as_slice() else {
                panic!("{}", file.text)
            };
            assert!(plan.get("environment").is_none());
            let call = |job| {
                let mut calls = steps(job).filter_map(|step| step.get("run").and_then(Node::text));
                let call = calls.next().unwrap().to_owned();
                assert_eq!(calls.next(), None);
                call
            };
            assert!(call(plan).contains(" --dry-run "));
            let published = call(publish);
            assert!(
                published
                    .ends_with(" --expect-head \"$EXPECT_HEAD\" --expect-plan \"$EXPECT_PLAN\"")
            );
            assert_eq!(publish.get("environment").unwrap().text(), Some("release"));
            let needs: Vec<_> = publish.get("needs").unwrap().items().collect();
            assert!(needs.len() <= 1);
            let env = steps(publish).find_map(|step| step.get("env")).unwrap();
            let of = |name| env.get(name).unwrap().text().unwrap().to_owned();
            assert_eq!(of("EXPECT_HEAD"), "${{ needs.plan.outputs.head }}");
            assert_eq!(of("EXPECT_PLAN"), "${{ needs.plan.outputs.plan }}");
        }
    }
}
