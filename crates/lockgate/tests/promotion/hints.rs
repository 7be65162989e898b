//! What to do next, done: a promotion is refused for what somebody did meanwhile, or for what a run has left, and then it is not.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use lockgate_artifact::zip::{DosTime, Entry, SingleFileWriter};
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::{Handle, PullNumber};

use crate::fixture::{Fixture, ended};
use crate::message::Message;
use crate::relay::Relay;
use crate::verdict::releases;

const AMD64: &str = "hello-amd64-v2";

fn opened() -> (Fixture, PullNumber) {
    let fixture = Fixture::set(&["hello"]);
    let pull = fixture.open("raise", &["hello"]);
    fixture.checkout("job");
    (fixture, pull)
}

fn promote(fixture: &Fixture, forge: &str, words: &[&str]) -> (Option<i32>, String) {
    let mut command = fixture.lockgate(forge, "job", &["promote"]);
    ended(&command.args(words).output().unwrap())
}

/// Refused with this code and this next step, and nothing is published.
fn refused(fixture: &Fixture, (ended, stderr): (Option<i32>, String), code: &str, next: &str) {
    assert!(matches!(ended, Some(3 | 5)), "{stderr}");
    assert!(stderr.contains(&format!("({code})")), "{code}: {stderr}");
    assert!(stderr.contains(next), "{next}: {stderr}");
    assert!(
        releases(&fixture.server)
            .iter()
            .all(|release| release.draft)
    );
}

fn works(fixture: &Fixture, pull: PullNumber) {
    let number = pull.to_string();
    let (ended, stderr) = promote(fixture, &fixture.server.base_url(), &["--pr", &number]);
    assert_eq!(ended, Some(0), "{stderr}");
    assert!(
        releases(&fixture.server)
            .iter()
            .any(|release| !release.draft)
    );
}

/// A promotion during which this happens, once everything has been sent.
fn meanwhile(
    fixture: &Fixture,
    pull: PullNumber,
    what: fn(&Handle, PullNumber),
) -> (Option<i32>, String) {
    let (forge, done) = (Handle::clone(&fixture.server), AtomicBool::new(false));
    let watch = move |name: &str, answer: Option<&Message>| {
        let sent = answer.is_some() && name.contains("lockgate-receipt.json");
        if sent && !done.swap(true, Ordering::Relaxed) {
            what(&forge, pull);
        }
    };
    let relay = Relay::start(fixture.server.addr(), Box::new(watch));
    promote(fixture, &relay.url(), &["--pr", &pull.to_string()])
}

/// A tag at the tip of main.
fn tag(forge: &Handle, name: &str) {
    forge.with(|_, git, _| {
        let main = git.resolve("refs/heads/main").unwrap().unwrap();
        git.set_reference(&format!("refs/tags/{name}"), &main)
            .unwrap();
    });
}

fn delete_tag(forge: &Handle, name: &str) {
    forge.with(|_, git, _| git.delete_reference(&format!("refs/tags/{name}")).unwrap());
}

#[test]
fn what_changed_meanwhile_is_put_right_and_the_promotion_started_again() {
    let (fixture, pull) = opened();
    fixture.build(pull, "hello");
    let ended = meanwhile(&fixture, pull, |forge, pull| {
        forge.close_pull(pull).unwrap()
    });
    refused(
        &fixture,
        ended,
        "promote.moved",
        "next: look at what changed, then promote again",
    );
    fixture
        .server
        .with(|state, git, now| state.reopen_pull(now, git, pull).unwrap());

    let ended = meanwhile(&fixture, pull, |forge, _| tag(forge, "hello-v2"));
    refused(
        &fixture,
        ended,
        "promote.tag-taken",
        "delete it, or raise the version",
    );
    delete_tag(&fixture.server, "hello-v2");

    let ended = meanwhile(&fixture, pull, |forge, _| tag(forge, "hello-v2/old"));
    refused(
        &fixture,
        ended,
        "promote.tag-blocked",
        "delete it, or raise the version",
    );
    delete_tag(&fixture.server, "hello-v2/old");
    works(&fixture, pull);
}

