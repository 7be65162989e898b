//! Scenarios: the promotion is started by hand.

use lockgate_forge_embedded::state::settings::Environment;
use serde_json::json;

use super::{FILES, PUBLISHED, WAITS, build};
use crate::fixture::Fixture;
use crate::see::ended;

#[test]
fn a_maintainer_promotes_a_pull_request_and_it_may_merge() {
    let fixture = Fixture::set();
    let (pull, ran) = fixture.bump("raise");
    assert!(fixture.merge(pull).is_err(), "the gate is not green yet");
    let candidate = fixture.artifacts(build(&ran));
    let promotion = fixture.promote("maintainer", pull);
    ended(&promotion, "success");
    assert_eq!(fixture.release("hello-v2"), FILES);
    assert_eq!(fixture.gate(pull), PUBLISHED);
    assert!(
        fixture.comment(pull).contains("published"),
        "{}",
        fixture.comment(pull)
    );
    assert_eq!(fixture.artifacts(build(&ran)), candidate);
    fixture.merge(pull).unwrap();
    let pushed = fixture.push_event("main", "maintainer");
    assert_eq!(pushed.len(), 1);
    ended(&pushed[0], "success");
}

#[test]
fn a_maintainer_promotes_by_the_number_of_a_run() {
    let fixture = Fixture::set();
    let (pull, ran) = fixture.bump("raise");
    let inputs = json!({ "run": build(&ran).run.to_string() });
    ended(&fixture.promote_with("maintainer", inputs), "success");
    assert_eq!(fixture.release("hello-v2"), FILES);
    assert_eq!(fixture.gate(pull), PUBLISHED);
}

#[test]
fn a_second_promotion_finds_its_work_done() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    fixture.publish(pull);
    let again = fixture.promote("maintainer", pull);
    ended(&again, "success");
    assert!(again.stderr("is published already"), "{}", again.ended.log);
    assert_eq!(fixture.release("hello-v2"), FILES);
}

#[test]
fn a_developer_is_refused() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    let promotion = fixture.promote("developer", pull);
    ended(&promotion, "failure");
    assert!(
        promotion.stderr("promote.not-a-maintainer"),
        "{}",
        promotion.ended.log
    );
    assert_eq!(fixture.release("hello-v2"), [""; 0]);
    assert_eq!(fixture.gate(pull), WAITS);
}

/// A job that names a missing environment creates it without protection, so it would not be held back.
#[test]
fn an_environment_that_holds_nobody_back_is_refused() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    fixture
        .forge
        .set_environment("release", Environment::default());
    let promotion = fixture.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert!(promotion.stderr("promote.environment"), "{promotion:?}");
    assert_eq!(fixture.release("hello-v2"), [""; 0]);
}

#[test]
fn a_candidate_of_an_edited_workflow_is_refused() {
    let fixture = Fixture::set();
    let file = ".github/workflows/build-hello.yml";
    let edited = fixture.read(file) + "# edited\n";
    fixture.branch("edits", &[("hello/VERSION", "2\n"), (file, &edited)]);
    let pull = fixture.open("edits");
    let ran = fixture.pull_event(pull, "opened");
    ended(build(&ran), "success");
    let promotion = fixture.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert!(
        promotion.stderr("promote.edited-workflow"),
        "{}",
        promotion.ended.log
    );
    assert_eq!(fixture.release("hello-v2"), [""; 0]);
}

/// A writer can start any branch's copy of the workflow: the job does not run there.
#[test]
fn a_promotion_from_another_branch_does_nothing() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    let inputs = json!({ "pr": pull.to_string() });
    let ran = fixture.dispatch(
        ".github/workflows/promote-hello.yml",
        "raise",
        "maintainer",
        inputs,
    );
    ended(&ran[0], "skipped");
    assert_eq!(fixture.release("hello-v2"), [""; 0]);
}
