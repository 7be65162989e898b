use super::*;
use crate::config::{Config, EnvironmentCheck, Policy};
use crate::fingerprint::SourceDigests;
use crate::ids::{Digest, Fingerprint, PullNumber};
use crate::reason::Reason;
use proptest::prelude::*;

mod followed;

fn package(policy: &str) -> Package {
    let text = format!(
        "[package.tool]\nversion-file = \"VERSION\"\nsources = [\"src/**\"]\ntag = \"tool-v{{version}}\"\n\
         asset = \"tool-{{variant}}-v{{version}}\"\n[package.tool.build]\ncommand = [\"make\"]\noutput = \"out/{{asset}}\"\n\
         [package.tool.variant.amd64]\n[package.tool.policy]\n{policy}"
    );
    Config::parse(&text)
        .unwrap()
        .packages
        .into_values()
        .next()
        .unwrap()
}

/// A snapshot whose sources are named by a word; the fingerprint depends on both, as the real one does.
fn side(version: &[u8], sources: &str) -> Snapshot {
    let both = [version, b"\0", sources.as_bytes()].concat();
    Snapshot {
        scheme: Scheme::Integer,
        version_file: VersionFile::Content(version.to_vec()),
        digests: SourceDigests {
            fingerprint: Fingerprint(Digest::of(&both)),
            sources: Digest::of(sources.as_bytes()),
        },
    }
}

fn facts(base: (&str, &str), head: (&str, &str)) -> Facts {
    let head = side(head.0.as_bytes(), head.1);
    let base = Some(side(base.0.as_bytes(), base.1));
    Facts {
        base,
        merged: Merged::Clean(head.clone()),
        head,
        taken: taken(&[4]),
        blocked: BTreeMap::new(),
        holder: VersionOwner::Nobody,
        fork: None,
        identity: Vec::new(),
    }
}

fn taken(numbers: &[u64]) -> BTreeSet<Version> {
    numbers.iter().map(|&n| Version::Integer(n)).collect()
}

fn say(policy: &str, facts: &Facts) -> String {
    let decision = decide(&package(policy), facts);
    match &decision {
        Verdict::Refuse(refusal) => format!("{} | {refusal} | {}", refusal.code(), refusal.hint()),
        Verdict::Done(_) | Verdict::Proceed(_) | Verdict::Wait(_) => format!(
            "{} | {}",
            decision.as_str(),
            decision.summary(&"tool".parse().unwrap())
        ),
    }
}

