//! Scenarios: the promotion is started by hand.

use lockgate_forge_embedded::state::settings::Environment;
use serde_json::json;

use super::{FILES, PUBLISHED, WAITS, build};
use crate::see::ended;
use crate::stage::Stage;

#[test]
fn a_maintainer_promotes_a_pull_request_and_it_may_merge() {
    let stage = Stage::set();
    let (pull, ran) = stage.bump("raise");
    assert!(stage.merge(pull).is_err(), "the gate is not green yet");
    let candidate = stage.artifacts(build(&ran));
    let promotion = stage.promote("maintainer", pull);
    ended(&promotion, "success");
    assert_eq!(stage.release("hello-v2"), FILES);
    assert_eq!(stage.gate(pull), PUBLISHED);
    assert!(
        stage.comment(pull).contains("published"),
        "{}",
        stage.comment(pull)
    );
    assert_eq!(stage.artifacts(build(&ran)), candidate);
    stage.merge(pull).unwrap();
    let pushed = stage.push_event("main", "maintainer");
    assert_eq!(pushed.len(), 1);
    ended(&pushed[0], "success");
}

#[test]
fn a_maintainer_promotes_by_the_number_of_a_run() {
    let stage = Stage::set();
    let (pull, ran) = stage.bump("raise");
    let inputs = json!({ "run": build(&ran).run.to_string() });
    ended(&stage.promote_with("maintainer", inputs), "success");
    assert_eq!(stage.release("hello-v2"), FILES);
    assert_eq!(stage.gate(pull), PUBLISHED);
}

#[test]
fn a_second_promotion_finds_its_work_done() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    stage.publish(pull);
    let again = stage.promote("maintainer", pull);
    ended(&again, "success");
    assert!(again.said("is published already"), "{}", again.ended.log);
    assert_eq!(stage.release("hello-v2"), FILES);
}

#[test]
fn a_developer_is_refused() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    let promotion = stage.promote("developer", pull);
    ended(&promotion, "failure");
    assert!(
        promotion.said("promote.not-a-maintainer"),
        "{}",
        promotion.ended.log
    );
    assert_eq!(stage.release("hello-v2"), [""; 0]);
    assert_eq!(stage.gate(pull), WAITS);
}

/// A job that names a missing environment creates it without protection, so it would not be held back.
#[test]
fn an_environment_that_holds_nobody_back_is_refused() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    stage
        .forge
        .set_environment("release", Environment::default());
    let promotion = stage.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert!(promotion.said("promote.environment"), "{promotion:?}");
    assert_eq!(stage.release("hello-v2"), [""; 0]);
}

#[test]
fn a_candidate_of_an_edited_workflow_is_refused() {
    let stage = Stage::set();
    let file = ".github/workflows/build-hello.yml";
    let edited = stage.read(file) + "# edited\n";
    stage.branch("edits", &[("hello/VERSION", "2\n"), (file, &edited)]);
    let pull = stage.open("edits");
    let ran = stage.pull_event(pull, "opened");
    ended(build(&ran), "success");
    let promotion = stage.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert!(
        promotion.said("promote.edited-workflow"),
        "{}",
        promotion.ended.log
    );
    assert_eq!(stage.release("hello-v2"), [""; 0]);
}

/// A writer can start any branch's copy of the workflow: the job does not run there.
#[test]
fn a_promotion_from_another_branch_does_nothing() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    let inputs = json!({ "pr": pull.to_string() });
    let ran = stage.dispatch(
        ".github/workflows/promote-hello.yml",
        "raise",
        "maintainer",
        inputs,
    );
    ended(&ran[0], "skipped");
    assert_eq!(stage.release("hello-v2"), [""; 0]);
}
