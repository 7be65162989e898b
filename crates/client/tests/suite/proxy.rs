//! Requests through a proxy: what the proxy receives, and how an error names it.

use lockgate_client::{Client, FetchError, Fetched, Options, Proxy, Request, Source};

use crate::release::*;
use crate::server::{Answer, Server, nobody};

fn fetch(release: &Release, forge: &str, proxy: &str) -> Result<Fetched, FetchError> {
    let options = Options {
        proxy: Proxy::Through(proxy.to_owned()),
        ..release.options()
    };
    Client::new(options)?.fetch(&Request {
        source: Source::new(forge, "o/n", TAG)?,
        ..release.request(pins())
    })
}

fn with_password(server: &Server) -> String {
    server.url().replace("http://", "http://me:se%63ret@")
}

#[test]
fn a_plain_address_is_asked_of_the_proxy_in_full() {
    let (release, proxy) = (Release::published(), Server::start());
    let address = format!("http://forge.example{}", path_of(ASSET));
    proxy.set(&address, Answer::Bytes(bytes(ASSET)));
    let fetched = fetch(&release, "http://forge.example", &with_password(&proxy)).unwrap();
    assert_eq!(std::fs::read(fetched.path).unwrap(), bytes(ASSET));
    let asked = proxy.asked();
    assert_eq!(asked[0].value("host"), Some("forge.example"));
    // me:secret
    let login = asked[0].value("proxy-authorization");
    assert_eq!(login, Some("basic bwu6c2vjcmv0"));
}

#[test]
fn a_proxy_that_refuses_is_named_and_not_asked_again() {
    for (status, why) in [
        (407, "it wants a user name and a password"),
        (403, "it does not allow connections to this address"),
    ] {
        let (release, proxy) = (Release::published(), Server::start());
        proxy.set("forge.example:443", Answer::Status(status));
        let error = fetch(&release, "https://forge.example", &with_password(&proxy)).unwrap_err();
        let at = proxy.url().replace("http://", "http://…@");
        let expected = format!("the proxy \"{at}\" answered {status}: {why}");
        assert!(error.to_string().ends_with(&expected), "{error}");
        assert_eq!(error.code(), "fetch.network");
        assert_eq!(proxy.asked().len(), 1);
        // Without encryption the response is the proxy's own.
        let address = format!("http://forge.example{}", path_of(ASSET));
        proxy.set(&address, Answer::Status(status));
        let error = fetch(&release, "http://forge.example", &with_password(&proxy)).unwrap_err();
        assert_eq!(error.code(), "fetch.network", "{error}");
        assert!(error.to_string().contains(&at), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}

#[test]
fn a_dead_proxy_is_named_as_the_proxy() {
    let release = Release::published();
    let dead = nobody().replace("http://", "http://me:secret@");
    let shown = dead.replace("me:secret@", "…@");
    for forge in ["https://forge.example", "http://forge.example"] {
        let error = fetch(&release, forge, &dead).unwrap_err();
        let expected = format!("the proxy \"{shown}\" cannot be reached: ");
        assert!(error.to_string().contains(&expected), "{error}");
        assert!(!format!("{error} {error:?}").contains("secret"));
        let error = fetch(&release, forge, "http://proxy.invalid:1").unwrap_err();
        let expected = "the proxy \"http://proxy.invalid:1\" cannot be reached: ";
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn what_denies_access_does_not_say_whether_it_is_published() {
    for status in [401, 403, 407, 451] {
        let release = Release::published();
        release.set(ASSET, Answer::Status(status));
        let error = release.failure(pins());
        assert_eq!(error.code(), "fetch.network", "{error}");
        let answered = format!("answered {status}");
        assert!(error.to_string().contains(&answered), "{error}");
        assert_eq!(release.server.asked().len(), 1, "it does not pass");
    }
}
