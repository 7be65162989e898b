//! The source with a buffer of our own, so that a deflate stream can end anywhere in it without a byte being lost.
//!
//! It does not know what it reads, only for which part of the zip, to say so when the source ends or fails.

use std::io::{self, Read};

use super::error::{Part, ZipError};

/// Large enough that calls into the source cost nothing beside inflating what they bring.
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

    /// The bytes at hand; reads more only if there are none. Empty at the end of the source.
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

    /// Takes away `n` of the bytes that [`Input::fill`] showed.
    pub(super) fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
    }

    /// Copies as many bytes as are at hand into `buf` and takes them away; 0 only at the end or for an empty `buf`.
    pub(super) fn copy(&mut self, part: Part, buf: &mut [u8]) -> Result<usize, ZipError> {
        let mut bytes = self.fill(part)?;
        // Reading from a slice copies at once and cannot fail.
        let n = bytes.read(buf).unwrap_or(0);
        self.consume(n);
        Ok(n)
    }

    /// Fills all of `buf`, or says that the zip ends within `part`.
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
