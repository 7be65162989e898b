//! Copies bytes from a reader to a writer: counted, bounded, hashed.
//!
//! One thread reads and writes while another hashes, so that hashing costs no time where a second core is free; if the
//! system starts no second thread, one does both. The buffers are few and reused, so memory is bounded for any number
//! of bytes. Does not know where the bytes come from or go to.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};

use lockgate_format::ids::Digest;

/// The most that is read and written at a time, in bytes. Large, because the cost of a write does not grow with its
/// size; small enough that a few buffers stay in a processor's cache until they are hashed.
const PIECE: usize = 512 * 1024;
/// How many buffers may wait to be hashed.
const WAITING: usize = 2;
/// A second thread is started after this many bytes.
const WORTH_A_THREAD: u64 = 2 * PIECE as u64;

/// The size and digest of copied bytes, which may come in several runs.
#[derive(Clone, Default)]
pub(crate) struct HashingCounter {
    hasher: Sha256,
    size: u64,
}

/// The size and digest of all copied bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digested {
    pub(crate) sha256: Digest,
    pub(crate) size: u64,
}

/// Why a copy failed.
#[derive(Debug)]
pub(crate) enum PumpError {
    /// The bytes could not be read to the end.
    Read(io::Error),
    /// The bytes could not be written.
    Write(io::Error),
    /// There are more bytes than the limit; at most one more buffer was read, and none of it was written.
    Longer,
}

impl HashingCounter {
    /// Returns the number of copied bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns their size and digest.
    pub(crate) fn digested(&self) -> Digested {
        Digested {
            sha256: Digest::new(self.hasher.clone().finalize().into()),
            size: self.size,
        }
    }

    /// Copies until the total is `limit` bytes; reports the total to `seen`.
    ///
    /// On any outcome, the written bytes are the counted and hashed ones, unless writing itself failed.
    pub(crate) fn copy(
        &mut self,
        from: &mut dyn Read,
        to: &mut dyn Write,
        limit: u64,
        seen: &mut dyn FnMut(u64),
    ) -> Result<(), PumpError> {
        self.pump_with(thread::Builder::new(), from, to, limit, seen)
    }

    fn pump_with(
        &mut self,
        thread: thread::Builder,
        from: &mut dyn Read,
        to: &mut dyn Write,
        limit: u64,
        seen: &mut dyn FnMut(u64),
    ) -> Result<(), PumpError> {
        let mut piece = vec![0; PIECE];
        let enough = self.size.saturating_add(WORTH_A_THREAD);
        if !self.pump_alone(enough, &mut piece, from, to, limit, seen)? {
            return Ok(());
        }
        let hasher = self.hasher.clone();
        let (full, to_hash) = sync_channel(WAITING);
        let (done, empty) = sync_channel(WAITING + 2);
        thread::scope(|scope| {
            let hashing = thread.spawn_scoped(scope, move || hash(hasher, &to_hash, &done));
            let Ok(hashing) = hashing else {
                let rest = self.pump_alone(u64::MAX, &mut piece, from, to, limit, seen);
                return rest.map(drop);
            };
            let end = loop {
                match self.step(&mut piece, from, to, limit) {
                    Ok(true) => {}
                    Ok(false) => break Ok(()),
                    Err(error) => break Err(error),
                }
                // The hashing thread takes every buffer until the queue is dropped.
                let _ = full.send(piece);
                seen(self.size);
                // A new buffer, if none has come back yet.
                piece = empty.try_recv().unwrap_or_default();
                piece.resize(PIECE, 0);
            };
            drop(full);
            // Only a bug panics; the panic is resumed in this thread.
            let hasher = hashing.join();
            self.hasher = hasher.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            end
        })
    }

    /// Reads, writes and hashes in this thread until the total is `enough`; returns whether there may be more.
    fn pump_alone(
        &mut self,
        enough: u64,
        piece: &mut Vec<u8>,
        from: &mut dyn Read,
        to: &mut dyn Write,
        limit: u64,
        seen: &mut dyn FnMut(u64),
    ) -> Result<bool, PumpError> {
        while self.size < enough {
            if !self.step(piece, from, to, limit)? {
                return Ok(false);
            }
            self.hasher.update(&piece);
            seen(self.size);
            piece.resize(PIECE, 0);
        }
        Ok(true)
    }

