//! Mirrors behind a password: the login is sent to the mirror's server only.

use lockgate_client::{Client, FetchError, Fetched, Options, Origin};

use crate::release::*;
use crate::server::{Answer, Asked, Server};

/// Serves the asset to requests with this header, and answers 401 to all others.
fn guarded(mirror: &Server, name: &'static str, value: &'static str) {
    let answer = Answer::by(move |asked, stream| match asked.value(name) {
        Some(found) if found == value => {
            let size = bytes(ASSET).len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")?;
            stream.write_all(&bytes(ASSET))
        }
        _ => write!(stream, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"),
    });
    mirror.set(&format!("/{TAG}/{ASSET}"), answer);
}

fn fetch(release: &Release, options: Options) -> Result<Fetched, FetchError> {
    Client::new(options)?.fetch(&release.request(pins()))
}

fn netrc(release: &Release, text: &str) -> std::path::PathBuf {
    let path = release.cache.path().join("netrc");
    std::fs::write(&path, text).unwrap();
    path
}

fn secretive(asked: &[Asked]) -> bool {
    let secret = |line: &String| line.contains("authorization") || line.contains("x-key");
    !asked.iter().any(|asked| asked.head.iter().any(secret))
}

#[test]
fn a_netrc_file_opens_a_mirror() {
    let (release, mirror) = (Release::published(), Server::start());
    // me:secret
    guarded(&mirror, "authorization", "basic bwu6c2vjcmv0");
    let options = |netrc| Options {
        mirrors: vec![mirror.url()],
        netrc,
        ..release.options()
    };
    let file = netrc(&release, "machine 127.0.0.1 login me password secret\n");
    let fetched = fetch(&release, options(Some(file))).unwrap();
    assert!(matches!(fetched.origin, Origin::Mirror(_)));
    std::fs::remove_dir_all(release.cache.path().join("sha256")).unwrap();
    // A file that is for another host, unreadable, or absent counts as no file.
    let other = netrc(
        &release,
        "machine other login me password secret\ndefault login me password secret",
    );
    let folder = release.cache.path().to_owned();
    for file in [Some(other), Some(folder.join("none")), Some(folder), None] {
        let fetched = fetch(&release, options(file)).unwrap();
        assert!(matches!(fetched.origin, Origin::Release(_)));
        std::fs::remove_dir_all(release.cache.path().join("sha256")).unwrap();
    }
    assert!(secretive(&release.server.asked()));
    assert!(secretive(&mirror.asked()[1..]));
}

#[test]
fn a_header_opens_a_mirror() {
    let (release, mirror) = (Release::published(), Server::start());
    guarded(&mirror, "x-key", "secret");
    let options = Options {
        mirrors: vec!["./nothing".to_owned(), mirror.url()],
        mirror_header: Some("X-Key: secret".to_owned()),
        ..release.options()
    };
    let fetched = fetch(&release, options).unwrap();
    assert!(matches!(fetched.origin, Origin::Mirror(_)));
}

#[test]
fn a_login_is_sent_to_nobody_else() {
    let (release, mirror, storage) = (Release::published(), Server::start(), Server::start());
    let place = format!("/{TAG}/{ASSET}");
    let file = netrc(&release, "machine 127.0.0.1 login me password secret");
    let by_header = Options {
        mirrors: vec![mirror.url()],
        mirror_header: Some("X-Key: secret".to_owned()),
        ..release.options()
    };
    // The login is not sent to the release's server, although it is on the same host.
    let by_netrc = Options {
        mirror_header: None,
        netrc: Some(file),
        ..by_header.clone()
    };
    for options in [by_header, by_netrc] {
        // A redirect within the mirror keeps the login; one to another server drops it, also on the way back.
        mirror.set(&place, Answer::Redirect("/inside".to_owned()));
        mirror.set("/inside", Answer::Redirect(format!("{}/x", storage.url())));
        storage.set("/x", Answer::Redirect(format!("{}/back", mirror.url())));
        mirror.set("/back", Answer::Status(404));
        let before = (mirror.asked().len(), release.server.asked().len());
        let fetched = fetch(&release, options).unwrap();
        assert!(matches!(fetched.origin, Origin::Release(_)));
        let asked = &mirror.asked()[before.0..];
        let known: Vec<bool> = asked
            .iter()
            .map(|one| !secretive(std::slice::from_ref(one)))
            .collect();
        assert_eq!(known, [true, true, false]);
        assert!(secretive(&storage.asked()));
        assert!(secretive(&release.server.asked()[before.1..]));
        std::fs::remove_dir_all(release.cache.path().join("sha256")).unwrap();
    }
}

#[test]
fn a_header_is_for_one_server_and_is_never_shown() {
    let release = Release::published();
    let options = |mirrors: [&str; 2], header: &str| Options {
        mirrors: mirrors.map(str::to_owned).to_vec(),
        mirror_header: Some(header.to_owned()),
        ..release.options()
    };
    for wrong in [
        options(["https://a", "https://b"], "X-Key: secret"),
        options(["https://a", "http://a"], "X-Key: secret"),
        options(["https://a", "https://a"], "secret"),
    ] {
        let error = fetch(&release, wrong).unwrap_err();
        assert_eq!(error.code(), "fetch.not-usable");
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
    let one = options(["https://a/x", "https://A:443/y"], "X-Key: secret");
    assert!(Client::new(one).is_ok());
}
