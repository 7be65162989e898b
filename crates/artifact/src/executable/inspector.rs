//! Inspects an executable while its bytes stream by: once, forward, with bounded memory.
//!
//! It keeps the start of the file, and the ranges listed by an earlier reader of the whole file. At the end the parser
//! reads from what was kept, or refuses. Without a list most executables can still be read: the start names two places
//! behind it (interpreter, dynamic section), and linkers put into the start what the dynamic section points to.
//!
//! This module does not know what the bytes mean; the parser asks it for them.

use std::{borrow::Cow, ops::Range};

use super::{
    bytes::{Bytes, Missing, within},
    elf::{self, Header, Segment},
    error::InspectError,
    facts::Facts,
    ranges::{RANGES_BYTES, RANGES_MAX},
};

/// How many bytes from the start of the file an [`Inspector`] keeps. Few programs need more than 100 KiB; those that
/// export all their symbols to plug-ins need several MiB (node: 7.5).
pub const KEPT_PREFIX: usize = 8 * 1024 * 1024;

/// The most bytes kept of each range that the start names; the parser refuses larger ones anyway.
const KEPT_PLACE: u64 = 64 * 1024;

/// Takes an executable piece by piece and returns its [`Facts`] at the end.
///
/// Keeps little more than [`KEPT_PREFIX`] plus [`RANGES_BYTES`] bytes, whatever it is fed.
#[derive(Debug)]
pub struct Inspector {
    prefix: Vec<u8>,
    prefix_limit: usize,
    /// Whether the ranges that the prefix names have been looked up.
    asked: bool,
    places: Vec<Place>,
    passed: u64,
}

/// A range of the file behind the prefix.
#[derive(Debug)]
struct Place {
    range: Range<u64>,
    bytes: Vec<u8>,
}

impl Default for Inspector {
    fn default() -> Self {
        Self::new()
    }
}

impl Inspector {
    /// Creates an inspector that keeps [`KEPT_PREFIX`] bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::keeping(KEPT_PREFIX, [])
    }

    /// Keeps `prefix` bytes from the start of the file, and these ranges of it. The ranges are untrusted: what exceeds
    /// [`RANGES_MAX`] or [`RANGES_BYTES`] is not kept.
    #[must_use]
    pub fn keeping(prefix: usize, ranges: impl IntoIterator<Item = Range<u64>>) -> Self {
        let mut left = RANGES_BYTES;
        let places = ranges.into_iter().take(RANGES_MAX).filter_map(|range| {
            left = left.checked_sub(range.end.saturating_sub(range.start))?;
            Some(Place::new(range))
        });
        Self {
            places: places.collect(),
            prefix: Vec::new(),
            prefix_limit: prefix,
            asked: false,
            passed: 0,
        }
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        let room = self.prefix_limit - self.prefix.len().min(self.prefix_limit);
        let head = bytes.get(..room).unwrap_or(bytes);
        self.prefix.extend_from_slice(head);
        if !self.asked && self.prefix.len() >= self.prefix_limit {
            self.asked = true;
            // What cannot be read here may still be among the listed ranges; `finish` finds out.
            if let Ok(header) = Header::read(self) {
                let named = header.interpreter.iter().chain(&header.dynamic);
                let places: Vec<_> = named.map(|segment| self.place(*segment)).collect();
                self.places.extend(places);
            }
        }
        for place in &mut self.places {
            place.update(self.passed, bytes);
        }
        self.passed = self.passed.saturating_add(bytes.len() as u64);
    }

    /// Returns the facts once the file has ended.
    ///
    /// # Errors
    /// [`InspectError`]: the file is not an executable, or is broken, or a part of it was not kept.
    pub fn finish(mut self) -> Result<Facts, InspectError> {
        elf::parse(&mut self)
    }

    /// Returns what has to be kept of a segment in addition to the prefix.
    fn place(&self, segment: Segment) -> Place {
        let end = (segment.offset).saturating_add(segment.file_size.min(KEPT_PLACE));
        Place::new(segment.offset.max(self.prefix_limit as u64)..end)
    }

    /// Returns the rest of the piece that holds the byte at `offset`, from there on.
    fn piece(&self, offset: u64) -> Option<&[u8]> {
        let places = (self.places.iter()).map(|p| (p.range.start, p.bytes.as_slice()));
        [(0, self.prefix.as_slice())]
            .into_iter()
            .chain(places)
            .find_map(|(start, bytes)| {
                let into = usize::try_from(offset.checked_sub(start)?).ok()?;
                bytes.get(into..).filter(|rest| !rest.is_empty())
            })
    }
}

impl Place {
    fn new(range: Range<u64>) -> Self {
        let bytes = Vec::new();
        Self { range, bytes }
    }

    /// Keeps what is wanted of `bytes`, which are at `at` in the file.
    fn update(&mut self, at: u64, bytes: &[u8]) {
        let next = (self.range.start).saturating_add(self.bytes.len() as u64);
        let (Some(skip), left) = (next.checked_sub(at), self.range.end.saturating_sub(next)) else {
            return;
        };
        let (Ok(skip), Ok(left)) = (usize::try_from(skip), usize::try_from(left)) else {
            return;
        };
        if let Some(wanted) = bytes.get(skip..) {
            self.bytes
                .extend_from_slice(wanted.get(..left).unwrap_or(wanted));
        }
    }
}

impl Bytes for Inspector {
    fn size(&self) -> u64 {
        // In the middle of the stream, only the prefix can be read.
        self.passed.max(self.prefix.len() as u64)
    }

    fn read_at(&mut self, offset: u64, length: usize) -> Result<Cow<'_, [u8]>, Missing> {
        within(self.size(), offset, length)?;
        let mut found = Vec::with_capacity(length);
        while found.len() < length {
            let at = offset.saturating_add(found.len() as u64);
            let piece = self.piece(at).ok_or(Missing::NotKept)?;
            let wanted = length - found.len();
            found.extend_from_slice(piece.get(..wanted).unwrap_or(piece));
        }
        Ok(Cow::Owned(found))
    }
}
