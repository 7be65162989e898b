//! The addresses that answers carry, built on the host that the request named.
//!
//! | request for | API | uploads | pages | storage |
//! | --- | --- | --- | --- | --- |
//! | `api.HOST` | `api.HOST` | `api.HOST/api/uploads` | `HOST` | `objects-HOST/_storage` |
//! | any other `HOST` | `HOST/api/v3` | `HOST/api/uploads` | `HOST` | `HOST/_storage` |
//!
//! Storage has another host where that costs nothing, as on GitHub: clients must not take their
//! token there.

use super::input::encoded;
use crate::state::Hosted;

/// The bases of all addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    api: String,
    uploads: String,
    web: String,
    storage: String,
    repository: String,
}

impl Links {
    /// The addresses for a request that named `host`; `storage` is used instead of the usual base
    /// where it is given.
    pub(crate) fn new(host: &str, repository: &Hosted, storage: Option<&str>) -> Self {
        let repository = repository.full_name();
        let (api, page_host, storage_host) = match host.strip_prefix("api.") {
            Some(rest) => (format!("http://{host}"), rest, format!("objects-{rest}")),
            None => (format!("http://{host}/api/v3"), host, host.to_owned()),
        };
        Self {
            api,
            uploads: format!("http://{host}/api/uploads"),
            web: format!("http://{page_host}"),
            storage: storage.map_or_else(|| format!("http://{storage_host}"), str::to_owned),
            repository,
        }
    }

    /// An address of the API, outside of any repository.
    pub(crate) fn api(&self, rest: &str) -> String {
        format!("{}{rest}", self.api)
    }

    /// An address of the API, in the repository.
    pub(crate) fn repo(&self, rest: &str) -> String {
        format!("{}/repos/{}{rest}", self.api, self.repository)
    }

    /// An address for uploads, in the repository.
    pub(crate) fn upload(&self, rest: &str) -> String {
        format!("{}/repos/{}{rest}", self.uploads, self.repository)
    }

    /// A page of the repository.
    pub(crate) fn page(&self, rest: &str) -> String {
        format!("{}/{}{rest}", self.web, self.repository)
    }

    /// A page outside of any repository.
    pub(crate) fn web(&self, rest: &str) -> String {
        format!("{}{rest}", self.web)
    }

    /// An address in storage.
    pub(crate) fn storage(&self, rest: &str) -> String {
        format!("{}/_storage/{rest}", self.storage)
    }

    /// Where everybody downloads a file of a release.
    pub(crate) fn download(&self, tag: &str, name: &str) -> String {
        self.page(&format!(
            "/releases/download/{}/{}",
            encoded(tag),
            encoded(name)
        ))
    }
}
