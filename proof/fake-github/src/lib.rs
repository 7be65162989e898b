//! The rehearsal forge: a stateful, fault-injecting stand-in for GitHub on a loopback port.
//!
//! It speaks GitHub's REST, so that the adapter for GitHub is what is rehearsed. It is for
//! rehearsals and tests, never for keeping anything.
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
//! # The parts
//!
//! | part | what it is |
//! | --- | --- |
//! | [`Server`], [`Config`] | starts a forge, stops it when dropped |
//! | [`Handle`] | the way in for the embedding program: people, clock, pulls, runs, faults, journal |
//! | [`state`] | all that the forge remembers and its rules; pure, for simulators too |
//! | [`Repository`] | the git repository: [`GitRepository`] on disk, [`MemoryRepository`] |
//! | [`faults`] | what goes wrong, and when: one line of text each |
//!
//! # Where things are
//!
//! | address | what |
//! | --- | --- |
//! | `/api/v3/...` | the API; at the root for a host `api.*` |
//! | `/api/uploads/repos/...` | uploads, as a release's `upload_url` says |
//! | `/_storage/...` | bytes of assets and artifacts, signed, for a minute, no token wanted |
//! | `/twirp/...` | the service that the jobs of a run keep their artifacts with: `ACTIONS_RESULTS_URL` is the forge's base, `ACTIONS_RUNTIME_TOKEN` comes from [`Handle::runtime_token`] |
//! | `/OWNER/NAME/releases/download/TAG/ASSET` | public downloads: a redirect to storage |
//! | `/OWNER/NAME`, `.../releases/tag/TAG`, `.../releases/latest`, `.../pull/N` | plain pages |
//!
//! Requests that name a whole address, as a proxy gets them, are understood.

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
