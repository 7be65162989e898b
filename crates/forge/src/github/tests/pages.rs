//! Listings, and conditional requests.

use super::server::{Server, reply};
use super::*;
use crate::{ErrorKind, Forge};
use lockgate_core::{PullNumber, RunId};

fn comment(id: u64) -> String {
    format!(r#"{{"id":{id},"user":null,"body":null,"html_url":"http://x/{id}"}}"#)
}

#[test]
fn a_listing_is_read_to_its_last_page() {
    let server = Server::new(|url| {
        let link = format!(r#"link: <{url}/page2>; rel="next", <{url}/page2>; rel="last""#);
        vec![
            reply(200, &link, &format!("[{},{}]", comment(1), comment(2))),
            reply(200, "", &format!("[{}]", comment(3))),
        ]
    });
    let comments = github(&server.url).comments(PullNumber(4)).unwrap();
    assert_eq!(
        comments
            .iter()
            .map(|comment| comment.id.0)
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let seen = server.seen();
    assert_eq!(
        seen[0].line,
        "GET /repos/octo/tools/issues/4/comments?per_page=100 HTTP/1.1"
    );
    assert_eq!(seen[1].line, "GET /page2 HTTP/1.1");
}

#[test]
fn a_next_page_on_another_host_is_refused() {
    let other = Server::playing(vec![]);
    let link = format!(r#"link: <{}/page2>; rel="next""#, other.url);
    let server = Server::playing(vec![reply(200, &link, "[]")]);
    let error = github(&server.url).comments(PullNumber(4)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidResponse);
    assert!(other.seen().is_empty());
}

#[test]
fn pages_without_end_are_given_up() {
    let server = Server::new(|url| {
        let link = format!(r#"link: <{url}/again>; rel="next""#);
        (0..100).map(|_| reply(200, &link, "[]")).collect()
    });
    let error = github(&server.url).comments(PullNumber(4)).unwrap_err();
    assert_eq!(
        (error.kind, error.detail.as_str()),
        (ErrorKind::InvalidResponse, "there is no end of pages")
    );
    assert_eq!(server.seen().len(), 100);
}

#[test]
fn what_did_not_change_is_answered_from_memory() {
    let artifacts =
        r#"{"total_count":1,"artifacts":[{"id":3,"name":"a","size_in_bytes":2,"expired":false}]}"#;
    let server = Server::playing(vec![
        reply(200, r#"etag: W/"one""#, artifacts),
        reply(304, r#"etag: W/"one""#, ""),
        reply(
            200,
            r#"etag: W/"two""#,
            r#"{"total_count":0,"artifacts":[]}"#,
        ),
        reply(304, "", ""),
    ]);
    let github = github(&server.url);
    let read = || github.artifacts(RunId(8)).unwrap().len();
    assert_eq!([read(), read(), read(), read()], [1, 1, 0, 0]);
    let seen = server.seen();
    let tags: Vec<_> = seen
        .iter()
        .map(|seen| seen.header("if-none-match"))
        .collect();
    assert_eq!(
        tags,
        [
            None,
            Some(r#"W/"one""#),
            Some(r#"W/"one""#),
            Some(r#"W/"two""#)
        ]
    );
}

#[test]
fn nothing_changed_is_no_answer_to_a_first_question() {
    let server = Server::playing(vec![reply(304, "", ""), reply(304, "", "")]);
    let github = github(&server.url);
    assert_eq!(
        github.artifacts(RunId(8)).unwrap_err().kind,
        ErrorKind::InvalidResponse
    );
    assert_eq!(
        github.repository().unwrap_err().kind,
        ErrorKind::InvalidResponse
    );
}