#[test]
fn a_run_that_belongs_to_no_pull_request_makes_room_for_the_pull_requests_own() {
    let (fixture, pull) = opened();
    fixture.build(pull, "hello");
    let own = fixture.server.look(|state| state.runs()[0].clone());
    let order = NewRun {
        workflow: fixture.server.register_workflow("hello", &own.path),
        event: own.event,
        head_sha: own.head_sha,
        head_branch: Some("other".to_owned()),
        actor: "developer".to_owned(),
        pull: None,
    };
    let run = fixture.server.start_run(order).unwrap();
    fixture
        .server
        .set_run(run, "completed", Some("success"))
        .unwrap();
    let ended = promote(
        &fixture,
        &fixture.server.base_url(),
        &["--run", &run.to_string()],
    );
    refused(
        &fixture,
        ended,
        "run.no-pull",
        "name the pull request, with --pr",
    );
    works(&fixture, pull);
}

#[test]
fn a_manifest_that_is_of_no_use_is_built_again() {
    let (fixture, pull) = opened();
    let number = pull.to_string();
    let by_number = || promote(&fixture, &fixture.server.base_url(), &["--pr", &number]);
    type Change = fn(&str) -> String;
    let table: [(&str, Change); 2] = [
        ("promote.manifest-unreadable", |_| "{}".to_owned()),
        ("promote.manifest-differs", |text| {
            text.replace("\"attempt\": 1", "\"attempt\": 9")
        }),
    ];
    for (code, change) in table {
        let runner = |name: &str, bytes: Vec<u8>| match name {
            "candidate.json" => change(std::str::from_utf8(&bytes).unwrap()).into_bytes(),
            _ => bytes,
        };
        fixture.build_on(pull, "hello", &runner);
        refused(&fixture, by_number(), code, "run the build workflow again");
    }
    fixture.build(pull, "hello");
    works(&fixture, pull);
}

/// The zip that the uploader makes of a file.
fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let entry = Entry {
        name,
        mode: 0o644,
        modified: DosTime::EPOCH,
        level: 6,
    };
    let mut writer = SingleFileWriter::new(Vec::new(), entry).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap().0
}

#[test]
fn an_artifact_that_is_of_no_use_is_built_again() {
    let (fixture, pull) = opened();
    let number = pull.to_string();
    let by_number = || promote(&fixture, &fixture.server.base_url(), &["--pr", &number]);
    let sums = fixture.build(pull, "hello");
    let content = fixture.built(AMD64);
    let zip = zipped(AMD64, &content);
    let with = |at: usize, byte: u8| {
        let mut zip = zip.clone();
        zip[at] = byte;
        zip
    };
    let descriptor = zip
        .windows(4)
        .position(|four| four == b"PK\x07\x08")
        .unwrap();
    let mut large = zip.clone();
    large[18..26].fill(0xff);
    let central = zip
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    // Offsets of the local header, the central directory and its end: APPNOTE.TXT, 4.3.7, 4.3.12, 4.3.16.
    for (code, bytes) in [
        ("zip.signature", with(0, 0)),
        ("zip.version", with(4, 99)),
        ("zip.flags", with(6, 0xff)),
        ("zip.method", with(8, 12)),
        ("zip.extra", with(28, 4)),
        ("zip.name", zipped("hello-other-v2", &content)),
        ("zip.deflate", with(30 + AMD64.len(), 0xff)),
        ("zip.size", zipped(AMD64, &[&content[..], b"more"].concat())),
        ("zip.trailing", [&zip[..], b"more"].concat()),
        ("zip.truncated", zip[..zip.len() - 9].to_vec()),
        ("zip.comment", with(zip.len() - 2, 1)),
        ("zip.zip64", large),
        ("zip.descriptor", with(descriptor, 0)),
        ("zip.entries", with(zip.len() - 12, 2)),
        ("zip.crc", with(central + 16, !zip[central + 16])),
        ("zip.disagree", with(central + 12, !zip[central + 12])),
        ("zip.attributes", with(central + 38, 1)),
        ("zip.set-id", with(central + 41, 0x89)),
        ("zip.file-type", with(central + 41, 0xa1)),
    ] {
        replaced(&fixture, &bytes, ArtifactForm::Zip);
        let next = "next: do not publish it by other means; build again";
        refused(&fixture, by_number(), code, next);
    }
    replaced(&fixture, &content[1..], ArtifactForm::Plain);
    refused(&fixture, by_number(), "plain.size", "build again");
    assert_eq!(fixture.build(pull, "hello"), sums);
    works(&fixture, pull);
}

