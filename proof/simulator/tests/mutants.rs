//! Checks that every broken variant is caught within its number of schedules, and that the docs list it.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

use lockgate_simulator::{Mode, Mutant, Template, mutant, play};

fn template() -> Template {
    Template::new().expect("the repository of the schedules")
}

/// Returns the first of the schedules that catches a variant, and the promise that it breaks.
fn caught(template: &Template, variant: Mutant, within: u64) -> Option<(u64, &'static str)> {
    let broken = |seed| play(template, seed, Mode::Safety, Some(variant), false).broken;
    (0..within).find_map(|seed| Some((seed, broken(seed)?)))
}

/// Each breaks its specific promise, not just any.
#[test]
fn every_hole_of_an_outsider_is_found() {
    let template = template();
    let gate = "a green gate means that a whole release of the head's sources is public";
    let whole = "what is public is one promoter's whole candidate";
    let success = "who reports success is right";
    let looks = "a gate that looks at a release that is not whole is not green";
    let names = "a pull request that raises nothing renames nothing that users follow";
    let table: [(Mutant, &[&str]); 7] = [
        (Mutant::ShareStatuses, &[gate]),
        (Mutant::TakeNewestRun, &[whole, success, looks]),
        (Mutant::BelieveReceipts, &[looks, success]),
        (Mutant::BelieveTheWinner, &[success]),
        (Mutant::BelieveSameBytes, &[looks, success]),
        (Mutant::TrustTheTag, &[gate, success]),
        (Mutant::IgnoreNames, &[names]),
    ];
    for (variant, promises) in table {
        let mut all = mutant::ALL.iter();
        let row = all.find(|(one, _, _)| *one == variant);
        let (_, name, within) = row.expect("a variant of the table");
        let (seed, broken) = caught(&template, variant, *within).expect(name);
        assert!(promises.contains(&broken), "{name}, seed {seed}: {broken}");
    }
}

#[test]
fn every_broken_variant_is_caught_within_its_number_of_schedules() {
    let template = template();
    for (variant, name, within) in mutant::ALL {
        let caught = caught(&template, variant, within);
        assert!(caught.is_some(), "{name} survived {within} schedules");
    }
}

#[test]
fn the_broken_variants_are_at_least_ten_and_each_has_its_own_name() {
    let mut names: Vec<_> = mutant::ALL.iter().map(|(_, name, _)| *name).collect();
    let mut variants: Vec<Mutant> = mutant::ALL.iter().map(|(one, _, _)| *one).collect();
    names.sort_unstable();
    variants.sort_unstable();
    names.dedup();
    variants.dedup();
    assert!(names.len() >= 10 && names.len() == mutant::ALL.len());
    assert_eq!(variants.len(), names.len());
}

#[test]
fn the_page_on_promotion_lists_every_broken_variant_with_its_number() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/contributing/evidence.md"
    );
    let page = std::fs::read_to_string(page).expect("the page on promotion");
    for (_, name, within) in mutant::ALL {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.expect(name).replace(',', "");
        assert!(row.ends_with(&format!("| {within} |")), "{row}");
    }
}
