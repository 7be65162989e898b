//! Withdrawals: honoured from the cache too, and never silently unknown.

use lockgate_client::{FetchError, Fetched, Request, Trust, WithdrawalCheck};

use crate::release::*;
use crate::server::Answer;

fn fetch(release: &Release, trust: Trust) -> Result<Fetched, FetchError> {
    release.client().fetch(&Request {
        check_withdrawn: true,
        ..release.request(trust)
    })
}

#[test]
fn a_withdrawn_version_is_refused_even_if_it_is_in_the_cache() {
    let release = Release::published();
    assert_eq!(
        fetch(&release, pins()).unwrap().withdrawal,
        WithdrawalCheck::None
    );
    release
        .server
        .set(WITHDRAWAL_PATH, Answer::Bytes(withdrawal(TAG).into_bytes()));
    for trust in [pins(), by_receipt()] {
        let error = fetch(&release, trust).unwrap_err();
        assert_eq!(error.code(), "fetch.withdrawn");
        assert_eq!(error.to_string(), "tool-v2 was withdrawn: it eats files");
    }
    assert_eq!(
        release.fetch(pins()).unwrap().withdrawal,
        WithdrawalCheck::NotAsked
    );
}

#[test]
fn a_withdrawal_that_cannot_be_read_is_no_permission() {
    for text in [
        withdrawal("tool-v1"),
        String::new(),
        "{}".to_owned(),
        withdrawal(TAG).replace("it eats files", ""),
    ] {
        let release = Release::published();
        release
            .server
            .set(WITHDRAWAL_PATH, Answer::Bytes(text.into_bytes()));
        assert_eq!(
            fetch(&release, pins()).unwrap_err().code(),
            "fetch.document"
        );
    }
}

#[test]
fn an_answer_that_does_not_say_there_is_none_is_network_trouble() {
    for status in [403, 401, 429, 500] {
        let release = Release::published();
        release.server.set(WITHDRAWAL_PATH, Answer::Status(status));
        for trust in [pins(), by_receipt()] {
            assert_eq!(
                fetch(&release, trust).unwrap_err().code(),
                "fetch.network",
                "{status}"
            );
        }
        assert!(files_in(release.cache.path()).is_empty());
    }
}

#[test]
fn what_is_pinned_and_cached_survives_network_trouble_and_says_so() {
    let release = Release::published();
    release.fetch(pins()).unwrap();
    release.server.set(WITHDRAWAL_PATH, Answer::Status(500));
    let fetched = fetch(&release, pins()).unwrap();
    assert_eq!(fetched.withdrawal, WithdrawalCheck::Unreachable);
    assert!(
        release.waits.lock().unwrap().is_empty(),
        "nobody waits for what can be done without"
    );
    assert_eq!(
        fetch(&release, by_receipt()).unwrap_err().code(),
        "fetch.network"
    );
}

#[test]
fn a_caller_may_ask_on_its_own() {
    let release = Release::published();
    assert!(release.client().check_withdrawn(&release.source()).is_ok());
    release
        .server
        .set(WITHDRAWAL_PATH, Answer::Bytes(withdrawal(TAG).into_bytes()));
    assert!(matches!(
        release.client().check_withdrawn(&release.source()),
        Err(FetchError::Withdrawn { .. })
    ));
    let error = release
        .offline()
        .check_withdrawn(&release.source())
        .unwrap_err();
    assert_eq!(error.code(), "fetch.offline");
}
