//! Promotes large executables whose headers are far from their start: as `patchelf` and BOLT leave them, and as a job
//! makes them that controls its runner and its manifest.

use lockgate_forge_embedded::PullNumber;
use serde_json::{Value, json};

use crate::fixture::{Fixture, ended};
use crate::verdict::{is_published, releases};

#[path = "../../../artifact/tests/suite/elves.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod elves;

use elves::Elf;

/// More than a promotion keeps of every executable.
const FAR: usize = 8 * 1024 * 1024 + 4321;

const AMD64: &str = "hello-amd64-v2";

/// Returns an executable with program headers and strings at its end.
fn far() -> Elf {
    Elf {
        table_gap: FAR,
        gaps: [0, 500, 0, 0],
        ..Elf::glibc()
    }
}

fn evil() -> Elf {
    Elf {
        paths: vec![(15, b"/tmp/evil".to_vec())],
        ..far()
    }
}

/// Opens a pull request whose build produces such an executable for amd64.
fn opened(fixture: &Fixture) -> PullNumber {
    fixture.checkout("job");
    let arm64 = Elf::of(183, true, true, "/lib/ld-linux-aarch64.so.1");
    let folder = fixture.prepare(&[("amd64", far().bytes()), ("arm64", arm64.bytes())]);
    let script = format!(
        "import os, shutil, sys\n\
         words = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n\
         os.makedirs(os.path.dirname(words['--output']), exist_ok=True)\n\
         shutil.copyfile({folder:?} + '/' + words['--arch'], words['--output'])\n\
         os.chmod(words['--output'], 0o755)\n"
    );
    fixture.open_with("raise", "hello", &[("build.py", &script)])
}

fn promote(fixture: &Fixture, pull: PullNumber) -> (Option<i32>, String) {
    let number = pull.to_string();
    let words = ["promote", "--pr", &number, "--package", "hello"];
    let mut command = fixture.lockgate(&fixture.server.base_url(), "job", &words);
    ended(&command.output().unwrap())
}

/// Returns a runner on which a job changes the uploaded candidate's manifest.
fn manifest_changed(change: impl Fn(&mut Value)) -> impl Fn(&str, Vec<u8>) -> Vec<u8> {
    move |name, bytes| {
        if name != "candidate.json" {
            return bytes;
        }
        let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
        let listed = manifest["executables"].as_array_mut().unwrap();
        let amd64 = listed.iter_mut().find(|one| one["name"] == AMD64);
        change(amd64.unwrap());
        serde_json::to_vec(&manifest).unwrap()
    }
}

#[test]
fn a_healthy_executable_with_its_headers_far_away_is_built_and_promoted() {
    let fixture = Fixture::set(&["hello"]);
    let pull = opened(&fixture);
    // A manifest without ranges, as an earlier Lockgate writes it.
    let without = manifest_changed(|one| {
        let ranges = one.as_object_mut().unwrap().remove("header_ranges");
        assert!(ranges.is_some_and(|ranges| !ranges.as_array().unwrap().is_empty()));
    });
    fixture.build_on(pull, "hello", &without);
    let (code, stderr) = promote(&fixture, pull);
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("(executable.not-kept)"), "{stderr}");
    assert!(
        stderr.contains("next: build again with this version of Lockgate"),
        "{stderr}"
    );
    assert!(
        releases(&fixture.server)
            .iter()
            .all(|release| release.draft)
    );
    // The next step in its message works.
    let candidate = fixture.build(pull, "hello");
    let (code, stderr) = promote(&fixture, pull);
    assert_eq!(code, Some(0), "{stderr}");
    is_published(&fixture, pull, "hello", &candidate);
}

#[test]
fn a_build_that_owns_its_runner_gets_no_search_path_past_the_promotion() {
    let fixture = Fixture::set(&["hello"]);
    let pull = opened(&fixture);
    let evil = evil().bytes();
    let sha256 = lockgate_core::Digest::of(&evil).to_string();
    let end = evil.len();
    for (ranges, code) in [
        // The ranges that its build would have listed, which suffice.
        (
            json!([format!("{}+{}", FAR, end - FAR)]),
            "executable.rpath",
        ),
        // None, others, and some of them.
        (json!([]), "executable.not-kept"),
        (json!(["0+1000", "9000+1000"]), "executable.not-kept"),
        (json!([format!("{}+200", FAR)]), "executable.not-kept"),
        // Ranges that are invalid in a manifest.
        (
            json!([format!("{}+{}", FAR, end)]),
            "promote.manifest-unreadable",
        ),
        (json!(["0+1048577"]), "promote.manifest-unreadable"),
        (
            json!(
                (0..65)
                    .map(|at| format!("{}+1", at * 2))
                    .collect::<Vec<_>>()
            ),
            "promote.manifest-unreadable",
        ),
    ] {
        let change = manifest_changed(|one| {
            one["size"] = json!(end);
            one["sha256"] = json!(sha256);
            one["header_ranges"] = ranges.clone();
        });
        let owned = |name: &str, bytes| match name {
            AMD64 => evil.clone(),
            _ => change(name, bytes),
        };
        fixture.build_on(pull, "hello", &owned);
        let (exit, stderr) = promote(&fixture, pull);
        assert!(stderr.contains(&format!("({code})")), "{ranges}: {stderr}");
        assert!(matches!(exit, Some(3 | 5)), "{stderr}");
        assert!(
            releases(&fixture.server)
                .iter()
                .all(|release| release.draft)
        );
    }
}
