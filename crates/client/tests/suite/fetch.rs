//! The three outcomes that must never be confused, and the successful one.

use lockgate_client::{Digest, FetchError, Found, Options, Origin, TrustSource, WithdrawalCheck};

use crate::release::*;
use crate::server::{Answer, nobody};

#[test]
fn a_pinned_executable_is_downloaded_once_and_then_comes_from_the_cache() {
    let release = Release::published();
    let first = release.fetch(pins()).unwrap();
    assert_eq!(first.path, release.entry());
    assert_eq!(std::fs::read(&first.path).unwrap(), bytes(ASSET));
    assert_eq!(
        (first.sha256, first.size),
        (Digest::of(&bytes(ASSET)), bytes(ASSET).len() as u64)
    );
    assert_eq!(
        (first.ground, first.withdrawal),
        (TrustSource::Pins, WithdrawalCheck::NotAsked)
    );
    assert_eq!(
        first.origin,
        Origin::Release(format!("{}{}", release.server.url(), path_of(ASSET)))
    );

    let second = release.fetch(pins()).unwrap();
    assert_eq!((second.path, second.origin), (first.path, Origin::Cache));
    assert_eq!(release.server.asked().len(), 1);
    assert_eq!(files_in(release.cache.path()).len(), 1);
}

#[cfg(unix)]
#[test]
fn what_was_fetched_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    let release = Release::published();
    let path = release.fetch(pins()).unwrap().path;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(release.fetch(pins()).unwrap().origin, Origin::Cache);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn what_is_not_there_for_the_public_is_not_published() {
    for status in [404, 410] {
        let release = Release::published();
        release.set(ASSET, Answer::Status(status));
        let error = release.failure(pins());
        assert_eq!(error.code(), "fetch.not-published", "{error}");
        assert!(
            error.to_string().ends_with(&format!("answered {status}")),
            "{error}"
        );
        assert_eq!(
            release.server.asked().len(),
            1,
            "the answer is certain, so there is no retry"
        );
    }
}

#[test]
fn without_a_receipt_there_is_no_release() {
    let release = Release::published();
    release.set("lockgate-receipt.json", Answer::Status(404));
    let error = release.failure(by_receipt());
    assert_eq!(error.code(), "fetch.not-published");
    assert!(
        error
            .to_string()
            .starts_with("lockgate-receipt.json is not published"),
        "{error}"
    );
}

#[test]
fn other_bytes_are_wrong_bytes_and_nothing_of_them_is_kept() {
    for trust in [pins(), by_receipt()] {
        let release = Release::published();
        let evil = b"evil".to_vec();
        release.set(ASSET, Answer::Bytes(evil.clone()));
        let error = release.failure(trust);
        assert_eq!(error.code(), "fetch.wrong-bytes");
        let text = error.to_string();
        let FetchError::WrongBytes(wrong) = error else {
            panic!("{text}")
        };
        assert_eq!(wrong.expected, Digest::of(&bytes(ASSET)));
        assert_eq!(
            wrong.found,
            Found::File {
                sha256: Digest::of(&evil),
                size: 4
            }
        );
        assert!(
            text.contains(&wrong.expected.to_string())
                && text.contains(&Digest::of(&evil).to_string()),
            "{text}"
        );
        assert_eq!(
            release.server.count(ASSET),
            1,
            "wrong bytes are not asked for again"
        );
    }
}

#[test]
fn more_bytes_than_the_receipt_says_are_wrong_bytes_and_are_not_read() {
    let longer = [bytes(ASSET), b"x".to_vec()].concat();
    for answer in [Answer::Bytes(longer), Answer::Endless] {
        let release = Release::published();
        release.set(ASSET, answer);
        let error = release.failure(by_receipt());
        let FetchError::WrongBytes(wrong) = error else {
            panic!("{error}")
        };
        assert_eq!(wrong.found, Found::MoreThan(bytes(ASSET).len() as u64));
    }
}

