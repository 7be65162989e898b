//! The addresses in responses, which are based on the host of the request.
//!
//! | request for | API | uploads | pages | storage |
//! | --- | --- | --- | --- | --- |
//! | `api.HOST` | `api.HOST` | `api.HOST/api/uploads` | `HOST` | `objects-HOST/_storage` |
//! | any other `HOST` | `HOST/api/v3` | `HOST/api/uploads` | `HOST` | `HOST/_storage` |
//!
//! If possible, storage has another host, as on GitHub: clients must not send their token there.

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
    /// Creates the addresses for a request to `host`; `storage` replaces the default base if given.
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

    /// Returns an address of the API outside of any repository.
    pub(crate) fn api(&self, rest: &str) -> String {
        format!("{}{rest}", self.api)
    }

    /// Returns an address of the API in the repository.
    pub(crate) fn repo(&self, rest: &str) -> String {
        format!("{}/repos/{}{rest}", self.api, self.repository)
    }

    /// Returns an address for uploads in the repository.
    pub(crate) fn upload(&self, rest: &str) -> String {
        format!("{}/repos/{}{rest}", self.uploads, self.repository)
    }

    /// Returns the address of a page of the repository.
    pub(crate) fn page(&self, rest: &str) -> String {
        format!("{}/{}{rest}", self.web, self.repository)
    }

    /// Returns the address of a page outside of any repository.
    pub(crate) fn web(&self, rest: &str) -> String {
        format!("{}{rest}", self.web)
    }

    /// Returns an address in storage.
    pub(crate) fn storage(&self, rest: &str) -> String {
        format!("{}/_storage/{rest}", self.storage)
    }

    /// Returns the public address of a release's file.
    pub(crate) fn download(&self, tag: &str, name: &str) -> String {
        self.page(&format!(
            "/releases/download/{}/{}",
            encoded(tag),
            encoded(name)
        ))
    }
}
