//! A file with exactly one writer, and the atomic rename that gives it its final name.
//!
//! A verified file must not be written by another process, and running it must not fail with "Text file busy", which
//! Linux returns while any process has the file open for writing. So every call writes a file of its own, under a
//! unique name, and closes it before the rename. Closing is not enough: a thread that starts a process at that moment
//! has copied the descriptor, and the child holds it until it executes something (a child that never does holds it
//! permanently).
//!
//! A file lock shows when the last copy is closed: `flock` belongs to the open file, not to the process, and ends with
//! the last copy of the descriptor. The writer takes the lock, and before the rename waits until a second, reading
//! descriptor could take it. If that takes too long, the bytes are copied into a new file, which older children do not
//! have open. Chosen over a lease (`F_SETLEASE`) because the standard library has it, without `unsafe`. Where locks
//! have no effect the wait ends at once: the bytes are still right, only the moment between fork and exec is not
//! covered.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use lockgate_format::ids::Digest;

use super::{Locks, is_absent, set_mode};
use crate::copy::{HashingCounter, PumpError};

/// How long to wait for the last writing descriptor, before the bytes are copied.
const PATIENCE: Duration = Duration::from_millis(300);
/// An additional wait: Linux ends the lock, and a few steps later, in the same close, decrements the number of writers.
/// The first value is for a lock that was free at once, the second for one that another process had.
const SETTLE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(10));
/// How many files are tried.
const TURNS: u32 = 4;

/// A file with one writer. Dropping it removes it, unless it is a partial download.
pub(crate) struct PrivateFile {
    writer: Writer,
    reader: File,
    name: Name,
    locks: Locks,
}

/// The writing descriptor, which has the lock.
struct Writer {
    file: File,
    /// Whether to release the lock with this copy of the descriptor; otherwise it ends with the last copy.
    unlock: bool,
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.unlock {
            drop(self.file.unlock());
        }
    }
}

struct Name {
    path: PathBuf,
    after: After,
}

/// What happens to the file when it is dropped.
#[derive(PartialEq, Eq)]
enum After {
    Remove,
    /// It stays if it is not empty, so that another process can resume it.
    LeaveBeginning,
    Renamed,
}

impl PrivateFile {
    /// Creates a new, empty file. A name that begins with a dot is removed on drop; others stay and can be resumed.
    pub(crate) fn create(locks: Locks, directory: &Path, prefix: &str) -> io::Result<Self> {
        let made = tempfile::Builder::new()
            .prefix(prefix)
            .suffix(".part")
            .tempfile_in(directory)?;
        let reader = File::open(made.path())?;
        let (file, path) = made.keep().map_err(|error| error.error)?;
        let after = match prefix.starts_with('.') {
            true => After::Remove,
            false => After::LeaveBeginning,
        };
        let name = Name { path, after };
        drop(locks.try_lock(&file));
        let unlock = true;
        Ok(Self {
            writer: Writer { file, unlock },
            reader,
            name,
            locks,
        })
    }

    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.writer.file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.name.path
    }

    /// Deletes the file.
    pub(crate) fn discard(mut self) {
        self.name.after = After::Remove;
    }

    /// Renames the file to its final name, with this mode, once no process has it open for writing. Its content has
    /// this digest.
    pub(crate) fn publish(mut self, to: &Path, sha256: Digest, mode: u32) -> io::Result<()> {
        let directory = self.path().parent().unwrap_or(to).to_owned();
        let mut turn = 1;
        loop {
            let Self {
                mut writer,
                reader,
                mut name,
                locks,
            } = self;
            set_mode(&writer.file, mode)?;
            writer.file.set_modified(SystemTime::now())?;
            writer.unlock = false;
            drop(writer);
            // After the last turn the file is used anyway: its bytes are right.
            if nobody_writes(locks, &reader) || turn == TURNS {
                fs::create_dir_all(to.parent().unwrap_or(to))?;
                match fs::rename(&name.path, to) {
                    Ok(()) => {
                        name.after = After::Renamed;
                        return Ok(());
                    }
                    // Where locks have no effect, another process may have treated the file as abandoned.
                    Err(error) if is_absent(&error) && turn < TURNS => {}
                    Err(error) => return Err(error),
                }
            }
            name.after = After::Remove;
            self = Self::copy_of(locks, reader, &directory, sha256)?;
            turn += 1;
        }
    }

    fn copy_of(locks: Locks, mut from: File, directory: &Path, sha256: Digest) -> io::Result<Self> {
        let mut copy = Self::create(locks, directory, ".copy-")?;
        from.rewind()?;
        copy.fill(&mut from, sha256)?;
        Ok(copy)
    }

    /// Writes bytes that have this digest, or fails.
    pub(super) fn fill(&mut self, from: &mut File, sha256: Digest) -> io::Result<u64> {
        let mut counter = HashingCounter::default();
        match counter.copy(from, &mut self.writer.file, u64::MAX, &mut |_| ()) {
            Err(PumpError::Read(error) | PumpError::Write(error)) => return Err(error),
            Ok(()) | Err(PumpError::Longer) => {}
        }
        let found = counter.digested();
        match found.sha256 == sha256 {
            true => Ok(found.size),
            false => Err(io::Error::other("the file changed while it was copied")),
        }
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let holds = || fs::symlink_metadata(&self.path).is_ok_and(|found| found.len() > 0);
        let leave = match self.after {
            After::Remove => false,
            After::LeaveBeginning => holds(),
            After::Renamed => true,
        };
        if !leave {
            // A file that cannot be removed is never trusted, and is swept later.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Waits a little for the last writing descriptor, in any process, to be closed; returns whether it is.
fn nobody_writes(locks: Locks, reader: &File) -> bool {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_micros(200);
    let mut settle = SETTLE.0;
    loop {
        match locks.try_lock_shared(reader) {
            Ok(()) => {
                drop(reader.unlock());
                std::thread::sleep(settle);
                return true;
            }
            // Without locks this cannot be determined.
            Err(TryLockError::Error(_)) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return false,
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
        }
        settle = SETTLE.1;
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}
