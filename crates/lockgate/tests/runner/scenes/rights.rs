//! Each right that a workflow asks for is needed: without it something is missing on the forge.
//!
//! `contents: read` is for git, which asks nobody here.

use super::{FILES, PUBLISHED, WAITS};
use crate::see::ended;
use crate::stage::Stage;

const GATE: &str = ".github/workflows/gate-hello.yml";
const PROMOTE: &str = ".github/workflows/promote-hello.yml";

#[test]
fn the_gate_needs_each_of_its_rights() {
    let stage = Stage::set();
    stage.branch("raise", &[("hello/VERSION", "2\n")]);
    let pull = stage.open("raise");
    for scope in ["actions", "statuses", "pull-requests"] {
        stage.edit(GATE, &without(&stage.read(GATE), scope));
        ended(&stage.gate_event(pull, "opened")[0], "failure");
        assert_eq!(stage.gate(pull), "none", "{scope} is not needed");
    }
    let may_read = stage
        .read(GATE)
        .replace("pull-requests: write", "pull-requests: read");
    stage.edit(GATE, &may_read);
    stage.pull_event(pull, "opened");
    assert_eq!(stage.gate(pull), WAITS);
    assert_eq!(stage.comment(pull), "", "nobody may write it");
}

#[test]
fn the_promotion_needs_each_of_its_rights() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    for scope in ["contents", "actions"] {
        stage.edit(PROMOTE, &without(&stage.read(PROMOTE), scope));
        ended(&stage.promote("maintainer", pull), "failure");
        assert_eq!(stage.release("hello-v2"), [""; 0], "{scope} is not needed");
    }
    stage.edit(PROMOTE, &without(&stage.read(PROMOTE), "statuses"));
    // The status that it may not post fails it. The gate, which its end starts, may, and finds the receipt that it kept before.
    ended(&stage.promote("maintainer", pull), "failure");
    assert_eq!(stage.gate(pull), PUBLISHED);
}

/// The release is there all the same; the step's end says that the comment is not.
#[test]
fn a_promotion_that_may_not_write_the_comment_ends_badly() {
    let stage = Stage::set();
    let (pull, _) = stage.bump("raise");
    let may_read = stage
        .read(PROMOTE)
        .replace("pull-requests: write", "pull-requests: read");
    stage.edit(PROMOTE, &may_read);
    ended(&stage.promote("maintainer", pull), "failure");
    assert_eq!(stage.release("hello-v2"), FILES);
}

/// The file without the line of a right.
fn without(file: &str, scope: &str) -> String {
    let begins = format!("{scope}: ");
    let all = file.lines();
    let left = all.filter(|line| !line.trim_start().starts_with(&begins));
    let left: String = left.map(|line| format!("{line}\n")).collect();
    assert_ne!(
        left.lines().count(),
        file.lines().count(),
        "there is no {scope}"
    );
    left
}
