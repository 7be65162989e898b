//! The cache: poisoned, absent, shared, unwritable; and files in place of the network.

use std::fs;

use lockgate_client::{Client, Digest, FetchError, Found, Options, Origin, Request, TrustSource};

use crate::release::*;

#[test]
fn a_poisoned_entry_is_replaced() {
    let release = Release::published();
    fs::create_dir_all(release.entry().parent().unwrap()).unwrap();
    for poison in [Vec::new(), b"evil".to_vec(), bytes(OTHER)] {
        fs::write(release.entry(), &poison).unwrap();
        let fetched = release.fetch(pins()).unwrap();
        assert!(matches!(fetched.origin, Origin::Release(_)));
        assert_eq!(fs::read(release.entry()).unwrap(), bytes(ASSET));
    }
    fs::remove_file(release.entry()).unwrap();
    fs::create_dir(release.entry()).unwrap();
    assert!(release.fetch(pins()).is_ok());
}

#[test]
fn a_poisoned_entry_is_gone_even_when_nothing_replaces_it() {
    let release = Release::published();
    fs::create_dir_all(release.entry().parent().unwrap()).unwrap();
    fs::write(release.entry(), b"evil").unwrap();
    let error = release
        .offline()
        .fetch(&release.request(pins()))
        .unwrap_err();
    assert_eq!(error.code(), "fetch.offline");
    assert!(files_in(release.cache.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_cache_is_not_followed() {
    let release = Release::published();
    let elsewhere = release.cache.path().join("elsewhere");
    fs::write(&elsewhere, bytes(ASSET)).unwrap();
    fs::create_dir_all(release.entry().parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&elsewhere, release.entry()).unwrap();
    assert!(matches!(
        release.fetch(pins()).unwrap().origin,
        Origin::Release(_)
    ));
    assert!(fs::symlink_metadata(release.entry()).unwrap().is_file());
    assert!(elsewhere.exists());
}

#[test]
fn offline_the_cache_is_enough_and_the_network_is_left_alone() {
    let release = Release::published();
    let request = Request {
        check_withdrawn: true,
        ..release.request(pins())
    };
    assert_eq!(
        release.offline().fetch(&request).unwrap_err().code(),
        "fetch.offline"
    );
    release.fetch(pins()).unwrap();
    let before = release.server.asked().len();
    assert_eq!(
        release.offline().fetch(&request).unwrap().origin,
        Origin::Cache
    );
    assert_eq!(release.server.asked().len(), before);
}

#[test]
fn eight_threads_that_want_the_same_file_all_get_it() {
    let release = Release::published();
    let client = release.client();
    std::thread::scope(|scope| {
        let fetches: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| client.fetch(&release.request(by_receipt()))))
            .collect();
        for fetch in fetches {
            let fetched = fetch.join().unwrap().unwrap();
            assert_eq!(fs::read(fetched.path).unwrap(), bytes(ASSET));
        }
    });
    assert_eq!(
        files_in(release.cache.path()).len(),
        3,
        "one executable, one receipt, the number of the repository"
    );
}

#[test]
fn eight_threads_that_meet_a_poisoned_entry_all_get_a_good_one() {
    let release = Release::published();
    fs::create_dir_all(release.entry().parent().unwrap()).unwrap();
    fs::write(release.entry(), b"evil").unwrap();
    let client = release.client();
    std::thread::scope(|scope| {
        let fetches: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| client.fetch(&release.request(pins()))))
            .collect();
        assert!(
            fetches
                .into_iter()
                .all(|fetch| fetch.join().unwrap().is_ok())
        );
    });
    assert_eq!(fs::read(release.entry()).unwrap(), bytes(ASSET));
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let release = Release::published();
    let file = release.cache.path().join("a-file");
    fs::write(&file, "").unwrap();
    let client = Client::new(Options {
        cache: Some(file.clone()),
        ..release.options()
    })
    .unwrap();
    let error = client.fetch(&release.request(pins())).unwrap_err();
    assert_eq!(error.code(), "fetch.cache");
    assert!(
        error.to_string().contains(file.to_str().unwrap()),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
    assert!(error.hint().contains("--cache DIR"));
}

#[cfg(unix)]
#[test]
fn a_read_only_cache_gives_what_it_has_and_names_itself_otherwise() {
    use std::os::unix::fs::PermissionsExt;
    let release = Release::published();
    release.fetch(pins()).unwrap();
    let sums = release.cache.path().join("sha256");
    let mode = |mode| fs::set_permissions(&sums, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    assert_eq!(release.fetch(pins()).unwrap().origin, Origin::Cache);
    let other = Request {
        asset: OTHER.parse().unwrap(),
        ..release.request(pins())
    };
    let end = release.client().fetch(&other);
    // Root may write anywhere.
    let is_root = fs::write(sums.join("probe"), "").is_ok();
    mode(0o755);
    match end {
        Ok(_) => assert!(is_root),
        Err(error) => {
            assert_eq!(
                error.to_string(),
                format!("cannot write into the cache directory {}", sums.display())
            );
        }
    }
}

#[test]
fn without_a_cache_there_is_nowhere_to_put_it() {
    let release = Release::published();
    let client = Client::new(Options {
        cache: None,
        ..release.options()
    })
    .unwrap();
    assert_eq!(
        client.fetch(&release.request(pins())).unwrap_err().code(),
        "fetch.no-cache"
    );
    assert!(release.server.asked().is_empty());
}

#[test]
fn a_file_in_place_of_the_network_is_verified_and_kept() {
    let release = Release::published();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("from-elsewhere");
    fs::write(&file, bytes(ASSET)).unwrap();
    let fetched = release
        .offline()
        .fetch_from_file(&release.request(pins()), &file)
        .unwrap();
    assert_eq!(
        (fetched.origin, fetched.ground),
        (Origin::File(file.clone()), TrustSource::Pins)
    );
    assert_eq!(fetched.path, release.entry());
    assert!(release.server.asked().is_empty() && file.exists());
}

#[test]
fn a_wrong_file_is_refused_whatever_the_cache_holds() {
    let release = Release::published();
    release.fetch(pins()).unwrap();
    let before = files_in(release.cache.path());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wrong");
    fs::write(&file, b"evil").unwrap();
    let error = release
        .client()
        .fetch_from_file(&release.request(pins()), &file)
        .unwrap_err();
    let FetchError::WrongBytes(wrong) = error else {
        panic!("{error}")
    };
    assert_eq!(
        wrong.found,
        Found::File {
            sha256: Digest::of(b"evil"),
            size: 4
        }
    );
    fs::write(&file, [bytes(ASSET), b"x".to_vec()].concat()).unwrap();
    let error = release
        .client()
        .fetch_from_file(&release.request(by_receipt()), &file)
        .unwrap_err();
    assert_eq!(error.code(), "fetch.wrong-bytes");
    for absent in [directory.path().join("absent"), directory.path().to_owned()] {
        let error = release
            .client()
            .fetch_from_file(&release.request(pins()), &absent)
            .unwrap_err();
        assert_eq!(error.code(), "fetch.cache");
    }
    assert_eq!(files_in(release.cache.path()), before);
}
