//! Scenarios with several pull requests, and a base branch that moves.

use super::{PUBLISHED, WAITS};
use crate::fixture::Fixture;
use crate::see::ended;

#[test]
fn a_merge_group_is_answered_on_its_own_commit() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    let (group, ran) = fixture.queue_event(pull);
    ended(&ran[0], "success");
    assert_eq!(fixture.status(&group), WAITS);
    assert!(fixture.forge.land_queued(pull).is_err());
    fixture.publish(pull);
    let (group, ran) = fixture.queue_event(pull);
    assert_eq!(ran.len(), 1);
    assert_eq!(fixture.status(&group), PUBLISHED);
    fixture.forge.land_queued(pull).unwrap();
}

#[test]
fn an_open_bump_is_told_when_main_takes_its_number() {
    let fixture = Fixture::set();
    let (first, _) = fixture.bump("first");
    fixture.branch(
        "second",
        &[("hello/VERSION", "2\n"), ("hello/greeting.txt", "other\n")],
    );
    let second = fixture.open("second");
    fixture.pull_event(second, "opened");
    assert_eq!(fixture.gate(second), WAITS);
    fixture.publish(first);
    fixture.merge(first).unwrap();
    let ran = fixture.push_event("main", "maintainer");
    ended(&ran[0], "success");
    let gate = fixture.gate(second);
    assert!(
        gate.starts_with("failure: ") && gate.contains('3'),
        "{gate}"
    );
}

#[test]
fn an_open_bump_is_told_when_main_changes_its_sources() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    fixture.push_main(&[("hello/greeting.txt", "from somebody else\n")]);
    let ran = fixture.push_event("main", "developer");
    ended(&ran[0], "success");
    let gate = "failure: the base branch has changed the sources of version 2: update the branch to build a new candidate";
    assert_eq!(fixture.gate(pull), gate);
    let promotion = fixture.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert_eq!(fixture.release("hello-v2"), [""; 0]);
}
