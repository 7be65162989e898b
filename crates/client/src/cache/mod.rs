//! The cache: verified executables, keyed by digest.
//!
//! `{cache}/sha256/{digest}/{asset}`, written elsewhere and renamed into place, so that a reader finds a whole file or
//! none. The cache is not trusted: each use hashes the file again. Therefore nothing is synced to disk; damage by a
//! power failure is found at the next use. How a file gets there: [`lock`] and [`private`]; how it is removed:
//! [`prune`]; what else is stored: [`memory`]. Does not know where the bytes come from.

mod lock;
mod locks;
mod memory;
mod private;
mod prune;
#[cfg(test)]
mod tests;
mod withdrawals;

pub(crate) use lock::{DownloadLock, LockOutcome, Patience};
use locks::Locks;
use private::PrivateFile;
pub use prune::Pruned;
pub(crate) use withdrawals::Asked;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lockgate_format::ids::{AssetName, Digest};

use crate::copy::{HashingCounter, PumpError};
use crate::error::FetchError;
use crate::runnable;

/// The precision of the time of an executable's last use: it is written at most this often.
const USE_IS_TOLD: Duration = Duration::from_secs(3600);

/// How long to wait for a pruner, in milliseconds. A pruner takes a few microseconds.
const PRUNERS_MOMENT: u32 = 20;

pub(crate) struct Cache {
    root: PathBuf,
    locks: Locks,
}

/// The state of an executable in the cache.
pub(crate) enum CacheEntry {
    /// The executable is here, and was hashed just now.
    Whole { path: PathBuf, size: u64 },
    /// The executable is not here.
    Nothing,
    /// The file had other bytes, and was removed.
    Damaged,
}

impl Cache {
    pub(crate) fn new(root: PathBuf) -> Self {
        let locks = Locks::System;
        Self { root, locks }
    }

    /// Returns the executable of a digest, hashed just now. A damaged one is removed.
    pub(crate) fn get(&self, sha256: Digest, asset: &AssetName) -> Result<CacheEntry, FetchError> {
        let path = self.entry(sha256, asset);
        let found = match fs::symlink_metadata(&path) {
            Err(error) if is_absent(&error) => return Ok(CacheEntry::Nothing),
            found => found.map_err(failed("look for", &path))?,
        };
        if !found.is_file() {
            remove(&path).map_err(failed("remove the non-regular file", &path))?;
            return Ok(CacheEntry::Damaged);
        }
        let mut file = match File::open(&path) {
            Err(error) if is_absent(&error) => return Ok(CacheEntry::Nothing),
            file => file.map_err(failed("read", &path))?,
        };
        self.hold(&file);
        let entry = Self::hashed(sha256, path, &mut file);
        // Explicitly: a child that another thread started may hold a copy of the descriptor.
        drop(file.unlock());
        entry
    }

    /// Locks an executable, so that it is not pruned while it is hashed. Without locks, its recent time of use protects
    /// it. If another process has the lock, it is a pruner, which is given a moment to remove or release the file, or
    /// the child of a writer, which does no harm.
    fn hold(&self, file: &File) {
        for _ in 0..PRUNERS_MOMENT {
            match self.locks.try_lock_shared(file) {
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
                Ok(()) | Err(TryLockError::Error(_)) => return,
            }
        }
    }

    fn hashed(sha256: Digest, path: PathBuf, file: &mut File) -> Result<CacheEntry, FetchError> {
        let found = read(file).map_err(failed("read", &path))?;
        if found.sha256 == sha256 {
            make_executable_if_it_is_not(file).map_err(failed("make executable", &path))?;
            tell_use(file);
            // It was pruned just before it was locked.
            if !is_same_file(file, &path) {
                return Ok(CacheEntry::Nothing);
            }
            let size = found.size;
            return Ok(CacheEntry::Whole { path, size });
        }
        // If another process has replaced the damaged file meanwhile, it is another file and stays.
        if is_same_file(file, &path) {
            remove(&path).map_err(failed("remove the damaged file", &path))?;
        }
        Ok(CacheEntry::Damaged)
    }

    /// Whether a file is at the executable's path.
    pub(crate) fn has(&self, sha256: Digest, asset: &AssetName) -> bool {
        fs::symlink_metadata(self.entry(sha256, asset)).is_ok()
    }

    fn entry(&self, sha256: Digest, asset: &AssetName) -> PathBuf {
        self.entries().join(sha256.to_string()).join(asset.as_str())
    }

    fn entries(&self) -> PathBuf {
        self.root.join("sha256")
    }
}

/// Copies a verified executable to a path of the caller's: a file of its own, hashed while it is copied, and renamed
/// once no process has it open for writing, so that it can be run at once. Several processes may install to the same
/// path at the same time. Outside Unix the mode is ignored.
///
/// # Errors
/// [`FetchError::Cache`], also if the file has changed; [`FetchError::NoExec`], if the mode makes it executable and the
/// system does not allow it.
pub fn install(from: &Path, to: &Path, sha256: Digest, mode: u32) -> Result<(), FetchError> {
    let mut bytes = File::open(from).map_err(failed("read", from))?;
    let folder = to.parent().unwrap_or(to);
    let mut copy = || {
        fs::create_dir_all(folder)?;
        let mut file = PrivateFile::create(Locks::System, folder, ".incomplete-")?;
        file.fill(&mut bytes, sha256)?;
        file.publish(to, sha256, mode)
    };
    copy().map_err(failed("write", to))?;
    match mode & 0o111 {
        0 => Ok(()),
        _ => runnable::check(to),
    }
}

/// Reads a file to its end.
pub(crate) fn read(file: &mut File) -> io::Result<crate::copy::Digested> {
    let mut counter = HashingCounter::default();
    match counter.copy(file, &mut io::sink(), u64::MAX, &mut |_| ()) {
        Ok(()) | Err(PumpError::Longer) => Ok(counter.digested()),
        Err(PumpError::Read(error) | PumpError::Write(error)) => Err(error),
    }
}

pub(crate) fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> FetchError {
    let path = path.to_owned();
    move |source| FetchError::Cache {
        operation,
        path: path.clone(),
        source,
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

fn remove(path: &Path) -> io::Result<()> {
    let directory = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    match if directory {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    } {
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

// A read-only cache still works.
fn tell_use(file: &File) {
    let now = SystemTime::now();
    let reported = file.metadata().and_then(|found| found.modified());
    let long_ago = reported.is_ok_and(|reported| {
        now.duration_since(reported)
            .is_ok_and(|since| since >= USE_IS_TOLD)
    });
    if long_ago {
        drop(file.set_modified(now));
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same_file(_: &File, path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// Whether a file's mode allows execution.
#[cfg(unix)]
fn is_executable(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o111 == 0o111)
}

#[cfg(not(unix))]
fn is_executable(_: &File) -> io::Result<bool> {
    Ok(true)
}

fn make_executable_if_it_is_not(file: &File) -> io::Result<()> {
    if is_executable(file)? {
        Ok(())
    } else {
        set_mode(file, 0o755)
    }
}
