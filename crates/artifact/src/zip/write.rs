//! Writes a zip in exactly the shape that GitHub's artifact uploader writes: one entry, streamed.
//!
//! For rehearsals and tests, which play the uploader's part. The shape was taken from the uploader's own zips: made by
//! 4.5 on Unix, version 20, only bit 3, a descriptor with its signature, level 0 stored. Compressed bytes may differ
//! from the uploader's, because another compressor makes them. This module shares only the grammar of names with the
//! reader.

use std::io::{self, Write};

use flate2::{Compression, Crc, write::DeflateEncoder};

use super::{
    Facts, MAX_32, Method,
    error::{Part, ZipError},
    is_plain_name,
    record::{
        CENTRAL, CENTRAL_SIGNATURE, DESCRIPTOR, DESCRIPTOR_SIGNATURE, END_SIGNATURE,
        HAS_DESCRIPTOR, LOCAL, LOCAL_SIGNATURE,
    },
};
use crate::foreign::shown;

const NEEDED: u16 = 20;
const MADE_BY: u16 = 0x032D;
const DOS_ARCHIVE: u32 = 0x20;
const REGULAR: u32 = 0o100_000;

/// The entry to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name, in the grammar of [`Expect::name`](super::Expect::name).
    pub name: &'a str,
    /// Unix permission bits; the uploader keeps the file's. Bits above `0o7777` are cut off. The reader refuses setuid,
    /// setgid and sticky bits: writing them is for tests.
    pub mode: u32,
    /// The modification time of the file.
    pub modified: DosTime,
    /// Compression level: 0 (stored) to 9.
    pub level: u32,
}

/// A time as in a zip (APPNOTE 4.4.6): two-second steps, no time zone, from 1980 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DosTime {
    /// Year since 1980 in the upper 7 bits, month in 4, day in 5.
    pub date: u16,
    /// Hour in the upper 5 bits, minute in 6, half of the seconds in 5.
    pub time: u16,
}

impl DosTime {
    /// The earliest time that a zip can hold.
    pub const EPOCH: Self = Self {
        date: 1 << 5 | 1,
        time: 0,
    };
}

/// Writes a zip with one entry: write the content, then call [`SingleFileWriter::finish`].
#[derive(Debug)]
pub struct SingleFileWriter<W: Write> {
    body: Body<W>,
    name: String,
    mode: u32,
    modified: DosTime,
    crc: Crc,
    size: u64,
}

#[derive(Debug)]
enum Body<W: Write> {
    Stored(W),
    Deflated(DeflateEncoder<W>),
}

impl<W: Write> SingleFileWriter<W> {
    /// Writes the local header.
    ///
    /// # Errors
    /// `InvalidInput` for a name outside the grammar (with [`ZipError::ExpectedName`] inside) or a level above 9; any
    /// error of `out`.
    pub fn new(mut out: W, entry: Entry<'_>) -> io::Result<Self> {
        if !is_plain_name(entry.name.as_bytes()) {
            let name = shown(entry.name.as_bytes());
            return Err(invalid(ZipError::ExpectedName { name }));
        }
        if entry.level > 9 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a compression level is 0 to 9",
            ));
        }
        let method = match entry.level {
            0 => Method::Stored,
            _ => Method::Deflated,
        };
        let mut header = Vec::with_capacity(LOCAL + entry.name.len());
        header.extend(LOCAL_SIGNATURE);
        common(&mut header, method, entry.modified, [0; 3], entry.name);
        header.extend(entry.name.as_bytes());
        out.write_all(&header)?;
        Ok(Self {
            body: match method {
                Method::Stored => Body::Stored(out),
                Method::Deflated => {
                    Body::Deflated(DeflateEncoder::new(out, Compression::new(entry.level)))
                }
            },
            name: entry.name.to_owned(),
            mode: entry.mode & 0o7777,
            modified: entry.modified,
            crc: Crc::new(),
            size: 0,
        })
    }

    /// Writes everything after the content, and returns `out` with what the zip records.
    ///
    /// # Errors
    /// Any error of `out`; `InvalidInput` with [`ZipError::Zip64`] inside if the content is too large for the format.
    pub fn finish(self) -> io::Result<(W, Facts)> {
        let (mut out, method, compressed) = match self.body {
            Body::Stored(out) => (out, Method::Stored, self.size),
            Body::Deflated(mut encoder) => {
                encoder.try_finish()?;
                let compressed = encoder.total_out();
                (encoder.finish()?, Method::Deflated, compressed)
            }
        };
        let facts = Facts {
            name: self.name,
            size: self.size,
            compressed,
            crc32: self.crc.sum(),
            method,
            mode: self.mode,
        };
        let tail = tail(&facts, self.modified).ok_or_else(|| {
            invalid(ZipError::Zip64 {
                part: Part::Content,
            })
        })?;
        out.write_all(&tail)?;
        out.flush()?;
        Ok((out, facts))
    }
}

impl<W: Write> Write for SingleFileWriter<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = match &mut self.body {
            Body::Stored(out) => out.write(buf)?,
            Body::Deflated(encoder) => encoder.write(buf)?,
        };
        let taken = buf.get(..n);
        self.crc
            .update(taken.ok_or_else(|| io::Error::other("more was written than was given"))?);
        self.size += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        // Flushing inside a deflate stream would change its bytes: only finished output is passed on.
        match &mut self.body {
            Body::Stored(out) => out.flush(),
            Body::Deflated(encoder) => encoder.get_mut().flush(),
        }
    }
}

/// Returns descriptor, central directory and end record; `None` if a value does not fit into 32 bits.
fn tail(facts: &Facts, modified: DosTime) -> Option<Vec<u8>> {
    let directory = (LOCAL + facts.name.len() + DESCRIPTOR) as u64 + facts.compressed;
    if directory.max(facts.size) > MAX_32 {
        return None;
    }
    let directory = u32::try_from(directory).ok()?;
    let directory_size = u32::try_from(CENTRAL + facts.name.len()).ok()?;
    let values = [
        facts.crc32,
        u32::try_from(facts.compressed).ok()?,
        u32::try_from(facts.size).ok()?,
    ];
    let mut tail = Vec::new();

    tail.extend(DESCRIPTOR_SIGNATURE);
    numbers(&mut tail, &values);

    tail.extend(CENTRAL_SIGNATURE);
    tail.extend(MADE_BY.to_le_bytes());
    common(&mut tail, facts.method, modified, values, &facts.name);
    // Comment, disk and internal attributes: none.
    tail.extend([0; 6]);
    numbers(&mut tail, &[(REGULAR | facts.mode) << 16 | DOS_ARCHIVE, 0]);
    tail.extend(facts.name.as_bytes());

    tail.extend(END_SIGNATURE);
    // Disk, disk of the directory, entries here, entries.
    tail.extend([0, 0, 0, 0, 1, 0, 1, 0]);
    numbers(&mut tail, &[directory_size, directory]);
    tail.extend([0; 2]);
    Some(tail)
}

/// Writes the fields that both headers share.
fn common(out: &mut Vec<u8>, method: Method, modified: DosTime, values: [u32; 3], name: &str) {
    let head = [
        NEEDED,
        HAS_DESCRIPTOR,
        method.number(),
        modified.time,
        modified.date,
    ];
    out.extend(head.iter().flat_map(|n| n.to_le_bytes()));
    numbers(out, &values);
    // The grammar allows at most 255 bytes. No extra field follows.
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    out.extend([length, 0, 0, 0]);
}

fn numbers(out: &mut Vec<u8>, numbers: &[u32]) {
    out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
}

fn invalid(error: ZipError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
