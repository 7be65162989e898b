//! `--journal FILE`: every request to the fake GitHub and its response, one per line, as JSON.
//!
//! For debugging, and for tests that validate them against GitHub's description. The fake omits tokens and signatures.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_forge_embedded::Handle;

use crate::command_error::CommandError;
use crate::exit::Failure;

/// The file.
pub(super) struct Journal {
    file: Arc<Mutex<File>>,
}

impl Journal {
    /// Creates the file, or truncates an existing one.
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path);
        let file = file.map_err(|error| CommandError::file("write the journal", &error))?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
        })
    }

    /// Records all exchanges of a server from now on, each line before the client has its response.
    pub(super) fn watch(&self, forge: &Handle) {
        let file = Arc::clone(&self.file);
        forge.on_exchange(move |exchange| {
            let Ok(mut line) = serde_json::to_vec(exchange) else {
                return;
            };
            line.push(b'\n');
            // In one call, so that an interrupted rehearsal leaves whole lines. A full disk must not change the
            // rehearsal.
            let _ = file
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write_all(&line);
        });
    }
}
