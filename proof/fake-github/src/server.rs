//! Starting and stopping the forge: threads, ports, folders.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::blobs::Blobs;
use crate::control::Handle;
use crate::durable::{DurableError, StateFile};
use crate::faults::Script;
use crate::forge::{Clock, Forge};
use crate::http::{self, Shared};
use crate::journal::Journal;
use crate::rates::Rates;
use crate::repository::Repository;
use crate::results::Results;
use crate::state::State;
use crate::storage::Signer;

/// Where the fixed clock starts: 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600;

/// How a forge starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account that the repository belongs to.
    pub owner: String,
    /// The repository's name.
    pub name: String,
    /// The branch that pull requests go to.
    pub default_branch: String,
    /// Where state and bytes are kept; `None` for memory. What is there already wins over the
    /// names above.
    pub folder: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 for any.
    pub port: u16,
    /// What time it is.
    pub clock: Clock,
    /// Whether the usual people are there from the start: see [`State::add_cast`].
    pub cast: bool,
    /// Whether redirects to storage lead to a port of their own, as GitHub's lead to a host of
    /// their own: clients that forward their token on redirects then behave as they would there.
    pub storage_port: bool,
}

impl Config {
    /// A forge in memory on any port, with the usual people and a clock that stands still.
    #[must_use]
    pub fn new(owner: &str, name: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
            default_branch: "main".into(),
            folder: None,
            port: 0,
            clock: Clock::Fixed(START),
            cast: true,
            storage_port: false,
        }
    }
}

/// A forge could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No thread or no port was to be had.
    #[error("the forge cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The folder cannot be used.
    #[error("the forge cannot keep bytes in {folder}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The state cannot be read back.
    #[error(transparent)]
    Durable(#[from] DurableError),
}

/// A forge that is running. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    handle: Handle,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts a forge over a repository.
    pub fn start(
        config: Config,
        repository: impl Repository + 'static,
    ) -> Result<Self, StartError> {
        let at = |source| StartError::Listen {
            port: config.port,
            source,
        };
        let listener = bound(config.port).map_err(at)?;
        let address = listener.local_addr().map_err(at)?;
        let storage = config
            .storage_port
            .then(|| bound(0))
            .transpose()
            .map_err(at)?;
        let storage_address = storage.as_ref().map(TcpListener::local_addr).transpose();
        let storage_base = storage_address
            .map_err(at)?
            .map(|address| format!("http://{address}"));

        let (blobs, file, state) = opened(&config)?;
        let mut forge = Forge {
            state,
            repository: Box::new(repository),
            clock: config.clock,
            script: Script::default(),
            journal: Journal::default(),
            rates: Rates::default(),
            hook: None,
            watch: None,
            signer: Signer::new(),
            results: Results::default(),
            storage_base,
            file,
            unsaved: None,
            late: Vec::new(),
        };
        forge.save();
        let shared = Arc::new(Shared {
            forge: Mutex::new(forge),
            blobs,
            address: address.to_string(),
        });
        let mut builder = Builder::new_multi_thread();
        builder
            .worker_threads(1)
            .max_blocking_threads(64)
            .thread_name("rehearsal-forge");
        let runtime = builder.enable_all().build().map_err(at)?;
        let context = runtime.enter();
        for listener in std::iter::once(listener).chain(storage) {
            listener.set_nonblocking(true).map_err(at)?;
            let listener = tokio::net::TcpListener::from_std(listener).map_err(at)?;
            runtime.spawn(http::accept(listener, Arc::clone(&shared)));
        }
        drop(context);
        Ok(Self {
            handle: Handle::new(shared),
            address,
            runtime: Some(runtime),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`: the base of pages and downloads.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `http://127.0.0.1:PORT/api/v3`: the base of the API.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api/v3", self.base_url())
    }

    /// The way in for the embedding program. Clones can outlive the server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops: open connections break.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        if tokio::runtime::Handle::try_current().is_ok() {
            runtime.shutdown_background(); // waiting is not allowed here
        } else {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

impl std::ops::Deref for Server {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn bound(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

/// The place for bytes, and the state: read back, or new.
fn opened(config: &Config) -> Result<(Blobs, Option<StateFile>, State), StartError> {
    let fresh = || {
        let now = config.clock.now();
        let mut state = State::new(&config.owner, &config.name, &config.default_branch, now);
        state.add_person(&config.owner, crate::state::people::Role::Admin);
        if config.cast {
            state.add_cast();
        }
        state
    };
    let Some(folder) = &config.folder else {
        return Ok((Blobs::in_memory(), None, fresh()));
    };
    let (file, known) = StateFile::open(folder)?;
    let at = |source| StartError::Folder {
        folder: folder.clone(),
        source,
    };
    let blobs = Blobs::in_folder(folder.join("blobs")).map_err(at)?;
    Ok((blobs, Some(file), known.unwrap_or_else(fresh)))
}
