//! Each permission that a workflow declares is needed: without it something is missing on GitHub.
//!
//! `contents: read` is for git, which needs no permission here.

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
    // It fails because it may not post the status. The gate, which its end starts, may, and finds the receipt that was
    // stored before.
    ended(&stage.promote("maintainer", pull), "failure");
    assert_eq!(stage.gate(pull), PUBLISHED);
}

/// The release exists all the same; the step fails because the comment is missing.
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

/// Returns the file without the line of a permission.
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
