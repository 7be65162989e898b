//! A stateful, fault-injecting fake of GitHub on a loopback port.
//!
//! It serves GitHub's REST API, so that rehearsals use the real adapter for GitHub. It is for rehearsals and tests, not
//! for keeping data.
//!
//! ```no_run
//! use lockgate_forge_embedded::{Config, GitRepository, Server};
//!
//! let git = GitRepository::open("/some/bare/repository.git")?;
//! let forge = Server::start(Config::new("octo", "tools"), git)?;
//! forge.arm("drop-after PATCH /releases/*".parse()?);
//! let pull = forge.open_pull("developer", "bump", "Version 2")?;
//! // ... run a client against forge.api_url() with the token `automation-token` ...
//! assert!(forge.pending_faults().is_empty());
//! for entry in forge.journal() {
//!     eprintln!("{entry}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Parts
//!
//! | part | what it is |
//! | --- | --- |
//! | [`Server`], [`Config`] | starts a server, stops it when dropped |
//! | [`Handle`] | control by the embedding program: users, clock, pull requests, runs, faults, journal |
//! | [`state`] | everything that the fake stores, and its rules; pure, for simulators too |
//! | [`Repository`] | the git repository: [`GitRepository`] on disk, [`MemoryRepository`] |
//! | [`faults`] | injected faults, one line of text each |
//!
//! # Addresses
//!
//! | address | what |
//! | --- | --- |
//! | `/api/v3/...` | the API; at the root for a host `api.*` |
//! | `/api/uploads/repos/...` | uploads, as a release's `upload_url` says |
//! | `/_storage/...` | bytes of assets and artifacts; signed, valid for a minute, without a token |
//! | `/twirp/...` | the service that stores the artifacts of jobs: `ACTIONS_RESULTS_URL` is the server's base, `ACTIONS_RUNTIME_TOKEN` comes from [`Handle::runtime_token`] |
//! | `/OWNER/NAME/releases/download/TAG/ASSET` | public downloads: a redirect to storage |
//! | `/OWNER/NAME`, `.../releases/tag/TAG`, `.../releases/latest`, `.../pull/N` | plain pages |
//!
//! Requests with an absolute address, as sent to a proxy, are accepted.

mod blobs;
mod control;
mod durable;
mod exchange;
pub mod faults;
mod forge;
mod git;
mod http;
mod ids;
mod journal;
mod memory;
mod rates;
mod repository;
mod rest;
mod results;
mod server;
pub mod state;
mod storage;
mod time;

pub use time::rfc3339;
mod web;

pub use blobs::{Blob, BlobReader, BlobWriter, Blobs};
pub use control::{ControlError, Handle};
pub use durable::DurableError;
pub use exchange::{Content, Exchange, ExchangeHook};
pub use faults::Fault;
pub use forge::{Clock, KillHook, KillPoint};
pub use git::GitRepository;
pub use ids::{
    ArtifactId, AssetId, CommentId, CommitId, PullNumber, ReleaseId, RepositoryId, RunId, StatusId,
    WorkflowId,
};
pub use journal::{Entry, Side};
pub use memory::{Files, MemoryRepository};
pub use repository::{
    Change, ChangeKind, Commit, Merge, MergeMethod, Reference, Repository, RepositoryError,
    Signature, Tree, TreeEntry,
};
pub use server::{Config, START, Server, StartError};
