//! The sources in their order: a file, the bundled folder, the cache, the mirrors, the release; and the events of each.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use lockgate_client::{Client, Event, Options, Origin, Request, WithdrawalCheck};

use crate::release::*;
use crate::server::{Answer, Server, nobody};

/// Makes a folder with the executable at a path in it.
fn folder(path: &str, bytes: &[u8], mode: u32) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, bytes).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    folder
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn each_place_is_asked_only_where_the_ones_before_it_have_nothing() {
    let (release, web) = (Release::published(), Server::start());
    let reported: Arc<Mutex<Vec<String>>> = Arc::default();
    let (bundled, near) = (folder("other", b"x", 0o755), folder("other", b"x", 0o644));
    let into = Arc::clone(&reported);
    let options = Options {
        bundled: Some(bundled.path().to_owned()),
        mirrors: vec![text(near.path()), web.url()],
        listener: Some(Arc::new(move |event| {
            if matches!(event, Event::Missed { .. }) {
                into.lock().unwrap().push(event.to_string());
            }
        })),
        ..release.options()
    };
    let client = Client::new(options).unwrap();
    let request = release.request(pins());
    let origin = || client.fetch(&request).unwrap().origin;
    assert!(matches!(origin(), Origin::Release(_)));
    let path = near.path().join(TAG).join(ASSET);
    let expected = [
        format!(
            "not from the bundled folder {}: it has no {ASSET}",
            bundled.path().display()
        ),
        "not from the cache: it is not there".to_owned(),
        format!("not from {}: it is not there", path.display()),
        format!("not from {}/{TAG}/{ASSET}: it answered 404", web.url()),
    ];
    assert_eq!(*reported.lock().unwrap(), expected);
    assert_eq!(origin(), Origin::Cache);
    // Backwards: each source that has the file hides the later ones.
    fs::remove_file(release.entry()).unwrap();
    web.set(&format!("/{TAG}/{ASSET}"), Answer::Bytes(bytes(ASSET)));
    let at = format!("{}/{TAG}/{ASSET}", web.url());
    assert_eq!(origin(), Origin::Mirror(at));
    fs::remove_file(release.entry()).unwrap();
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes(ASSET)).unwrap();
    assert_eq!(origin(), Origin::Mirror(text(&path)));
    let here = bundled.path().join(ASSET);
    fs::copy(release.entry(), &here).unwrap();
    assert_eq!(origin(), Origin::Bundled(here.clone()));
    assert_eq!(client.fetch(&request).unwrap().path, here);
    let file = folder("file", &bytes(ASSET), 0o644);
    let file = file.path().join("file");
    let fetched = client.fetch_from_file(&request, &file).unwrap();
    assert_eq!(fetched.origin, Origin::File(file));
}

#[test]
fn a_bundled_executable_needs_neither_cache_nor_network() {
    let release = Release::published();
    let bundled = folder(ASSET, &bytes(ASSET), 0o755);
    let options = Options {
        bundled: Some(bundled.path().to_owned()),
        cache: None,
        offline: true,
        ..release.options()
    };
    let fetched = Client::new(options)
        .unwrap()
        .fetch(&release.request(pins()));
    assert_eq!(fetched.unwrap().path, bundled.path().join(ASSET));
}

#[test]
fn a_bundled_executable_that_may_not_be_run_is_copied() {
    let release = Release::published();
    let bundled = folder(ASSET, &bytes(ASSET), 0o644);
    let options = Options {
        bundled: Some(bundled.path().to_owned()),
        offline: true,
        ..release.options()
    };
    let fetched = Client::new(options)
        .unwrap()
        .fetch(&release.request(pins()));
    let fetched = fetched.unwrap();
    assert_eq!(fetched.origin, Origin::Bundled(bundled.path().join(ASSET)));
    assert_eq!(fetched.path, release.entry());
}

