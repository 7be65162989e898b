//! Parses ELF into [`Facts`], as far as it determines what a file needs to run.
//!
//! The headers give the positions, then the interpreter and the dynamic section are read, then what the dynamic section
//! points to. Contradictions are refused, even those that a loader ignores: two readers must not find different things
//! in an accepted file.

mod dynamic;
mod header;
mod versions;

use std::borrow::Cow;

pub(super) use header::{Header, Segment};

use super::{
    bytes::{Bytes, Missing},
    error::InspectError,
    facts::{Facts, Kind},
};
use crate::foreign::shown;

/// `PATH_MAX`, which Linux enforces for an interpreter (`load_elf_binary`).
const INTERPRETER_MAX: u64 = 4096;

/// Reads all facts, or fails if `bytes` lacks a part.
pub(super) fn parse(bytes: &mut impl Bytes) -> Result<Facts, InspectError> {
    let header = &Header::read(bytes)?;
    header.fits(bytes.size())?;
    let interpreter = match header.interpreter {
        Some(segment) => Some(interpreter(bytes, segment)?),
        None => None,
    };
    let dynamic = match header.dynamic {
        Some(segment) => Some(dynamic::Dynamic::read(bytes, header, segment)?),
        None => None,
    };
    let kind = match (header.is_dyn, &interpreter, &dynamic) {
        (_, Some(_), None) => {
            return Err(InspectError::Segment {
                what: "PT_INTERP",
                problem: "it names a dynamic linker, but there is no dynamic section",
            });
        }
        (true, Some(_), Some(_)) => Kind::Pie,
        (true, None, None) => return Err(InspectError::SharedLibrary),
        (true, None, Some(dynamic)) if !dynamic.is_marked_pie() => {
            return Err(InspectError::SharedLibrary);
        }
        (_, None, Some(dynamic)) if dynamic.names_libraries() => {
            return Err(InspectError::Dynamic {
                problem: "it names libraries, but no dynamic linker that would find them",
            });
        }
        (false, _, _) => Kind::Fixed,
        (true, None, Some(_)) => Kind::StaticPie,
    };
    if !header.has_entry {
        // Checked late: a shared library deserves another message.
        return Err(InspectError::Header {
            field: "entry point",
            found: 0,
        });
    }
    let said = match dynamic {
        Some(dynamic) => dynamic.follow(bytes, header)?,
        None => dynamic::Said::nothing(),
    };
    Ok(Facts {
        class: header.class,
        endian: header.endian,
        machine: header.machine,
        kind,
        os_abi: header.os_abi,
        interpreter,
        needed: said.needed,
        rpath: said.rpath,
        runpath: said.runpath,
        glibc: said.glibc,
        stack: header.stack,
        size: bytes.size(),
    })
}

/// Reads the interpreter (gABI ch. 5, "Program Interpreter"): a path that ends with NUL.
fn interpreter(bytes: &mut impl Bytes, segment: Segment) -> Result<String, InspectError> {
    let length = bounded("interpreter", segment.file_size, INTERPRETER_MAX)?;
    let raw = get(bytes, "interpreter", segment.offset, length)?;
    let path = match raw.split_last() {
        Some((0, path)) if path.first() == Some(&b'/') => path,
        _ => {
            return Err(InspectError::Text {
                what: "its interpreter",
                found: shown(&raw),
            });
        }
    };
    text("its interpreter", path)
}

fn get<'a>(
    bytes: &'a mut impl Bytes,
    part: &'static str,
    offset: u64,
    length: usize,
) -> Result<Cow<'a, [u8]>, InspectError> {
    let size = bytes.size();
    bytes
        .read_at(offset, length)
        .map_err(|missing| match missing {
            Missing::NotKept => InspectError::NotKept { part, at: offset },
            Missing::Failed(error) => InspectError::Read(error),
            Missing::BeyondEnd => InspectError::Truncated {
                part,
                end: offset.saturating_add(length as u64),
                size,
            },
        })
}

/// Returns a size as a length in memory, if it is within the limit.
fn bounded(what: &'static str, found: u64, limit: u64) -> Result<usize, InspectError> {
    match usize::try_from(found) {
        Ok(length) if found <= limit => Ok(length),
        _ => Err(InspectError::TooLarge { what, found, limit }),
    }
}

/// Accepts UTF-8 without control characters, which suits paths and library names and is safe to pass on.
fn text(what: &'static str, raw: &[u8]) -> Result<String, InspectError> {
    match std::str::from_utf8(raw) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(InspectError::Text {
            what,
            found: shown(raw),
        }),
    }
}
