//! The trust sources: pins, receipts, and receipts from the cache, each reported by its name.

use lockgate_client::{
    Client, Expectation, FetchError, Options, RepositoryId, Request, Source, Trust, TrustSource,
};

use crate::release::*;
use crate::server::Answer;

#[test]
fn a_name_without_a_pin_is_never_downloaded() {
    let release = Release::published();
    let request = Request {
        asset: "tool-riscv64-v2".parse().unwrap(),
        ..release.request(pins())
    };
    let error = release.client().fetch(&request).unwrap_err();
    assert_eq!(error.code(), "fetch.no-pin");
    assert_eq!(
        error.to_string(),
        "the pins name no tool-riscv64-v2; but tool-amd64-v2, tool-arm64-v2"
    );
    assert!(release.server.asked().is_empty());
    let request = Request {
        trust: by_receipt(),
        ..request
    };
    assert_eq!(
        release.client().fetch(&request).unwrap_err().code(),
        "fetch.no-pin"
    );
}

#[test]
fn pins_that_cannot_be_read_are_not_trust() {
    for text in ["", "\n", "not a digest  tool\n"] {
        assert_eq!(
            Trust::pins(text).unwrap_err().code(),
            "fetch.document",
            "{text:?}"
        );
    }
}

#[test]
fn pins_win_over_whatever_receipt_is_published() {
    let release = Release::published();
    release.set("lockgate-receipt.json", Answer::Bytes(b"forged".to_vec()));
    assert_eq!(release.fetch(pins()).unwrap().ground, TrustSource::Pins);
    assert_eq!(release.server.count("lockgate-receipt.json"), 0);
}

#[test]
fn a_receipt_is_weaker_ground_and_says_so() {
    let release = Release::published();
    let expect = Expectation {
        package: Some("tool".parse().unwrap()),
        version: Some("2".parse().unwrap()),
        repository_id: Some(RepositoryId(7)),
    };
    let fetched = release.fetch(Trust::Receipt(expect)).unwrap();
    assert_eq!(fetched.ground, TrustSource::Receipt);
}

#[test]
fn a_receipt_of_something_else_or_of_nothing_is_no_ground() {
    let replaced = |from: &str, to: &str| {
        assert!(receipt().contains(from), "{from}");
        receipt().replace(from, to)
    };
    let start = receipt().find("\"executables\": [").unwrap();
    let nothing = format!(
        "{}\"executables\": []}}, {}",
        &receipt()[..start],
        &receipt()[receipt().find("\"origin\"").unwrap()..]
    );
    let table = [
        replaced("\"tag\": \"tool-v2\"", "\"tag\": \"tool-v1\""),
        replaced("\"o/n\"", "\"o/other\""),
        replaced("\"version\": 1", "\"version\": 2"),
        nothing,
        String::new(),
        "{}".to_owned(),
        " ".repeat(1000),
        "[".repeat(100_000),
    ];
    for text in table {
        let release = Release::published();
        release.set(
            "lockgate-receipt.json",
            Answer::Bytes(text.clone().into_bytes()),
        );
        let error = release.failure(by_receipt());
        assert_eq!(error.code(), "fetch.document", "{error}: {text}");
        assert_eq!(release.server.count(ASSET), 0);
    }
}

#[test]
fn a_receipt_that_is_not_the_expected_one_is_no_ground() {
    let nothing = Expectation::default();
    let table = [
        Expectation {
            package: Some("other".parse().unwrap()),
            ..nothing.clone()
        },
        Expectation {
            version: Some("3".parse().unwrap()),
            ..nothing.clone()
        },
    ];
    let other = Expectation {
        repository_id: Some(RepositoryId(8)),
        ..nothing
    };
    let error = Release::published().failure(Trust::Receipt(other));
    assert_eq!(error.code(), "fetch.other-repository");
    for expect in table {
        assert_eq!(
            Release::published().failure(Trust::Receipt(expect)).code(),
            "fetch.document"
        );
    }
}

