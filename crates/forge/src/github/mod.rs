//! The adapter for GitHub's REST API: github.com, GitHub Enterprise, and the fake GitHub.
//!
//! | file | content |
//! | --- | --- |
//! | [`Config`] | all settings; the environment is not read. Proxies, certificates, time limits and the retry policy are those of `lockgate-http` |
//! | `http_client` | one exchange: headers, the token, reading the response |
//! | `calls` | requests and responses, and when they are repeated |
//! | `answer` | maps a status to its meaning |
//! | `address` | which hosts may be requested, which may receive the token |
//! | `outgoing`, `transfer` | files, in both directions |
//! | `paging`, `memory` | listings; conditional requests |
//! | [`App`] | exchanges an App's key for a token |
//! | `users`, `pulls`, `runs`, `releases` | the calls |
//! | `schema` | converts responses to our types |

mod address;
mod answer;
mod app;
mod calls;
mod config;
mod http_client;
mod memory;
mod outgoing;
mod paging;
mod pulls;
mod releases;
mod runs;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod transfer;
mod users;

use std::fmt;
use std::io::Read;

use lockgate_core::{
    ArtifactId, AssetId, BranchName, CommentId, CommitId, Login, PullNumber, ReleaseId, Role,
    RunId, Tag, Timestamp, gate,
};

pub use app::{App, AppProblem, Permission, SignInError, SignedIn};
pub use config::{Config, ConfigProblem};

use lockgate_core::settings::{BranchRules, Environment, Reading, TagRules, WorkflowRights};

use crate::{
    Artifact, Asset, Body, Comment, Forge, ForgeError, NewRelease, PostedStatus, Pull, Release,
    Repository, Run, Settings,
};
use http_client::HttpClient;

/// A repository on GitHub, or on a server that implements its API.
///
/// Creating one costs nothing: connections, and the certificates that they need, are made with the first call.
pub struct GitHub {
    http_client: HttpClient,
    shown: String,
}

impl GitHub {
    /// Creates the adapter from settings.
    ///
    /// # Errors
    /// [`ConfigProblem`] if a setting is invalid.
    pub fn new(config: Config) -> Result<Self, ConfigProblem> {
        let shown = format!("{} at {}", config.repository, config.api_url);
        Ok(Self {
            http_client: HttpClient::new(config)?,
            shown,
        })
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GitHub").field(&self.shown).finish()
    }
}

impl Settings for GitHub {
    fn environment(&self, name: &str) -> Result<Reading<Environment>, ForgeError> {
        settings::environment(&self.http_client, name)
    }
    fn branch_rules(&self, branch: &BranchName) -> Result<Reading<BranchRules>, ForgeError> {
        settings::branch_rules(&self.http_client, branch)
    }
    fn tag_rules(&self) -> Result<Reading<Vec<TagRules>>, ForgeError> {
        settings::tag_rules(&self.http_client)
    }
    fn workflow_rights(&self) -> Result<Reading<WorkflowRights>, ForgeError> {
        settings::workflow_rights(&self.http_client)
    }
    fn immutable_releases(&self) -> Result<Reading<bool>, ForgeError> {
        settings::immutable_releases(&self.http_client)
    }
}

impl Forge for GitHub {
    fn repository(&self) -> Result<Repository, ForgeError> {
        users::repository(&self.http_client)
    }
    fn viewer(&self) -> Result<Login, ForgeError> {
        users::viewer(&self.http_client)
    }
    fn role(&self, login: &Login) -> Result<Role, ForgeError> {
        users::role(&self.http_client, login)
    }

    fn pull(&self, number: PullNumber) -> Result<Pull, ForgeError> {
        pulls::one(&self.http_client, number)
    }
    fn pulls_from(&self, owner: &str, branch: &BranchName) -> Result<Vec<Pull>, ForgeError> {
        pulls::from_branch(&self.http_client, owner, branch)
    }
    fn pulls_ever_from(&self, branch: &str) -> Result<Vec<Pull>, ForgeError> {
        pulls::ever_from_branch(&self.http_client, branch)
    }
    fn base_changes(&self, number: PullNumber) -> Result<Vec<Timestamp>, ForgeError> {
        pulls::base_changes(&self.http_client, number)
    }
    fn open_pulls(&self, base: &BranchName) -> Result<Vec<Pull>, ForgeError> {
        pulls::open_into(&self.http_client, base)
    }

