//! A cross-process lock per digest, so that one process downloads an executable at a time. It only saves traffic;
//! nothing else depends on it.
//!
//! `{cache}/incomplete/{digest}.lock` is a file lock of the system: it ends with the process. Bytes are written to
//! `{digest}.{unique}.part`, a file of each process's own, which is renamed into place once it is verified. Where locks
//! have no effect, or a process stops waiting, two processes download the same bytes without harm. A partial download
//! that a dead process left is copied into the new process's own file, so a writer that is still alive cannot change
//! it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lockgate_format::ids::{AssetName, Digest};

use super::private::PrivateFile;
use super::{Cache, Locks, failed, is_same_file, remove};
use crate::error::FetchError;
use crate::transfer::Sink as _;

/// The interval at which a waiting process checks the lock: the first, and the longest.
const LOOK: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// The outcome of asking for the lock.
pub(crate) enum LockOutcome {
    /// This process has the lock.
    Ours(DownloadLock),
    /// The executable is in the cache, or the other process has finished: check the cache again.
    Look,
    /// Another process had the lock the whole time.
    TooLong,
    /// Another process has the lock, and the caller stops waiting.
    Stopped,
}

/// How long to wait for another process.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// The end of the whole wait.
    pub(crate) deadline: Instant,
    /// The longest wait while the other process's file does not grow. Then the process is stuck, or is dead and its
    /// child holds the lock.
    pub(crate) idle: Duration,
}

/// The lock and its file. Dropping it leaves a partial download that can be resumed.
pub(crate) struct DownloadLock {
    part: PrivateFile,
    /// The lock, released last.
    pub(super) lock: Option<Lock>,
}

pub(super) struct Lock {
    pub(super) file: File,
    path: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Waiting processes see that the file is gone.
        drop(fs::remove_file(&self.path));
        // Explicitly: a child that another thread started may hold a copy of the descriptor.
        drop(self.file.unlock());
    }
}