/// The newest run's artifact of the amd64 executable becomes this one.
fn replaced(fixture: &Fixture, bytes: &[u8], form: ArtifactForm) {
    let (id, run) = fixture.server.look(|state| {
        let all = state.artifacts();
        let newest = all
            .iter()
            .filter(|it| it.name == AMD64)
            .max_by_key(|it| it.id.0);
        newest.map(|it| (it.id, it.run)).unwrap()
    });
    fixture.server.delete_artifact(id).unwrap();
    fixture
        .server
        .add_artifact(run, AMD64, form, bytes, 90)
        .unwrap();
}

/// A user's fetch of the published executable, with these variables.
fn fetch(fixture: &Fixture, words: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = fixture.lockgate(&fixture.server.base_url(), "user", &["fetch", "hello"]);
    for name in ["HOME", "GITHUB_TOKEN", "GITHUB_ACTIONS", "CI"] {
        command.env_remove(name);
    }
    ended(
        &command
            .args(words)
            .envs(variables.iter().copied())
            .output()
            .unwrap(),
    )
}

#[test]
fn what_a_user_lacks_is_named_and_then_the_executable_is_there() {
    let (fixture, pull) = opened();
    let candidate = fixture.build(pull, "hello");
    works(&fixture, pull);
    fixture
        .server
        .merge_pull(
            "maintainer",
            pull,
            lockgate_forge_embedded::MergeMethod::Merge,
        )
        .unwrap();
    fixture.checkout("user");
    let user = fixture.clone_at("user");
    let cache = user.join("cache").display().to_string();
    let refused = |words: &[&str], variables: &[(&str, &str)], code: &str, next: &str| {
        let (ended, stderr) = fetch(&fixture, words, variables);
        assert!(ended.is_some_and(|ended| ended != 0), "{stderr}");
        assert!(
            stderr.contains(&format!("({code})")) && stderr.contains(next),
            "{code}: {stderr}"
        );
    };
    let works = |words: &[&str], variables: &[(&str, &str)]| {
        let (ended, stderr) = fetch(&fixture, words, variables);
        assert_eq!(ended, Some(0), "{stderr}");
    };
    let amd64 = ["--variant", "amd64"];
    let kept = ["--variant", "amd64", "--cache", &cache];
    let arm64 = ["--variant", "arm64", "--cache", &cache];
    refused(
        &amd64,
        &[],
        "fetch.no-cache",
        "choose a cache with `--cache DIR`",
    );
    works(&kept, &[]);

    let another = user.join("another").display().to_string();
    let at_most = |bytes: &'static str| {
        [
            "--variant",
            "arm64",
            "--cache",
            &another,
            "--max-size",
            bytes,
        ]
        .map(str::to_owned)
    };
    let words = at_most("9");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    refused(
        &words,
        &[],
        "fetch.too-large",
        "raise the limit with --max-size",
    );
    let words = at_most("1000000");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    works(&words, &[]);

    let file = user.join("file");
    std::fs::write(&file, "").unwrap();
    let wrong = file.display().to_string();
    refused(
        &["--variant", "amd64", "--cache", &wrong],
        &[],
        "fetch.cache",
        "choose another cache with `--cache DIR`",
    );
    works(&kept, &[]);

    let through = [
        "--variant",
        "arm64",
        "--cache",
        &cache,
        "--proxy",
        "socks5://127.0.0.1:9",
    ];
    refused(&through, &[], "fetch.proxy", "name an HTTP proxy");
    works(&arm64, &[]);

    // Pins that know other names only.
    let config = std::fs::read_to_string(user.join("lockgate.toml")).unwrap();
    let pinned = config.replacen("tag =", "pins = \"hello/SHA256SUMS\"\ntag =", 1);
    std::fs::write(user.join("lockgate.toml"), pinned).unwrap();
    let pin = |name: &str| {
        let text = format!("{}  {name}\n", candidate[AMD64]);
        std::fs::write(user.join("hello/SHA256SUMS"), text).unwrap();
    };
    pin("hello-amd64-v9");
    refused(&kept, &[], "fetch.no-pin", "ask the maintainers to pin it");
    pin(AMD64);
    works(&kept, &[]);

    // No variant for this machine.
    let foreign = match std::env::consts::ARCH {
        "aarch64" => "amd64",
        _ => "arm64",
    };
    let own = ["amd64", "arm64"]
        .into_iter()
        .find(|it| *it != foreign)
        .unwrap();
    let fewer = config.replace(&format!("[package.hello.variant.{own}]\n"), "");
    std::fs::write(user.join("lockgate.toml"), fewer).unwrap();
    refused(
        &["--cache", &cache],
        &[],
        "fetch.no-variant",
        "choose a variant with `--variant NAME`",
    );
    works(&["--variant", foreign, "--cache", &cache], &[]);
}

