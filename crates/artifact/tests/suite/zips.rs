//! Builds zips, honest ones and every kind of false one, from parts that a test can change one by one.
//!
//! It shares nothing with the crate's own writer, on purpose.

use std::io::{self, Read, Write as _};

use flate2::{Compression, Crc, write::DeflateEncoder};
use lockgate_artifact::zip::{Expect, Facts, Size, ZipError, read_all};

pub(crate) const NAME: &str = "tool-amd64-v7";

/// The parts of a zip, as bytes. Offsets in the tests are those of APPNOTE's record layouts.
#[derive(Clone)]
pub(crate) struct Parts {
    /// The expected name and size for the reader.
    pub(crate) asked: String,
    pub(crate) asked_size: usize,
    /// The uncompressed content of the zip.
    pub(crate) plain: Vec<u8>,
    pub(crate) before: Vec<u8>,
    pub(crate) local: Vec<u8>,
    pub(crate) local_name: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) descriptor: Vec<u8>,
    pub(crate) central: Vec<u8>,
    pub(crate) central_name: Vec<u8>,
    pub(crate) end: Vec<u8>,
    pub(crate) after: Vec<u8>,
}

impl Parts {
    /// Returns what the uploader would write for a file named [`NAME`].
    pub(crate) fn new(plain: &[u8], level: u32) -> Self {
        Self::named(NAME.as_bytes(), plain, level)
    }

    pub(crate) fn named(name: &[u8], plain: &[u8], level: u32) -> Self {
        let mut crc = Crc::new();
        crc.update(plain);
        let (method, content) = if level == 0 {
            (0_u16, plain.to_vec())
        } else {
            (8, deflate(plain, level))
        };
        let mut parts = Self {
            asked: String::from_utf8_lossy(name).into_owned(),
            asked_size: plain.len(),
            plain: plain.to_vec(),
            before: vec![],
            local: vec![0; 30],
            local_name: name.to_vec(),
            content,
            descriptor: vec![0; 16],
            central: vec![0; 46],
            central_name: name.to_vec(),
            end: vec![0; 22],
            after: vec![],
        };
        parts.local[..4].copy_from_slice(b"PK\x03\x04");
        parts.descriptor[..4].copy_from_slice(b"PK\x07\x08");
        parts.central[..4].copy_from_slice(b"PK\x01\x02");
        parts.end[..4].copy_from_slice(b"PK\x05\x06");
        set16(&mut parts.central, 4, 0x032d);
        for (record, at) in [(&mut parts.local, 4), (&mut parts.central, 6)] {
            set16(record, at, 20);
            set16(record, at + 2, 8);
            set16(record, at + 4, method);
            set16(record, at + 6, 0x3af7);
            set16(record, at + 8, 0x5d76);
        }
        set32(&mut parts.central, 38, 0o100_755 << 16 | 0x20);
        set16(&mut parts.end, 8, 1);
        set16(&mut parts.end, 10, 1);
        parts.set_values(crc.sum());
        parts.lay_out();
        parts
    }

    /// Sets sizes and CRC where they belong.
    pub(crate) fn set_values(&mut self, crc: u32) {
        let values = [crc, self.content.len() as u32, self.plain.len() as u32];
        for (n, value) in values.into_iter().enumerate() {
            set32(&mut self.central, 16 + 4 * n, value);
            if self.descriptor.is_empty() {
                set32(&mut self.local, 14 + 4 * n, value);
            } else {
                set32(&mut self.descriptor, 4 + 4 * n, value);
            }
        }
    }

    /// Sets the lengths of names and the position of the directory.
    pub(crate) fn lay_out(&mut self) {
        let (local, central) = (self.local_name.len(), self.central_name.len());
        set16(&mut self.local, 26, local as u16);
        set16(&mut self.central, 28, central as u16);
        let directory = self.directory_offset();
        set32(&mut self.end, 12, (46 + central) as u32);
        set32(&mut self.end, 16, directory as u32);
    }

    pub(crate) fn directory_offset(&self) -> usize {
        30 + self.local_name.len() + self.content.len() + self.descriptor.len()
    }

    /// Clears bit 3: sizes and CRC in the local header, no descriptor.
    pub(crate) fn without_descriptor(mut self) -> Self {
        let crc = value32(&self.central, 16);
        let flags = self.flags_now() & !8;
        self.flags(flags);
        self.descriptor.clear();
        self.set_values(crc);
        self.lay_out();
        self
    }

    /// Returns the flags of the local header.
    pub(crate) fn flags_now(&self) -> u16 {
        (value32(&self.local, 4) >> 16) as u16
    }

