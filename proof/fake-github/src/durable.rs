//! Saves the state to a file, so that a server can be stopped and started again.
//!
//! The file is replaced after each change by an atomic rename: a killed process leaves the old state or the new one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::state::{FORMAT, State};

/// Why a state could not be stored or read back.
#[derive(Debug, thiserror::Error)]
pub enum DurableError {
    /// The file cannot be read or written.
    #[error("the forge's state in {path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The content of the file is not a state.
    #[error("{path} is not the state of a forge")]
    Content {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: serde_json::Error,
    },
    /// Another version of the fake wrote the file.
    #[error("{path} has format {found}, not {FORMAT}")]
    Format {
        /// The file.
        path: PathBuf,
        /// The format in the file.
        found: u32,
    },
}

/// The file that holds a state.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    last: Vec<u8>,
}

impl StateFile {
    /// Opens the file in `folder`, and reads the state in it if there is one.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Option<State>), DurableError> {
        let path = folder.join("state.json");
        let at = |source| DurableError::File {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(at)?;
        if !path.exists() {
            return Ok((
                Self {
                    path,
                    last: Vec::new(),
                },
                None,
            ));
        }
        let last = std::fs::read(&path).map_err(at)?;
        let state: State =
            serde_json::from_slice(&last).map_err(|source| DurableError::Content {
                path: path.clone(),
                source,
            })?;
        if state.format() != FORMAT {
            return Err(DurableError::Format {
                path,
                found: state.format(),
            });
        }
        Ok((Self { path, last }, Some(state)))
    }

    /// Stores `state` if it differs from what was stored last.
    pub(crate) fn save(&mut self, state: &State) -> Result<(), DurableError> {
        let path = &self.path;
        let at = |source| DurableError::File {
            path: path.clone(),
            source,
        };
        let bytes = serde_json::to_vec(state).map_err(|source| DurableError::Content {
            path: path.clone(),
            source,
        })?;
        if bytes == self.last {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder).map_err(at)?;
        file.write_all(&bytes).map_err(at)?;
        file.persist(path).map_err(|failed| at(failed.error))?;
        self.last = bytes;
        Ok(())
    }
}
