//! Packages that go, and changes to what users follow.

use super::*;

#[test]
fn a_package_does_not_go_unless_its_policy_lets_it() {
    let of = |policy: &str, left: &[&str]| {
        let left: Vec<Package> = left
            .iter()
            .map(|name| Package {
                name: name.parse().unwrap(),
                ..package("")
            })
            .collect();
        removal(Some(&package(policy)), &left).map(|refusal| refusal.to_string())
    };
    insta::assert_snapshot!(of("", &[]).unwrap(), @"the pull request takes the package tool out of lockgate.toml");
    insta::assert_snapshot!(of("", &["other"]).unwrap(), @"the pull request takes the package tool out of lockgate.toml, and other takes its place");
    assert_eq!(of("removal = \"allow\"", &["other"]), None);
    assert_eq!(removal(None, []), None);
}

#[test]
fn what_users_follow_changes_with_a_raise_or_not_at_all() {
    let tag = |names_package| identity::Change::Tag {
        from: "tool-v{version}".to_owned(),
        to: "x".to_owned(),
        names_package,
    };
    let asset = || identity::Change::Asset {
        from: "a".to_owned(),
        to: "b".to_owned(),
    };
    let of = |policy: &str, head: &str, taken: &[u64], change: identity::Change| {
        let mut facts = facts(("4\n", "old"), (head, "new"));
        facts.identity = vec![change];
        facts.taken = self::taken(taken);
        say(policy, &facts).split(" | ").next().unwrap().to_owned()
    };
    assert_eq!(of("", "4\n", &[4], asset()), "detect.identity");
    assert_eq!(of("", "5\n", &[4], asset()), "build");
    assert_eq!(of("", "5\n", &[4], tag(true)), "build");
    assert_eq!(of("", "5\n", &[4, 5], tag(true)), "detect.identity");
    assert_eq!(of("", "5\n", &[4], tag(false)), "detect.identity");
    assert_eq!(of("identity = \"free\"", "4\n", &[4], asset()), "nothing");
    let hint = |head: &str, change| {
        let mut facts = facts(("4\n", "old"), (head, "old"));
        facts.identity = vec![change];
        match decide(&package(""), &facts) {
            Verdict::Refuse(refusal) => refusal.hint(),
            other @ (Verdict::Done(_) | Verdict::Wait(_) | Verdict::Proceed(_)) => {
                panic!("{other:?}")
            }
        }
    };
    // Raising the version is proposed only where it helps.
    assert!(hint("4\n", asset()).contains("raise the version to 5"));
    assert!(hint("4\n", tag(true)).contains("raise the version to 5"));
    for (head, change) in [
        ("4\n", tag(false)),
        ("5\n", tag(false)),
        (
            "4\n",
            identity::Change::PinsDropped("SHA256SUMS".parse().unwrap()),
        ),
    ] {
        let hint = hint(head, change);
        assert!(hint.contains("a raise does not allow it"), "{hint}");
    }
    // The policy of a package that the base does not have comes from the pull request.
    let mut new = facts(("4\n", "old"), ("1\n", "new"));
    new.base = None;
    new.identity = vec![identity::Change::ForeignTag("v{version}".to_owned())];
    let free = package("identity = \"free\"");
    match decide(&free, &new) {
        Verdict::Refuse(refusal) => {
            assert!(refusal.hint().contains("name the package"), "{refusal}")
        }
        other @ (Verdict::Done(_) | Verdict::Wait(_) | Verdict::Proceed(_)) => panic!("{other:?}"),
    }
    assert_eq!(of("identity = \"free\"", "5\n", &[4], tag(false)), "build");
}

#[test]
fn a_change_of_the_scheme_is_compared_with_the_base_in_its_own_words() {
    let semver = package("").clone();
    let semver = Package {
        scheme: Scheme::Semver,
        ..semver
    };
    let of = |head: &str| {
        let mut facts = facts(("4\n", "old"), (head, "new"));
        facts.head.scheme = Scheme::Semver;
        facts.merged = Merged::Clean(facts.head.clone());
        facts.taken.clear();
        facts.identity = vec![identity::Change::Scheme {
            from: Scheme::Integer,
            to: Scheme::Semver,
        }];
        // The policy is the base's, under which each integer must follow the one before.
        assert_eq!(semver.policy.step, Step::NextFree);
        let decision = decide(&semver, &facts);
        match decision {
            Verdict::Refuse(refusal) => refusal.code(),
            other @ (Verdict::Done(_) | Verdict::Proceed(_) | Verdict::Wait(_)) => other.as_str(),
        }
    };
    assert_eq!(of("5.0.0\n"), "build");
    assert_eq!(of("4.1.0\n"), "detect.identity");
    assert_eq!(of("3.9.0\n"), "detect.identity");
}
