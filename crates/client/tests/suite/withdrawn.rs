//! Withdrawals: honoured from the cache too; an unknown state is always reported.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lockgate_client::{
    Client, FetchError, Fetched, Options, Request, Source, Trust, Unanswered, WithdrawalCheck,
};

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
    let unanswered = Unanswered::default();
    assert_eq!(fetched.withdrawal, WithdrawalCheck::Unreachable(unanswered));
    assert!(
        release.waits.lock().unwrap().is_empty(),
        "an optional check does not delay the fetch"
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

/// Returns the file that the cache has for the release, with this ending.
fn remembered(release: &Release, end: &str) -> PathBuf {
    let all = files_in(release.cache.path()).into_iter();
    let mut found = all.filter(|path| path.to_string_lossy().ends_with(end));
    release.cache.path().join(found.next().unwrap())
}

fn write_down(release: &Release, what: &str, ago: u64) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let text = format!("{what} {}\n", now - ago);
    fs::write(remembered(release, ".asked"), text).unwrap();
}

fn unanswered(release: &Release) -> Unanswered {
    let check = fetch(release, pins()).unwrap().withdrawal;
    let WithdrawalCheck::Unreachable(unanswered) = check else {
        panic!("{check:?}")
    };
    unanswered
}

#[test]
fn a_silent_release_is_asked_once_and_then_not_for_a_while() {
    let release = Release::published();
    fetch(&release, pins()).unwrap();
    let asked = || release.server.count("lockgate-withdrawal.json");
    release.server.set(WITHDRAWAL_PATH, Answer::Stalled);
    let before = asked();
    // The time-outs of this test are much longer than it waits: the check has a shorter one of its own.
    let first = unanswered(&release);
    assert!(first.asked.is_zero() && first.not_withdrawn.is_some());
    for _ in 0..3 {
        assert!(unanswered(&release).not_withdrawn.is_some());
    }
    assert_eq!(asked(), before + 1);
    release.server.set(WITHDRAWAL_PATH, Answer::Status(500));
    // An old time does not count, and neither does one in the future.
    for ago in [
        "unanswered 1",
        "unanswered 99999999999",
        "unanswered x",
        "\u{0}",
    ] {
        fs::write(remembered(&release, ".asked"), ago).unwrap();
        let before = asked();
        assert_eq!(unanswered(&release), Unanswered::default());
        assert_eq!(asked(), before + 1, "{ago}");
    }
    // A receipt of the same release is requested with the whole retry budget, and nothing is guessed.
    let before = asked();
    let error = fetch(&release, by_receipt()).unwrap_err();
    assert_eq!((error.code(), asked()), ("fetch.network", before + 2));
    // An answer ends the pause; and a caller can check at once.
    release.server.set(WITHDRAWAL_PATH, Answer::Status(404));
    assert!(unanswered(&release).asked.as_secs() < 100);
    let options = Options {
        refresh: true,
        ..release.options()
    };
    let request = Request {
        check_withdrawn: true,
        ..release.request(pins())
    };
    let fetched = Client::new(options).unwrap().fetch(&request).unwrap();
    assert_eq!(fetched.withdrawal, WithdrawalCheck::None);
    assert_eq!(
        fetch(&release, pins()).unwrap().withdrawal,
        WithdrawalCheck::None
    );
}

#[test]
fn the_age_of_the_last_answer_is_shown_and_bounded() {
    let release = Release::published();
    fetch(&release, pins()).unwrap();
    release.server.set(WITHDRAWAL_PATH, Answer::Status(500));
    let day = 24 * 3600;
    for (ago, shown) in [(3 * day + 5, true), (31 * day, false)] {
        write_down(&release, "not-withdrawn", ago);
        let unanswered = unanswered(&release);
        assert_eq!(unanswered.not_withdrawn.is_some(), shown);
        let text = unanswered.to_string();
        assert_eq!(
            text.ends_with("; 3 days ago it was not withdrawn"),
            shown,
            "{text}"
        );
    }
    let asked = Duration::from_secs(130);
    let text = Unanswered {
        asked,
        not_withdrawn: None,
    };
    assert!(
        text.to_string()
            .ends_with(" (asked 2 minutes ago, and again after 5 minutes)")
    );
}

#[test]
fn that_there_was_none_saves_no_question() {
    let release = Release::published();
    fetch(&release, pins()).unwrap();
    write_down(&release, "not-withdrawn", 1);
    release
        .server
        .set(WITHDRAWAL_PATH, Answer::Bytes(withdrawal(TAG).into_bytes()));
    let error = fetch(&release, pins()).unwrap_err();
    assert_eq!(error.code(), "fetch.withdrawn");
}

#[test]
fn a_withdrawal_is_remembered_and_counts_without_a_network() {
    let release = Release::published();
    fetch(&release, pins()).unwrap();
    release
        .server
        .set(WITHDRAWAL_PATH, Answer::Bytes(withdrawal(TAG).into_bytes()));
    fetch(&release, pins()).unwrap_err();
    let request = Request {
        check_withdrawn: true,
        ..release.request(pins())
    };
    let asked = release.server.asked().len();
    let with = |refresh: bool, offline: bool| {
        let options = Options {
            refresh,
            offline,
            ..release.options()
        };
        Client::new(options).unwrap().fetch(&request)
    };
    for offline in [true, false] {
        let error = with(false, offline).unwrap_err();
        assert_eq!(error.to_string(), "tool-v2 was withdrawn: it eats files");
    }
    assert_eq!(release.server.asked().len(), asked);
    // A file that is garbled, belongs to another release, or is a directory counts as absent.
    let file = remembered(&release, "tool-v2.json");
    for text in ["", "{}", &withdrawal("tool-v1"), &"x".repeat(2 << 20)] {
        fs::write(&file, text).unwrap();
        let fetched = with(false, true).unwrap();
        assert_eq!(fetched.withdrawal, WithdrawalCheck::NotAsked);
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(with(false, true).is_ok());
    release.server.set(WITHDRAWAL_PATH, Answer::Status(404));
    assert!(with(true, false).is_ok());
}

#[test]
fn where_every_mirror_lacks_it_the_release_is_asked_with_all_patience() {
    let release = Release::published();
    let mirror = crate::server::Server::start();
    let options = Options {
        mirrors: vec![mirror.url()],
        ..release.options()
    };
    let answers = vec![Answer::Status(503), Answer::Status(404)];
    release.server.set(WITHDRAWAL_PATH, Answer::InTurn(answers));
    let request = Request {
        source: Source::new(&release.server.url(), "o/n", TAG).unwrap(),
        check_withdrawn: true,
        ..release.request(pins())
    };
    let fetched = Client::new(options).unwrap().fetch(&request).unwrap();
    assert_eq!(fetched.withdrawal, WithdrawalCheck::None);
    assert_eq!(release.server.count("lockgate-withdrawal.json"), 2);
}
