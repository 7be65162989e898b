//! Scenarios with several pull requests, and a base branch that moves.

use super::{PUBLISHED, WAITS};
use crate::see::ended;
use crate::stage::Stage;

#[test]
fn a_merge_group_is_answered_on_its_own_commit() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    let (group, ran) = stage.queue_event(pull);
    ended(&ran[0], "success");
    assert_eq!(stage.status(&group), WAITS);
    assert!(stage.forge.land_queued(pull).is_err());
    stage.publish(pull);
    let (group, ran) = stage.queue_event(pull);
    assert_eq!(ran.len(), 1);
    assert_eq!(stage.status(&group), PUBLISHED);
    stage.forge.land_queued(pull).unwrap();
}

#[test]
fn an_open_bump_is_told_when_main_takes_its_number() {
    let stage = Stage::set();
    let (first, _) = stage.bump("first");
    stage.branch(
        "second",
        &[("hello/VERSION", "2\n"), ("hello/greeting.txt", "other\n")],
    );
    let second = stage.open("second");
    stage.pull_event(second, "opened");
    assert_eq!(stage.gate(second), WAITS);
    stage.publish(first);
    stage.merge(first).unwrap();
    let ran = stage.push_event("main", "maintainer");
    ended(&ran[0], "success");
    let gate = stage.gate(second);
    assert!(
        gate.starts_with("failure: ") && gate.contains('3'),
        "{gate}"
    );
}

#[test]
fn an_open_bump_is_told_when_main_changes_its_sources() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    stage.push_main(&[("hello/greeting.txt", "from somebody else\n")]);
    let ran = stage.push_event("main", "developer");
    ended(&ran[0], "success");
    let gate = "failure: the base branch has changed the sources of version 2: update the branch to build a new candidate";
    assert_eq!(stage.gate(pull), gate);
    let promotion = stage.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert_eq!(stage.release("hello-v2"), [""; 0]);
}
