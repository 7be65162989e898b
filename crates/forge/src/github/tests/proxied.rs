//! Calls to the API and transfers through a proxy.

use lockgate_core::{AssetId, ReleaseId};
use lockgate_http::{Proxies, Proxy};

use super::server::{Server, reply};
use super::*;
use crate::Forge;

const API: &str = "http://api.forge.example/api/v3";

/// Returns the adapter for a server that only the proxy can reach.
fn through(proxy: &Server) -> GitHub {
    let at = proxy.url.replace("http://", "http://me:secret@");
    let set = |config: &mut Config| {
        config.http.proxies = Proxies::new(&Proxy::Through(at)).unwrap();
    };
    adapter_with(API, set).0
}

#[test]
fn reads_writes_and_files_go_through_the_proxy() {
    let proxy = Server::playing(vec![
        reply(200, "", REPOSITORY),
        reply(200, "", &release_json("http://x")),
        reply(201, "", &asset_json("tool")),
        reply(302, "location: http://storage.forge.example/blob", ""),
        reply(200, "", "data"),
    ]);
    let github = through(&proxy);
    github.repository().unwrap();
    github.publish(ReleaseId(7)).unwrap();
    // A file that looks like a request is passed on as it is.
    let file = "GET / HTTP/1.1\r\n\r\n";
    let release = release("http://api.forge.example/up".to_owned());
    let size = file.len() as u64;
    github
        .upload(&release, "tool", size, &mut file.as_bytes())
        .unwrap();
    assert_eq!(github.open_asset(AssetId(4)).unwrap().size, Some(4));
    let seen = proxy.seen();
    let lines: Vec<&str> = seen.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET http://api.forge.example/api/v3/repos/octo/tools HTTP/1.1",
            "PATCH http://api.forge.example/api/v3/repos/octo/tools/releases/7 HTTP/1.1",
            "POST http://api.forge.example/up?name=tool HTTP/1.1",
            "GET http://api.forge.example/api/v3/repos/octo/tools/releases/assets/4 HTTP/1.1",
            "GET http://storage.forge.example/blob HTTP/1.1",
        ]
    );
    assert_eq!(seen[2].body, file.as_bytes());
    for seen in &seen {
        // me:secret
        let login = seen.header("proxy-authorization");
        assert_eq!(login, Some("Basic bWU6c2VjcmV0"));
    }
    assert_eq!(seen[4].header("authorization"), None);
}

#[test]
fn a_proxy_that_refuses_is_named_and_not_asked_again() {
    let proxy = Server::playing(vec![reply(407, "", "")]);
    let at = proxy.url.replace("http://", "http://me:secret@");
    let (github, pauses) = adapter_with("https://api.forge.example", |config| {
        config.http.proxies = Proxies::new(&Proxy::Through(at)).unwrap();
    });
    let error = github.repository().unwrap_err();
    assert_eq!(error.kind, crate::ErrorKind::Unavailable);
    let shown = proxy.url.replace("http://", "http://…@");
    let expected = "answered 407: it wants a user name and a password";
    assert!(error.detail.contains(expected), "{error}");
    assert!(error.detail.contains(&shown) && !error.detail.contains("secret"));
    assert!(pauses.lock().unwrap().is_empty());
    assert_eq!(
        proxy.seen()[0].line,
        "CONNECT api.forge.example:443 HTTP/1.1"
    );
}
