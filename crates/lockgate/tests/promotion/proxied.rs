//! `LOCKGATE_PROXY` and `LOCKGATE_CA_FILE` apply to every command that reads GitHub: to the calls to the API, and to the anonymous
//! reads of a release. The server has no address and a certificate of a private authority, so that a read which ignores
//! one of the variables fails.

use std::process::Command;

use lockgate_forge_embedded::PullNumber;

use crate::fixture::{Fixture, ended};
use crate::gateway::Gateway;
use crate::message::Message;
use crate::verdict::{has_a_stable_code, is_published};

const RECEIPT: &str = "GET /octo/tools/releases/download/hello-v2/lockgate-receipt.json";

fn built() -> (
    Fixture,
    PullNumber,
    std::collections::BTreeMap<String, String>,
) {
    let fixture = Fixture::set(&["hello"]);
    let pull = fixture.open("raise", &["hello"]);
    let candidate = fixture.build(pull, "hello");
    fixture.checkout("job");
    (fixture, pull, candidate)
}

/// Returns a command that has to go through the gateway.
fn lockgate(fixture: &Fixture, gateway: &Gateway, words: &[&str]) -> Command {
    let mut command = fixture.lockgate(&gateway.forge(), "job", words);
    command
        .env("LOCKGATE_PROXY", gateway.proxy())
        .env("LOCKGATE_CA_FILE", gateway.authority());
    command
}

/// Returns the requests of a command with this exit status.
fn asked(gateway: &Gateway, mut command: Command, status: i32) -> Vec<Message> {
    let (code, stderr) = ended(&command.output().unwrap());
    assert_eq!(code, Some(status), "{stderr}");
    assert!(gateway.tunnels() > 0);
    gateway.asked()
}

/// Returns the paths of a release's files, all of which were requested without a token.
fn anonymous(asked: &[Message]) -> Vec<String> {
    let files = asked
        .iter()
        .filter(|it| it.name().contains("/releases/download/"));
    let files: Vec<&Message> = files.collect();
    assert!(files.iter().all(|it| it.header("authorization").is_none()));
    files.iter().map(|it| it.name()).collect()
}

fn reads_receipt(read: &[String]) -> bool {
    !read.is_empty() && read.iter().all(|it| it == RECEIPT)
}

#[test]
fn promote_gate_audit_and_verify_use_the_named_proxy_and_authority() {
    let (fixture, pull, candidate) = built();
    let gateway = Gateway::start(fixture.server.addr());
    let number = pull.to_string();
    let promote = lockgate(&fixture, &gateway, &["promote", "--pr", &number]);
    let asked_by_promote = asked(&gateway, promote, 0);
    is_published(&fixture, pull, "hello", &candidate);
    let read_back = anonymous(&asked_by_promote);
    for name in candidate.keys().map(String::as_str).chain(["SHA256SUMS"]) {
        let path = format!("GET /octo/tools/releases/download/hello-v2/{name}");
        assert!(read_back.contains(&path), "{path}: {read_back:?}");
    }

    let gate = lockgate(&fixture, &gateway, &["gate", "--pr", &number]);
    let read = anonymous(&asked(&gateway, gate, 0));
    assert!(reads_receipt(&read), "gate: {read:?}");

    let audit = lockgate(&fixture, &gateway, &["audit"]);
    let read = anonymous(&asked(&gateway, audit, 0));
    assert!(reads_receipt(&read), "audit: {read:?}");

    let words = ["verify", "hello", "--version", "2"];
    let verify = lockgate(&fixture, &gateway, &words);
    let read = anonymous(&asked(&gateway, verify, 0));
    assert_eq!(read.len(), candidate.len() + 2, "verify: {read:?}");
}

#[test]
fn without_the_authority_nothing_is_asked_and_a_dead_proxy_is_named() {
    let (fixture, pull, _) = built();
    let gateway = Gateway::start(fixture.server.addr());
    let number = pull.to_string();
    for words in [
        &["promote", "--pr", &number][..],
        &["gate", "--pr", &number],
        &["audit"],
        &["verify", "hello", "--version", "2"],
    ] {
        let mut distrusting = lockgate(&fixture, &gateway, words);
        distrusting.env_remove("LOCKGATE_CA_FILE");
        let (code, stderr) = ended(&distrusting.output().unwrap());
        assert_eq!(code, Some(1), "{words:?}: {stderr}");
        assert!(stderr.contains("certificate"), "{words:?}: {stderr}");
        has_a_stable_code(code, &stderr);
        // An untrusted certificate does not pass, so there is no second attempt.
        assert_eq!(gateway.tunnels(), 1, "{words:?}");
        assert!(gateway.asked().is_empty(), "{words:?}");

        let mut lost = lockgate(&fixture, &gateway, words);
        let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = dead.local_addr().unwrap();
        drop(dead);
        lost.env("LOCKGATE_PROXY", format!("http://me:secret@{at}"));
        let (code, stderr) = ended(&lost.output().unwrap());
        assert_eq!(code, Some(1), "{words:?}: {stderr}");
        let named = format!("the proxy \"http://…@{at}\" cannot be reached");
        assert!(stderr.contains(&named), "{words:?}: {stderr}");
        assert_eq!(gateway.tunnels(), 0, "{words:?}");
    }
}
