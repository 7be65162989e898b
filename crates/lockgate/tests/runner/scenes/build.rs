//! Scenarios: a pull request is opened or pushed to.

use super::{WAITS, build};
use crate::fixture::Fixture;
use crate::see::{ended, the};

#[test]
fn a_bump_is_built_and_waits_at_the_gate() {
    let fixture = Fixture::set();
    let (pull, ran) = fixture.bump("raise");
    ended(
        the(&ran, "gate-hello.yml", "pull_request_target"),
        "success",
    );
    ended(build(&ran), "success");
    ended(the(&ran, "gate-hello.yml", "workflow_run"), "success");
    let candidate = [
        "hello-amd64-v2",
        "hello-arm64-v2",
        "lockgate-hello-v2-candidate-attempt1",
        "lockgate-hello-v2-part-amd64-attempt1",
        "lockgate-hello-v2-part-arm64-attempt1",
    ];
    assert_eq!(fixture.artifacts(build(&ran)), candidate);
    assert_eq!(fixture.days_kept(build(&ran)), [90; 5]);
    let comment = fixture.comment(pull);
    assert!(comment.contains("| `amd64` | 224 B |"), "{comment}");
    assert!(
        comment.contains(WAITS.trim_start_matches("pending: ")),
        "{comment}"
    );
    assert_eq!(fixture.release("hello-v2"), [""; 0]);
}

#[test]
fn every_push_builds_again_and_the_comment_stays_one() {
    let fixture = Fixture::set();
    let (pull, first) = fixture.bump("raise");
    fixture.commit_to(
        "raise",
        &[("hello/build.json", "{\"greeting\": \"good day\"}\n")],
    );
    let second = fixture.pull_event(pull, "synchronize");
    assert_ne!(build(&first).run, build(&second).run);
    assert_eq!(
        fixture.artifacts(build(&first)),
        fixture.artifacts(build(&second))
    );
    assert_eq!(fixture.gate(pull), WAITS);
    let head = fixture.pull(pull).head_sha.to_string();
    assert!(
        fixture.comment(pull).contains(&head),
        "{}",
        fixture.comment(pull)
    );
}

#[test]
fn a_pull_request_without_a_bump_is_not_held_up() {
    let fixture = Fixture::set();
    fixture.branch("words", &[("README.md", "Better words.\n")]);
    let pull = fixture.open("words");
    let ran = fixture.pull_event(pull, "opened");
    ended(build(&ran), "success");
    assert_eq!(fixture.artifacts(build(&ran)), [""; 0]);
    let jobs = build(&ran).jobs();
    assert!(
        jobs.len() == 1 && jobs[0].eq_ignore_ascii_case("detect"),
        "{jobs:?}"
    );
    let gate = "success: version 1 is unchanged: nothing to publish";
    assert_eq!(fixture.gate(pull), gate);
    assert_eq!(fixture.comment(pull), "");
    fixture.merge(pull).unwrap();
}

#[test]
fn a_build_that_fails_on_one_architecture_is_red_and_names_it() {
    let fixture = Fixture::set();
    let knobs = r#"{"fail": ["arm64"], "log": ["compiling", "::error::not a command"]}"#;
    fixture.branch(
        "raise",
        &[("hello/VERSION", "2\n"), ("hello/build.json", knobs)],
    );
    let pull = fixture.open("raise");
    let ran = fixture.pull_event(pull, "opened");
    ended(build(&ran), "failure");
    let gate = "failure: the build of version 2 failed for arm64: see the comment";
    assert_eq!(fixture.gate(pull), gate);
    let comment = fixture.comment(pull);
    for part in [
        "- `arm64`: the build command for arm64 ended with exit code 1 (`build.command-failed`)",
        "compiling\n::error::not a command\n",
    ] {
        assert!(comment.contains(part), "{comment}");
    }
    let left = fixture.artifacts(build(&ran));
    assert!(
        left.contains(&"hello-amd64-v2".to_owned()),
        "the other variant was built: {left:?}"
    );
    assert!(!left.contains(&"hello-arm64-v2".to_owned()), "{left:?}");
    let promotion = fixture.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert!(
        promotion.stderr("promote.build-failed"),
        "{}",
        promotion.ended.log
    );
    assert_eq!(fixture.release("hello-v2"), [""; 0]);
}

