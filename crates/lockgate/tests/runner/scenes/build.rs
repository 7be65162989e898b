//! Scenarios: a pull request is opened or pushed to.

use super::{WAITS, build};
use crate::see::{ended, the};
use crate::stage::Stage;

#[test]
fn a_bump_is_built_and_waits_at_the_gate() {
    let stage = Stage::set();
    let (pull, ran) = stage.bump("raise");
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
    assert_eq!(stage.artifacts(build(&ran)), candidate);
    assert_eq!(stage.days_kept(build(&ran)), [90; 5]);
    let comment = stage.comment(pull);
    assert!(comment.contains("| `amd64` | 224 B |"), "{comment}");
    assert!(
        comment.contains(WAITS.trim_start_matches("pending: ")),
        "{comment}"
    );
    assert_eq!(stage.release("hello-v2"), [""; 0]);
}

#[test]
fn every_push_builds_again_and_the_comment_stays_one() {
    let stage = Stage::set();
    let (pull, first) = stage.bump("raise");
    stage.commit_to(
        "raise",
        &[("hello/build.json", "{\"greeting\": \"good day\"}\n")],
    );
    let second = stage.pull_event(pull, "synchronize");
    assert_ne!(build(&first).run, build(&second).run);
    assert_eq!(
        stage.artifacts(build(&first)),
        stage.artifacts(build(&second))
    );
    assert_eq!(stage.gate(pull), WAITS);
    let head = stage.pull(pull).head_sha.to_string();
    assert!(
        stage.comment(pull).contains(&head),
        "{}",
        stage.comment(pull)
    );
}

#[test]
fn a_pull_request_without_a_bump_is_not_held_up() {
    let stage = Stage::set();
    stage.branch("words", &[("README.md", "Better words.\n")]);
    let pull = stage.open("words");
    let ran = stage.pull_event(pull, "opened");
    ended(build(&ran), "success");
    assert_eq!(stage.artifacts(build(&ran)), [""; 0]);
    let jobs = build(&ran).jobs();
    assert!(
        jobs.len() == 1 && jobs[0].eq_ignore_ascii_case("detect"),
        "{jobs:?}"
    );
    let gate = "success: version 1 is unchanged: nothing to publish";
    assert_eq!(stage.gate(pull), gate);
    assert_eq!(stage.comment(pull), "");
    stage.merge(pull).unwrap();
}

#[test]
fn a_build_that_fails_on_one_architecture_is_red_and_names_it() {
    let stage = Stage::set();
    let knobs = r#"{"fail": ["arm64"], "log": ["compiling", "::error::not a command"]}"#;
    stage.branch(
        "raise",
        &[("hello/VERSION", "2\n"), ("hello/build.json", knobs)],
    );
    let pull = stage.open("raise");
    let ran = stage.pull_event(pull, "opened");
    ended(build(&ran), "failure");
    let gate = "failure: the build of version 2 failed for arm64: see the comment";
    assert_eq!(stage.gate(pull), gate);
    let comment = stage.comment(pull);
    for part in [
        "- `arm64`: the build command for arm64 ended with exit code 1 (`build.command-failed`)",
        "compiling\n::error::not a command\n",
    ] {
        assert!(comment.contains(part), "{comment}");
    }
    let left = stage.artifacts(build(&ran));
    assert!(
        left.contains(&"hello-amd64-v2".to_owned()),
        "the other variant was built: {left:?}"
    );
    assert!(!left.contains(&"hello-arm64-v2".to_owned()), "{left:?}");
    let promotion = stage.promote("maintainer", pull);
    ended(&promotion, "failure");
    assert!(
        promotion.said("promote.build-failed"),
        "{}",
        promotion.ended.log
    );
    assert_eq!(stage.release("hello-v2"), [""; 0]);
}

#[test]
fn a_fork_s_bump_is_built_without_rights_and_reported_by_the_trusted_half() {
    let stage = Stage::set();
    let pull = stage.open_from_fork("raise", &[("hello/VERSION", "2\n")]);
    let ran = stage.pull_event(pull, "opened");
    ended(build(&ran), "success");
    assert_eq!(stage.gate(pull), WAITS);
    assert!(
        stage.comment(pull).contains("| `arm64` |"),
        "{}",
        stage.comment(pull)
    );
    let wrote = stage.writes_by("fork");
    assert_eq!(wrote, [""; 0], "the token of a fork's run wrote");
}

#[test]
fn a_pull_request_with_a_conflict_has_no_build_and_is_answered_all_the_same() {
    let stage = Stage::set();
    stage.branch(
        "raise",
        &[("hello/VERSION", "2\n"), ("README.md", "One.\n")],
    );
    let pull = stage.open("raise");
    stage.push_main(&[("README.md", "Another.\n")]);
    let ran = stage.pull_event(pull, "synchronize");
    assert!(
        ran.iter()
            .all(|it| it.event.name() == "pull_request_target"),
        "{ran:#?}"
    );
    let gate = stage.gate(pull);
    assert!(
        gate.starts_with("failure: ") && gate.contains("conflict"),
        "{gate}"
    );
}

/// The pull request's code searches for credentials: in its environment, and in what the checkout left.
#[test]
fn the_build_command_finds_no_credentials() {
    let stage = Stage::set();
    let spy = r#"
import os, pathlib, sys
found = [name for name, value in os.environ.items() if "token-of-run" in value or "Actions.Results" in value]
found += [name for name in os.environ if name.endswith(("_TOKEN", "_SECRET"))]
config = pathlib.Path(".git/config").read_text()
found += [line for line in config.splitlines() if "extraheader" in line.lower() or "token" in line]
print("found:", found, "in", len(os.environ), "variables")
sys.exit(1)
"#;
    stage.branch("spy", &[("hello/VERSION", "2\n"), ("build.py", spy)]);
    let pull = stage.open("spy");
    let ran = stage.pull_event(pull, "opened");
    ended(build(&ran), "failure");
    let comment = stage.comment(pull);
    assert!(comment.contains("found: [] in "), "{comment}");
}

/// The second attempt uploads its own artifacts under names that the first used.
#[test]
fn a_build_that_is_run_again_makes_a_candidate_of_the_same_run() {
    let stage = Stage::set();
    let once = stage.read("build.py").replace(
        "    options = parser.parse_args()\n",
        "    options = parser.parse_args()\n    import os\n    if options.arch == 'arm64' and os.environ['GITHUB_RUN_ATTEMPT'] == '1':\n        return 1\n",
    );
    stage.branch("raise", &[("hello/VERSION", "2\n"), ("build.py", &once)]);
    let pull = stage.open("raise");
    let first = stage.pull_event(pull, "opened");
    ended(build(&first), "failure");
    let again = stage.run_again(build(&first), "developer");
    ended(&again[0], "success");
    assert_eq!(again[0].run, build(&first).run);
    assert_eq!(stage.gate(pull), WAITS);
    let left = stage.artifacts(&again[0]);
    let candidate = "lockgate-hello-v2-candidate-attempt2".to_owned();
    assert!(left.contains(&candidate), "{left:?}");
    stage.publish(pull);
}
