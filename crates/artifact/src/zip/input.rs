//! Wraps the source in a buffer of this module's own, so that a deflate stream can end anywhere in it without losing a
//! byte.
//!
//! It knows only which part of the zip is being read, for the error when the source ends or fails.

use std::io::{self, Read};

use super::error::{Part, ZipError};

/// Large enough that calls into the source cost little compared with inflating.
const CAPACITY: usize = 128 * 1024;

pub(super) struct Input<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; CAPACITY].into_boxed_slice(),
            start: 0,
            end: 0,
        }
    }

    /// Returns the buffered bytes; reads more only if there are none. Empty at the end of the source.
    pub(super) fn fill(&mut self, part: Part) -> Result<&[u8], ZipError> {
        while self.start == self.end {
            match self.source.read(&mut self.buffer) {
                Ok(n) => {
                    self.start = 0;
                    self.end = n.min(self.buffer.len());
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ZipError::Source { part, source }),
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Discards `n` of the bytes that [`Input::fill`] returned.
    pub(super) fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
    }

    /// Moves as many buffered bytes as fit into `buf`; returns 0 only at the end or for an empty `buf`.
    pub(super) fn copy(&mut self, part: Part, buf: &mut [u8]) -> Result<usize, ZipError> {
        let mut bytes = self.fill(part)?;
        // Reading from a slice cannot fail.
        let n = bytes.read(buf).unwrap_or(0);
        self.consume(n);
        Ok(n)
    }

    /// Fills all of `buf`, or fails because the zip ends within `part`.
    pub(super) fn take(&mut self, part: Part, mut buf: &mut [u8]) -> Result<(), ZipError> {
        while !buf.is_empty() {
            match self.copy(part, buf)? {
                0 => return Err(ZipError::Truncated { part }),
                n => buf = buf.get_mut(n..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}
