//! The parser's sources of bytes: a whole file, or the parts of one that were kept.
//!
//! This module does not know what the bytes mean.

use std::{
    borrow::Cow,
    io::{self, Read, Seek},
    ops::Range,
};

/// Why some bytes are not available.
#[derive(Debug)]
pub(super) enum Missing {
    /// The file ends before them.
    BeyondEnd,
    /// They were streamed past and not kept.
    NotKept,
    /// The source failed.
    Failed(io::Error),
}

/// A file of known size, some bytes of which can be read.
pub(super) trait Bytes {
    /// Returns the size of the whole file in bytes.
    fn size(&self) -> u64;

    /// Returns `length` bytes starting at `offset`. The caller limits `length`.
    fn read_at(&mut self, offset: u64, length: usize) -> Result<Cow<'_, [u8]>, Missing>;
}

/// Records which ranges of another source are read.
pub(super) struct Noted<B> {
    source: B,
    pub(super) ranges: Vec<Range<u64>>,
}

impl<B> Noted<B> {
    pub(super) fn new(source: B) -> Self {
        Self {
            source,
            ranges: Vec::new(),
        }
    }
}

impl<B: Bytes> Bytes for Noted<B> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&mut self, offset: u64, length: usize) -> Result<Cow<'_, [u8]>, Missing> {
        let end = offset.saturating_add(length as u64);
        match self.ranges.last_mut() {
            Some(last) if last.end == offset => last.end = end,
            _ => self.ranges.push(offset..end),
        }
        self.source.read_at(offset, length)
    }
}

/// Returns whether a range is within a file.
pub(super) fn within(size: u64, offset: u64, length: usize) -> Result<(), Missing> {
    match offset.checked_add(length as u64) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Missing::BeyondEnd),
    }
}

/// A whole file, in memory.
pub(super) struct Slice<'a>(pub(super) &'a [u8]);

impl Bytes for Slice<'_> {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, offset: u64, length: usize) -> Result<Cow<'_, [u8]>, Missing> {
        let start = usize::try_from(offset).map_err(|_| Missing::BeyondEnd)?;
        let bytes = self.0.get(start..).and_then(|rest| rest.get(..length));
        bytes.map(Cow::Borrowed).ok_or(Missing::BeyondEnd)
    }
}

/// A whole file, on disk.
pub(super) struct Seekable<S> {
    pub(super) source: S,
    pub(super) size: u64,
}

impl<S: Read + Seek> Bytes for Seekable<S> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, length: usize) -> Result<Cow<'_, [u8]>, Missing> {
        within(self.size, offset, length)?;
        let mut bytes = vec![0; length];
        self.source
            .seek(io::SeekFrom::Start(offset))
            .and_then(|_| self.source.read_exact(&mut bytes))
            .map_err(Missing::Failed)?;
        Ok(Cow::Owned(bytes))
    }
}
