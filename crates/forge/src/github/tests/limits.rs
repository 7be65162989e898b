//! What is repeated, and after which pause.

use super::server::{Reply, Server, early, reply};
use super::*;
use crate::{ErrorKind, Forge};
use lockgate_core::{PullNumber, ReleaseId, gate};

#[test]
fn a_read_is_repeated_while_the_forge_is_unavailable() {
    let server = Server::playing(vec![
        reply(502, "", "<html>"),
        Reply::Nothing,
        reply(200, "", REPOSITORY),
    ]);
    let (github, pauses) = adapter(&server.url);
    assert_eq!(github.repository().unwrap().id.0, 5);
    assert_eq!(*pauses.lock().unwrap(), [1, 2]);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_read_is_given_up_after_three_tries() {
    let server = Server::playing(vec![
        reply(503, "", ""),
        reply(503, "", ""),
        reply(503, "", ""),
    ]);
    let (github, pauses) = adapter(&server.url);
    let error = github.repository().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(
        error.to_string(),
        "could not read the repository: the forge answered with status 503"
    );
    assert_eq!(*pauses.lock().unwrap(), [1, 2]);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_refusal_is_not_repeated() {
    let server = Server::playing(vec![reply(404, "", r#"{"message":"Not Found"}"#)]);
    let (github, pauses) = adapter(&server.url);
    let error = github.pull(PullNumber(3)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(pauses.lock().unwrap().is_empty());
}

#[test]
fn a_write_is_never_repeated_and_is_ambiguous_where_its_answer_is_lost() {
    for answer in [
        reply(502, "", "<html>"),
        Reply::Nothing,
        reply(200, "", "{"),
        reply(200, "", "[]"),
    ] {
        let server = Server::playing(vec![answer]);
        let (github, pauses) = adapter(&server.url);
        assert_eq!(
            github.publish(ReleaseId(7)).unwrap_err().kind,
            ErrorKind::Ambiguous
        );
        assert!(pauses.lock().unwrap().is_empty());
        assert_eq!(server.seen().len(), 1);
    }
    // The response to a deletion is empty; anything else proves nothing.
    for answer in [Reply::Nothing, reply(200, "", "<html>Sign in</html>")] {
        let server = Server::playing(vec![answer]);
        let gone = github(&server.url).delete_release(ReleaseId(7));
        assert_eq!(gone.unwrap_err().kind, ErrorKind::Ambiguous);
    }
}

/// An intermediary can respond with a page of its own and status 200.
#[test]
fn a_status_is_posted_only_where_the_answer_is_a_status() {
    let status = gate::Status {
        state: gate::StatusState::Success,
        code: "x",
        description: "published".into(),
    };
    for answer in ["<html>Sign in</html>", "{}", ""] {
        let server = Server::playing(vec![reply(200, "", answer)]);
        let commit = COMMIT.parse().unwrap();
        let posted = github(&server.url).post_status(&commit, "lockgate/tool", &status, None);
        assert_eq!(posted.unwrap_err().kind, ErrorKind::Ambiguous);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn a_write_that_found_nobody_had_no_effect() {
    let server = Server::playing(vec![]);
    let github = github(&server.url);
    server.seen();
    let error = github.publish(ReleaseId(7)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(error.detail, "the connection was refused");
    assert_eq!(
        github.delete_release(ReleaseId(7)).unwrap_err().kind,
        ErrorKind::Unavailable
    );
}

#[test]
fn a_rate_limit_is_waited_out_by_reads_and_writes() {
    let server = Server::playing(vec![
        reply(
            403,
            "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1800000020",
            "{}",
        ),
        reply(429, "retry-after: 5", "{}"),
        reply(200, "", &release_json("http://x")),
    ]);
    let (github, pauses) = adapter(&server.url);
    assert_eq!(github.publish(ReleaseId(7)).unwrap().id.0, 7);
    assert_eq!(*pauses.lock().unwrap(), [21, 5]);
}

#[test]
fn a_rate_limit_beyond_the_patience_is_told() {
    let server = Server::playing(vec![
        reply(429, "retry-after: 40", ""),
        reply(429, "retry-after: 40", ""),
    ]);
    let (github, pauses) = adapter(&server.url);
    let error = github.repository().unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::RateLimited(Some(Duration::from_secs(40)))
    );
    assert_eq!(*pauses.lock().unwrap(), [40]);
}

#[test]
fn a_rate_limit_that_asks_for_nothing_does_not_make_a_storm() {
    let server = Server::playing((0..3).map(|_| reply(429, "retry-after: 0", "")).collect());
    let (github, pauses) = adapter(&server.url);
    assert!(matches!(
        github.repository().unwrap_err().kind,
        ErrorKind::RateLimited(_)
    ));
    assert_eq!(*pauses.lock().unwrap(), [1, 1]);
}

#[test]
fn an_upload_is_made_again_after_a_rate_limit_only_while_its_source_is_untouched() {
    let server = Server::new(|_| {
        vec![
            early(429, "retry-after: 2", ""),
            reply(201, "", &asset_json("tool")),
        ]
    });
    let (github, pauses) = adapter(&server.url);
    let asset = github
        .upload(
            &release(format!("{}/up", server.url)),
            "tool",
            4,
            &mut &b"data"[..],
        )
        .unwrap();
    assert!(asset.complete);
    assert_eq!(*pauses.lock().unwrap(), [2]);
    assert_eq!(server.seen()[1].body, b"data");

    let server = Server::playing(vec![reply(429, "retry-after: 2", "")]);
    let (github, pauses) = adapter(&server.url);
    let error = github
        .upload(
            &release(format!("{}/up", server.url)),
            "tool",
            4,
            &mut &b"data"[..],
        )
        .unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::RateLimited(Some(Duration::from_secs(2)))
    );
    assert!(pauses.lock().unwrap().is_empty());
}
