//! Kills a promotion with SIGKILL at each of its calls and in the middle of each of its uploads, and runs it again. It
//! always finishes, with never a second release, and never a partial one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::process::Command;
use std::sync::Mutex;

/// More calls than a promotion of two variants makes.
const CALLS: usize = 28;
/// Two executables, `SHA256SUMS`, the receipt.
const UPLOADS: usize = 4;

/// The point at which a promotion is killed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kind: &'static str,
    nth: usize,
    request: &'static str,
}

fn places() -> Vec<Place> {
    let at = |kind, count, request| (1..=count).map(move |nth| Place { kind, nth, request });
    at("kill-before", CALLS, "* *")
        .chain(at("kill-after", CALLS, "* *"))
        .chain(at("kill-midway=40", UPLOADS, "POST */assets*"))
        .collect()
}

/// Returns the transcript of a promotion that was killed there, and of the next one.
fn transcript(place: &Place) -> String {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("killed.txt");
    let Place { kind, nth, request } = place;
    let text = format!(
        "# Killed\n\n> sample minimal\n> switch raise\n> write hello/VERSION \"2\\n\"\n> push\n> open raise\n> build #1\n\
         > fault {kind} {request} nth={nth} actor=automation\n> maintainer lockgate promote --pr 1\n\
         > show releases\n> maintainer lockgate promote --pr 1\n> maintainer lockgate promote --pr 1\n> show releases\n\
         > show status #1\n"
    );
    std::fs::write(&script, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["rehearse", "--bless", "--script"])
        .arg(&script)
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{place:?}: {stderr}");
    std::fs::read_to_string(&script).unwrap()
}

/// Returns what is wrong with the result, and whether the promotion was killed at all.
fn judge(text: &str) -> (Vec<&'static str>, bool) {
    let scenes: Vec<&str> = text.split("\n> ").collect();
    let releases: Vec<&&str> = scenes
        .iter()
        .filter(|scene| scene.starts_with("show releases"))
        .collect();
    let promotions: Vec<&&str> = scenes
        .iter()
        .filter(|scene| scene.starts_with("maintainer lockgate promote"))
        .collect();
    // If the first makes fewer calls than the fault waits for, it occurs in the second.
    let (first, last) = (promotions[0], promotions[2]);
    let whole = "hello-v2 published: hello 2\n  hello-amd64-v2\n  hello-arm64-v2\n  SHA256SUMS\n  lockgate-receipt.json";
    let mut wrong = Vec::new();
    if releases
        .iter()
        .any(|reported| reported.matches(" published:").count() != reported.matches(whole).count())
    {
        wrong.push("a part of a release was public");
    }
    if releases[1].matches(whole).count() != 1 || !releases[1].contains("the public sees 1") {
        wrong.push("there is not exactly one release in the end");
    }
    if !last.contains("exit 0") {
        wrong.push("the promotion after it did not end well");
    }
    if !text.contains("lockgate/hello: success") {
        wrong.push("the gate is not green");
    }
    (wrong, first.contains("\nkilled"))
}

#[test]
fn a_promotion_killed_anywhere_is_finished_by_the_next() {
    let (waiting, ended) = (Mutex::new(places()), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(place) = waiting.lock().unwrap().pop() else {
                        break;
                    };
                    let text = transcript(&place);
                    let (wrong, killed) = judge(&text);
                    assert!(wrong.is_empty(), "{place:?}: {wrong:?}\n{text}");
                    ended.lock().unwrap().push((place, killed));
                }
            });
        }
    });
    let mut ended = ended.into_inner().unwrap();
    ended.sort();
    let killed = |kind: &str| {
        let of_kind = ended.iter().filter(|(place, _)| place.kind == kind);
        of_kind.map(|(_, killed)| *killed).collect::<Vec<bool>>()
    };
    for kind in ["kill-before", "kill-after"] {
        let killed = killed(kind);
        let count = killed.iter().filter(|killed| **killed).count();
        // Every call was tried, and there was none after the last one tried here.
        assert!((18..CALLS).contains(&count), "{kind}: {count}");
        assert!(
            killed.iter().take(count).all(|killed| *killed),
            "{kind}: {killed:?}"
        );
    }
    assert_eq!(killed("kill-midway=40"), [true; UPLOADS]);
}