#[test]
fn the_table_of_the_design_holds_row_by_row() {
    let same = ("4\n", "old");
    insta::assert_snapshot!(say("", &facts(same, ("4\n", "old"))), @"nothing | tool stays at version 4: nothing to publish");
    insta::assert_snapshot!(say("", &facts(same, ("5\n", "old"))), @"build | tool 4 → 5: building all variants");
    insta::assert_snapshot!(say("bump-without-change = \"deny\"", &facts(same, ("5\n", "old"))), @"detect.bump-without-change | the version changes from 4 to 5, but the sources do not | put the version back to 4");
    insta::assert_snapshot!(say("change-without-bump = \"allow\"", &facts(same, ("4\n", "new"))), @"nothing | tool stays at version 4: nothing to publish");
    insta::assert_snapshot!(say("", &facts(same, ("4\n", "new"))), @"nothing | the sources of tool changed, but its version is still 4: users will not get the change");
    insta::assert_snapshot!(say("change-without-bump = \"deny\"", &facts(same, ("4\n", "new"))), @"detect.change-without-bump | the sources changed, but the version is still 4 | raise the version to 5");
    insta::assert_snapshot!(say("", &facts(same, ("5\n", "new"))), @"build | tool 4 → 5: building all variants");
    insta::assert_snapshot!(say("", &facts(same, ("3\n", "new"))), @"detect.lowered | the version falls from 4 to 3 | a version never falls; to go back, restore the old sources and raise the version to 5");
    insta::assert_snapshot!(say("", &facts(same, ("6\n", "new"))), @r#"detect.skips | the version changes from 4 to 6 and skips 5, which is free | raise the version to 5, or set step = "any" in the package's policy on the base branch first"#);
    insta::assert_snapshot!(say("step = \"any\"", &facts(same, ("6\n", "new"))), @"build | tool 4 → 6: building all variants");
    insta::assert_snapshot!(say("", &facts(same, ("five", "new"))), @r#"detect.version-malformed | VERSION is not a version file: it holds "five", which does not begin with a number | write a plain number such as 7 (ASCII digits, no leading zero, at most 10), and at most one line end"#);
}

#[test]
fn a_burnt_number_may_be_skipped_and_a_free_one_may_not() {
    let mut facts = facts(("4\n", "old"), ("6\n", "new"));
    facts.taken = taken(&[4, 5]);
    assert_eq!(decide(&package(""), &facts).as_str(), "build");
    facts.taken = taken(&[4]);
    assert_eq!(decide(&package(""), &facts).as_str(), "refused");
}

#[test]
fn a_number_that_somebody_holds_is_decided_by_fingerprint() {
    let mut facts = facts(("4\n", "old"), ("5\n", "new"));
    facts.taken = taken(&[4, 5]);
    facts.holder = VersionOwner::Release(facts.head.digests.fingerprint, PullNumber(7));
    insta::assert_snapshot!(say("", &facts), @"published | tool 5 is published from these sources: nothing to build");
    facts.holder = VersionOwner::Release(Fingerprint(Digest::of(b"other")), PullNumber(7));
    insta::assert_snapshot!(say("", &facts), @"detect.taken | version 5 is taken: it was published from other sources, by pull request #7 | raise the version to 6, which is free");
    facts.holder = VersionOwner::Foreign;
    insta::assert_snapshot!(say("", &facts), @"detect.taken | version 5 is taken: its tag exists, and Lockgate did not make it | raise the version to 6, which is free");
}

#[test]
fn two_pull_requests_with_the_same_bump_are_told_apart_by_the_merge() {
    // The other pull request was merged: base and merge both contain 5, with the head's own sources added.
    let mut facts = facts(("5\n", "theirs"), ("5\n", "ours"));
    facts.merged = Merged::Clean(side(b"5\n", "theirs+ours"));
    facts.taken = taken(&[4, 5]);
    facts.holder = VersionOwner::Release(Fingerprint(Digest::of(b"theirs")), PullNumber(7));
    facts.fork = Some(Version::Integer(4));
    insta::assert_snapshot!(say("", &facts), @"detect.taken | version 5 is taken: the base branch has raised to it meanwhile | raise the version to 6, which is free");
    facts.fork = Some(Version::Integer(5));
    assert_eq!(
        decide(&package(""), &facts).as_str(),
        "nothing",
        "it never raised anything"
    );
    insta::assert_snapshot!(say("change-without-bump = \"deny\"", &facts), @"detect.change-without-bump | the sources changed, but the version is still 5 | raise the version to 6");
}

#[test]
fn a_branch_that_lags_behind_has_not_lowered_the_version() {
    let mut facts = facts(("5\n", "new"), ("4\n", "old"));
    facts.merged = Merged::Clean(side(b"5\n", "new"));
    assert_eq!(decide(&package(""), &facts).as_str(), "nothing");
}

#[test]
fn a_bump_whose_merge_has_other_sources_is_built_but_marked_as_behind() {
    let mut facts = facts(("4\n", "old"), ("5\n", "ours"));
    facts.merged = Merged::Clean(side(b"5\n", "theirs+ours"));
    assert!(matches!(
        decide(&package(""), &facts),
        Verdict::Proceed(Plan { behind: true, .. })
    ));
}

#[test]
fn a_new_package_starts_anywhere_above_what_was_published() {
    let mut facts = facts(("4\n", "old"), ("7\n", "new"));
    facts.base = None;
    insta::assert_snapshot!(say("", &facts), @"build | tool 7 is the first version: building all variants");
    facts.taken = taken(&[9]);
    insta::assert_snapshot!(say("", &facts), @"detect.lowered | the version falls from 9 to 7 | a version never falls; to go back, restore the old sources and raise the version to 10");
}

#[test]
fn a_tag_below_the_name_of_a_versions_tag_leaves_no_room_for_it() {
    let of = |all: &[&str]| tags(&package(""), all.iter().copied());
    let blocked = |pairs: &[(u64, &str)]| {
        let pairs = pairs
            .iter()
            .map(|(n, tag)| (Version::Integer(*n), (*tag).to_owned()));
        pairs.collect::<BTreeMap<_, _>>()
    };
    assert_eq!(
        of(&["tool-v4", "tool", "other-v5"]),
        (taken(&[4]), blocked(&[]))
    );
    let all = [
        "tool-v4",
        "tool-v4^{}",
        "tool-v5/old",
        "tool-v5/old^{}",
        "tool-v6/a/b",
        "tool-v/7",
        "a/tool-v8",
        "tool/v9",
    ];
    let (found, below) = of(&all);
    assert_eq!(
        (found, &below),
        (
            taken(&[4]),
            &blocked(&[(5, "tool-v5/old"), (6, "tool-v6/a/b")])
        )
    );

    let mut facts = facts(("4\n", "old"), ("5\n", "new"));
    facts.blocked = below;
    insta::assert_snapshot!(say("", &facts), @r#"detect.tag-blocked | the tag tool-v5 cannot be made, because there is a tag "tool-v5/old": to git, tool-v5 is a folder | raise the version to 7, which is free; or have "tool-v5/old" deleted, if nothing needs it"#);
    facts.base = None;
    insta::assert_snapshot!(say("", &facts), @r#"detect.tag-blocked | the tag tool-v5 cannot be made, because there is a tag "tool-v5/old": to git, tool-v5 is a folder | raise the version to 7, which is free; or have "tool-v5/old" deleted, if nothing needs it"#);
    // A blocked number is not a gap that a raised version skips, and a pull request that raises nothing is not affected.
    let mut facts = self::facts(("4\n", "old"), ("7\n", "new"));
    facts.blocked = blocked(&[(4, "tool-v4/x"), (5, "tool-v5/old"), (6, "tool-v6/a/b")]);
    assert_eq!(
        decide(&package("step = \"next-free\""), &facts).as_str(),
        "build"
    );
    let mut facts = self::facts(("4\n", "old"), ("4\n", "old"));
    facts.blocked = blocked(&[(4, "tool-v4/x")]);
    assert_eq!(decide(&package(""), &facts).as_str(), "nothing");
}

#[test]
fn a_base_that_cannot_be_read_does_not_block_its_mending() {
    assert_eq!(
        decide(&package(""), &facts(("oops", "old"), ("5\n", "new"))).as_str(),
        "build"
    );
}

#[test]
fn what_is_not_a_file_and_a_conflict_are_refused() {
    let with = |file: VersionFile| {
        let mut facts = facts(("4\n", "old"), ("5\n", "new"));
        facts.head.version_file = file;
        say("", &facts)
    };
    insta::assert_snapshot!(with(VersionFile::Absent), @"detect.version-missing | VERSION is missing | put the version file back: a package always names its version");
    insta::assert_snapshot!(with(VersionFile::Symlink), @"detect.version-not-a-file | VERSION is a symbolic link, not a regular file | make it a regular file that holds the version");
    let pointer = [LFS_POINTER, b"oid sha256:0\nsize 2\n"].concat();
    insta::assert_snapshot!(with(VersionFile::Content(pointer)), @"detect.version-malformed | VERSION is not a version file: it is in Git LFS, so the commit itself holds a pointer and no version | write the version into it, and take it out of Git LFS in .gitattributes (`git lfs untrack`)");
    insta::assert_snapshot!(with(VersionFile::NotAFile), @"detect.version-not-a-file | VERSION is a folder or a submodule, not a regular file | make it a regular file that holds the version");
    insta::assert_snapshot!(with(VersionFile::TooLarge(5000)), @"detect.version-malformed | VERSION is not a version file: it holds 5000 bytes, which is too long | write a plain number such as 7 (ASCII digits, no leading zero, at most 10), and at most one line end");
    let mut facts = facts(("4\n", "old"), ("5\n", "new"));
    facts.merged = Merged::Conflict;
    insta::assert_snapshot!(say("", &facts), @"detect.conflict | the pull request conflicts with its base branch | merge the base branch into the pull request, or rebase it");
}

proptest! {
    /// The table of the design, written a second time and as plainly as possible, is the oracle.
    #[test]
    fn the_decision_agrees_with_the_plain_table(
        base in 1u64..6, head in 1u64..8, changed: bool, held in 0..3usize, retired in proptest::collection::btree_set(1u64..8, 0..4),
        change in 0..3usize, bump in 0..3usize, next_free: bool,
    ) {
        let levels = ["allow", "warn", "deny"];
        let step = if next_free { "next-free" } else { "any" };
        let package = package(&format!(
            "change-without-bump = \"{}\"\nbump-without-change = \"{}\"\nstep = \"{step}\"", levels[change], levels[bump]));
        let mut facts = facts((&base.to_string(), "old"), (&head.to_string(), if changed { "new" } else { "old" }));
        facts.taken = retired.iter().map(|&n| Version::Integer(n)).collect();
        facts.taken.remove(&Version::Integer(head));
        facts.holder = [VersionOwner::Nobody, VersionOwner::Foreign, VersionOwner::Release(facts.head.digests.fingerprint, PullNumber(1))][held];
        if held > 0 { facts.taken.insert(Version::Integer(head)); }
        let free_below = (base + 1..head).any(|n| !retired.contains(&n));
        let denied = !changed && levels[bump] == "deny";
        let skipping = next_free && free_below;
        let expected = match (head.cmp(&base), held) {
            (Ordering::Less, _) | (Ordering::Greater, 1) => "refused",
            (Ordering::Equal, _) => if changed && levels[change] == "deny" { "refused" } else { "nothing" },
            (Ordering::Greater, 2) => "published",
            (Ordering::Greater, _) => if denied || skipping { "refused" } else { "build" },
        };
        prop_assert_eq!(decide(&package, &facts).as_str(), expected);
    }
}

#[test]
fn the_default_policy_is_the_designs() {
    let default = package("").policy;
    assert_eq!(
        default,
        Policy {
            change_without_bump: Level::Warn,
            bump_without_change: Level::Allow,
            step: Step::NextFree,
            environment: EnvironmentCheck::Protected,
            identity: IdentityCheck::WithRaise,
            removal: Removal::Deny,
        }
    );
}

#[test]
fn a_bump_without_a_change_is_marked_only_where_the_policy_warns() {
    let marked = |policy: &str, sources: &str| match decide(
        &package(policy),
        &facts(("4\n", "old"), ("5\n", sources)),
    ) {
        Verdict::Proceed(plan) => plan.without_change,
        other @ (Verdict::Done(_) | Verdict::Wait(_) | Verdict::Refuse(_)) => {
            panic!("{other:?}")
        }
    };
    let warn = "bump-without-change = \"warn\"";
    assert!(marked(warn, "old"));
    assert!(!marked(warn, "new"));
    assert!(!marked("", "old"));
    assert!(!marked("", "new"));
}

#[test]
fn a_release_of_the_heads_sources_is_the_wanted_one_even_if_the_merge_has_others() {
    let mut facts = facts(("4\n", "old"), ("5\n", "new"));
    facts.taken = taken(&[4, 5]);
    facts.merged = Merged::Clean(side(b"5\n", "newer"));
    let Merged::Clean(merged) = &facts.merged else {
        panic!("no merge")
    };
    let (head, merged) = (facts.head.digests.fingerprint, merged.digests.fingerprint);
    for (holder, word) in [(head, "published"), (merged, "published")] {
        facts.holder = VersionOwner::Release(holder, PullNumber(7));
        assert_eq!(decide(&package(""), &facts).as_str(), word);
    }
    facts.holder = VersionOwner::Release(Fingerprint(Digest::of(b"other")), PullNumber(7));
    assert_eq!(decide(&package(""), &facts).as_str(), "refused");
}
