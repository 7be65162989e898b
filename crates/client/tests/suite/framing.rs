//! Bodies without a length (chunked, or until the connection ends) are accepted where the digest is known.

use lockgate_client::{Client, Options};

use crate::release::*;
use crate::server::Answer;

/// The head of a response whose body ends with the connection.
const UNTIL_CLOSED: &str = "HTTP/1.1 200 OK\r\nConnection: close";

fn chunked(bytes: &[u8], end: &str) -> Answer {
    let mut body = Vec::new();
    for piece in bytes.chunks(60_000) {
        body.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        body.extend_from_slice(piece);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(end.as_bytes());
    Answer::Raw(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked".to_owned(),
        body,
    )
}

fn until_closed(bytes: &[u8]) -> Answer {
    Answer::Raw(UNTIL_CLOSED.to_owned(), bytes.to_vec())
}

#[test]
fn a_file_without_a_length_is_taken_where_the_digest_is_known() {
    let whole = bytes(ASSET);
    let http_1_0 = Answer::Raw("HTTP/1.0 200 OK".to_owned(), whole.clone());
    for answer in [chunked(&whole, "0\r\n\r\n"), until_closed(&whole), http_1_0] {
        for trust in [pins(), by_receipt()] {
            let release = Release::published();
            release.set(ASSET, answer.clone());
            let fetched = release.fetch(trust).unwrap();
            assert_eq!(std::fs::read(fetched.path).unwrap(), whole);
            assert_eq!(release.server.count(ASSET), 1);
        }
    }
}

#[test]
fn a_chunked_file_that_is_cut_off_is_network_trouble() {
    let whole = bytes(ASSET);
    for cut in [0, 100, 60_000, whole.len()] {
        // Between two chunks, and inside of one.
        for end in ["", "ff\r\nbegun"] {
            let release = Release::published();
            release.set(ASSET, chunked(&whole[..cut], end));
            let error = release.failure(pins());
            assert_eq!(error.code(), "fetch.network", "{cut} {end}: {error}");
        }
    }
}

#[test]
fn what_is_cut_off_without_a_length_is_resumed_and_never_believed() {
    let whole = bytes(ASSET);
    for cut in [1, whole.len() - 1] {
        let release = Release::published();
        let honest = Answer::ranged(whole.clone(), "\"a\"");
        let turns = vec![until_closed(&whole[..cut]), honest];
        release.set(ASSET, Answer::InTurn(turns));
        let fetched = release.fetch(pins()).unwrap();
        assert_eq!(std::fs::read(fetched.path).unwrap(), whole);
        let asked = release.server.asked();
        assert_eq!(asked.last().and_then(|asked| asked.range()), Some(cut));
    }
    // A connection that breaks at another position each time.
    let release = Release::published();
    let turns = vec![until_closed(&whole[..100]), until_closed(&whole[..200])];
    release.set(ASSET, Answer::InTurn(turns));
    let error = release.failure(pins());
    assert_eq!(error.code(), "fetch.network", "{error}");
    assert!(
        error.to_string().contains("closed before the end"),
        "{error}"
    );
}

#[test]
fn wrong_bytes_without_a_length_are_wrong_bytes() {
    let wrong = vec![b'x'; bytes(ASSET).len()];
    let release = Release::published();
    release.set(ASSET, chunked(&wrong, "0\r\n\r\n"));
    assert_eq!(release.failure(pins()).code(), "fetch.wrong-bytes");
    assert_eq!(release.server.count(ASSET), 1);
    // Without a marked end: accepted once the same bytes came twice.
    let release = Release::published();
    release.set(ASSET, until_closed(&wrong));
    assert_eq!(release.failure(pins()).code(), "fetch.wrong-bytes");
    assert_eq!(release.server.count(ASSET), 2);
}

#[test]
fn more_than_the_limit_is_refused_without_a_length_too() {
    let whole = bytes(ASSET);
    for answer in [chunked(&whole, "0\r\n\r\n"), Answer::Endless] {
        let release = Release::published();
        release.set(ASSET, answer.clone());
        let options = Options {
            max_size: whole.len() as u64 - 1,
            ..release.options()
        };
        let fetched = Client::new(options)
            .unwrap()
            .fetch(&release.request(pins()));
        let error = fetched.unwrap_err();
        assert_eq!(error.code(), "fetch.too-large");
        assert!(error.hint().contains("LOCKGATE_MAX_SIZE"));
        assert!(files_in(release.cache.path()).is_empty());
        // The receipt gives the size.
        let release = Release::published();
        release.set(ASSET, Answer::Endless);
        assert_eq!(release.failure(by_receipt()).code(), "fetch.wrong-bytes");
    }
}
