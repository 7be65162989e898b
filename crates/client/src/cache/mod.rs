//! The cache: verified executables, keyed by digest.
//!
//! `{cache}/sha256/{digest}/{asset}`, written elsewhere and renamed into place, so that whoever looks sees a whole file or
//! none, whatever other processes do. Nothing in it is believed: each use hashes the file again, so nothing has to be
//! forced to the disk either; what a power cut leaves is found out at the next use. How a file gets there: [`lock`] and [`private`]; how
//! it leaves: [`prune`]; what else is remembered: [`memory`]. Does not know where the bytes come from.

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

use crate::copy::{HashingCounter, PumpError};
use crate::digest::Digest;
use crate::error::FetchError;
use crate::names::AssetName;
use crate::runnable;

/// How exactly the last use of an executable is known: it is written down this often at most.
const USE_IS_TOLD: Duration = Duration::from_secs(3600);

/// For how many milliseconds to wait for a pruner, which takes a few microseconds.
const PRUNERS_MOMENT: u32 = 20;

pub(crate) struct Cache {
    root: PathBuf,
    locks: Locks,
}

/// What the cache has of an executable.
pub(crate) enum CacheEntry {
    /// It is here, hashed just now.
    Whole { path: PathBuf, size: u64 },
    /// It is not here.
    Nothing,
    /// It was here with other bytes, and is not any more.
    Damaged,
}

impl Cache {
    pub(crate) fn new(root: PathBuf) -> Self {
        let locks = Locks::System;
        Self { root, locks }
    }

    /// The executable of a digest, hashed just now. One that is damaged is removed.
    pub(crate) fn get(&self, sha256: Digest, asset: &AssetName) -> Result<CacheEntry, FetchError> {
        let path = self.entry(sha256, asset);
        let found = match fs::symlink_metadata(&path) {
            Err(error) if is_absent(&error) => return Ok(CacheEntry::Nothing),
            found => found.map_err(failed("look for", &path))?,
        };
        if !found.is_file() {
            remove(&path).map_err(failed("remove what is no file,", &path))?;
            return Ok(CacheEntry::Damaged);
        }
        let mut file = match File::open(&path) {
            Err(error) if is_absent(&error) => return Ok(CacheEntry::Nothing),
            file => file.map_err(failed("read", &path))?,
        };
        self.hold(&file);
        let entry = Self::hashed(sha256, path, &mut file);
        // By hand: a child of another thread may hold a copy of the descriptor.
        drop(file.unlock());
        entry
    }

    /// Locks an executable, so that nobody prunes it while it is hashed. Where there are no locks, that it was used lately has to
    /// do. Another's lock is a pruner's, which has a moment to remove the file or let go; or that of a writer's child, which
    /// does no harm.
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
            // It was pruned just before it was held.
            if !is_same_file(file, &path) {
                return Ok(CacheEntry::Nothing);
            }
            let size = found.size;
            return Ok(CacheEntry::Whole { path, size });
        }
        // Another process may have mended it meanwhile: then it is another file, and is left alone.
        if is_same_file(file, &path) {
            remove(&path).map_err(failed("remove the damaged file", &path))?;
        }
        Ok(CacheEntry::Damaged)
    }

    /// Whether there is something at the executable's place.
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

/// Copies a verified executable to a place of the caller's: a file of its own, hashed on the way, and renamed once nobody has
/// it open for writing, so that it can be run at once. Others who write the same place at the same time do no harm. Outside
/// Unix the mode is ignored.
///
/// # Errors
/// [`FetchError::Cache`], also if the file is not what it was; [`FetchError::NoExec`], if the mode says that it can be
/// executed and the system does not let it.
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

// A cache that may only be read serves all the same.
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

/// Whether a file may be run, by its mode.
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
