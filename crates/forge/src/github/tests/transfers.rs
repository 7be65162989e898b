//! Complete and incomplete transfers.

use std::io::{self, Read};

use super::server::{Reply, Server, early, reply};
use super::*;
use crate::{ErrorKind, Forge};
use lockgate_core::{ArtifactId, AssetId};

#[test]
fn a_file_is_sent_with_its_size_and_its_encoded_name() {
    let server = Server::new(|url| {
        vec![
            reply(200, "", &release_json(url)),
            reply(201, "", &asset_json("tool")),
        ]
    });
    let github = github(&server.url);
    let draft = github.release(lockgate_core::ReleaseId(7)).unwrap();
    assert_eq!(
        (
            draft.notes.as_str(),
            draft.title.as_str(),
            draft.assets[0].sha256
        ),
        ("notes", "", None)
    );
    github
        .upload(
            &draft,
            "a b&c",
            300_000,
            &mut io::repeat(b'x').take(300_000),
        )
        .unwrap();
    let seen = &server.seen()[1];
    assert_eq!(seen.line, "POST /uploads/7/assets?name=a%20b%26c HTTP/1.1");
    assert_eq!(
        seen.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(seen.header("content-length"), Some("300000"));
    assert!(seen.header("authorization").is_some());
    assert_eq!(seen.body.len(), 300_000);
}

#[test]
fn an_empty_file_is_sent_without_asking_first() {
    let server = Server::playing(vec![reply(201, "", &asset_json("tool"))]);
    github(&server.url)
        .upload(
            &release(format!("{}/up", server.url)),
            "tool",
            0,
            &mut io::empty(),
        )
        .unwrap();
    let seen = server.seen();
    assert_eq!(
        (seen[0].header("expect"), seen[0].header("content-length")),
        (None, Some("0"))
    );
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the digest of the artifact is wrong"))
    }
}

#[test]
fn a_source_that_fails_never_becomes_a_whole_file() {
    // A short one; one that fails; one that fails only after all its bytes were read; one that is too long.
    let bytes = &[b'x'; 600_000][..];
    let table: [(Box<dyn Read>, &str); 4] = [
        (
            Box::new(&bytes[..599_999]),
            "there are 599999 bytes, not 600000",
        ),
        (Box::new(Broken), "the digest of the artifact is wrong"),
        (
            Box::new(bytes.chain(Broken)),
            "the digest of the artifact is wrong",
        ),
        (
            Box::new(bytes.chain(&b"y"[..])),
            "there are more than 600000 bytes",
        ),
    ];
    for (mut source, expected) in table {
        let server = Server::playing(vec![reply(201, "", &asset_json("tool"))]);
        let upload = github(&server.url).upload(
            &release(format!("{}/up", server.url)),
            "tool",
            600_000,
            &mut source,
        );
        let error = upload.unwrap_err();
        assert_eq!(
            (error.kind, error.detail.as_str()),
            (ErrorKind::Source, expected)
        );
        assert!(server.seen()[0].body.len() < 600_000, "{expected}");
    }
}

#[test]
fn a_refusal_before_the_bytes_is_heard() {
    let body = r#"{"message":"Validation Failed","errors":[{"resource":"ReleaseAsset","code":"already_exists","field":"name"}]}"#;
    let server = Server::playing(vec![early(422, "", body)]);
    let mut source = &b"data"[..];
    let error = github(&server.url)
        .upload(
            &release(format!("{}/up", server.url)),
            "tool",
            4,
            &mut source,
        )
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(
        error.detail.ends_with("ReleaseAsset name already_exists"),
        "{error}"
    );
    assert_eq!(source.len(), 4);
}

#[test]
fn an_upload_without_an_answer_is_ambiguous() {
    for answer in [
        Reply::Nothing,
        Reply::Early(vec![]),
        reply(502, "", ""),
        reply(201, "", "{}"),
    ] {
        let server = Server::playing(vec![answer]);
        let upload = github(&server.url).upload(
            &release(format!("{}/up", server.url)),
            "tool",
            4,
            &mut &b"data"[..],
        );
        assert_eq!(upload.unwrap_err().kind, ErrorKind::Ambiguous);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_download_that_breaks_off_is_an_error_and_no_early_end() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec();
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n8\r\nhal".to_vec();
    for bytes in [cut, chunked] {
        let server = Server::playing(vec![Reply::Raw(bytes)]);
        let mut body = github(&server.url).open_asset(AssetId(4)).unwrap();
        let mut read = Vec::new();
        assert!(body.reader.read_to_end(&mut read).is_err());
        assert!(read.starts_with(b"half"));
    }
}

#[test]
fn what_storage_refuses_is_asked_for_again() {
    let storage = Server::playing(vec![
        reply(403, "", "<Error>expired</Error>"),
        reply(200, "", "data"),
    ]);
    let location = format!("location: {}/blob", storage.url);
    let server = Server::playing(vec![reply(302, &location, ""), reply(302, &location, "")]);
    let (github, pauses) = adapter(&server.url);
    assert_eq!(github.open_asset(AssetId(4)).unwrap().size, Some(4));
    assert_eq!(*pauses.lock().unwrap(), [1]);
}

#[test]
fn what_is_gone_is_not_found_wherever_that_is_said() {
    let storage = Server::playing(vec![reply(404, "", "")]);
    let location = format!("location: {}/blob", storage.url);
    let server = Server::playing(vec![
        reply(410, "", r#"{"message":"Artifact has expired"}"#),
        reply(302, &location, ""),
    ]);
    let github = github(&server.url);
    let error = github.open_artifact(ArtifactId(3)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not download artifact 3: the forge answered with status 410: Artifact has expired"
    );
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert_eq!(
        github.open_artifact(ArtifactId(3)).unwrap_err().kind,
        ErrorKind::NotFound
    );
}

#[test]
fn redirects_end() {
    let server = Server::playing(
        (0..6)
            .map(|_| reply(302, "location: /round?sig=secret", ""))
            .collect(),
    );
    let error = github(&server.url).open_asset(AssetId(4)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidResponse);
    assert!(!error.to_string().contains("secret"), "{error}");
    assert_eq!(server.seen().len(), 6);
    let server = Server::playing(vec![reply(302, "location: ftp://x/secret", "")]);
    let error = github(&server.url).open_asset(AssetId(4)).unwrap_err();
    assert!(
        error.kind == ErrorKind::InvalidResponse && !error.to_string().contains("secret"),
        "{error}"
    );
}
