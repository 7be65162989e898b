//! Starts and stops the server: threads, ports, folders.

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

/// The start of the fixed clock: 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600;

/// The configuration of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account that owns the repository.
    pub owner: String,
    /// The name of the repository.
    pub name: String,
    /// The default branch.
    pub default_branch: String,
    /// The folder for state and bytes; `None` for memory. State that is already there takes precedence over the names
    /// above.
    pub folder: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 for any.
    pub port: u16,
    /// The clock.
    pub clock: Clock,
    /// Whether the default users exist from the start: see [`State::add_cast`].
    pub cast: bool,
    /// Whether redirects to storage lead to a port of its own, as GitHub's lead to another host: clients that forward
    /// their token on redirects then behave as they would there.
    pub storage_port: bool,
}

impl Config {
    /// Configures a server in memory on any port, with the default users and a fixed clock.
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

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No thread or no port was available.
    #[error("the forge cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The requested port.
        port: u16,
        /// The cause.
        source: std::io::Error,
    },
    /// The folder is not usable.
    #[error("the forge cannot keep bytes in {folder}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The stored state cannot be read.
    #[error(transparent)]
    Durable(#[from] DurableError),
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    handle: Handle,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Starts a server for a repository.
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

    /// Returns the address that it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns `http://127.0.0.1:PORT`, the base of pages and downloads.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns `http://127.0.0.1:PORT/api/v3`, the base of the API.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api/v3", self.base_url())
    }

    /// Returns the handle for the embedding program. Clones can outlive the server.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops the server and breaks open connections.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        if tokio::runtime::Handle::try_current().is_ok() {
            runtime.shutdown_background(); // blocking is not allowed here
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

/// Opens the stores, and reads the state or creates a new one.
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