#[test]
fn wrong_bytes_in_a_folder_end_the_fetch() {
    let release = Release::published();
    for mode in [0o755, 0o644] {
        let bundled = folder(ASSET, b"evil", mode);
        let options = Options {
            bundled: Some(bundled.path().to_owned()),
            ..release.options()
        };
        let error = Client::new(options)
            .unwrap()
            .fetch(&release.request(pins()));
        assert_eq!(error.unwrap_err().code(), "fetch.wrong-bytes");
    }
    let mirror = folder(&format!("{TAG}/{ASSET}"), b"evil", 0o644);
    let options = Options {
        mirrors: vec![text(mirror.path())],
        ..release.options()
    };
    let error = Client::new(options)
        .unwrap()
        .fetch(&release.request(pins()));
    assert_eq!(error.unwrap_err().code(), "fetch.wrong-bytes");
    assert!(files_in(release.cache.path()).is_empty() && release.server.asked().is_empty());
}

#[test]
fn offline_a_folder_is_a_mirror_and_a_server_is_not() {
    let (release, web) = (Release::published(), Server::start());
    web.set(&format!("/{TAG}/{ASSET}"), Answer::Bytes(bytes(ASSET)));
    let near = folder(&format!("{TAG}/{ASSET}"), &bytes(ASSET), 0o644);
    let fetch = |mirrors: Vec<String>| {
        let options = Options {
            mirrors,
            offline: true,
            ..release.options()
        };
        Client::new(options)
            .unwrap()
            .fetch(&release.request(pins()))
    };
    assert_eq!(fetch(vec![web.url()]).unwrap_err().code(), "fetch.offline");
    let nothing = tempfile::tempdir().unwrap();
    let error = fetch(vec![text(nothing.path())]).unwrap_err();
    assert_eq!(error.code(), "fetch.offline");
    assert!(fetch(vec![web.url(), text(near.path())]).is_ok());
    assert!(web.asked().is_empty() && release.server.asked().is_empty());
}

#[test]
fn behind_a_wall_pins_and_a_mirror_are_enough_and_the_check_says_so() {
    let (release, web) = (Release::published(), Server::start());
    web.set(&format!("/{TAG}/{ASSET}"), Answer::Bytes(bytes(ASSET)));
    let source = lockgate_client::Source::new(&nobody(), "o/n", TAG).unwrap();
    let fetch = |trust, mirrors: Vec<String>| {
        let request = Request {
            source: source.clone(),
            check_withdrawn: true,
            ..release.request(trust)
        };
        let options = Options {
            mirrors,
            ..release.options()
        };
        Client::new(options).unwrap().fetch(&request)
    };
    assert_eq!(
        fetch(pins(), Vec::new()).unwrap_err().code(),
        "fetch.network"
    );
    let error = fetch(by_receipt(), vec![web.url()]).unwrap_err();
    assert_eq!(error.code(), "fetch.network");
    let error = fetch(pins(), vec![format!("{}/empty", web.url())]).unwrap_err();
    assert_eq!(error.code(), "fetch.network");
    let fetched = fetch(pins(), vec![web.url()]).unwrap();
    assert!(matches!(
        fetched.withdrawal,
        WithdrawalCheck::Unreachable(_)
    ));
}

#[test]
fn a_stream_of_the_caller_is_verified_and_kept_like_any_other() {
    let release = Release::published();
    let request = release.request(pins());
    let mut evil = &b"evil"[..];
    let error = release
        .offline()
        .fetch_from_reader(&request, "an artifact", &mut evil);
    let error = error.unwrap_err();
    assert_eq!(error.code(), "fetch.wrong-bytes");
    assert!(
        error.to_string().contains("from an artifact is not"),
        "{error}"
    );
    let honest = bytes(ASSET);
    let fetched =
        release
            .offline()
            .fetch_from_reader(&request, "an artifact", &mut honest.as_slice());
    assert_eq!(fetched.unwrap().path, release.entry());
    let fetched = release
        .offline()
        .fetch_from_reader(&request, "unread", &mut evil);
    assert_eq!(fetched.unwrap().origin, Origin::Cache);
}
