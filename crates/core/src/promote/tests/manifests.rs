//! A manifest that agrees with itself and belongs to something else.

use super::*;
use crate::document::{Executable, Manifest, Smoke, SmokeResult};

/// A manifest of two variants, as `lockgate build` writes it.
pub(crate) fn manifest() -> Manifest {
    let executable = |variant: &str| Executable {
        variant: variant.parse().unwrap(),
        name: format!("inspect-tool-support-{variant}-v2")
            .parse()
            .unwrap(),
        size: 1000,
        sha256: Digest::of(variant.as_bytes()),
        headers: "ELF 64-bit little-endian, static".to_owned(),
        header_ranges: HeaderRanges::default(),
        smoke: Some(Smoke {
            result: SmokeResult::Passed,
            emulator: None,
        }),
        build_seconds: 3,
        attempt: None,
    };
    Manifest {
        package: "tool-support".parse().unwrap(),
        package_version: "2".parse().unwrap(),
        fingerprint: Fingerprint(Digest::of(b"tree")),
        commit: "a".repeat(40).parse().unwrap(),
        run: RunId(9001),
        attempt: Attempt(1),
        executables: vec![executable("amd64"), executable("arm64")],
    }
}

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
