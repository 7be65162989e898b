//! Web pages in place of files, from a login or a filter. Never accepted, and never reported as tampering.

use lockgate_client::{Client, FetchError, Options, Origin};

use crate::release::*;
use crate::server::{Answer, Server};

fn page(status: u16, kind: &str) -> Answer {
    let body = b"<!DOCTYPE html><title>Sign in</title>".to_vec();
    let head = format!(
        "HTTP/1.1 {status} So\r\n{kind}Content-Length: {}",
        body.len()
    );
    Answer::Raw(head, body)
}

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";

#[test]
fn a_login_page_or_a_filters_page_is_told_as_one() {
    for answer in [
        page(200, HTML),
        page(200, ""),
        page(403, HTML),
        page(401, HTML),
    ] {
        let release = Release::published();
        release.set(ASSET, answer);
        for trust in [pins(), by_receipt()] {
            let error = release.failure(trust);
            assert_eq!(error.code(), "fetch.web-page", "{error}");
            let at = format!("{}{}", release.server.url(), path_of(ASSET));
            assert!(error.to_string().contains(&at), "{error}");
            assert!(!error.hint().contains("tamper"));
        }
    }
    // A receipt that is a page is not reported as a damaged receipt.
    let release = Release::published();
    release.set("lockgate-receipt.json", page(200, HTML));
    assert_eq!(release.failure(by_receipt()).code(), "fetch.web-page");
}

#[test]
fn the_page_is_named_to_which_a_redirect_leads() {
    let (release, login) = (Release::published(), Server::start());
    login.set("/login?token=1", page(200, HTML));
    release.set(
        ASSET,
        Answer::Redirect(format!("{}/login?token=1", login.url())),
    );
    let error = release.failure(pins());
    let FetchError::WebPage { tried, .. } = &error else {
        panic!("{error}")
    };
    let at = format!("from {}/login (status 200)", login.url());
    assert!(tried[0].problem.ends_with(&at), "{error}");
}

#[test]
fn a_mirror_behind_a_login_is_a_miss() {
    let (release, mirror) = (Release::published(), Server::start());
    mirror.set(&format!("/{TAG}/{ASSET}"), page(200, HTML));
    let options = Options {
        mirrors: vec![mirror.url()],
        ..release.options()
    };
    let fetched = Client::new(options)
        .unwrap()
        .fetch(&release.request(pins()));
    assert!(matches!(fetched.unwrap().origin, Origin::Release(_)));
    assert_eq!(mirror.count(ASSET), 1);
}

#[test]
fn the_right_bytes_are_right_whatever_the_server_calls_them() {
    let release = Release::published();
    let head = format!(
        "HTTP/1.1 200 OK\r\n{HTML}Content-Length: {}",
        bytes(ASSET).len()
    );
    release.set(ASSET, Answer::Raw(head.clone(), bytes(ASSET)));
    assert!(release.fetch(pins()).is_ok());
    // Wrong bytes are still reported as wrong.
    let release = Release::published();
    release.set(ASSET, Answer::Raw(head, vec![b'x'; bytes(ASSET).len()]));
    assert_eq!(release.failure(pins()).code(), "fetch.wrong-bytes");
}