    /// Sets the same flags in both headers.
    pub(crate) fn flags(&mut self, flags: u16) {
        set16(&mut self.local, 6, flags);
        set16(&mut self.central, 8, flags);
    }

    pub(crate) fn needed(&mut self, version: u16) {
        set16(&mut self.local, 4, version);
        set16(&mut self.central, 6, version);
    }

    pub(crate) fn method(&mut self, method: u16) {
        set16(&mut self.local, 8, method);
        set16(&mut self.central, 10, method);
    }

    pub(crate) fn mode(&mut self, mode: u32) {
        set32(&mut self.central, 38, mode << 16 | 0x20);
    }

    /// Adds extra fields to the local header, and moves the directory accordingly.
    pub(crate) fn add_extra_before(&mut self, fields: &[u8]) {
        set16(&mut self.local, 28, fields.len() as u16);
        self.local_name.extend(fields);
        let directory = self.directory_offset();
        set32(&mut self.end, 16, directory as u32);
    }

    /// Adds extra fields to the directory, and sets its size accordingly.
    pub(crate) fn add_extra_behind(&mut self, fields: &[u8]) {
        set16(&mut self.central, 30, fields.len() as u16);
        self.central_name.extend(fields);
        let length = self.central_name.len();
        set32(&mut self.end, 12, (46 + length) as u32);
    }

    /// Adds a second entry, listed and counted correctly.
    pub(crate) fn add_entry(&mut self, name: &[u8]) {
        let mut other = Self::named(name, b"other", 6);
        let at = self.directory_offset();
        set32(&mut other.central, 42, at as u32);
        self.descriptor.extend(other.entry());
        let listed = [other.central, other.central_name].concat();
        self.central_name.extend(listed);
        let (directory, size) = (self.directory_offset(), 46 + self.central_name.len());
        for at in [8, 10] {
            set16(&mut self.end, at, 2);
        }
        set32(&mut self.end, 12, size as u32);
        set32(&mut self.end, 16, directory as u32);
    }

    /// Returns the entry alone, without a directory.
    pub(crate) fn entry(&self) -> Vec<u8> {
        [
            self.local.clone(),
            self.local_name.clone(),
            self.content.clone(),
            self.descriptor.clone(),
        ]
        .concat()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [
            &self.before,
            &self.local,
            &self.local_name,
            &self.content,
            &self.descriptor,
            &self.central,
            &self.central_name,
            &self.end,
            &self.after,
        ]
        .into_iter()
        .flatten()
        .copied()
        .collect()
    }
}

pub(crate) fn deflate(plain: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

// Skips a record that an earlier change made shorter, so that changes can be combined.

pub(crate) fn set16(record: &mut [u8], at: usize, value: u16) {
    set(record, at, &value.to_le_bytes());
}

pub(crate) fn set32(record: &mut [u8], at: usize, value: u32) {
    set(record, at, &value.to_le_bytes());
}

fn set(record: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = record.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

pub(crate) fn xor(record: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = record.get_mut(at) {
        *byte ^= bits;
    }
}

pub(crate) fn value32(record: &[u8], at: usize) -> u32 {
    let bytes = record.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Reads with the size known exactly.
pub(crate) fn read_exact(zip: &[u8], size: usize) -> Result<(Vec<u8>, Facts), ZipError> {
    read_named(zip, NAME, Size::Exact(size as u64))
}

pub(crate) fn read_named(zip: &[u8], name: &str, size: Size) -> Result<(Vec<u8>, Facts), ZipError> {
    read_all(zip, Expect { name, size })
}

/// The zips that the real uploader wrote: all hold `hello lockgate\n`.
pub(crate) const REAL_NAME: &str = "inspect-tool-support-amd64-v2";
pub(crate) const REAL_CONTENT: &[u8] = b"hello lockgate\n";
pub(crate) const REAL: [(u32, &[u8]); 3] = [
    (0, include_bytes!("../data/artifact-level0.zip")),
    (6, include_bytes!("../data/artifact-level6.zip")),
    (9, include_bytes!("../data/artifact-level9.zip")),
];

/// Returns few bytes at a time, with interruptions in between.
pub(crate) struct Trickle<'a> {
    left: &'a [u8],
    pieces: usize,
    interrupts: bool,
}

impl<'a> Trickle<'a> {
    pub(crate) fn new(bytes: &'a [u8], pieces: usize) -> Self {
        Self {
            left: bytes,
            pieces,
            interrupts: false,
        }
    }
}

impl Read for Trickle<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.interrupts = !self.interrupts;
        if self.interrupts {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let room = buf.len().min(self.pieces);
        self.left.read(&mut buf[..room])
    }
}
