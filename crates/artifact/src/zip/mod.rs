//! Reads a zip with one executable, strictly and forward: only the shape that GitHub's artifact uploader writes.
//!
//! A zip records most values twice (local header, descriptor, central directory, end record), and readers differ in which
//! record they trust. This reader trusts none: it uses what it observed and refuses the file if any record disagrees,
//! if there are bytes between, before or after the records, or if any record uses a feature that the uploader never
//! uses. Accepted files have one meaning.
//!
//! The profile, with the sections of PKWARE's APPNOTE 6.3.10:
//!
//! | part | rule |
//! | --- | --- |
//! | local header (4.3.7) | at offset 0; needs version 20 (or 10, stored only); method 0 or 8; no extra field |
//! | flags (4.4.4) | only bit 3 (descriptor) and bit 11 (UTF-8) may be set |
//! | name (4.4.17) | the expected one, byte for byte, of `A-Z a-z 0-9 . _ -` |
//! | sizes and CRC (4.4.7 to 4.4.9) | with bit 3, zero in the local header; without, correct there |
//! | content | a raw deflate stream (RFC 1951) that ends where the next record begins, or stored bytes |
//! | descriptor (4.3.9) | if and only if bit 3; with its signature, 32-bit values |
//! | central directory (4.3.12) | follows directly; one entry, equal to the local header; made on Unix by 4.5 or 2.0 |
//! | attributes (4.4.15) | a regular file without setuid, setgid or sticky bit; DOS byte only the archive bit |
//! | end record (4.3.16) | follows directly; one disk, one entry, right size and offset, no comment; then the end |
//!
//! Leeway for other honest writers of the same shape: bit 3 may be clear, bit 11 set, version needed 10 for a stored
//! entry, made by 2.0, archive bit clear. None of it is ambiguous.
//!
//! Two things cannot be verified and do not matter: the padding bits after the last deflate block, and the date, which
//! must only be the same in both headers.
//!
//! This module does not know files, downloads, or the digest of the zip itself: wrap the source in a
//! [`HashingReader`](crate::digest::HashingReader) for that.

mod error;
mod inflate;
mod input;
mod local;
mod read;
mod record;
mod tail;
mod write;

pub use error::{Part, ZipError};
pub use read::{HELD_MAX, SingleFile, read_all};
pub use write::{DosTime, Entry, SingleFileWriter};

/// The expected entry, usually from the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expect<'a> {
    /// The name of the entry, byte for byte: 1 to 255 of `A-Z a-z 0-9 . _ -`, and neither `.` nor `..`.
    pub name: &'a str,
    /// The size of the content, uncompressed.
    pub size: Size,
}

/// The expected size of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Exactly this number of bytes.
    Exact(u64),
    /// At most this number of bytes: for the manifest itself, whose size is not recorded anywhere.
    AtMost(u64),
}

impl Size {
    /// Returns the most bytes that the content may have.
    #[must_use]
    pub fn limit(self) -> u64 {
        match self {
            Self::Exact(size) | Self::AtMost(size) => size,
        }
    }
}

/// The compression method of the content (APPNOTE 4.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Method 0: uncompressed.
    Stored,
    /// Method 8: a deflate stream.
    Deflated,
}

impl Method {
    fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// The facts of a zip, after all records agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Name of the entry, which is the expected one.
    pub name: String,
    /// Size of the content in bytes.
    pub size: u64,
    /// Size of the content inside the zip in bytes.
    pub compressed: u64,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// The compression method.
    pub method: Method,
    /// The Unix permission bits, at most `0o777`.
    pub mode: u32,
}

/// The largest literal value of a 32-bit field: the next one means "look in zip64" (4.4.1.4).
const MAX_32: u64 = 0xFFFF_FFFE;

/// Returns whether `name` is in the grammar of [`Expect::name`].
fn is_plain_name(name: &[u8]) -> bool {
    (1..=255).contains(&name.len())
        && name != b"."
        && name != b".."
        && name
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-'))
}
