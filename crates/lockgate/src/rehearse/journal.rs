//! `--journal FILE`: every request to the rehearsal forge and its answer, one a line, as JSON.
//!
//! For people who want to see every call, and for tests that hold them against GitHub's description. The forge leaves tokens
//! and signatures out.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_forge_embedded::Handle;

use crate::exit::Failure;
use crate::trouble::Trouble;

/// The file.
pub(super) struct Journal {
    file: Arc<Mutex<File>>,
}

impl Journal {
    /// A new file; one that is there is written anew.
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path);
        let file = file.map_err(|error| Trouble::file("write the journal", &error))?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
        })
    }

    /// Writes down what a forge is asked and answers from now on, each line before the client has its answer.
    pub(super) fn watch(&self, forge: &Handle) {
        let file = Arc::clone(&self.file);
        forge.on_exchange(move |exchange| {
            let Ok(mut line) = serde_json::to_vec(exchange) else {
                return;
            };
            line.push(b'\n');
            // In one call, so that a rehearsal that is ended leaves whole lines. A full disk must not change how it goes.
            let _ = file
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write_all(&line);
        });
    }
}
