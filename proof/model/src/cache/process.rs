//! One fetch, step by step: `fetch.rs`, `cache/mod.rs`, `cache/claim.rs` and `cache/private.rs` of the client.
//!
//! A step does one thing that others can see. A step that is not possible is `None`: the process polls.

use super::files::{Content, Files, Lock, PROCESSES, Role};
use super::{Design, Locks, Setup, State};

/// Where a process is, and what it does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// Looks for the executable, and opens it.
    Look,
    /// Locks it against the pruner.
    Hold,
    /// Hashes it, and notes that it was used.
    Hash,
    /// Looks whether what was hashed still has the name.
    Check,
    /// Opens the lock of the download.
    Ask,
    /// Waits for it.
    Wait,
    /// Has it, and makes a file of its own, with what a dead process left in it.
    Begin,
    /// Downloads.
    Write,
    /// Has the right bytes, and closes the file.
    Close,
    /// Waits until nobody has it open for writing.
    Barrier,
    /// Gives it its name.
    Rename,
    /// Gives up the lock.
    Release,
    /// Has the path, and runs it.
    Given,
    /// Has ended, well or with an error.
    Ended,
    /// Was killed.
    Dead,
}

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    /// Where it is.
    pub at: At,
    /// What it has hashed of the file that it writes.
    pub hashed: Content,
    /// How many files it has tried to publish before.
    pub copies: u8,
}

/// The next step, if it is possible.
pub fn step(setup: &Setup, state: &State, who: u8) -> Option<State> {
    let mut next = *state;
    let mut process = *state.processes.get(usize::from(who))?;
    process.at = advance(setup, &mut next.files, &mut process, who)?;
    *next.processes.get_mut(usize::from(who))? = process;
    Some(next)
}

/// Waits no longer for a process that does not get on, or seems not to: downloads for itself, without the lock.
pub fn lose_patience(setup: &Setup, state: &State, who: u8) -> Option<State> {
    let mut next = *state;
    let process = next.processes.get_mut(usize::from(who))?;
    let waits = process.at == At::Wait && step(setup, state, who).is_none();
    if !waits || matches!(setup.design, Design::LockIsData | Design::EndlessWait) {
        return None;
    }
    next.files.close(who, Role::LockFile);
    process.hashed = own_file(setup, &mut next.files, who, Content::Empty);
    process.at = At::Write;
    Some(next)
}

fn advance(setup: &Setup, files: &mut Files, process: &mut Process, who: u8) -> Option<At> {
    let granted = setup.locks == Locks::DoNothing;
    let one_file = setup.design == Design::LockIsData;
    // The old design has one file for both, which it opens for writing.
    let lock_role = if one_file {
        Role::Writer
    } else {
        Role::LockFile
    };
    let part = part_of(setup, who);
    Some(match process.at {
        At::Look => match files.names.entry {
            Some(entry) => {
                files.open(who, entry, Role::Entry);
                At::Hold
            }
            None => At::Ask,
        },
        At::Hold => {
            let entry = files.of(who, Role::Entry)?.file;
            let held = files.try_lock(who, Role::Entry, Lock::Shared, granted);
            // A pruner lets go soon. A child of a writer may not, and does no harm.
            let waits = setup.design != Design::NoWaitForPruner;
            if !held && waits && files.is_locked_by_pruner(entry) {
                return None;
            }
            At::Hash
        }
        At::Hash => {
            let entry = files.of(who, Role::Entry)?.file;
            if files.content(entry) == Content::Whole {
                files.set_fresh(entry, true);
                At::Check
            } else {
                if files.names.entry == Some(entry) {
                    files.names.entry = None;
                }
                close_unlocked(files, who, Role::Entry);
                At::Ask
            }
        }
        At::Check => {
            let entry = files.of(who, Role::Entry)?.file;
            let same = files.names.entry == Some(entry);
            close_unlocked(files, who, Role::Entry);
            if same { At::Given } else { At::Ask }
        }
        At::Ask => {
            let name = if one_file {
                files.names.parts[0]
            } else {
                files.names.lock
            };
            let file = name.unwrap_or_else(|| files.create(Content::Empty));
            if one_file {
                files.names.parts[0] = Some(file);
            } else {
                files.names.lock = Some(file);
            }
            files.open(who, file, lock_role);
            At::Wait
        }
        At::Wait => {
            let file = files.of(who, lock_role)?.file;
            if files.try_lock(who, lock_role, Lock::Exclusive, granted) {
                let name = if one_file {
                    files.names.parts[0]
                } else {
                    files.names.lock
                };
                if name == Some(file) {
                    At::Begin
                } else {
                    close_unlocked(files, who, lock_role);
                    At::Look
                }
            } else if files.names.entry.is_some() {
                files.close(who, lock_role);
                At::Look
            } else {
                return None;
            }
        }
        At::Begin if files.names.entry.is_some() => {
            release(files, who);
            At::Look
        }
        At::Begin => {
            process.hashed = begin(setup, files, who);
            At::Write
        }
        At::Write => {
            let file = files.of(who, Role::Writer)?.file;
            let (content, hashed) = match (process.hashed, files.content(file)) {
                (Content::Empty, Content::Empty) => (Content::Half, Content::Half),
                (Content::Empty, there) => (there, Content::Half),
                (Content::Half, Content::Half | Content::Whole) => (Content::Whole, Content::Whole),
                // Another has written or truncated it meanwhile.
                (Content::Half, _) => (Content::Wrong, Content::Whole),
                // What was resumed was not the beginning of the right file.
                (Content::Wrong, _) => (Content::Empty, Content::Empty),
                (Content::Whole, there) => (there, Content::Whole),
            };
            let verified = process.hashed == Content::Whole;
            process.hashed = hashed;
            files.set_content(file, content);
            if verified { At::Close } else { At::Write }
        }
        At::Close => match setup.design {
            Design::LockIsData | Design::PublishBeforeClose => At::Rename,
            Design::NoBarrier => {
                files.close(who, Role::Writer);
                At::Rename
            }
            Design::Shipped
            | Design::SharedPart
            | Design::NoWaitForPruner
            | Design::PruneWithoutLock
            | Design::EndlessWait => {
                files.close(who, Role::Writer);
                At::Barrier
            }
        },
        At::Barrier => {
            let file = files.of(who, Role::Reader)?.file;
            if files.is_locked(file) && process.copies < setup.copies {
                copy(setup, files, process, who)
            } else {
                At::Rename
            }
        }
        At::Rename => match files.names.parts[part] {
            Some(file) => {
                files.names.entry = Some(file);
                files.names.parts[part] = None;
                files.set_fresh(file, true);
                At::Release
            }
            // Where locks do nothing another process may have taken it for abandoned.
            None if process.copies < setup.copies => copy(setup, files, process, who),
            None => {
                release(files, who);
                At::Ended
            }
        },
        At::Release => {
            release(files, who);
            At::Given
        }
        At::Given => At::Ended,
        At::Ended | At::Dead => return None,
    })
}

