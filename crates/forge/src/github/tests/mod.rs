//! Tests the adapter against a server that plays prepared responses.

mod answers;
mod limits;
mod pages;
mod proxied;
mod recordings;
mod server;
mod tokens;
mod transfers;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lockgate_http::Clock;

use super::{Config, GitHub};
use crate::{Release, Token};

/// The token in all tests.
const TOKEN: &str = "ghs_verysecret0123456789";
/// The current time in all tests.
const NOW: u64 = 1_800_000_000;
/// A commit.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Returns the adapter for a server, and the pauses it made.
fn adapter(url: &str) -> (GitHub, Arc<Mutex<Vec<u64>>>) {
    adapter_with(url, |_| ())
}

fn adapter_with(url: &str, change: impl FnOnce(&mut Config)) -> (GitHub, Arc<Mutex<Vec<u64>>>) {
    let pauses = Arc::<Mutex<Vec<u64>>>::default();
    let kept = Arc::clone(&pauses);
    let mut config = Config::new(url, "octo/tools".parse().unwrap(), Some(Token::new(TOKEN)));
    config.clock = Clock {
        now: Arc::new(|| -> SystemTime { UNIX_EPOCH + Duration::from_secs(NOW) }),
        sleep: Arc::new(move |pause| kept.lock().unwrap().push(pause.as_secs())),
    };
    change(&mut config);
    (GitHub::new(config).unwrap(), pauses)
}

fn github(url: &str) -> GitHub {
    adapter(url).0
}

/// A release as the adapter would have read it.
fn release(upload_url: String) -> Release {
    Release {
        id: lockgate_core::ReleaseId(7),
        tag: "tool-v2".into(),
        draft: true,
        immutable: false,
        title: String::new(),
        notes: String::new(),
        prerelease: false,
        target: String::new(),
        author: None,
        assets: vec![],
        upload_url,
        url: String::new(),
    }
}

const REPOSITORY: &str =
    r#"{"id":5,"full_name":"octo/tools","default_branch":"main","node_id":"new"}"#;

fn release_json(url: &str) -> String {
    format!(
        r#"{{"id":7,"tag_name":"tool-v2","draft":true,"name":null,"body":"notes","html_url":"{url}/r/7",
            "upload_url":"{url}/uploads/7/assets{{?name,label}}","assets":[{}]}}"#,
        asset_json("tool")
    )
}

fn asset_json(name: &str) -> String {
    format!(
        r#"{{"id":9,"name":"{name}","size":4,"state":"uploaded","digest":null,"browser_download_url":"http://x/{name}"}}"#
    )
}
