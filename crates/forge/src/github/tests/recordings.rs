//! Replays real responses of GitHub through the adapter.
//!
//! The files in `recordings/` are copies from the npm package `@octokit/fixtures`; scripts/recordings.py makes them. A
//! recorded call that the port lacks goes through the same wire as the port's calls.

use lockgate_core::gate::{Status, StatusState};
use lockgate_core::{CommitId, ReleaseId, Tag};
use lockgate_http::http::Method;
use serde_json::{Value, json};

use super::server::{Reply, Server, reply};
use super::*;
use crate::{ErrorKind, Forge};

const FIRST: &str = "0000000000000000000000000000000000000001";

/// A recording to replay, and the requests that it received.
struct Replay {
    server: Server,
    github: GitHub,
    calls: Vec<Value>,
}

impl Replay {
    /// Replays these exchanges of a recording, in this order.
    fn of(name: &str, text: &str, numbers: &[usize]) -> Self {
        let all: Vec<Value> = serde_json::from_str(text).unwrap();
        let calls: Vec<Value> = numbers.iter().map(|&number| all[number].clone()).collect();
        let server = Server::new(|url| calls.iter().map(|call| answer(call, url)).collect());
        let repository = format!("octokit-fixture-org/{name}").parse().unwrap();
        let (github, _) = adapter_with(&server.url, |config| config.repository = repository);
        Self {
            server,
            github,
            calls,
        }
    }

    /// Asserts that each request had the recorded method, path and body.
    fn asked_as_recorded(self) {
        let seen = self.server.seen();
        assert_eq!(seen.len(), self.calls.len());
        for (seen, call) in seen.iter().zip(&self.calls) {
            let path = |text: &str| text.split(['?', ' ']).next().unwrap().to_owned();
            let (method, rest) = seen.line.split_once(' ').unwrap();
            let recorded = call["path"].as_str().unwrap();
            assert_eq!(
                (method.to_lowercase().as_str(), path(rest)),
                (call["method"].as_str().unwrap(), path(recorded))
            );
            let body = String::from_utf8(seen.body.clone()).unwrap();
            match call["body"].as_str() {
                Some(text) => assert_eq!(body, text),
                None => assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), call["body"]),
            }
        }
    }
}

/// Returns the status, the headers and the body of a recorded response, with the server in place of GitHub's hosts.
fn answer(call: &Value, url: &str) -> Reply {
    let here = |text: &str| {
        text.replace("https://api.github.com", url)
            .replace("https://uploads.github.com", url)
    };
    let response = &call["response"];
    let text = response.as_str().map(str::to_owned);
    let body = text.unwrap_or_else(|| response.to_string());
    let headers = call["headers"].as_object().unwrap().iter();
    let lines = headers
        .filter(|(name, _)| !matches!(name.as_str(), "connection" | "content-length"))
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), here);
            format!("{name}: {value}\n")
        });
    let status = call["status"].as_u64().unwrap();
    reply(
        status.try_into().unwrap(),
        &lines.collect::<String>(),
        &here(&body),
    )
}

#[test]
fn a_release_is_read_and_a_file_sent_into_it() {
    let text = include_str!("recordings/release-assets.json");
    let replay = Replay::of("release-assets", text, &[0, 1, 3, 5]);
    let github = &replay.github;
    let tag: Tag = "v1.0.0".parse().unwrap();
    let release = github.release_of_tag(&tag).unwrap().unwrap();
    assert_eq!(
        (release.id, release.tag.as_str(), release.title.as_str()),
        (ReleaseId(1000), "v1.0.0", "Version 1.0.0")
    );
    assert_eq!(
        (release.draft, release.immutable, release.notes.as_str()),
        (false, false, "Initial release")
    );
    let bytes = b"Hello, world!\n";
    let asset = github
        .upload(&release, "test-upload.txt", 14, &mut &bytes[..])
        .unwrap();
    assert_eq!(
        (asset.id.0, asset.name.as_str(), asset.size),
        (1000, "test-upload.txt", 14)
    );
    // Older than digests: a missing one is not an error.
    assert_eq!((asset.complete, asset.sha256), (true, None));
    let http_client = &github.http_client;
    let at = http_client.at("/releases/assets/1000");
    let again: super::super::schema::Asset = http_client.read("read an asset", &at).unwrap();
    assert_eq!(crate::Asset::from(again), asset);
    let gone = http_client.command("delete an asset", Method::DELETE, &at, None);
    assert_eq!(gone.unwrap(), b"");
    replay.asked_as_recorded();
}

