//! What is removed from the cache: executables that were not used for long, damaged files, and the files of dead
//! processes.
//!
//! A file that a living process holds is never touched.

use std::fs::{self, DirEntry};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::lock::nobody_holds;
use super::{Cache, Locks, failed, is_absent, remove};
use crate::error::FetchError;

/// How long the partial download of a dead process can be resumed.
const WORTH_GOING_ON: Duration = Duration::from_secs(24 * 3600);

/// What was removed from a cache, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// The number of removed files.
    pub removed: u64,
    /// Their size in bytes.
    pub freed: u64,
    /// The number of files left.
    pub left: u64,
}

impl Cache {
    /// Removes the executables that were not used for this long, and every partial download that no process holds.
    pub(crate) fn prune(&self, unused: Duration) -> Result<Pruned, FetchError> {
        let mut pruned = Pruned::default();
        for digest in list(&self.entries())? {
            if !digest.file_type().is_ok_and(|kind| kind.is_dir()) {
                look_at(self.locks, &mut pruned, &digest.path(), Duration::ZERO)?;
                continue;
            }
            for entry in list(&digest.path())? {
                look_at(self.locks, &mut pruned, &entry.path(), unused)?;
            }
            // Fails where files are left in it.
            drop(fs::remove_dir(digest.path()));
        }
        for entry in list(&self.incomplete())? {
            // A lock has no content, so it is not counted.
            let lock = entry.file_name().to_string_lossy().ends_with(".lock");
            let into = if lock {
                &mut Pruned::default()
            } else {
                &mut pruned
            };
            look_at(self.locks, into, &entry.path(), Duration::ZERO)?;
        }
        Ok(pruned)
    }

    /// Removes partial downloads that were not resumed for a day. Nothing depends on it.
    pub(super) fn sweep(&self) {
        let mut pruned = Pruned::default();
        for entry in list(&self.incomplete()).unwrap_or_default() {
            drop(look_at(
                self.locks,
                &mut pruned,
                &entry.path(),
                WORTH_GOING_ON,
            ));
        }
    }
}

fn look_at(
    locks: Locks,
    pruned: &mut Pruned,
    path: &Path,
    unused: Duration,
) -> Result<(), FetchError> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if is_absent(&error) => return Ok(()),
        found => found.map_err(failed("look at", path))?,
    };
    if !found.is_file() {
        // Not a file of Lockgate's.
        pruned.removed += 1;
        return remove(path).map_err(failed("remove", path));
    }
    pruned.left += 1;
    let long_ago = |found: &fs::Metadata| {
        let used = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        // A time of use in the future counts as now.
        SystemTime::now().duration_since(used).unwrap_or_default() >= unused
    };
    if !long_ago(&found) {
        return Ok(());
    }
    // Checked again under the lock: a use before it has changed the time.
    match nobody_holds(locks, path) {
        Ok(Some(file)) if file.metadata().is_ok_and(|found| long_ago(&found)) => {
            remove(path).map_err(failed("remove", path))?;
            pruned.left -= 1;
            pruned.removed += 1;
            pruned.freed += found.len();
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(error) if is_absent(&error) => Ok(()),
        Err(error) => Err(failed("read", path)(error)),
    }
}
fn list(directory: &Path) -> Result<Vec<DirEntry>, FetchError> {
    match fs::read_dir(directory) {
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        read => read
            .and_then(Iterator::collect)
            .map_err(failed("read the cache directory", directory)),
    }
}