#[test]
fn a_repository_that_took_the_name_of_a_known_one_is_refused() {
    let release = Release::published();
    release.fetch(by_receipt()).unwrap();
    let taken = receipt().replace("\"repository_id\": 7", "\"repository_id\": 666");
    release.set(
        "lockgate-receipt.json",
        Answer::Bytes(taken.clone().into_bytes()),
    );
    let error = release.fetch(by_receipt()).unwrap_err();
    assert_eq!(error.code(), "fetch.other-repository");
    let text = error.to_string();
    assert!(
        text.contains("666") && text.contains("o/n is known by the number 7"),
        "{text}"
    );
    // A given number takes precedence; and pins need none.
    let known = Expectation {
        repository_id: Some(RepositoryId(666)),
        ..Expectation::default()
    };
    assert!(release.fetch(Trust::Receipt(known)).is_ok());
    assert!(release.fetch(pins()).is_ok());
    // Nothing is stored from a refused receipt, nor from a number given for one call.
    assert!(release.fetch(by_receipt()).is_err());
    let number = files_in(&release.cache.path().join("repositories"));
    let number = release.cache.path().join("repositories").join(&number[0]);
    std::fs::write(number, "not a number").unwrap();
    assert_eq!(
        release.fetch(by_receipt()).unwrap_err().code(),
        "fetch.cache"
    );
}

#[test]
fn after_a_rename_the_repositorys_number_is_what_counts() {
    let release = Release::published();
    let renamed = Source::new(&release.server.url(), "o/renamed", TAG).unwrap();
    for asset in [ASSET, "lockgate-receipt.json"] {
        let old = format!("{}{}", release.server.url(), path_of(asset));
        release.server.set(
            &path_of(asset).replace("/o/n/", "/o/renamed/"),
            Answer::Redirect(old),
        );
    }
    let request = |trust| Request {
        source: renamed.clone(),
        ..release.request(trust)
    };
    let error = release.client().fetch(&request(by_receipt())).unwrap_err();
    assert_eq!(error.code(), "fetch.document", "{error}");
    let expect = Expectation {
        repository_id: Some(RepositoryId(7)),
        ..Expectation::default()
    };
    assert!(
        release
            .client()
            .fetch(&request(Trust::Receipt(expect)))
            .is_ok()
    );
}

#[test]
fn a_receipt_without_encryption_from_another_machine_is_no_ground() {
    let release = Release::published();
    let source = Source::new("http://forge.invalid", "o/n", TAG).unwrap();
    let error = release
        .client()
        .fetch(&Request {
            source,
            ..release.request(by_receipt())
        })
        .unwrap_err();
    assert_eq!(error.code(), "fetch.document", "{error}");
}

#[test]
fn a_receipt_larger_than_any_honest_one_is_not_read() {
    let release = Release::published();
    release.set("lockgate-receipt.json", Answer::Endless);
    assert_eq!(release.failure(by_receipt()).code(), "fetch.too-large");
}

#[test]
fn a_stored_receipt_serves_offline_only_and_is_named_as_such() {
    let release = Release::published();
    let error = release
        .offline()
        .fetch(&release.request(by_receipt()))
        .unwrap_err();
    assert!(matches!(error, FetchError::Offline { .. }), "{error}");
    release.fetch(by_receipt()).unwrap();
    let fetched = release
        .offline()
        .fetch(&release.request(by_receipt()))
        .unwrap();
    assert_eq!(fetched.ground, TrustSource::StoredReceipt);

    release.set("lockgate-receipt.json", Answer::Status(500));
    assert_eq!(
        release.fetch(by_receipt()).unwrap_err().code(),
        "fetch.network"
    );

    let expect = Expectation {
        version: Some("3".parse().unwrap()),
        ..Expectation::default()
    };
    let request = release.request(Trust::Receipt(expect));
    assert_eq!(
        release.offline().fetch(&request).unwrap_err().code(),
        "fetch.document"
    );
    let elsewhere = Source::new("https://github.com", "o/n", TAG).unwrap();
    let request = Request {
        source: elsewhere,
        ..release.request(by_receipt())
    };
    assert_eq!(
        release.offline().fetch(&request).unwrap_err().code(),
        "fetch.offline",
        "another server's receipt"
    );
}

#[test]
fn a_receipt_that_verified_nothing_is_not_stored() {
    let release = Release::published();
    release.set(ASSET, Answer::Bytes(b"evil".to_vec()));
    assert_eq!(release.failure(by_receipt()).code(), "fetch.wrong-bytes");
}

#[test]
fn malformed_mirrors_and_proxies_are_refused_at_once() {
    use lockgate_client::Proxy;
    let options = || Release::published().options();
    for mirror in [
        "",
        "mirror.example",
        "ftp://mirror",
        "https://user@mirror",
        "https://mirror/?x",
    ] {
        let error = Client::new(Options {
            mirrors: vec![mirror.to_owned()],
            ..options()
        })
        .err()
        .unwrap();
        assert_eq!(error.code(), "fetch.not-usable", "{mirror}");
    }
    let proxy = Proxy::Through("gopher://user:word@proxy".to_owned());
    let error = Client::new(Options { proxy, ..options() }).err().unwrap();
    assert!(!error.to_string().contains("word"), "{error}");
}
