//! Reading a release back: a proof or an error, never success for an empty release.

use lockgate_client::{AssetName, Client, Digest, Expectation, FetchError, Options, Verified};

use crate::release::*;
use crate::server::Answer;

fn verify(release: &Release) -> Result<Verified, FetchError> {
    let client = Client::new(Options {
        cache: None,
        ..release.options()
    })
    .unwrap();
    client.verify_release(&release.source(), &Expectation::default())
}

#[test]
fn a_whole_release_is_proved_and_nothing_is_kept() {
    let release = Release::published();
    let proof = verify(&release).unwrap();
    let seen: Vec<_> = proof
        .assets()
        .iter()
        .map(|one| (one.name().as_str(), one.size(), one.sha256()))
        .collect();
    let expected =
        [ASSET, OTHER].map(|asset| (asset, bytes(asset).len() as u64, Digest::of(&bytes(asset))));
    assert_eq!(seen, expected);
    assert_eq!(
        (
            proof.receipt().manifest.package.as_str(),
            &proof.receipt().manifest.package_version
        ),
        ("tool", &"2".parse().unwrap())
    );
    assert_eq!(release.server.asked().len(), 4);
    assert!(files_in(release.cache.path()).is_empty());
}

#[test]
fn a_release_without_all_its_assets_is_not_published() {
    for absent in ["lockgate-receipt.json", "SHA256SUMS", ASSET, OTHER] {
        let release = Release::published();
        release.set(absent, Answer::Status(404));
        let error = verify(&release).unwrap_err();
        assert!(
            matches!(&error, FetchError::NotPublished { what, .. } if what == absent),
            "{error}"
        );
    }
}

#[test]
fn one_wrong_executable_spoils_the_proof() {
    for wrong in [
        Vec::new(),
        b"evil".to_vec(),
        bytes(ASSET),
        [bytes(OTHER), b"x".to_vec()].concat(),
    ] {
        let release = Release::published();
        release.set(OTHER, Answer::Bytes(wrong));
        assert_eq!(verify(&release).unwrap_err().code(), "fetch.wrong-bytes");
    }
}

#[test]
fn network_trouble_is_no_proof_of_anything() {
    for asset in ["lockgate-receipt.json", "SHA256SUMS", ASSET] {
        let release = Release::published();
        release.set(asset, Answer::Status(502));
        assert_eq!(verify(&release).unwrap_err().code(), "fetch.network");
    }
}

#[test]
fn sums_and_receipt_must_agree_exactly() {
    let (first, second) = sums()
        .split_once('\n')
        .map(|(a, b)| (format!("{a}\n"), b.to_owned()))
        .unwrap();
    let table = [
        (String::new(), "it is empty"),
        ("nonsense\n".to_owned(), "line 1 is \"nonsense\""),
        (first.clone(), "it lacks tool-arm64-v2"),
        (
            format!("{}{}  tool-x\n", sums(), Digest::of(b"x")),
            "it lists tool-x",
        ),
        (
            format!("{first}{}  {OTHER}\n", Digest::of(b"x")),
            "another digest for tool-arm64-v2",
        ),
        (
            format!("{first}{second}{second}"),
            "names tool-arm64-v2 twice",
        ),
        // Lockgate sorts the lines and ends each with a line feed.
        (format!("{second}{first}"), "line 2 is out of order"),
        (sums().replace('\n', "\r\n"), "line 1 is"),
    ];
    for (text, expected) in table {
        let release = Release::published();
        release.set("SHA256SUMS", Answer::Bytes(text.into_bytes()));
        let error = verify(&release).unwrap_err();
        assert_eq!(error.code(), "fetch.document");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(
            release.server.count(ASSET),
            0,
            "nothing large is read for a release that contradicts itself"
        );
    }
}

#[test]
fn a_release_of_something_else_is_no_proof() {
    let release = Release::published();
    let expect = Expectation {
        version: Some("3".parse().unwrap()),
        ..Expectation::default()
    };
    let error = release
        .client()
        .verify_release(&release.source(), &expect)
        .unwrap_err();
    assert_eq!(error.code(), "fetch.document");
    let error = release
        .offline()
        .verify_release(&release.source(), &Expectation::default())
        .unwrap_err();
    assert_eq!(error.code(), "fetch.offline");
}

#[test]
fn a_document_is_there_or_not_or_nobody_can_tell() {
    let (release, sums_name) = (
        Release::published(),
        "SHA256SUMS".parse::<AssetName>().unwrap(),
    );
    let read = |most| {
        release
            .client()
            .read_document(&release.source(), &sums_name, most)
    };
    assert_eq!(read(1000).unwrap(), Some(sums().into_bytes()));
    assert_eq!(read(10).unwrap_err().code(), "fetch.too-large");
    release.set("SHA256SUMS", Answer::Status(404));
    assert_eq!(read(1000).unwrap(), None);
    for status in [403, 500] {
        release.set("SHA256SUMS", Answer::Status(status));
        assert_eq!(read(1000).unwrap_err().code(), "fetch.network");
    }
}