    /// Reads and writes one buffer, cut to its content; returns whether there was one.
    fn step(
        &mut self,
        piece: &mut Vec<u8>,
        from: &mut dyn Read,
        to: &mut dyn Write,
        limit: u64,
    ) -> Result<bool, PumpError> {
        let count = loop {
            match from.read(piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(PumpError::Read)?,
            }
        };
        piece.truncate(count);
        let size = self.size + count as u64;
        if size > limit {
            return Err(PumpError::Longer);
        }
        to.write_all(piece).map_err(PumpError::Write)?;
        self.size = size;
        Ok(count > 0)
    }
}

fn hash(mut hasher: Sha256, full: &Receiver<Vec<u8>>, done: &SyncSender<Vec<u8>>) -> Sha256 {
    for piece in full {
        hasher.update(&piece);
        // If there are enough spare buffers, this one is freed.
        let _ = done.try_send(piece);
    }
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(bytes: &[u8], limit: u64) -> (Result<(), PumpError>, HashingCounter, Vec<u8>) {
        let (mut counter, mut out, mut from) = (HashingCounter::default(), Vec::new(), bytes);
        let end = counter.copy(&mut from, &mut out, limit, &mut |_| ());
        (end, counter, out)
    }

    #[test]
    fn every_size_arrives_and_is_hashed_and_one_byte_more_is_too_many() {
        let worth = WORTH_A_THREAD as usize;
        for size in [
            0,
            1,
            PIECE,
            PIECE + 1,
            worth - 1,
            worth,
            worth + 1,
            3 * worth + 5,
        ] {
            let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let (end, counter, out) = copy(&bytes, size as u64);
            assert!(end.is_ok() && out == bytes, "{size}");
            let (size, sha256) = (size as u64, Digest::of(&bytes));
            assert_eq!(counter.digested(), Digested { sha256, size });
            if size > 0 {
                let (end, counter, out) = copy(&bytes, size - 1);
                assert!(matches!(end, Err(PumpError::Longer)));
                assert_eq!(counter.digested().sha256, Digest::of(&out));
            }
        }
        let end =
            HashingCounter::default().copy(&mut io::repeat(1), &mut io::sink(), 10, &mut |_| ());
        assert!(matches!(end, Err(PumpError::Longer)));
    }

    #[test]
    fn where_no_thread_can_be_started_one_does_both() {
        let bytes: Vec<u8> = (0..5 * PIECE + 3).map(|n| (n % 251) as u8).collect();
        let (mut counter, mut out) = (HashingCounter::default(), Vec::new());
        let none = thread::Builder::new().stack_size(1 << 60);
        let (from, limit) = (&mut bytes.as_slice(), bytes.len() as u64);
        let end = counter.pump_with(none, from, &mut out, limit, &mut |_| ());
        assert!(end.is_ok() && out == bytes);
        assert_eq!(counter.digested().sha256, Digest::of(&bytes));
    }

    #[test]
    fn what_came_before_a_break_is_counted_and_gone_on_from() {
        struct Breaks<'b>(&'b [u8]);
        impl Read for Breaks<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                match self.0.read(buffer)? {
                    0 => Err(io::ErrorKind::ConnectionReset.into()),
                    count => Ok(count),
                }
            }
        }
        for at in [0, 10, PIECE + 7, 2 * WORTH_A_THREAD as usize + 3] {
            let bytes = vec![7; 3 * WORTH_A_THREAD as usize];
            let (mut counter, mut out) = (HashingCounter::default(), Vec::new());
            let limit = bytes.len() as u64;
            let end = counter.copy(&mut Breaks(&bytes[..at]), &mut out, limit, &mut |_| ());
            assert!(matches!(end, Err(PumpError::Read(_))));
            assert_eq!((counter.size(), out.len()), (at as u64, at));
            let end = counter.copy(&mut &bytes[at..], &mut out, limit, &mut |_| ());
            assert!(end.is_ok() && out == bytes);
            assert_eq!(counter.digested().sha256, Digest::of(&bytes), "{at}");
        }
    }
}
