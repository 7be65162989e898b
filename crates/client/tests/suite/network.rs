//! Network errors, which are never reported as "not published" or as wrong bytes; and the headers of each request.

use std::time::Duration;

use lockgate_client::{Client, Options, Request, Source, Timeouts};

use crate::release::*;
use crate::server::{Answer, nobody};

fn raw(head: &str, part: usize) -> Answer {
    Answer::Raw(
        format!("HTTP/1.1 200 OK\r\n{head}"),
        bytes(ASSET)[..part].to_vec(),
    )
}

#[test]
fn servers_in_trouble_are_network_trouble_and_are_asked_again() {
    for status in [500, 502, 503, 504, 429, 408] {
        let release = Release::published();
        release.set(ASSET, Answer::Status(status));
        let error = release.failure(pins());
        assert_eq!(error.code(), "fetch.network", "{status}: {error}");
        assert_eq!(release.server.asked().len(), 2);
        assert_eq!(*release.waits.lock().unwrap(), [Duration::from_millis(500)]);
    }
}

#[test]
fn trouble_that_passes_does_no_harm() {
    let release = Release::published();
    let size = bytes(ASSET).len();
    let turns = vec![
        raw(&format!("Content-Length: {size}"), size / 2),
        Answer::Bytes(bytes(ASSET)),
    ];
    release.set(ASSET, Answer::InTurn(turns));
    let fetched = release.fetch(pins()).unwrap();
    assert_eq!(std::fs::read(fetched.path).unwrap(), bytes(ASSET));
    assert_eq!(release.server.count(ASSET), 2);
}

#[test]
fn a_server_that_says_when_to_come_again_is_obeyed() {
    let reported = [
        ("Retry-After: 9", 9),
        (
            "Date: Wed, 21 Oct 2026 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:28:05 GMT",
            5,
        ),
    ];
    for (reported, seconds) in reported {
        let release = Release::published();
        let busy = Answer::Raw(
            format!("HTTP/1.1 403 Forbidden\r\n{reported}\r\nContent-Length: 0"),
            Vec::new(),
        );
        release.set(
            ASSET,
            Answer::InTurn(vec![busy, Answer::Bytes(bytes(ASSET))]),
        );
        assert!(release.fetch(pins()).is_ok(), "{reported}");
        let waits = release.waits.lock().unwrap();
        assert_eq!(*waits, [Duration::from_secs(seconds)], "{reported}");
    }
}

#[test]
fn a_server_that_asks_for_more_patience_than_anybody_has_is_given_up_at_once() {
    let release = Release::published();
    let busy = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600\r\nContent-Length: 0";
    release.set(ASSET, Answer::Raw(busy.to_owned(), Vec::new()));
    let error = release.failure(pins());
    let why = "it answered 429 and asks to retry after 3600 s";
    assert!(error.to_string().ends_with(why), "{error}");
    assert_eq!(release.server.count(ASSET), 1);
    assert!(release.waits.lock().unwrap().is_empty());
}

#[test]
fn a_truncated_transfer_is_network_trouble() {
    let size = bytes(ASSET).len();
    for trust in [pins(), by_receipt()] {
        for part in [0, 1, size - 1] {
            let release = Release::published();
            release.set(ASSET, raw(&format!("Content-Length: {size}"), part));
            let error = release.failure(trust.clone());
            assert_eq!(error.code(), "fetch.network", "{part}: {error}");
            assert!(
                error
                    .to_string()
                    .ends_with("the connection was closed before the end"),
                "{error}"
            );
        }
    }
    let release = Release::published();
    release.set(ASSET, raw("Transfer-Encoding: chunked\r\n\r\n3e8", 1000));
    assert_eq!(release.failure(pins()).code(), "fetch.network");
    let release = Release::published();
    release.set(ASSET, raw("X-Length: unknown", size - 1));
    assert_eq!(release.failure(by_receipt()).code(), "fetch.network");
}

#[test]
fn a_refused_connection_is_network_trouble() {
    let release = Release::published();
    let source = Source::new(&nobody(), "o/n", TAG).unwrap();
    let error = release
        .client()
        .fetch(&Request {
            source,
            ..release.request(pins())
        })
        .unwrap_err();
    assert_eq!(error.code(), "fetch.network", "{error}");
    assert!(files_in(release.cache.path()).is_empty());
}

