//! Acts out every script in `rehearsals/` through the real command, and compares its transcript.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rehearsals");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.retain(|path| path.extension().is_some_and(|end| end == "txt"));
    all.sort();
    all
}

#[test]
fn every_script_gives_its_transcript() {
    let waiting = Mutex::new(scripts());
    let failed = Mutex::new(Vec::new());
    let count = waiting.lock().unwrap().len();
    assert!(count >= 40, "only {count} scripts were found");
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let Some(script) = waiting.lock().unwrap().pop() else {
                        break;
                    };
                    let journal = tempfile::NamedTempFile::new().unwrap();
                    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
                        .args(["rehearse", "--script"])
                        .arg(&script)
                        .arg("--journal")
                        .arg(journal.path())
                        .env_remove("GITHUB_ACTIONS")
                        .output()
                        .unwrap();
                    let foreign = unlike_github(journal.path());
                    if !output.status.success() || !foreign.is_empty() {
                        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &foreign;
                        failed
                            .lock()
                            .unwrap()
                            .push(format!("{}:\n{said}", script.display()));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What the transcript tells of each promotion: variants, calls, and those that no rate limit counts.
fn promotions(transcript: &str) -> Vec<(u32, u32, u32)> {
    let mut found = Vec::new();
    let mut files = None;
    for line in transcript.lines() {
        if line.starts_with("> maintainer lockgate promote") {
            files = Some(0);
        } else if let (Some(count), true) = (&mut files, line.starts_with("| sending ")) {
            *count += 1;
        } else if let (Some(count), Some((calls, rest))) = (files, line.split_once(" calls, ")) {
            let unchanged = rest.split_once(' ').unwrap().0;
            // SHA256SUMS and the receipt are sent beside the executables.
            found.push((
                count - 2,
                calls.parse().unwrap(),
                unchanged.parse().unwrap(),
            ));
            files = None;
        }
    }
    found
}

/// That the transcript is true is the business of the test above.
#[test]
fn a_promotion_of_v_variants_makes_at_most_14_and_3v_calls() {
    let transcript = include_str!("../../../rehearsals/calls.txt");
    let promotions = promotions(transcript);
    let variants: Vec<u32> = promotions.iter().map(|(variants, ..)| *variants).collect();
    assert_eq!(variants, [2, 4, 1]);
    for (variants, calls, unchanged) in promotions {
        assert!(
            calls - unchanged <= 14 + 3 * variants,
            "{variants} variants: {calls} calls, {unchanged} of them not modified"
        );
        // Those that the forge does not count, with them: each has a row, and its reason.
        assert_eq!(calls, explained(variants), "{variants} variants");
    }
}

/// The calls that `docs/promotion.md` gives a reason for.
fn explained(variants: u32) -> u32 {
    let page = include_str!("../../../docs/promotion.md");
    let (_, table) = page.split_once("| call | how often |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let times = table
        .lines()
        .skip(2)
        .map(|row| row.split('|').nth(2).unwrap());
    let count = |times: &str| match times.trim() {
        "V" => variants,
        "V + 2" => variants + 2,
        number => number.parse().unwrap(),
    };
    times.map(count).sum()
}

/// What GitHub would not have taken or said, of all that the forge was asked; a journal must have something.
fn unlike_github(journal: &Path) -> String {
    let text = std::fs::read_to_string(journal).unwrap();
    let found = lockgate_fidelity::findings_in(&text).unwrap();
    let lines = found
        .iter()
        .map(|finding| format!("not as GitHub describes it: {finding}\n"));
    let quiet = text.is_empty().then(|| "the journal is empty\n".to_owned());
    lines.chain(quiet).collect()
}

#[test]
fn a_transcript_that_differs_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("wrong.txt");
    std::fs::write(
        &script,
        "# Wrong\n\n> sample minimal\n> show releases\nhello-v9 published: hello 9\n",
    )
    .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["rehearse", "--script"])
        .arg(&script)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(
        said.contains("rehearse.transcript")
            && said.contains("line 4")
            && said.contains("seen:     none"),
        "{said}"
    );
}

#[test]
fn the_list_names_every_script_with_its_title() {
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["rehearse", "--list"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for script in scripts() {
        let name = script.file_stem().unwrap().to_str().unwrap();
        assert!(
            said.lines()
                .any(|line| line.starts_with(name) && line.len() > name.len() + 8),
            "{name}:\n{said}"
        );
    }
}

/// The tokens of the rehearsal are planted: nothing that Lockgate writes or sends elsewhere may hold one.
#[test]
fn no_token_is_written_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("kept");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rehearsals/happy-path.txt");
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["rehearse", "--script"])
        .arg(script)
        .arg(format!("--keep={}", keep.display()))
        .arg("--journal")
        .arg(keep.join("journal"))
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(keep.join("journal").exists());
    let mut seen = 0;
    let mut folders = vec![keep.clone()];
    while let Some(folder) = folders.pop() {
        // The forge itself has to know its tokens.
        if folder == keep.join("forge") {
            continue;
        }
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            let bytes = std::fs::read(&path).unwrap();
            let found = ["automation-token", "fork-token"]
                .into_iter()
                .find(|token| bytes.windows(token.len()).any(|w| w == token.as_bytes()));
            assert_eq!(found, None, "{}", path.display());
        }
    }
    assert!(seen > 50, "only {seen} files were looked at");
}

/// The story on a repository of one's own: a folder, and a clone without workflows.
#[test]
fn the_story_runs_on_any_repository() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/minimal");
    let own = folder.path().join("own");
    let journal = folder.path().join("journal");
    for path in ["lockgate.toml", "build.py", "hello/VERSION"] {
        let target = own.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(sample.join(path), target).unwrap();
    }
    for repository in ["as a folder", "as a clone"] {
        let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
            .args(["rehearse", "own", "--output-format", "json"])
            .args(["--journal", "journal"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{repository}: {said}");
        let object: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(object["tag"], "hello-v2");
        assert_eq!(unlike_github(&journal), "");
        let git = |args: &[&str]| {
            let identity = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"];
            let mut git = Command::new("git");
            let git = git.args(identity).args(args).current_dir(&own);
            assert!(
                git.env("GIT_CONFIG_GLOBAL", "/dev/null")
                    .status()
                    .unwrap()
                    .success()
            );
        };
        if repository == "as a folder" {
            git(&["init", "--quiet"]);
            git(&["add", "--all"]);
            git(&["commit", "--quiet", "-m", "mine"]);
        }
    }
}
