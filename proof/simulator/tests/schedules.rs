//! Runs schedules of the real code: no promise breaks, and every broken variant is caught.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;

use lockgate_simulator::{Mode, Template, play};

/// The number of schedules of each mode.
const SCHEDULES: u64 = 10_000;

fn template() -> Template {
    Template::new().expect("the repository of the schedules")
}

/// Runs all schedules; returns how many had a release, how many a merge, and how often audits found each code.
fn all_keep(mode: Mode) -> (u64, u64, BTreeMap<&'static str, u64>) {
    let template = template();
    let (mut published, mut merged, mut audited) = (0, 0, BTreeMap::new());
    for seed in 0..SCHEDULES {
        let outcome = play(&template, seed, mode, None, false);
        let again = "cargo run -p lockgate-simulator -- --seed";
        assert_eq!(outcome.broken, None, "{again} {seed} ({mode:?})");
        published += u64::from(outcome.published);
        merged += u64::from(outcome.merged);
        for code in outcome.audited {
            *audited.entry(code).or_default() += 1;
        }
    }
    (published, merged, audited)
}

#[test]
fn no_promise_breaks_while_things_go_wrong_for_ever() {
    let (published, merged, audited) = all_keep(Mode::Safety);
    assert!(published > SCHEDULES / 4 && merged > SCHEDULES / 8);
    // A writer's change in the gap before the commit point is reported as such at the end; nothing else is found.
    let found: Vec<&str> = audited.keys().copied().collect();
    let all = [
        "audit.changed-bytes",
        "audit.foreign-file",
        "audit.foreign-release",
        "audit.incomplete",
        "audit.inherited",
        "audit.never-merged",
        "audit.no-receipt",
        "audit.tag-moved",
    ];
    assert_eq!(found, all, "{audited:?}");
    assert_eq!(audited["audit.inherited"], SCHEDULES);
    assert_eq!(audited["audit.never-merged"], published - merged);
}

#[test]
fn everything_ends_well_or_says_what_to_do_when_things_stop_going_wrong() {
    let (published, merged, _) = all_keep(Mode::Liveness);
    assert!(published > SCHEDULES / 2 && merged > SCHEDULES / 2);
}

#[test]
fn a_seed_is_a_whole_schedule() {
    let (one, other) = (template(), template());
    for seed in 0..200 {
        for mode in [Mode::Safety, Mode::Liveness] {
            let first = play(&one, seed, mode, None, true);
            assert!(!first.trace.is_empty());
            assert_eq!(first, play(&other, seed, mode, None, true), "seed {seed}");
        }
    }
    let of = |seed| play(&one, seed, Mode::Safety, None, true).trace;
    assert_ne!(of(1), of(2));
}

#[test]
fn everything_that_an_outsider_thought_of_is_tried() {
    let template = template();
    let mut missing = vec![
        "into side",
        "makes 1 go into side",
        "makes 1 go into main",
        "from a fork",
        "closes ",
        "makes the tag at another commit",
        "changes the title",
        "changes the notes",
        "changes the mark",
        "changes the tag",
        "changes the target",
        "by hand, as developer",
        "by hand, as a workflow",
        "for \"hello-v{version}\"",
        "for \"hello-{variant}-v{version}\"",
        "hi-{variant}",
        "riscv64",
        "for [package.hello.variant.arm64]",
        "adds a file to the published release",
        "takes a file out of the published release",
        "starts the build of 1 by hand",
        "posts gate.release-unproven",
        "posts gate.release-foreign",
        "posts detect.identity",
        "refused, promote.ambiguous-run",
        "refused, promote.release-foreign",
        "keep the receipt",
    ];
    for seed in 0..SCHEDULES {
        if missing.is_empty() {
            break;
        }
        let trace = play(&template, seed, Mode::Safety, None, true).trace;
        missing.retain(|what| !trace.iter().any(|line| line.contains(what)));
    }
    assert!(missing.is_empty(), "{missing:?}");
}
