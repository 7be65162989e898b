//! Runs every script in `rehearsals/` through the real command, and compares its transcript.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod planted;
mod schemas;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use planted::Findings;

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

/// The result of running a script.
struct Acted {
    script: PathBuf,
    /// Its output, if it failed or made a request that GitHub would not answer.
    failed: Option<String>,
    /// Where its tokens were searched for, and found.
    looked: Findings,
}

/// Runs a script with everything that it writes below one folder, including its home and its temporary files.
fn act(script: PathBuf) -> Acted {
    let workspace = tempfile::tempdir().unwrap();
    let place = |name: &str| workspace.path().join(name);
    for folder in ["home", "temporary"] {
        std::fs::create_dir(place(folder)).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["rehearse", "--script"])
        .arg(&script)
        .arg("--journal")
        .arg(place("journal"))
        .arg(format!("--keep={}", place("kept").display()))
        .env_remove("GITHUB_ACTIONS")
        .env("HOME", place("home"))
        .env("TMPDIR", place("temporary"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let foreign = unlike_github(&place("journal"));
    let invalid = documents(&place("kept/steps"));
    let failed = !output.status.success() || !foreign.is_empty() || !invalid.is_empty();
    let mut looked = Findings::default();
    looked.below(workspace.path());
    looked.bytes("what it said", &[output.stdout, output.stderr].concat());
    looked.journal(&std::fs::read_to_string(place("journal")).unwrap());
    Acted {
        script,
        failed: failed.then_some(stderr + &foreign + &invalid),
        looked,
    }
}

/// Returns what is wrong with the JSON documents that the steps of a script printed.
fn documents(steps: &Path) -> String {
    let entries = std::fs::read_dir(steps).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let printed = paths.filter(|path| path.to_string_lossy().ends_with("stdout.json"));
    let problems =
        printed.filter_map(|path| schemas::document(&std::fs::read(path).unwrap()).err());
    problems.collect()
}

/// Returns the results of all scripts, which run once for all tests.
fn acted() -> &'static [Acted] {
    static ALL: OnceLock<Vec<Acted>> = OnceLock::new();
    ALL.get_or_init(|| {
        let (waiting, done) = (Mutex::new(scripts()), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()) {
                scope.spawn(|| {
                    loop {
                        let Some(script) = waiting.lock().unwrap().pop() else {
                            break;
                        };
                        let acted = act(script);
                        done.lock().unwrap().push(acted);
                    }
                });
            }
        });
        done.into_inner().unwrap()
    })
}

#[test]
fn every_script_gives_its_transcript() {
    let acted = acted();
    assert!(acted.len() >= 40, "only {} scripts were found", acted.len());
    let failed = acted.iter().filter_map(|one| {
        let stderr = one.failed.as_ref()?;
        Some(format!("{}:\n{stderr}", one.script.display()))
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The tokens of the rehearsals are planted: no file, message or request elsewhere may contain one.
#[test]
fn no_token_is_written_or_told() {
    for one in acted() {
        let Findings { files, found } = &one.looked;
        assert!(found.is_empty(), "{}: {found:#?}", one.script.display());
        assert!(*files > 40, "{}: {files} files", one.script.display());
    }
}

/// The search finds planted tokens.
#[test]
fn a_token_is_found_wherever_it_is_written_or_sent() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join("log"), "x automation-token x").unwrap();
    std::fs::write(
        below.join("auth"),
        "eC1hY2Nlc3MtdG9rZW46YXV0b21hdGlvbi10b2tlbg==",
    )
    .unwrap();
    std::fs::write(below.join("clean"), "automation").unwrap();
    let mut looked = Findings::default();
    looked.below(folder.path());
    assert_eq!((looked.files, looked.found.len()), (3, 2));
    looked.journal("{\"leaks\":false}\n{\"leaks\":true}\n");
    assert_eq!(looked.found.len(), 3);
}

/// Returns the numbers of each promotion in a transcript: variants, calls, and calls that no rate limit counts.
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
            // SHA256SUMS and the receipt are uploaded in addition to the executables.
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

/// The test above ensures that the transcript is correct.
#[test]
fn a_promotion_of_v_variants_makes_at_most_18_and_3v_calls() {
    let transcript = include_str!("../../../rehearsals/calls.txt");
    let promotions = promotions(transcript);
    let variants: Vec<u32> = promotions.iter().map(|(variants, ..)| *variants).collect();
    assert_eq!(variants, [2, 4, 1]);
    for (variants, calls, unchanged) in promotions {
        assert!(
            calls - unchanged <= 18 + 3 * variants,
            "{variants} variants: {calls} calls, {unchanged} of them not modified"
        );
        // Including those that GitHub does not count: each has a row, and its reason.
        assert_eq!(calls, explained(variants), "{variants} variants");
    }
}

/// Returns the number of calls with a reason in `docs/promotion.md`.
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

/// Returns the exchanges of a journal that would be invalid on GitHub; the journal must not be empty.
fn unlike_github(journal: &Path) -> String {
    let text = std::fs::read_to_string(journal).unwrap();
    let found = lockgate_openapi::findings_in(&text).unwrap();
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
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("rehearse.transcript")
            && stderr.contains("line 4")
            && stderr.contains("seen:     none"),
        "{stderr}"
    );
}

#[test]
fn the_list_names_every_script_with_its_title() {
    let output = Command::new(env!("CARGO_BIN_EXE_lockgate"))
        .args(["rehearse", "--list"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stdout).unwrap();
    for script in scripts() {
        let name = script.file_stem().unwrap().to_str().unwrap();
        assert!(
            stderr
                .lines()
                .any(|line| line.starts_with(name) && line.len() > name.len() + 8),
            "{name}:\n{stderr}"
        );
    }
}

/// The demonstration with a user's own repository: a folder, and a clone without workflows.
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
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{repository}: {stderr}");
        let object = schemas::document(&output.stdout).unwrap();
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