#[test]
fn the_size_is_known_and_allowed_before_the_first_byte_is_taken() {
    let release = Release::published();
    let small = lockgate_client::Client::new(Options {
        max_size: 10,
        ..release.options()
    })
    .unwrap();
    release.set(ASSET, Answer::Bytes(bytes(ASSET)));
    for trust in [pins(), by_receipt()] {
        let error = small.fetch(&release.request(trust)).unwrap_err();
        assert_eq!(error.code(), "fetch.too-large");
        assert!(files_in(release.cache.path()).is_empty());
    }
}

#[test]
fn mirrors_come_first_and_their_silence_does_not_matter() {
    let (release, mirror) = (Release::published(), crate::server::Server::start());
    mirror.set(
        &format!("/tools/{TAG}/{ASSET}"),
        Answer::Bytes(bytes(ASSET)),
    );
    let mirrors = vec![
        nobody(),
        format!("{}/empty", mirror.url()),
        format!("{}/tools/", mirror.url()),
    ];
    let client = lockgate_client::Client::new(Options {
        mirrors,
        ..release.options()
    })
    .unwrap();
    let fetched = client.fetch(&release.request(pins())).unwrap();
    assert_eq!(
        fetched.origin,
        Origin::Mirror(format!("{}/tools/{TAG}/{ASSET}", mirror.url()))
    );
    assert!(release.server.asked().is_empty());
}

#[test]
fn the_release_address_has_the_last_word_after_the_mirrors() {
    let table = [
        (Answer::Status(404), "fetch.not-published"),
        (Answer::Status(500), "fetch.network"),
    ];
    for (answer, code) in table {
        let (release, mirror) = (Release::published(), crate::server::Server::start());
        release.set(ASSET, answer);
        let mirrors = vec![mirror.url(), nobody()];
        let client = lockgate_client::Client::new(Options {
            mirrors,
            ..release.options()
        })
        .unwrap();
        let error = client.fetch(&release.request(pins())).unwrap_err();
        assert_eq!(error.code(), code);
        let tried = if let FetchError::NotPublished { tried, .. } = error {
            tried.len() + 1
        } else if let FetchError::Network { tried, .. } = error {
            tried.len()
        } else {
            0
        };
        assert_eq!(tried, 3, "each place is named");
    }
}

#[test]
fn a_mirror_with_wrong_bytes_ends_the_fetch() {
    let (release, mirror) = (Release::published(), crate::server::Server::start());
    mirror.set(&format!("/{TAG}/{ASSET}"), Answer::Bytes(b"evil".to_vec()));
    let client = lockgate_client::Client::new(Options {
        mirrors: vec![mirror.url()],
        ..release.options()
    })
    .unwrap();
    let error = client.fetch(&release.request(pins())).unwrap_err();
    assert_eq!(error.code(), "fetch.wrong-bytes");
    assert!(error.to_string().contains(&mirror.url()), "{error}");
    assert!(release.server.asked().is_empty() && files_in(release.cache.path()).is_empty());
}

#[test]
fn progress_is_told_up_to_the_last_byte() {
    use std::sync::{Arc, Mutex};
    let (release, seen) = (Release::published(), Arc::new(Mutex::new(Vec::new())));
    let into = Arc::clone(&seen);
    let listener: lockgate_client::Listener = Arc::new(move |event| {
        if let lockgate_client::Event::Progress(p) = event {
            let mut into = into.lock().unwrap();
            into.push((p.asset.to_owned(), p.received, p.size));
        }
    });
    let options = Options {
        listener: Some(listener),
        ..release.options()
    };
    lockgate_client::Client::new(options)
        .unwrap()
        .fetch(&release.request(pins()))
        .unwrap();
    let size = bytes(ASSET).len() as u64;
    assert_eq!(
        seen.lock().unwrap().last(),
        Some(&(ASSET.to_owned(), size, Some(size)))
    );
}
