//! A fixture: a release on a server, a cache in a temporary directory, and a client between them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockgate_client::{
    Client, Digest, Expectation, FetchError, Fetched, Options, Proxy, Request, Retry, Source,
    Timeouts, Trust,
};

use crate::server::{Answer, Server};

pub(crate) const ASSET: &str = "tool-amd64-v2";
pub(crate) const OTHER: &str = "tool-arm64-v2";
pub(crate) const TAG: &str = "tool-v2";

/// A published release, and the cache for fetching it.
pub(crate) struct Release {
    pub(crate) server: Server,
    pub(crate) cache: tempfile::TempDir,
    pub(crate) waits: Arc<Mutex<Vec<Duration>>>,
}

/// The bytes of an asset.
pub(crate) fn bytes(asset: &str) -> Vec<u8> {
    format!("#!/bin/sh\necho {asset}\n")
        .repeat(5000)
        .into_bytes()
}

pub(crate) fn sums() -> String {
    [ASSET, OTHER]
        .iter()
        .map(|asset| format!("{}  {asset}\n", Digest::of(&bytes(asset))))
        .collect()
}

pub(crate) fn receipt() -> String {
    let executable = |variant: &str, name: &str| {
        let (size, sha256) = (bytes(name).len(), Digest::of(&bytes(name)));
        format!(
            r#"{{"variant": "{variant}", "name": "{name}", "size": {size}, "sha256": "{sha256}", "headers": "", "build_seconds": 1}}"#
        )
    };
    let commit = "a".repeat(40);
    format!(
        r#"{{"format": "lockgate.receipt", "version": 1, "tag": "{TAG}",
  "manifest": {{"package": "tool", "package_version": "2", "fingerprint": "{}", "commit": "{commit}", "run": 9, "attempt": 1,
    "executables": [{}, {}]}},
  "origin": {{"repository_id": 7, "repository": "o/n", "pull_request": 12, "head": "{commit}",
    "base": "main", "base_commit": "{commit}", "workflow_id": 5, "workflow_path": "w.yml", "workflow_blob": "{commit}", "artifacts": []}},
  "promoter": {{"login": "m", "lockgate": "0.1.0"}}, "promoted_at": 1700000000}}"#,
        Digest::of(b"tree"),
        executable("amd64", ASSET),
        executable("arm64", OTHER),
    )
}

pub(crate) fn withdrawal(tag: &str) -> String {
    format!(
        r#"{{"format": "lockgate.withdrawal", "version": 1, "package": "tool", "package_version": "2",
  "tag": "{tag}", "reason": "it eats files", "by": "m", "withdrawn_at": 1700000001}}"#
    )
}

pub(crate) fn pins() -> Trust {
    Trust::pins(&sums()).unwrap()
}

pub(crate) fn by_receipt() -> Trust {
    Trust::Receipt(Expectation::default())
}

pub(crate) fn path_of(asset: &str) -> String {
    format!("/o/n/releases/download/{TAG}/{asset}")
}

pub(crate) const WITHDRAWAL_PATH: &str =
    "/o/n/releases/download/withdrawn-tool-v2/lockgate-withdrawal.json";

/// Returns every file below a directory, relative to it.
pub(crate) fn files_in(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let inner = files_in(&entry.path());
        match entry.path().is_dir() {
            true => found.extend(
                inner
                    .into_iter()
                    .map(|file| PathBuf::from(entry.file_name()).join(file)),
            ),
            false => found.push(entry.file_name().into()),
        }
    }
    found.sort();
    found
}

impl Release {
    /// A release whose assets are all valid.
    pub(crate) fn published() -> Self {
        let release = Self {
            server: Server::start(),
            cache: tempfile::tempdir().unwrap(),
            waits: Arc::default(),
        };
        for asset in [ASSET, OTHER] {
            release.set(asset, Answer::Bytes(bytes(asset)));
        }
        release.set("SHA256SUMS", Answer::Bytes(sums().into_bytes()));
        release.set(
            "lockgate-receipt.json",
            Answer::Bytes(receipt().into_bytes()),
        );
        release
    }

    pub(crate) fn set(&self, asset: &str, answer: Answer) {
        self.server.set(&path_of(asset), answer);
    }

    pub(crate) fn options(&self) -> Options {
        let waits = Arc::clone(&self.waits);
        Options {
            cache: Some(self.cache.path().to_owned()),
            proxy: Proxy::Direct,
            retry: Retry {
                attempts: 2,
                pause: Arc::new(move |wait| waits.lock().unwrap().push(wait)),
            },
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                idle: Duration::from_secs(10),
                total: Duration::from_secs(60),
            },
            ..Options::default()
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.options()).unwrap()
    }

    pub(crate) fn offline(&self) -> Client {
        Client::new(Options {
            offline: true,
            ..self.options()
        })
        .unwrap()
    }

    pub(crate) fn source(&self) -> Source {
        Source::new(&self.server.url(), "o/n", TAG).unwrap()
    }

    pub(crate) fn request(&self, trust: Trust) -> Request {
        Request {
            source: self.source(),
            asset: ASSET.parse().unwrap(),
            trust,
            check_withdrawn: false,
        }
    }

    pub(crate) fn fetch(&self, trust: Trust) -> Result<Fetched, FetchError> {
        self.client().fetch(&self.request(trust))
    }

    /// Returns the error of a fetch, which must leave no file, except for a partial download after a network error.
    pub(crate) fn failure(&self, trust: Trust) -> FetchError {
        let error = self.fetch(trust).unwrap_err();
        let mut left = files_in(self.cache.path());
        if error.code() == "fetch.network" {
            left.retain(|path| !path.starts_with("incomplete"));
        }
        assert_eq!(left, Vec::<PathBuf>::new(), "left behind after {error}");
        error
    }

    /// The path of the asset in the cache.
    pub(crate) fn entry(&self) -> PathBuf {
        self.cache
            .path()
            .join("sha256")
            .join(Digest::of(&bytes(ASSET)).to_string())
            .join(ASSET)
    }
}
