//! Where the parser gets its bytes from: all of a file, or what was kept of one.
//!
//! Nothing here knows what the bytes mean.

use std::{
    borrow::Cow,
    io::{self, Read, Seek},
    ops::Range,
};

/// Why some bytes cannot be had.
#[derive(Debug)]
pub(super) enum Missing {
    /// The file ends before.
    BeyondEnd,
    /// They passed by and were not kept.
    NotKept,
    /// The source failed.
    Failed(io::Error),
}

/// A file of known size, of which some bytes can be read.
pub(super) trait Bytes {
    /// Bytes of the whole file.
    fn size(&self) -> u64;

    /// `length` bytes from `offset` on. The caller limits `length`.
    fn read_at(&mut self, offset: u64, length: usize) -> Result<Cow<'_, [u8]>, Missing>;
}

/// Notes which ranges of another source are read.
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

/// Whether a range lies within a file.
pub(super) fn within(size: u64, offset: u64, length: usize) -> Result<(), Missing> {
    match offset.checked_add(length as u64) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Missing::BeyondEnd),
    }
}

/// All of it, in memory.
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

/// All of it, on disk.
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
