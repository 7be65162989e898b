//! The right to bring an executable into the cache: one process at a time for each digest.
//!
//! `{cache}/incomplete/{digest}` is both the lock and the bytes that are here so far. The lock is the system's: a process
//! that is killed gives it up, and the next one goes on where the bytes end. Once they are verified the file is renamed to
//! its place in the cache. Whoever waited finds that its file is not at that path any more, and looks into the cache again.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Cache, failed, is_same_file, make_executable, remove};
use crate::digest::Digest;
use crate::error::FetchError;
use crate::names::AssetName;

/// How often somebody who waits looks, at first and later.
const LOOK: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// How asking for the right ended.
pub(crate) enum Claimed {
    /// It is ours.
    Ours(Claim),
    /// It was another's, who is done with it, well or not: look into the cache again.
    Look,
    /// It was another's the whole time.
    TooLong,
    /// It is another's, and the caller wants to wait no longer.
    Stopped,
}

/// The right, and the file. Dropped, it leaves what is worth going on with.
pub(crate) struct Claim {
    file: File,
    path: PathBuf,
    done: bool,
}

impl Cache {
    /// Asks for the right; `waiting` is called once if another process has it.
    pub(crate) fn claim(
        &self,
        sha256: Digest,
        deadline: Instant,
        waiting: &mut dyn FnMut(),
        stopped: &dyn Fn() -> bool,
    ) -> Result<Claimed, FetchError> {
        let directory = self.incomplete();
        fs::create_dir_all(&directory).map_err(failed("create the cache directory", &directory))?;
        self.sweep();
        let path = directory.join(sha256.to_string());
        // Nobody of us made a link or a directory there.
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            remove(&path).map_err(failed("remove what is no file,", &path))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("write into the cache directory", &directory))?;
        let mut look = LOOK.0;
        loop {
            match file.try_lock() {
                Ok(()) if is_same_file(&file, &path) => {
                    let done = false;
                    return Ok(Claimed::Ours(Claim { file, path, done }));
                }
                Ok(()) => return Ok(Claimed::Look),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Ok(Claimed::TooLong);
                }
                Err(TryLockError::WouldBlock) if stopped() => return Ok(Claimed::Stopped),
                Err(TryLockError::WouldBlock) => {
                    if look == LOOK.0 {
                        waiting();
                    }
                    std::thread::sleep(look);
                    look = (look * 2).min(LOOK.1);
                }
                Err(TryLockError::Error(_)) => return self.alone(&directory),
            }
        }
    }

    // A file system without locks: a file that nobody else knows, and nothing to go on with.
    fn alone(&self, directory: &Path) -> Result<Claimed, FetchError> {
        let made = tempfile::Builder::new()
            .prefix(".alone-")
            .tempfile_in(directory);
        let (file, path) = made
            .and_then(|file| file.keep().map_err(|error| error.error))
            .map_err(failed("write into the cache directory", directory))?;
        let done = false;
        Ok(Claimed::Ours(Claim { file, path, done }))
    }

    pub(super) fn incomplete(&self) -> PathBuf {
        self.root.join("incomplete")
    }
}

impl Claim {
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file, written and verified, the executable of its digest.
    pub(crate) fn keep(
        mut self,
        cache: &Cache,
        sha256: Digest,
        asset: &AssetName,
    ) -> Result<PathBuf, FetchError> {
        let path = cache.entry(sha256, asset);
        let keep = || {
            make_executable(&self.file)?;
            self.file.set_modified(std::time::SystemTime::now())?;
            fs::create_dir_all(path.parent().unwrap_or(&cache.root))?;
            fs::rename(&self.path, &path)
        };
        keep().map_err(failed("put the executable at", &path))?;
        self.done = true;
        Ok(path)
    }

    /// Nothing of it is kept.
    pub(crate) fn discard(mut self) {
        self.remove();
    }

    fn remove(&mut self) {
        // Whoever waits sees that it is gone. What cannot be removed is never believed, and is swept later.
        drop(fs::remove_file(&self.path));
        self.done = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let length = self.file.metadata().map_or(0, |found| found.len());
        let nameless = || {
            let name = self.path.file_name().and_then(|name| name.to_str());
            name.is_none_or(|name| name.starts_with('.'))
        };
        if !self.done && (length == 0 || nameless()) {
            self.remove();
        }
    }
}

/// Whether nobody holds a file; if so it is ours until it is closed.
pub(super) fn nobody_holds(path: &Path) -> io::Result<Option<File>> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) if is_same_file(&file, path) => Ok(Some(file)),
        _ => Ok(None),
    }
}