    fn run(&self, id: RunId) -> Result<Run, ForgeError> {
        runs::one(&self.http_client, id)
    }
    fn runs_of(
        &self,
        workflow_file: &str,
        head: &CommitId,
        branch: Option<&str>,
    ) -> Result<Vec<Run>, ForgeError> {
        runs::of_workflow(&self.http_client, workflow_file, head, branch)
    }
    fn artifacts(&self, run: RunId) -> Result<Vec<Artifact>, ForgeError> {
        runs::artifacts(&self.http_client, run)
    }
    fn artifacts_named(&self, name: &str) -> Result<Vec<Artifact>, ForgeError> {
        runs::artifacts_named(&self.http_client, name)
    }
    fn open_artifact(&self, id: ArtifactId) -> Result<Body, ForgeError> {
        transfer::open_artifact(&self.http_client, id)
    }

    fn post_status(
        &self,
        commit: &CommitId,
        context: &str,
        status: &gate::Status,
        target_url: Option<&str>,
    ) -> Result<(), ForgeError> {
        runs::post_status(&self.http_client, commit, context, status, target_url)
    }
    fn status(&self, commit: &CommitId, context: &str) -> Result<Option<PostedStatus>, ForgeError> {
        runs::status(&self.http_client, commit, context)
    }

    fn comments(&self, pull: PullNumber) -> Result<Vec<Comment>, ForgeError> {
        pulls::comments(&self.http_client, pull)
    }
    fn create_comment(&self, pull: PullNumber, body: &str) -> Result<Comment, ForgeError> {
        pulls::create_comment(&self.http_client, pull, body)
    }
    fn update_comment(&self, id: CommentId, body: &str) -> Result<Comment, ForgeError> {
        pulls::update_comment(&self.http_client, id, body)
    }

    fn release_of_tag(&self, tag: &Tag) -> Result<Option<Release>, ForgeError> {
        releases::of_tag(&self.http_client, tag)
    }
    fn release(&self, id: ReleaseId) -> Result<Release, ForgeError> {
        releases::one(&self.http_client, id)
    }
    fn releases(&self) -> Result<Vec<Release>, ForgeError> {
        releases::all(&self.http_client)
    }
    fn create_draft(&self, draft: &NewRelease<'_>) -> Result<Release, ForgeError> {
        releases::create_draft(&self.http_client, draft)
    }
    fn upload(
        &self,
        release: &Release,
        name: &str,
        size: u64,
        bytes: &mut dyn Read,
    ) -> Result<Asset, ForgeError> {
        transfer::upload(&self.http_client, release, name, size, bytes)
    }
    fn open_asset(&self, id: AssetId) -> Result<Body, ForgeError> {
        transfer::open_asset(&self.http_client, id)
    }
    fn publish(&self, id: ReleaseId) -> Result<Release, ForgeError> {
        releases::publish(&self.http_client, id)
    }
    fn publish_as(&self, id: ReleaseId, release: &NewRelease<'_>) -> Result<Release, ForgeError> {
        releases::publish_as(&self.http_client, id, release)
    }
    fn describe_release(
        &self,
        id: ReleaseId,
        title: &str,
        notes: &str,
    ) -> Result<Release, ForgeError> {
        releases::describe(&self.http_client, id, title, notes)
    }
    fn delete_release(&self, id: ReleaseId) -> Result<(), ForgeError> {
        releases::delete(&self.http_client, id)
    }
    fn delete_tag(&self, tag: &Tag) -> Result<(), ForgeError> {
        releases::delete_tag(&self.http_client, tag)
    }
}
