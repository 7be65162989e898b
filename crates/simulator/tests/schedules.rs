//! Schedules of the very code: no promise breaks, and every broken variant of it is caught.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;

use lockgate_simulator::{Mode, Sabotage, Template, play, sabotage};

/// How many schedules of each mode a test run plays.
const SCHEDULES: u64 = 10_000;

fn template() -> Template {
    Template::new().expect("the repository of the schedules")
}

/// Plays them all; how many had a release, how many a merge, and what audits have found, how often.
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
    // What a writer can do in the gap before the commit point is found at the end, as what it is; and nothing else.
    let found: Vec<&str> = audited.keys().copied().collect();
    let all = [
        "audit.changed-bytes",
        "audit.foreign-file",
        "audit.incomplete",
        "audit.inherited",
        "audit.never-merged",
        "audit.no-receipt",
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
fn every_broken_variant_is_caught_within_its_number_of_schedules() {
    let template = template();
    for (variant, name, within) in sabotage::ALL {
        let caught = (0..within).find(|seed| {
            let outcome = play(&template, *seed, Mode::Safety, Some(variant), false);
            outcome.broken.is_some()
        });
        assert!(caught.is_some(), "{name} survived {within} schedules");
    }
}

#[test]
fn the_broken_variants_are_at_least_ten_and_each_has_its_own_name() {
    let mut names: Vec<_> = sabotage::ALL.iter().map(|(_, name, _)| *name).collect();
    let mut variants: Vec<Sabotage> = sabotage::ALL.iter().map(|(one, _, _)| *one).collect();
    names.sort_unstable();
    variants.sort_unstable();
    names.dedup();
    variants.dedup();
    assert!(names.len() >= 10 && names.len() == sabotage::ALL.len());
    assert_eq!(variants.len(), names.len());
}

#[test]
fn the_page_on_promotion_lists_every_broken_variant_with_its_number() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/promotion.md");
    let page = std::fs::read_to_string(page).expect("the page on promotion");
    for (_, name, within) in sabotage::ALL {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.expect(name).replace(',', "");
        assert!(row.ends_with(&format!("| {within} |")), "{row}");
    }
}
