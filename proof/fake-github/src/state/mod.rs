//! The state of the fake, and the operations on it.
//!
//! Pure: no clock (`now` is an argument), no files, no network, no JSON. Git is accessed through
//! [`Repository`](crate::Repository), and bytes are identified by their digests, so that a simulator can run thousands
//! of operations a second.

pub mod apps;
pub mod artifacts;
pub mod assets;
pub mod comments;
pub mod merging;
pub mod people;
pub mod publishing;
pub mod pulls;
pub mod references;
pub mod refusal;
pub mod releases;
pub mod runs;
pub mod settings;
pub mod statuses;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{
    ArtifactId, AssetId, CommentId, PullNumber, ReleaseId, RepositoryId, RunId, StatusId,
    WorkflowId,
};
use apps::App;
use artifacts::Artifact;
use assets::Asset;
use comments::Comment;
use people::{Person, Token};
use pulls::PullRequest;
use releases::Release;
use runs::{Dispatch, Run, Workflow};
use settings::Settings;
use statuses::Status;

/// The version of the stored format; others are refused.
pub const FORMAT: u32 = 1;

/// The first id: no client may assume that ids fit into 32 bits.
const FIRST_ID: u64 = 5_000_000_001;

/// A repository, with everything that GitHub stores in addition to the git objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    format: u32,
    repository: Hosted,
    next_id: u64,
    settings: Settings,
    people: BTreeMap<String, Person>,
    tokens: BTreeMap<String, Token>,
    #[serde(default)]
    apps: BTreeMap<u64, App>,
    releases: BTreeMap<ReleaseId, Release>,
    assets: BTreeMap<AssetId, Asset>,
    burnt_tags: BTreeSet<String>,
    latest: Option<ReleaseId>,
    pulls: BTreeMap<PullNumber, PullRequest>,
    comments: BTreeMap<CommentId, Comment>,
    statuses: BTreeMap<StatusId, Status>,
    workflows: BTreeMap<WorkflowId, Workflow>,
    runs: BTreeMap<RunId, Run>,
    dispatches: Vec<Dispatch>,
    artifacts: BTreeMap<ArtifactId, Artifact>,
}

/// The repository's own properties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosted {
    /// The id, which never changes, unlike the name.
    pub id: RepositoryId,
    /// The account that owns it.
    pub owner: String,
    /// The name.
    pub name: String,
    /// The default branch.
    pub default_branch: String,
    /// The time of its creation, in seconds since 1970.
    pub created_at: i64,
}

impl Hosted {
    /// Returns `owner/name`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

impl State {
    /// Creates an empty repository `owner/name` without users.
    #[must_use]
    pub fn new(owner: &str, name: &str, default_branch: &str, now: i64) -> Self {
        Self {
            format: FORMAT,
            repository: Hosted {
                id: RepositoryId(FIRST_ID),
                owner: owner.to_owned(),
                name: name.to_owned(),
                default_branch: default_branch.to_owned(),
                created_at: now,
            },
            next_id: FIRST_ID + 1,
            settings: Settings::default(),
            people: BTreeMap::new(),
            tokens: BTreeMap::new(),
            apps: BTreeMap::new(),
            releases: BTreeMap::new(),
            assets: BTreeMap::new(),
            burnt_tags: BTreeSet::new(),
            latest: None,
            pulls: BTreeMap::new(),
            comments: BTreeMap::new(),
            statuses: BTreeMap::new(),
            workflows: BTreeMap::new(),
            runs: BTreeMap::new(),
            dispatches: Vec::new(),
            artifacts: BTreeMap::new(),
        }
    }

    /// Returns the format in which this state was stored.
    #[must_use]
    pub fn format(&self) -> u32 {
        self.format
    }

    /// Returns the repository's properties.
    #[must_use]
    pub fn repository(&self) -> &Hosted {
        &self.repository
    }

    /// Returns a new id.
    pub(crate) fn allocate(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Returns the full ref name of the default branch.
    pub(crate) fn default_ref(&self) -> String {
        format!("refs/heads/{}", self.repository.default_branch)
    }
}
