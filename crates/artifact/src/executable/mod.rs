//! What an executable's own headers say, and whether that is what a variant asks for.
//!
//! Two ways lead to the same [`Facts`]. At build time the file is on disk: [`inspect`] seeks and knows everything. At
//! promotion the bytes stream by once: an [`Inspector`] is fed with them and keeps a bounded part, so that a few facts
//! may be left [`Fact::Unknown`]. Both run the same parser. Then [`check`] compares the facts with [`Requirements`].
//!
//! Only ELF is known; scripts, Mach-O, PE and the rest are each refused under their own code. The rules come from the
//! System V gABI (chapters 4 and 5), its processor supplements (psABI), and from what Linux and the GNU dynamic
//! linker do where those are silent.
//!
//! The headers were written by the build and can say anything: they show that the right file came out of an honest
//! build, not that the code in it is harmless. This module does not know variants or manifests, and never runs anything.

mod arch;
mod bytes;
mod check;
mod elf;
mod error;
mod facts;
mod format;
mod inspector;

use std::io::{self, Read, Seek};

pub use arch::{Arch, UnknownArch};
pub use check::{LibcKind, Requirements, Violation, check};
pub use error::InspectError;
pub use facts::{
    Class, Endian, Fact, Facts, GlibcVersion, Kind, Libc, Machine, Stack, UnknownSymbolVersion,
};
pub use inspector::{Inspector, KEPT_PREFIX};

/// Reads the headers of an executable that can be read at any place, such as a file. All facts are known.
///
/// # Errors
/// [`InspectError`]: it is no executable, or a broken one, or reading failed.
pub fn inspect(mut source: impl Read + Seek) -> Result<Facts, InspectError> {
    let size = source
        .seek(io::SeekFrom::End(0))
        .map_err(InspectError::Read)?;
    elf::parse(&mut bytes::Seekable { source, size })
}

/// As [`inspect`], for bytes that are in memory.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_slice(bytes: &[u8]) -> Result<Facts, InspectError> {
    elf::parse(&mut bytes::Slice(bytes))
}