impl Cache {
    /// Asks for the lock; calls `waiting` once if another process has it.
    pub(crate) fn lock(
        &self,
        (sha256, asset): (Digest, &AssetName),
        retry_budget: Patience,
        waiting: &mut dyn FnMut(),
        stopped: &dyn Fn() -> bool,
    ) -> Result<LockOutcome, FetchError> {
        let directory = self.make_incomplete()?;
        self.sweep();
        let path = directory.join(format!("{sha256}.lock"));
        // Lockgate never makes a link or a directory there.
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            remove(&path).map_err(failed("remove the non-regular file", &path))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("write into the cache directory", &directory))?;
        let mut look = LOOK.0;
        let mut seen = (self.progress(sha256), Instant::now());
        loop {
            match self.locks.try_lock(&file) {
                Ok(()) if is_same_file(&file, &path) => {
                    let lock = Lock { file, path };
                    return self.resume(sha256, lock).map(LockOutcome::Ours);
                }
                Ok(()) => return Ok(LockOutcome::Look),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(_)) => return self.alone().map(LockOutcome::Ours),
            }
            // A child of the other process may hold the lock long after the executable is in the cache.
            if self.has(sha256, asset) {
                return Ok(LockOutcome::Look);
            }
            let now = (self.progress(sha256), Instant::now());
            if now.0 != seen.0 {
                seen = now;
            }
            if now.1 >= retry_budget.deadline {
                return Ok(LockOutcome::TooLong);
            }
            if stopped() {
                return Ok(LockOutcome::Stopped);
            }
            if now.1.duration_since(seen.1) >= retry_budget.idle {
                let part = self.begin(&format!("{sha256}."))?;
                return Ok(LockOutcome::Ours(DownloadLock { part, lock: None }));
            }
            if look == LOOK.0 {
                waiting();
            }
            std::thread::sleep(look);
            look = (look * 2).min(LOOK.1);
        }
    }

    /// Creates a file unknown to other processes, with nothing to resume: for a file system without locks, and for
    /// bytes that cost no traffic.
    pub(crate) fn alone(&self) -> Result<DownloadLock, FetchError> {
        self.make_incomplete()?;
        let part = self.begin(".alone-")?;
        Ok(DownloadLock { part, lock: None })
    }

    fn begin(&self, prefix: &str) -> Result<PrivateFile, FetchError> {
        let directory = self.incomplete();
        PrivateFile::create(self.locks, &directory, prefix)
            .map_err(failed("write into the cache directory", &directory))
    }

    /// Starts from the longest abandoned partial download, and removes them all.
    fn resume(&self, sha256: Digest, lock: Lock) -> Result<DownloadLock, FetchError> {
        let mut found = self.parts(sha256);
        let mut part = self.begin(&format!("{sha256}."))?;
        found.sort();
        let mut empty = true;
        for (_, path) in found.iter().rev() {
            let Some(mut old) = abandoned(self.locks, path) else {
                continue;
            };
            if empty {
                empty = io::copy(&mut old, part.file()).is_err();
            }
            if empty {
                let path = part.path().to_owned();
                part.file().restart().map_err(failed("write to", &path))?;
            }
            drop(remove(path));
        }
        let lock = Some(lock);
        Ok(DownloadLock { part, lock })
    }

    /// The partial downloads of a digest: sizes and paths.
    fn parts(&self, sha256: Digest) -> Vec<(u64, PathBuf)> {
        let prefix = format!("{sha256}.");
        let entries = fs::read_dir(self.incomplete()).into_iter().flatten();
        let parts = entries.flatten().filter(|entry| {
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            name.starts_with(&prefix) && name.ends_with(".part")
        });
        let sized = |path: PathBuf| Some((fs::symlink_metadata(&path).ok()?.len(), path));
        parts.filter_map(|entry| sized(entry.path())).collect()
    }

    fn progress(&self, sha256: Digest) -> u64 {
        self.parts(sha256).iter().map(|(size, _)| size + 1).sum()
    }

    fn make_incomplete(&self) -> Result<PathBuf, FetchError> {
        let directory = self.incomplete();
        fs::create_dir_all(&directory).map_err(failed("create the cache directory", &directory))?;
        Ok(directory)
    }

    pub(super) fn incomplete(&self) -> PathBuf {
        self.root.join("incomplete")
    }
}

impl DownloadLock {
    pub(crate) fn file(&mut self) -> &mut File {
        self.part.file()
    }

    pub(crate) fn path(&self) -> &Path {
        self.part.path()
    }

    /// Moves the written and verified file into the cache, as the executable of its digest.
    pub(crate) fn keep(
        self,
        cache: &Cache,
        sha256: Digest,
        asset: &AssetName,
    ) -> Result<PathBuf, FetchError> {
        let path = cache.entry(sha256, asset);
        let Self { part, lock } = self;
        part.publish(&path, sha256, 0o755)
            .map_err(failed("put the executable at", &path))?;
        drop(lock);
        Ok(path)
    }

    /// Deletes the file.
    pub(crate) fn discard(self) {
        let Self { part, lock } = self;
        part.discard();
        drop(lock);
    }
}

/// Opens a partial download, if no process writes it and it is not a link.
pub(super) fn abandoned(locks: Locks, path: &Path) -> Option<File> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        drop(remove(path));
        return None;
    }
    // Opened for writing too: NFS requires it for an exclusive lock.
    let file = File::options().read(true).write(true).open(path).ok()?;
    (locks.try_lock(&file).is_ok() && is_same_file(&file, path)).then_some(file)
}

/// Locks a file if no process holds it; the lock ends when the file is closed.
pub(super) fn nobody_holds(locks: Locks, path: &Path) -> io::Result<Option<File>> {
    let file = File::open(path)?;
    match locks.try_lock(&file) {
        Ok(()) if is_same_file(&file, path) => Ok(Some(file)),
        _ => Ok(None),
    }
}
