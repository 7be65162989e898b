//! Reads the headers of an executable and checks them against a variant's requirements.
//!
//! Two ways lead to the same [`Facts`]. At build time the file is on disk: [`inspect`] seeks. At promotion the bytes
//! stream by once: an [`Inspector`] is fed with them and keeps a bounded part. The build recorded which part:
//! [`inspect_noting`] returns the ranges that were read. They are untrusted hints: if a part was not kept, the
//! executable is refused; if it was, the same parser reads the same bytes. Then [`check`] compares the facts with
//! [`Requirements`].
//!
//! Only ELF is supported; scripts, Mach-O, PE and other formats are each refused under their own code. The rules come
//! from the System V gABI (chapters 4 and 5), its processor supplements (psABI), and from what Linux and the GNU
//! dynamic linker do where those are silent.
//!
//! The build wrote the headers and can put anything into them: they show that the right file came out of an honest
//! build, not that its code is harmless. This module does not know variants or manifests, and never runs anything.

mod arch;
mod bytes;
mod check;
mod elf;
mod error;
mod facts;
mod format;
mod inspector;
mod ranges;

use std::{
    io::{self, Read, Seek},
    ops::Range,
};

pub use arch::{Arch, UnknownArch};
pub use check::{LibcKind, Requirements, Violation, check};
pub use error::InspectError;
pub use facts::{
    Class, Endian, Facts, GlibcVersion, Kind, Libc, Machine, Stack, UnknownSymbolVersion,
};
pub use inspector::{Inspector, KEPT_PREFIX};
pub use ranges::{RANGES_BYTES, RANGES_MAX};

/// Reads the headers of an executable from a seekable source, such as a file.
///
/// # Errors
/// [`InspectError`]: the source is not an executable, or is broken, or reading failed.
pub fn inspect(source: impl Read + Seek) -> Result<Facts, InspectError> {
    elf::parse(&mut seekable(source)?)
}

/// Like [`inspect`], and also returns the ranges beyond the first `prefix` bytes that an [`Inspector`] has to keep to
/// read the same: ascending, disjoint, at most [`RANGES_MAX`] with at most [`RANGES_BYTES`] together.
///
/// # Errors
/// As [`inspect`]; and [`InspectError::TooLarge`] if the ranges exceed those limits.
pub fn inspect_noting(
    source: impl Read + Seek,
    prefix: usize,
) -> Result<(Facts, Vec<Range<u64>>), InspectError> {
    let mut noted = bytes::Noted::new(seekable(source)?);
    let facts = elf::parse(&mut noted)?;
    Ok((facts, ranges::beyond(noted.ranges, prefix as u64)?))
}

fn seekable<S: Read + Seek>(mut source: S) -> Result<bytes::Seekable<S>, InspectError> {
    let end = source.seek(io::SeekFrom::End(0));
    let size = end.map_err(InspectError::Read)?;
    Ok(bytes::Seekable { source, size })
}

/// Like [`inspect`], for bytes that are in memory.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_slice(bytes: &[u8]) -> Result<Facts, InspectError> {
    elf::parse(&mut bytes::Slice(bytes))
}
