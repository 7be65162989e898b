//! A caller that stops a fetch: the fetch ends soon, reports so, and keeps what had arrived.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockgate_client::{Client, Event, Expectation, Options};

use crate::release::*;
use crate::server::Answer;

/// Makes a client whose caller stops it at an event.
fn until(release: &Release, when: impl Fn(&Event<'_>) -> bool + Send + Sync + 'static) -> Client {
    let stop = Arc::new(AtomicBool::new(false));
    let reported = Arc::clone(&stop);
    Client::new(Options {
        stop: Some(stop),
        listener: Some(Arc::new(move |event| {
            if when(event) {
                reported.store(true, Ordering::Relaxed);
            }
        })),
        ..release.options()
    })
    .unwrap()
}

#[test]
fn a_transfer_ends_with_the_next_bytes_and_is_gone_on_with_later() {
    let release = Release::published();
    release.set(
        ASSET,
        Answer::by(|_, stream| {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
            )?;
            loop {
                stream.write_all(&[b'x'; 1000])?;
            }
        }),
    );
    let client = until(&release, |event| matches!(event, Event::Progress(_)));
    let error = client.fetch(&release.request(pins())).unwrap_err();
    assert_eq!(error.code(), "fetch.stopped", "{error}");
    let left = files_in(release.cache.path());
    assert!(
        left.iter().all(|path| path.starts_with("incomplete")),
        "{left:?}"
    );
    release.set(ASSET, Answer::Bytes(bytes(ASSET)));
    release.fetch(pins()).unwrap();
}

#[test]
fn trouble_is_not_tried_again_for_a_caller_that_wants_no_more() {
    let release = Release::published();
    release.set(ASSET, Answer::Status(503));
    let client = until(&release, |event| matches!(event, Event::Retrying { .. }));
    let error = client.fetch(&release.request(pins())).unwrap_err();
    assert_eq!(error.code(), "fetch.stopped", "{error}");
    assert_eq!(release.server.count(ASSET), 1);
}

#[test]
fn nobody_waits_for_another_process_longer_than_the_caller_wants() {
    let release = Release::published();
    let incomplete = release.cache.path().join("incomplete");
    std::fs::create_dir_all(&incomplete).unwrap();
    let digest = lockgate_client::Digest::of(&bytes(ASSET));
    let held = std::fs::File::create(incomplete.join(format!("{digest}.lock"))).unwrap();
    held.lock().unwrap();
    let client = until(&release, |event| matches!(event, Event::Waiting { .. }));
    let error = client.fetch(&release.request(pins())).unwrap_err();
    assert_eq!(error.code(), "fetch.stopped", "{error}");
    assert_eq!(release.server.count(ASSET), 0);
}

#[test]
fn documents_and_verifications_end_as_well() {
    let release = Release::published();
    let client = Client::new(Options {
        stop: Some(Arc::new(AtomicBool::new(true))),
        ..release.options()
    })
    .unwrap();
    let fetched = client.fetch(&release.request(by_receipt())).unwrap_err();
    let verified = client.verify_release(&release.source(), &Expectation::default());
    for error in [fetched, verified.unwrap_err()] {
        assert_eq!(error.code(), "fetch.stopped", "{error}");
    }
    assert!(release.server.asked().is_empty());
}
