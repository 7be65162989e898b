//! Which requests carry the token.

use super::server::{Server, reply};
use super::*;
use crate::github::ConfigProblem;
use crate::{ErrorKind, Forge};
use lockgate_core::{ArtifactId, AssetId, CommitId, gate};
use lockgate_http::{Policy, Proxies, Proxy};

#[test]
fn every_call_to_the_api_has_the_usual_headers() {
    let server = Server::playing(vec![reply(200, "", REPOSITORY)]);
    github(&server.url).repository().unwrap();
    let [seen] = &server.seen()[..] else { panic!() };
    assert_eq!(seen.line, "GET /repos/octo/tools HTTP/1.1");
    assert_eq!(
        seen.header("authorization"),
        Some(&*format!("Bearer {TOKEN}"))
    );
    assert_eq!(seen.header("accept"), Some("application/vnd.github+json"));
    assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(
        seen.header("user-agent"),
        Some(concat!("lockgate/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(seen.header("accept-encoding"), None);
}

#[test]
fn a_write_says_what_it_sends() {
    let posted = r#"{"context":"lockgate/tool","state":"success"}"#;
    let server = Server::playing(vec![reply(201, "", posted)]);
    let status = gate::Status {
        state: gate::StatusState::Success,
        code: "x",
        description: "published".into(),
    };
    let commit: CommitId = COMMIT.parse().unwrap();
    github(&server.url)
        .post_status(&commit, "lockgate/tool", &status, Some("http://x/1"))
        .unwrap();
    let [seen] = &server.seen()[..] else { panic!() };
    assert_eq!(
        seen.line,
        format!("POST /repos/octo/tools/statuses/{COMMIT} HTTP/1.1")
    );
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(
        String::from_utf8_lossy(&seen.body),
        r#"{"context":"lockgate/tool","description":"published","state":"success","target_url":"http://x/1"}"#
    );
}

#[test]
fn without_a_token_nothing_is_authorized() {
    for token in [None, Some(Token::new(""))] {
        let server = Server::playing(vec![reply(200, "", REPOSITORY)]);
        adapter_with(&server.url, |config| config.token = token)
            .0
            .repository()
            .unwrap();
        assert_eq!(server.seen()[0].header("authorization"), None);
    }
}

#[test]
fn storage_never_sees_the_token() {
    // On another host, and on the API's own.
    let storage = Server::playing(vec![reply(200, "content-type: application/zip", "PK")]);
    let location = format!("location: {}/blob?sig=1", storage.url);
    let server = Server::new(|_| {
        vec![
            reply(302, &location, ""),
            reply(302, "location: /_storage/1", ""),
            reply(200, "", "data"),
        ]
    });
    let github = github(&server.url);
    let mut artifact = github.open_artifact(ArtifactId(3)).unwrap();
    assert_eq!(
        (artifact.size, artifact.content_type.as_deref()),
        (Some(2), Some("application/zip"))
    );
    std::io::copy(&mut artifact.reader, &mut std::io::sink()).unwrap();
    github.open_asset(AssetId(4)).unwrap();
    let (storage, api) = (storage.seen(), server.seen());
    assert_eq!(storage[0].line, "GET /blob?sig=1 HTTP/1.1");
    assert_eq!(storage[0].header("authorization"), None);
    assert_eq!(api[1].header("accept"), Some("application/octet-stream"));
    assert!(api[0].header("authorization").is_some() && api[1].header("authorization").is_some());
    assert_eq!(
        (api[2].line.as_str(), api[2].header("authorization")),
        ("GET /_storage/1 HTTP/1.1", None)
    );
}

#[test]
fn no_file_goes_to_a_host_that_is_not_the_forges() {
    let other = Server::playing(vec![]);
    let api = Server::playing(vec![]);
    let error = github(&api.url)
        .upload(
            &release(format!("{}/up", other.url)),
            "tool",
            4,
            &mut &b"data"[..],
        )
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(other.seen().is_empty() && api.seen().is_empty());
}

#[test]
fn a_token_that_the_forge_repeats_is_not_shown() {
    let body = format!(r#"{{"message":"Bad credentials: Bearer {TOKEN}"}}"#);
    let server = Server::playing(vec![reply(401, "", &body)]);
    let (github, _) = adapter_with(&server.url, |config| {
        let variable = |name: &str| (name == "ALL_PROXY").then(|| "http://me:hunter2@proxy".into());
        config.http.proxies = Proxies::with(&Proxy::Environment, variable).unwrap();
        assert!(
            !format!("{config:?}").contains(TOKEN) && !format!("{config:?}").contains("hunter2")
        );
    });
    assert!(!format!("{github:?}").contains(TOKEN));
    let error = github.repository().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
    assert!(!format!("{error} {error:?}").contains(TOKEN));
    assert!(
        error.detail.ends_with("Bad credentials: Bearer …"),
        "{error}"
    );
}

#[test]
fn a_token_with_a_line_break_is_refused_without_being_shown() {
    let config = |token: &str, agent: &str| Config {
        http: lockgate_http::Config::new(agent, Policy::API),
        ..Config::new(
            "http://x",
            "octo/tools".parse().unwrap(),
            Some(Token::new(token)),
        )
    };
    let problem = GitHub::new(config("secret\n", "x")).unwrap_err();
    assert_eq!(problem, ConfigProblem::Token);
    assert!(!problem.to_string().contains("secret"));
    assert_eq!(
        GitHub::new(config("secret", "x\r\ny")).unwrap_err(),
        ConfigProblem::UserAgent
    );
    assert_eq!(
        GitHub::new(Config::new(
            "github.com",
            "octo/tools".parse().unwrap(),
            None
        ))
        .unwrap_err(),
        ConfigProblem::ApiUrl
    );
}
