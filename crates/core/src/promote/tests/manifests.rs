//! A manifest that agrees with itself and belongs to something else.

use super::*;

/// The first thing in which the manifest is said to differ.
fn differs(change: impl FnOnce(&mut Facts)) -> &'static str {
    let mut facts = facts();
    change(&mut facts);
    match decide(&facts) {
        Verdict::Refuse(Refusal::ManifestDiffers { what, .. }) => what,
        other
        @ (Verdict::Done(_) | Verdict::Proceed(_) | Verdict::Wait(_) | Verdict::Refuse(_)) => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn a_manifest_of_another_version_is_refused_though_its_names_and_artifacts_agree() {
    let what = differs(|facts| {
        for executable in &mut listed(facts).executables {
            let name = executable.name.as_str().replace("-v2", "-v3");
            executable.name = name.parse().unwrap();
        }
        listed(facts).package_version = Version::Integer(3);
        for artifact in &mut facts.artifacts {
            artifact.name = artifact.name.replace("64-v2", "64-v3");
        }
    });
    assert_eq!(what, "version");
}

#[test]
fn each_field_of_the_manifest_is_named_where_it_differs() {
    let other = Fingerprint(Digest::of(b"x"));
    assert_eq!(
        [
            differs(|f| listed(f).package = "other".parse().unwrap()),
            differs(|f| listed(f).package_version = Version::Integer(3)),
            differs(|f| listed(f).commit = commit('9')),
            differs(|f| listed(f).run = RunId(1)),
            differs(|f| listed(f).attempt = Attempt(2)),
            differs(|f| listed(f).fingerprint = other),
            differs(|f| listed(f).executables.reverse()),
        ],
        [
            "package",
            "version",
            "commit",
            "run",
            "attempt",
            "fingerprint",
            "set of executables"
        ]
    );
}