#[test]
fn a_fork_s_bump_is_built_without_rights_and_reported_by_the_trusted_half() {
    let fixture = Fixture::set();
    let pull = fixture.open_from_fork("raise", &[("hello/VERSION", "2\n")]);
    let ran = fixture.pull_event(pull, "opened");
    ended(build(&ran), "success");
    assert_eq!(fixture.gate(pull), WAITS);
    assert!(
        fixture.comment(pull).contains("| `arm64` |"),
        "{}",
        fixture.comment(pull)
    );
    let wrote = fixture.writes_by("fork");
    assert_eq!(wrote, [""; 0], "the token of a fork's run wrote");
}

#[test]
fn a_pull_request_with_a_conflict_has_no_build_and_is_answered_all_the_same() {
    let fixture = Fixture::set();
    fixture.branch(
        "raise",
        &[("hello/VERSION", "2\n"), ("README.md", "One.\n")],
    );
    let pull = fixture.open("raise");
    fixture.push_main(&[("README.md", "Another.\n")]);
    let ran = fixture.pull_event(pull, "synchronize");
    assert!(
        ran.iter()
            .all(|it| it.event.name() == "pull_request_target"),
        "{ran:#?}"
    );
    let gate = fixture.gate(pull);
    assert!(
        gate.starts_with("failure: ") && gate.contains("conflict"),
        "{gate}"
    );
}

/// The pull request's code searches for credentials: in its environment, and in what the checkout left.
#[test]
fn the_build_command_finds_no_credentials() {
    let fixture = Fixture::set();
    let spy = r#"
import os, pathlib, sys
found = [name for name, value in os.environ.items() if "token-of-run" in value or "Actions.Results" in value]
found += [name for name in os.environ if name.endswith(("_TOKEN", "_SECRET"))]
config = pathlib.Path(".git/config").read_text()
found += [line for line in config.splitlines() if "extraheader" in line.lower() or "token" in line]
print("found:", found, "in", len(os.environ), "variables")
sys.exit(1)
"#;
    fixture.branch("spy", &[("hello/VERSION", "2\n"), ("build.py", spy)]);
    let pull = fixture.open("spy");
    let ran = fixture.pull_event(pull, "opened");
    ended(build(&ran), "failure");
    let comment = fixture.comment(pull);
    assert!(comment.contains("found: [] in "), "{comment}");
}

/// The second attempt uploads its own artifacts under names that the first used.
#[test]
fn a_build_that_is_run_again_makes_a_candidate_of_the_same_run() {
    let fixture = Fixture::set();
    let once = fixture.read("build.py").replace(
        "    options = parser.parse_args()\n",
        "    options = parser.parse_args()\n    import os\n    if options.arch == 'arm64' and os.environ['GITHUB_RUN_ATTEMPT'] == '1':\n        return 1\n",
    );
    fixture.branch("raise", &[("hello/VERSION", "2\n"), ("build.py", &once)]);
    let pull = fixture.open("raise");
    let first = fixture.pull_event(pull, "opened");
    ended(build(&first), "failure");
    let again = fixture.run_again(build(&first), "developer");
    ended(&again[0], "success");
    assert_eq!(again[0].run, build(&first).run);
    assert_eq!(fixture.gate(pull), WAITS);
    let left = fixture.artifacts(&again[0]);
    let candidate = "lockgate-hello-v2-candidate-attempt2".to_owned();
    assert!(left.contains(&candidate), "{left:?}");
    fixture.publish(pull);
}
