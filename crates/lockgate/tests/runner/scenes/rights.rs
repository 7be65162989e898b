//! Each permission that a workflow declares is needed: without it something is missing on GitHub.
//!
//! `contents: read` is for git, which needs no permission here.

use super::{FILES, PUBLISHED, WAITS};
use crate::fixture::Fixture;
use crate::see::ended;

const GATE: &str = ".github/workflows/gate-hello.yml";
const PROMOTE: &str = ".github/workflows/promote-hello.yml";

#[test]
fn the_gate_needs_each_of_its_rights() {
    let fixture = Fixture::set();
    fixture.branch("raise", &[("hello/VERSION", "2\n")]);
    let pull = fixture.open("raise");
    for scope in ["actions", "statuses", "pull-requests"] {
        fixture.edit(GATE, &without(&fixture.read(GATE), scope));
        ended(&fixture.gate_event(pull, "opened")[0], "failure");
        assert_eq!(fixture.gate(pull), "none", "{scope} is not needed");
    }
    let may_read = fixture
        .read(GATE)
        .replace("pull-requests: write", "pull-requests: read");
    fixture.edit(GATE, &may_read);
    fixture.pull_event(pull, "opened");
    assert_eq!(fixture.gate(pull), WAITS);
    assert_eq!(fixture.comment(pull), "", "nobody may write it");
}

#[test]
fn the_promotion_needs_each_of_its_rights() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    for scope in ["contents", "actions"] {
        fixture.edit(PROMOTE, &without(&fixture.read(PROMOTE), scope));
        ended(&fixture.promote("maintainer", pull), "failure");
        assert_eq!(
            fixture.release("hello-v2"),
            [""; 0],
            "{scope} is not needed"
        );
    }
    fixture.edit(PROMOTE, &without(&fixture.read(PROMOTE), "statuses"));
    // It fails because it may not post the status. The gate, which its end starts, may, and finds the receipt that was
    // stored before.
    ended(&fixture.promote("maintainer", pull), "failure");
    assert_eq!(fixture.gate(pull), PUBLISHED);
}

/// The release exists all the same; the step fails because the comment is missing.
#[test]
fn a_promotion_that_may_not_write_the_comment_ends_badly() {
    let fixture = Fixture::set();
    let (pull, _) = fixture.bump("raise");
    let may_read = fixture
        .read(PROMOTE)
        .replace("pull-requests: write", "pull-requests: read");
    fixture.edit(PROMOTE, &may_read);
    ended(&fixture.promote("maintainer", pull), "failure");
    assert_eq!(fixture.release("hello-v2"), FILES);
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