#[test]
fn a_name_that_is_taken_is_a_conflict() {
    let text = include_str!("recordings/release-assets-conflict.json");
    let replay = Replay::of("release-assets-conflict", text, &[0, 1, 2, 3, 4]);
    let github = &replay.github;
    let tag: Tag = "v1.0.0".parse().unwrap();
    let release = github.release_of_tag(&tag).unwrap().unwrap();
    let send = || {
        github.upload(
            &release,
            "test-upload.txt",
            14,
            &mut &b"Hello, world!\n"[..],
        )
    };
    let error = send().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(
        error.detail.contains("Validation Failed") && error.detail.contains("already_exists"),
        "{error}"
    );
    let http_client = &github.http_client;
    let at = http_client.at("/releases/1000/assets");
    let there: Vec<Value> = http_client.read("list the assets", &at).unwrap();
    assert_eq!(there[0]["name"], "test-upload.txt");
    let at = http_client.at("/releases/assets/1000");
    http_client
        .command("delete an asset", Method::DELETE, &at, None)
        .unwrap();
    assert_eq!(send().unwrap().id.0, 1001);
    replay.asked_as_recorded();
}

#[test]
fn statuses_are_posted_and_read() {
    let text = include_str!("recordings/create-status.json");
    let replay = Replay::of("create-status", text, &[0, 1, 2]);
    let github = &replay.github;
    let commit: CommitId = FIRST.parse().unwrap();
    for (state, word, context) in [
        (StatusState::Failure, "failure", "example/1"),
        (StatusState::Success, "success", "example/2"),
    ] {
        let status = Status {
            state,
            code: "x",
            description: format!("create-status {word} test"),
        };
        let url = Some("https://example.com");
        github.post_status(&commit, context, &status, url).unwrap();
    }
    let found = github.status(&commit, "EXAMPLE/1").unwrap().unwrap();
    assert_eq!(
        (found.state.as_str(), found.description.as_str()),
        ("failure", "create-status failure test")
    );
    let creator = found.creator.unwrap();
    assert_eq!(creator.as_str(), "octokit-fixture-user-a");
    replay.asked_as_recorded();
}

#[test]
fn refs_are_made_moved_and_deleted() {
    let text = include_str!("recordings/git-refs.json");
    // The others list all refs, at an address that GitHub no longer describes.
    let replay = Replay::of("git-refs", text, &[1, 2, 4]);
    let http_client = &replay.github.http_client;
    let second = FIRST.replace("01", "02");
    let order = json!({ "ref": "refs/heads/test", "sha": second });
    let at = http_client.at("/git/refs");
    let made: Value = http_client
        .write("make a ref", Method::POST, &at, &order)
        .unwrap();
    assert_eq!(made["object"]["sha"], second.as_str());
    let at = http_client.at("/git/refs/heads/test");
    let order = json!({ "sha": FIRST });
    let moved: Value = http_client
        .write("move a ref", Method::PATCH, &at, &order)
        .unwrap();
    assert_eq!(moved["object"]["sha"], FIRST);
    let gone = http_client.command("delete a ref", Method::DELETE, &at, None);
    assert_eq!(gone.unwrap(), b"");
    replay.asked_as_recorded();
}

#[test]
fn what_is_not_acceptable_is_said_with_its_field() {
    let text = include_str!("recordings/errors.json");
    let replay = Replay::of("errors", text, &[0]);
    let http_client = &replay.github.http_client;
    let order = json!({ "name": "foo", "color": "invalid" });
    let at = http_client.at("/labels");
    let refused = http_client.write::<Value>("make a label", Method::POST, &at, &order);
    let error = refused.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(
        error.detail.contains("422: Validation Failed") && error.detail.contains("color"),
        "{error}"
    );
    replay.asked_as_recorded();
}
