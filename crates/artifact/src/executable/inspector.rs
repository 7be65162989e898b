//! Inspects an executable while its bytes stream by: once, forward, with bounded memory.
//!
//! Kept are the start of the file, and of the rest the two places that the program headers name (interpreter, dynamic
//! section), which are always behind them. What the dynamic section points to comes before it in most files, when
//! nobody knew yet that it would be wanted: linkers put it into the first segment, mostly within the part that is kept.
//! Where they did not, the facts are unknown, and the caller says whether that is good enough.
//!
//! This module does not know what the bytes mean; the parser asks it for them.

use std::borrow::Cow;

use super::{
    bytes::{Bytes, Missing, within},
    elf::{self, HEADERS_WITHIN, Header, Segment},
    error::InspectError,
    facts::Facts,
};

/// How many bytes from the start of the file an [`Inspector`] keeps. Few programs need more than 100 KiB; those that export
/// all their symbols to plug-ins need some MiB (node: 7.5).
pub const KEPT_PREFIX: usize = 8 * 1024 * 1024;

/// The most that is kept of each place that the headers name; the parser refuses larger ones anyway.
const KEPT_PLACE: u64 = 64 * 1024;

/// Takes an executable piece by piece and gives its [`Facts`] at the end.
///
/// Keeps at most [`KEPT_PREFIX`] bytes and some, whatever is fed to it.
#[derive(Debug)]
pub struct Inspector {
    kept: Kept,
    headers: Headers,
}

#[derive(Debug)]
enum Headers {
    NotYet,
    Read(Header),
    Refused(InspectError),
}

/// What was kept of the bytes that passed.
#[derive(Debug)]
struct Kept {
    prefix: Vec<u8>,
    prefix_limit: usize,
    places: Vec<Place>,
    passed: u64,
}

/// A range of the file behind the prefix.
#[derive(Debug)]
struct Place {
    start: u64,
    end: u64,
    bytes: Vec<u8>,
}

impl Default for Inspector {
    fn default() -> Self {
        Self::new()
    }
}

impl Inspector {
    /// Nothing seen yet; keeps [`KEPT_PREFIX`] bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::keeping(KEPT_PREFIX)
    }

    /// Keeps `prefix` bytes from the start of the file, but at least the 64 KiB in which the headers have to lie.
    #[must_use]
    pub fn keeping(prefix: usize) -> Self {
        Self {
            kept: Kept {
                prefix: Vec::new(),
                prefix_limit: prefix.max(usize::try_from(HEADERS_WITHIN).unwrap_or(prefix)),
                places: Vec::new(),
                passed: 0,
            },
            headers: Headers::NotYet,
        }
    }

    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        let room = self.kept.prefix_limit - self.kept.prefix.len().min(self.kept.prefix_limit);
        let head = bytes.get(..room).unwrap_or(bytes);
        self.kept.prefix.extend_from_slice(head);
        if matches!(self.headers, Headers::NotYet)
            && self.kept.prefix.len() as u64 >= HEADERS_WITHIN
        {
            self.headers = match Header::read(&mut self.kept) {
                Ok(header) => {
                    self.kept.places = (header.interpreter.iter().chain(&header.dynamic))
                        .filter_map(|segment| self.kept.place(*segment))
                        .collect();
                    Headers::Read(header)
                }
                Err(error) => Headers::Refused(error),
            };
        }
        for place in &mut self.kept.places {
            place.update(self.kept.passed, bytes);
        }
        self.kept.passed = self.kept.passed.saturating_add(bytes.len() as u64);
    }

    /// The refusal that is certain already, so that nobody has to read on. [`Inspector::finish`] gives it again.
    #[must_use]
    pub fn refused(&self) -> Option<&InspectError> {
        match &self.headers {
            Headers::Refused(error) => Some(error),
            Headers::NotYet | Headers::Read(_) => None,
        }
    }

    /// The facts, now that the file has ended.
    ///
    /// # Errors
    /// [`InspectError`]: it is no executable, or a broken one.
    pub fn finish(mut self) -> Result<Facts, InspectError> {
        match self.headers {
            Headers::NotYet => elf::parse(&mut self.kept),
            Headers::Read(header) => elf::complete(&mut self.kept, &header),
            Headers::Refused(error) => Err(error),
        }
    }
}

impl Kept {
    /// What has to be kept of a segment beside the prefix.
    fn place(&self, segment: Segment) -> Option<Place> {
        let end = (segment.offset).saturating_add(segment.file_size.min(KEPT_PLACE));
        let start = segment.offset.max(self.prefix_limit as u64);
        (start < end).then_some(Place {
            start,
            end,
            bytes: Vec::new(),
        })
    }

    /// The piece that holds the byte at `offset`, from there on.
    fn piece(&self, offset: u64) -> Option<&[u8]> {
        let places = self.places.iter().map(|p| (p.start, p.bytes.as_slice()));
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
    /// Takes what is wanted of `bytes`, which lie at `at` in the file.
    fn update(&mut self, at: u64, bytes: &[u8]) {
        let next = self.start.saturating_add(self.bytes.len() as u64);
        let (Some(skip), left) = (next.checked_sub(at), self.end.saturating_sub(next)) else {
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

impl Bytes for Kept {
    fn size(&self) -> u64 {
        // While the headers are read, in the middle of the stream, only the prefix is there to be read, and it is long
        // enough for them.
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