/// What a step of a workflow wrote under a name for the steps behind it.
fn output(text: &str, key: &str) -> String {
    let mut lines = text.lines();
    lines
        .find(|line| line.starts_with(&format!("{key}<<")))
        .unwrap();
    lines.next().unwrap().to_owned()
}

#[test]
fn a_release_that_no_run_vouches_for_is_promoted_again_and_its_receipt_kept() {
    let (fixture, pull) = opened();
    fixture.build(pull, "hello");
    let number = pull.to_string();
    let workspace = tempfile::tempdir().unwrap();
    let file = workspace.path().join("output");
    let promote = || {
        std::fs::write(&file, "").unwrap();
        let words = ["promote", "--pr", &number];
        let mut command = fixture.lockgate(&fixture.server.base_url(), "job", &words);
        command
            .env("GITHUB_OUTPUT", &file)
            .env("RUNNER_TEMP", workspace.path());
        let (ended, stderr) = ended(&command.output().unwrap());
        assert_eq!(ended, Some(0), "{stderr}");
    };
    let gate = || {
        let words = ["gate", "--pr", &number, "--output-format", "json"];
        ended(
            &fixture
                .lockgate(&fixture.server.base_url(), "job", &words)
                .output()
                .unwrap(),
        )
        .1
    };
    promote();
    let stderr = gate();
    assert!(stderr.contains("gate.release-unproven"), "{stderr}");
    promote();
    // What the workflow does behind the command.
    let text = std::fs::read_to_string(&file).unwrap();
    let receipt = std::fs::read(output(&text, "receipt-path")).unwrap();
    let path = ".github/workflows/promote-hello.yml";
    let main = fixture
        .server
        .with(|_, git, _| git.resolve("refs/heads/main").unwrap().unwrap());
    let order = NewRun {
        workflow: fixture.server.register_workflow("Promote to Release", path),
        event: "workflow_dispatch".to_owned(),
        head_sha: main,
        head_branch: Some("main".to_owned()),
        actor: "maintainer".to_owned(),
        pull: None,
    };
    let run = fixture.server.start_run(order).unwrap();
    let zip = zipped("lockgate-receipt.json", &receipt);
    let name = output(&text, "receipt-artifact");
    fixture
        .server
        .add_artifact(run, &name, ArtifactForm::Zip, zip.as_slice(), 90)
        .unwrap();
    fixture
        .server
        .set_run(run, "completed", Some("success"))
        .unwrap();
    let stderr = gate();
    assert!(stderr.contains("gate.published"), "{stderr}");
}
