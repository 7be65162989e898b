use super::*;
use crate::detect::{Plan, Refusal};
use crate::ids::Digest;

fn fingerprint(text: &str) -> Fingerprint {
    Fingerprint(Digest::of(text.as_bytes()))
}

fn two() -> Version {
    Version::Integer(2)
}

fn facts(decision: Decision) -> Facts {
    let merged = Some(fingerprint("merge"));
    Facts {
        decision,
        merged,
        build: Build::Succeeded,
        unpromotable: None,
        published: Published::Nothing,
        pins: Pins::None,
    }
}

fn plan(behind: bool) -> Decision {
    Verdict::Proceed(Plan {
        from: None,
        version: two(),
        fingerprint: fingerprint("merge"),
        behind,
        without_change: false,
    })
}

fn published() -> Facts {
    let done = Done::AlreadyPublished {
        version: two(),
        fingerprint: fingerprint("merge"),
    };
    Facts {
        published: Published::Complete(fingerprint("merge")),
        ..facts(Verdict::Done(done))
    }
}

#[test]
fn a_context_names_the_base_unless_it_is_the_default_branch() {
    let branch = |name: &str| -> BranchName { name.parse().unwrap() };
    let package: PackageName = "tool".parse().unwrap();
    let listed = [branch("release/1"), branch("Next"), branch("next")];
    let of = |base: &str| context(&package, &branch(base), &branch("main"), &listed);
    assert_eq!(of("main").as_deref(), Some("lockgate/tool"));
    assert_eq!(
        of("release/1").as_deref(),
        Some("lockgate/tool (release/1)")
    );
    // A branch that is not listed; two that GitHub compares as equal; one that looks like the default branch.
    for base in ["decoy", "Next", "next", "Main", "Release/1"] {
        assert_eq!(of(base), None, "{base}");
    }
}

proptest::proptest! {
    #[test]
    fn no_other_base_ever_writes_the_context_of_the_default_branch(
        base in "[a-zA-Z()/ ]{1,12}", default in "[a-zA-Z()/]{1,12}", listed in proptest::collection::vec("[a-zA-Z()/]{1,12}", 0..4)
    ) {
        let package: PackageName = "tool".parse().unwrap();
        let (Ok(base), Ok(default)) = (base.parse::<BranchName>(), default.parse::<BranchName>()) else {
            return Ok(());
        };
        let listed: Vec<BranchName> = listed.iter().filter_map(|name| name.parse().ok()).collect();
        let of = |name: &BranchName| context(&package, name, &default, &listed).map(|it| it.to_lowercase());
        if base != default {
            proptest::prop_assert_ne!(of(&base), of(&default));
        }
        for other in listed.iter().filter(|other| **other != base) {
            proptest::prop_assert!(of(other).is_none() || of(other) != of(&base));
        }
    }
}