#[test]
fn a_server_without_encryption_is_no_https_server() {
    let release = Release::published();
    let url = release.server.url().replace("http://", "https://");
    let source = Source::new(&url, "o/n", TAG).unwrap();
    let error = release
        .client()
        .fetch(&Request {
            source,
            ..release.request(pins())
        })
        .unwrap_err();
    assert_eq!(error.code(), "fetch.network", "{error}");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let patient = Release::published().options().timeouts;
    let short = Duration::from_millis(50);
    for timeouts in [
        Timeouts {
            idle: short,
            ..patient
        },
        Timeouts {
            total: short,
            ..patient
        },
    ] {
        let release = Release::published();
        release.set(ASSET, Answer::Stalled);
        let client = Client::new(Options {
            timeouts,
            ..release.options()
        })
        .unwrap();
        let error = client.fetch(&release.request(pins())).unwrap_err();
        assert_eq!(error.code(), "fetch.network", "{error}");
        assert!(!release.entry().exists());
    }
}

#[test]
fn an_endless_drip_ends_with_the_total_time() {
    let release = Release::published();
    // A byte now and then: never silent for as long as the idle time.
    release.set(
        ASSET,
        Answer::by(|_, stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
            loop {
                stream.write_all(b"x")?;
                std::thread::sleep(Duration::from_millis(5));
            }
        }),
    );
    let timeouts = Timeouts {
        total: Duration::from_millis(200),
        ..release.options().timeouts
    };
    let client = Client::new(Options {
        timeouts,
        ..release.options()
    })
    .unwrap();
    let error = client.fetch(&release.request(pins())).unwrap_err();
    assert_eq!(error.code(), "fetch.network");
    assert!(error.to_string().ends_with("it took too long"), "{error}");
}

#[test]
fn redirects_are_followed_to_another_server() {
    let (release, storage) = (Release::published(), crate::server::Server::start());
    storage.set("/b/c?signature=1", Answer::Bytes(bytes(ASSET)));
    release.set(ASSET, Answer::Redirect("/elsewhere".to_owned()));
    release.server.set(
        "/elsewhere",
        Answer::Redirect(format!("{}/b/c?signature=1", storage.url())),
    );
    assert!(release.fetch(pins()).is_ok());
    assert_eq!(storage.asked().len(), 1);
}

#[test]
fn a_redirect_loop_is_network_trouble_and_ends_soon() {
    let release = Release::published();
    release.set(ASSET, Answer::Redirect(path_of(ASSET)));
    let error = release.failure(pins());
    assert_eq!(error.code(), "fetch.network", "{error}");
    assert_eq!(release.server.asked().len(), 6);
}

#[test]
fn a_redirect_to_nowhere_is_network_trouble() {
    for location in [
        "ftp://127.0.0.1/x",
        "http://user:word@127.0.0.1/x",
        "",
        "x y",
    ] {
        let release = Release::published();
        release.set(ASSET, Answer::Redirect(location.to_owned()));
        assert_eq!(
            release.failure(pins()).code(),
            "fetch.network",
            "{location}"
        );
    }
}

#[test]
fn answers_that_are_not_the_whole_file_as_it_is_are_network_trouble() {
    let size = bytes(ASSET).len();
    let heads = [
        format!("HTTP/1.1 206 Partial\r\nContent-Length: {size}"),
        "HTTP/1.1 204 No Content".to_owned(),
        "HTTP/1.1 304 Not Modified".to_owned(),
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {size}"),
        "this is not HTTP".to_owned(),
    ];
    for head in heads {
        let release = Release::published();
        release.set(ASSET, Answer::Raw(head.clone(), bytes(ASSET)));
        assert_eq!(release.failure(pins()).code(), "fetch.network", "{head}");
    }
}

#[test]
fn nothing_that_could_identify_anybody_is_sent() {
    let (release, storage) = (Release::published(), crate::server::Server::start());
    storage.set("/x", Answer::Bytes(bytes(ASSET)));
    release.set(ASSET, Answer::Redirect(format!("{}/x", storage.url())));
    release.fetch(pins()).unwrap();
    for asked in [release.server.asked(), storage.asked()].concat() {
        let names: Vec<_> = asked
            .head
            .iter()
            .filter_map(|line| line.split(':').next())
            .collect();
        let expected = ["accept", "accept-encoding", "host", "user-agent"];
        assert!(
            names.iter().all(|name| expected.contains(name)),
            "{names:?}"
        );
        assert!(
            asked
                .head
                .iter()
                .any(|line| line.starts_with("user-agent: lockgate-client/"))
        );
    }
}
