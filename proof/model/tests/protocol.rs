//! Searches the whole state space of two promoters, and the designs that must fail.

use lockgate_model::promises::{ALWAYS, AT_BASIC, SOMETIMES};
use lockgate_model::setup::{Merging, Rules};
use lockgate_model::{Setup, describe, search, search_for, shortest, wrong};

fn every_state_keeps_every_promise(setup: Setup, at_least: usize) {
    let found = search(setup, 2);
    assert!(found.broken.is_empty(), "{:?}", found.broken);
    assert!(found.impossible.is_empty(), "never: {:?}", found.impossible);
    assert!(found.states >= at_least, "only {} states", found.states);
}

#[test]
fn two_promoters_and_two_faults_keep_every_promise() {
    let setup = Setup {
        adversary: 0,
        ..Setup::small()
    };
    every_state_keeps_every_promise(setup, 150_000);
}

#[test]
fn two_promoters_a_fault_and_a_writer_who_means_harm_keep_every_promise() {
    let setup = Setup {
        faults: 1,
        ..Setup::small()
    };
    every_state_keeps_every_promise(setup, 300_000);
}

#[test]
fn at_the_basic_level_no_gate_is_green_and_no_success_reported_for_what_a_writer_published() {
    let (states, broken) = search_for(Setup::basic(), 2, &AT_BASIC);
    assert!(broken.is_empty(), "{broken:?}");
    assert!(states >= 100_000, "only {states} states");
}

#[test]
fn with_a_merge_queue_every_promise_is_kept_too() {
    let rules = Rules {
        merging: Merging::Queue,
        ..Rules::default()
    };
    let setup = Setup {
        adversary: 0,
        rules,
        ..Setup::small()
    };
    every_state_keeps_every_promise(setup, 2_000_000);
}

#[test]
fn two_promoters_of_one_pull_request_keep_every_promise() {
    let setup = Setup {
        promoters: vec![0, 0],
        adversary: 0,
        ..Setup::small()
    };
    let found = search(setup, 2);
    assert!(found.broken.is_empty(), "{:?}", found.broken);
    assert_eq!(found.impossible, ["the second pull request is merged"]);
}

#[test]
fn every_wrong_design_and_every_missing_rule_is_found_in_the_fewest_steps() {
    for wrong in wrong::all() {
        let (way, _) = shortest(&wrong.setup, wrong.promise, wrong.steps).expect(wrong.name);
        let trace = describe::trace(&wrong.setup, &way);
        assert_eq!(way.len(), wrong.steps, "{}: {trace:#?}", wrong.name);
        assert!(trace.iter().all(|line| !line.contains("not running")));
    }
}

#[test]
fn the_same_places_with_the_right_design_and_all_rules_keep_that_promise() {
    let mut searched = Vec::new();
    for wrong in wrong::all() {
        let right = Setup {
            design: lockgate_model::Design::Lockgate,
            rules: Rules::default(),
            ..wrong.setup
        };
        // A search without a violation has visited all states, and checked every promise.
        if !searched.contains(&right) {
            let found = search(right.clone(), 2);
            assert!(
                found.broken.is_empty(),
                "{}: {:?}",
                wrong.name,
                found.broken
            );
            searched.push(right);
        }
    }
    assert_eq!(searched.len(), 4);
}

#[test]
fn no_two_promises_have_one_name() {
    let always = ALWAYS.iter().map(|(name, _)| name);
    let mut names: Vec<_> = always
        .chain(SOMETIMES.iter().map(|(name, _)| name))
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALWAYS.len() + SOMETIMES.len());
}

#[test]
fn the_page_on_promotion_lists_every_promise_and_everything_that_must_be_found_wrong() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/contributing/evidence.md"
    );
    let page = std::fs::read_to_string(page).expect("the page on promotion");
    for (promise, _) in ALWAYS {
        assert!(page.contains(&format!("*{promise}*")), "{promise}");
    }
    for wrong in wrong::all() {
        let row = format!(
            "| {} | {} | {} |",
            wrong.name, wrong.setup.faults, wrong.steps
        );
        assert!(page.contains(&row), "{row}");
    }
}