#[test]
fn green_needs_nothing_to_publish_or_a_verified_release_of_the_merges_fingerprint() {
    let light = |facts: &Facts| (decide(facts).state, decide(facts).code);
    assert_eq!(
        light(&facts(Verdict::Done(Done::Unchanged { version: two() }))),
        (StatusState::Success, "gate.unchanged")
    );
    assert_eq!(
        light(&published()),
        (StatusState::Success, "gate.published")
    );
    type Row = (fn(&mut Facts), StatusState, &'static str);
    let table: [Row; 11] = [
        (
            |f| f.merged = Some(fingerprint("other")),
            StatusState::Failure,
            "gate.update-branch",
        ),
        (
            |f| f.merged = None,
            StatusState::Failure,
            "gate.update-branch",
        ),
        (
            |f| f.published = Published::Complete(fingerprint("other")),
            StatusState::Failure,
            "gate.release-broken",
        ),
        (
            |f| f.published = Published::Broken("x".into()),
            StatusState::Failure,
            "gate.release-broken",
        ),
        (
            |f| f.published = Published::Withdrawn("x".into()),
            StatusState::Failure,
            "gate.withdrawn",
        ),
        (
            |f| f.published = Published::Nothing,
            StatusState::Pending,
            "gate.waits-for-promotion",
        ),
        (
            |f| f.published = Published::NotReadable("x".into()),
            StatusState::Pending,
            "gate.not-readable",
        ),
        (
            |f| f.published = Published::Unproven("x".into()),
            StatusState::Pending,
            "gate.release-unproven",
        ),
        (
            |f| f.published = Published::Foreign("x".into()),
            StatusState::Failure,
            "gate.release-foreign",
        ),
        (
            |f| f.pins = Pins::Differ("x".into()),
            StatusState::Failure,
            "gate.pins",
        ),
        (
            |f| f.pins = Pins::Unchecked("x".into()),
            StatusState::Pending,
            "gate.not-readable",
        ),
    ];
    for (change, state, code) in table {
        let mut facts = published();
        change(&mut facts);
        assert_eq!(light(&facts), (state, code));
    }
}

#[test]
fn pins_that_change_without_a_raise_have_to_be_those_of_the_release() {
    let light = |pins: Pins| {
        let status = decide(&Facts {
            pins,
            ..facts(Verdict::Done(Done::Unchanged { version: two() }))
        });
        (status.state, status.code)
    };
    assert_eq!(light(Pins::Agree), (StatusState::Success, "gate.unchanged"));
    assert_eq!(light(Pins::None), (StatusState::Success, "gate.unchanged"));
    assert_eq!(
        light(Pins::Differ("x".into())),
        (StatusState::Failure, "gate.pins")
    );
    assert_eq!(
        light(Pins::Unchecked("x".into())),
        (StatusState::Pending, "gate.not-readable")
    );
}

#[test]
fn what_no_promotion_takes_is_said_once_there_is_a_candidate() {
    let of = |build: Build, refusal: Option<promote::Refusal>| {
        let status = decide(&Facts {
            build,
            unpromotable: refusal,
            ..facts(plan(false))
        });
        (status.state, status.code)
    };
    let edited = || promote::Refusal::EditedWorkflow {
        path: ".github/workflows/build-tool.yml".to_owned(),
    };
    assert_eq!(
        of(Build::Succeeded, Some(edited())),
        (StatusState::Failure, "promote.edited-workflow")
    );
    assert_eq!(
        of(Build::Running, Some(edited())),
        (StatusState::Pending, "gate.building")
    );
    assert_eq!(of(Build::Succeeded, None).1, "gate.waits-for-promotion");
}

#[test]
fn a_bump_is_held_until_it_is_promoted() {
    let light = |build: Build, behind| {
        let status = decide(&Facts {
            build,
            ..facts(plan(behind))
        });
        (status.state, status.code)
    };
    assert_eq!(
        light(Build::None, false),
        (StatusState::Pending, "gate.no-build")
    );
    assert_eq!(
        light(Build::Running, false),
        (StatusState::Pending, "gate.building")
    );
    assert_eq!(
        light(Build::Failed(vec!["arm64".into()]), false),
        (StatusState::Failure, "gate.build-failed")
    );
    assert_eq!(
        light(Build::Expired, false),
        (StatusState::Failure, "gate.expired")
    );
    assert_eq!(
        light(Build::Succeeded, false),
        (StatusState::Pending, "gate.waits-for-promotion")
    );
    assert_eq!(
        light(Build::Succeeded, true),
        (StatusState::Failure, "gate.update-branch")
    );
}

#[test]
fn a_failed_build_names_its_variants_or_its_log() {
    let of = |variants: &[&str]| {
        let variants = variants.iter().map(|&variant| variant.to_owned()).collect();
        let build = Build::Failed(variants);
        let status = decide(&Facts {
            build,
            ..facts(plan(false))
        });
        status.description
    };
    insta::assert_snapshot!(of(&[]), @"the build of version 2 failed: see its log");
    insta::assert_snapshot!(of(&["amd64", "arm64"]), @"the build of version 2 failed for amd64, arm64: see the comment");
}

#[test]
fn a_description_is_cut_only_where_it_does_not_fit() {
    let of =
        |characters: usize| status(StatusState::Pending, "", &"ä".repeat(characters)).description;
    assert_eq!(of(DESCRIPTION), "ä".repeat(DESCRIPTION));
    let cut = format!("{}…", "ä".repeat(DESCRIPTION - 1));
    assert_eq!(of(DESCRIPTION + 1), cut);
}

#[test]
fn a_description_fits_and_is_one_printable_line() {
    let refusal = Refusal::Taken {
        version: two(),
        by: "x\n\u{202e}".repeat(99),
        free: "3".into(),
    };
    let status = decide(&facts(Verdict::Refuse(refusal)));
    assert_eq!(status.description.chars().count(), DESCRIPTION);
    assert!(status.description.ends_with('…') && !status.description.contains(['\n', '\u{202e}']));
    assert_eq!(
        (status.state, status.code),
        (StatusState::Failure, "detect.taken")
    );
}