/// Which of the names of parts a process uses.
fn part_of(setup: &Setup, who: u8) -> usize {
    match setup.design {
        Design::LockIsData | Design::SharedPart => 0,
        Design::Shipped
        | Design::NoBarrier
        | Design::PublishBeforeClose
        | Design::NoWaitForPruner
        | Design::PruneWithoutLock
        | Design::EndlessWait => usize::from(who),
    }
}

/// Makes the file that is written, from what is there already; what is hashed of it.
fn begin(setup: &Setup, files: &mut Files, who: u8) -> Content {
    let granted = setup.locks == Locks::DoNothing;
    match setup.design {
        Design::LockIsData => {
            let own = files.of(who, Role::Writer);
            return own.map_or(Content::Empty, |own| files.content(own.file));
        }
        Design::SharedPart => return own_file(setup, files, who, Content::Empty),
        Design::Shipped
        | Design::NoBarrier
        | Design::PublishBeforeClose
        | Design::NoWaitForPruner
        | Design::PruneWithoutLock
        | Design::EndlessWait => {}
    }
    let mut found = Content::Empty;
    for part in 0..PROCESSES {
        let Some(old) = files.names.parts[part] else {
            continue;
        };
        if granted || !files.is_locked(old) {
            found = found.max(files.content(old));
            files.names.parts[part] = None;
        }
    }
    own_file(setup, files, who, found)
}

/// A file to write, under the name of this process. The shared one may be there already.
fn own_file(setup: &Setup, files: &mut Files, who: u8, content: Content) -> Content {
    let part = part_of(setup, who);
    let there = files.names.parts[part].filter(|_| setup.design == Design::SharedPart);
    let file = there.unwrap_or_else(|| files.create(content));
    files.names.parts[part] = Some(file);
    files.open(who, file, Role::Writer);
    files.open(who, file, Role::Reader);
    if setup.design != Design::SharedPart {
        let granted = setup.locks == Locks::DoNothing;
        files.try_lock(who, Role::Writer, Lock::Exclusive, granted);
    }
    files.content(file)
}

/// Copies what was verified into a new file, which no older child has open; fails where it is not what was verified.
fn copy(setup: &Setup, files: &mut Files, process: &mut Process, who: u8) -> At {
    let from = files.of(who, Role::Reader);
    let content = from.map_or(Content::Empty, |from| files.content(from.file));
    files.close(who, Role::Reader);
    let part = part_of(setup, who);
    files.names.parts[part] = None;
    if content != Content::Whole {
        release(files, who);
        return At::Ended;
    }
    own_file(setup, files, who, content);
    process.copies += 1;
    At::Close
}

/// Removes the lock's name, if this process has the lock, and closes everything. Locks end even if a child has them too.
fn release(files: &mut Files, who: u8) {
    if files.of(who, Role::LockFile).is_some() {
        files.names.lock = None;
    }
    for role in [Role::LockFile, Role::Writer, Role::Reader] {
        close_unlocked(files, who, role);
    }
}

fn close_unlocked(files: &mut Files, who: u8, role: Role) {
    files.unlock(who, role);
    files.close(who, role);
}
