//! How many connections a fetch makes to a server that keeps them open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockgate_client::{Client, Options, Request, Retry, Source};

use crate::release::*;

struct Kept {
    url: String,
    connections: Arc<AtomicUsize>,
}

/// Serves the release with the assets behind a redirect, and 404 with a body for other paths. After this many answers a
/// connection is closed when the next request has arrived.
fn serve(answers: usize) -> Kept {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || {
                let mut asked = stream.try_clone().unwrap();
                let good = (0..answers).all(|_| answer(&stream).is_ok());
                let _ = asked.read(&mut [0; 1000]).map(|_| good);
            });
        }
    });
    Kept { url, connections }
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let end = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let first = lines.next().ok_or_else(end)??;
    while !lines.next().ok_or_else(end)??.is_empty() {}
    let path = first.split(' ').nth(1).unwrap_or_default();
    let moved = "HTTP/1.1 302 Found\r\nLocation: /storage\r\nContent-Length: 5\r\n\r\nmoved";
    let (status, body) = match path {
        "/storage" => ("200 OK", bytes(ASSET)),
        path if path == path_of(ASSET) => return stream.write_all(moved.as_bytes()),
        path if path == path_of("lockgate-receipt.json") => ("200 OK", receipt().into_bytes()),
        _ => ("404 Not Found", b"<html>no".repeat(500)),
    };
    let size = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n"
    )?;
    stream.write_all(&body)
}

#[test]
fn a_first_fetch_makes_one_connection() {
    for trust in [pins(), by_receipt()] {
        let (release, server) = (Release::published(), serve(usize::MAX));
        let request = Request {
            source: Source::new(&server.url, "o/n", TAG).unwrap(),
            check_withdrawn: true,
            ..release.request(trust)
        };
        release.client().fetch(&request).unwrap();
        assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_connection_that_is_closed_when_it_is_used_again_costs_no_attempt() {
    let (release, server) = (Release::published(), serve(1));
    let options = release.options();
    let retry = Retry {
        attempts: 1,
        ..options.retry.clone()
    };
    let request = Request {
        source: Source::new(&server.url, "o/n", TAG).unwrap(),
        check_withdrawn: true,
        ..release.request(pins())
    };
    let client = Client::new(Options { retry, ..options }).unwrap();
    client.fetch(&request).unwrap();
    // The withdrawal, the redirect, and its target.
    assert_eq!(server.connections.load(Ordering::SeqCst), 3);
}
