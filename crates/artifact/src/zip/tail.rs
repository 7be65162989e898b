//! The rules for everything after the content: descriptor, central directory, end record, and then nothing.
//!
//! Each value is compared with what was observed while the content passed, never with another record's value. This
//! module does not know how the content was read.

use std::io::Read;

use super::{
    Facts, MAX_32,
    error::{Part, ZipError},
    input::Input,
    local::{Local, read_name, rules},
    record::{
        CENTRAL, CENTRAL_SIGNATURE, Central, DESCRIPTOR, DESCRIPTOR_SIGNATURE, END, END_SIGNATURE,
        End, LOCAL, LOCAL_SIGNATURE, Values, ZIP64_END_SIGNATURE, ZIP64_LOCATOR_SIGNATURE,
        signature,
    },
};
use crate::foreign::shown;

/// Made by Unix (host 3 in the upper byte, 4.4.2), with the version in the lower byte: the uploader writes 4.5, other
/// writers of plain zips 2.0.
const MADE_BY: [u16; 2] = [0x032D, 0x0314];

const DOS_DIRECTORY: u32 = 0x10;
const DOS_ARCHIVE: u32 = 0x20;
const TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const PERMISSIONS: u32 = 0o777;

/// The facts observed by the end of the content.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) local: Local,
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) compressed: u64,
    pub(super) crc: u32,
}

/// Returns how many bytes follow the content.
pub(super) fn length(name: &str, has_descriptor: bool) -> usize {
    let descriptor = if has_descriptor { DESCRIPTOR } else { 0 };
    descriptor + CENTRAL + name.len() + END
}

/// Reads everything after the content, to the end of the source.
pub(super) fn check<R: Read>(input: &mut Input<R>, seen: &Seen<'_>) -> Result<Facts, ZipError> {
    let content_end = (LOCAL + seen.name.len()) as u64 + seen.compressed;
    let directory = if seen.local.has_descriptor() {
        descriptor(input, seen)?;
        content_end + DESCRIPTOR as u64
    } else {
        agree_on_values(Part::LocalHeader, seen.local.header.values, seen)?;
        content_end
    };
    if seen.size.max(directory) > MAX_32 {
        return Err(ZipError::Zip64 {
            part: Part::CentralDirectory,
        });
    }
    let mode = central(input, seen)?;
    end(input, seen, directory)?;
    if !input.fill(Part::EndRecord)?.is_empty() {
        return Err(ZipError::Trailing);
    }
    Ok(Facts {
        name: seen.name.to_owned(),
        size: seen.size,
        compressed: seen.compressed,
        crc32: seen.crc,
        method: seen.local.method,
        mode,
    })
}

/// 4.3.9.
fn descriptor<R: Read>(input: &mut Input<R>, seen: &Seen<'_>) -> Result<(), ZipError> {
    let part = Part::Descriptor;
    let mut bytes = [0; DESCRIPTOR];
    input.take(part, &mut bytes)?;
    let found = signature(&bytes);
    if found != DESCRIPTOR_SIGNATURE {
        return Err(ZipError::NoDescriptor {
            size: seen.size,
            found: shown(&found),
        });
    }
    let values = Values::descriptor(&bytes);
    // 4.3.9.2: with zip64 both sizes take 8 bytes, so the upper half of the first is where the second would be.
    let is_wide = u64::from(values.compressed) == seen.compressed && values.size == 0;
    if is_wide && seen.size != 0 {
        return Err(ZipError::Zip64 { part });
    }
    agree_on_values(part, values, seen)
}

fn agree_on_values(part: Part, values: Values, seen: &Seen<'_>) -> Result<(), ZipError> {
    agree(part, "compressed size", values.compressed, seen.compressed)?;
    agree(part, "size", values.size, seen.size)?;
    if values.crc != seen.crc {
        return Err(ZipError::Crc {
            found: values.crc,
            computed: seen.crc,
        });
    }
    Ok(())
}

/// 4.3.12. Returns the permission bits.
fn central<R: Read>(input: &mut Input<R>, seen: &Seen<'_>) -> Result<u32, ZipError> {
    let part = Part::CentralDirectory;
    let mut bytes = [0; CENTRAL];
    input.take(part, &mut bytes)?;
    match signature(&bytes) {
        CENTRAL_SIGNATURE => {}
        LOCAL_SIGNATURE | END_SIGNATURE => return Err(ZipError::Entries),
        found => {
            return Err(ZipError::Signature {
                part,
                found: shown(&found),
            });
        }
    }
    let central = Central::parse(&bytes);
    let header = central.header;
    rules(part, &header)?;
    let local = seen.local.header;
    agree(part, "version needed", header.needed, local.needed.into())?;
    agree(part, "flags", header.flags, local.flags.into())?;
    agree(part, "method", header.method, local.method.into())?;
    agree(part, "time", header.time, local.time.into())?;
    agree(part, "date", header.date, local.date.into())?;
    agree_on_values(part, header.values, seen)?;
    read_name(input, part, &header, seen.name.as_bytes())?;
    if header.extra != 0 {
        return Err(ZipError::Extra {
            part,
            length: header.extra,
        });
    }
    if central.comment != 0 {
        return Err(ZipError::Comment {
            part,
            length: central.comment,
        });
    }
    if !MADE_BY.contains(&central.made_by) {
        return Err(ZipError::Version {
            part,
            found: central.made_by,
        });
    }
    if central.offset == u32::MAX {
        return Err(ZipError::Zip64 { part });
    }
    agree(part, "disk", central.disk, 0)?;
    agree(part, "offset of the local header", central.offset, 0)?;
    attributes(&central)
}

/// 4.4.14 and 4.4.15: on Unix the upper half of the external attributes is `st_mode`, the lower byte DOS attributes.
fn attributes(central: &Central) -> Result<u32, ZipError> {
    let mode = central.external >> 16;
    let dos = central.external & 0xFFFF;
    if mode & TYPE != REGULAR || dos & DOS_DIRECTORY != 0 {
        return Err(ZipError::FileType { mode });
    }
    if mode & !(TYPE | PERMISSIONS) != 0 {
        return Err(ZipError::SetId { mode });
    }
    if dos & !DOS_ARCHIVE != 0 {
        return Err(ZipError::Attributes {
            field: "DOS attributes",
            found: dos,
        });
    }
    if central.internal != 0 {
        return Err(ZipError::Attributes {
            field: "internal attributes",
            found: central.internal.into(),
        });
    }
    Ok(mode & PERMISSIONS)
}

/// 4.3.16.
fn end<R: Read>(input: &mut Input<R>, seen: &Seen<'_>, directory: u64) -> Result<(), ZipError> {
    let part = Part::EndRecord;
    let mut bytes = [0; END];
    input.take(part, &mut bytes)?;
    match signature(&bytes) {
        END_SIGNATURE => {}
        ZIP64_END_SIGNATURE | ZIP64_LOCATOR_SIGNATURE => return Err(ZipError::Zip64 { part }),
        CENTRAL_SIGNATURE => return Err(ZipError::Entries),
        found => {
            return Err(ZipError::Signature {
                part,
                found: shown(&found),
            });
        }
    }
    let end = End::parse(&bytes);
    if end.entries == u16::MAX
        || end.entries_here == u16::MAX
        || end.directory_size == u32::MAX
        || end.directory_offset == u32::MAX
    {
        return Err(ZipError::Zip64 { part });
    }
    if (end.entries_here, end.entries) != (1, 1) {
        return Err(ZipError::Entries);
    }
    agree(part, "disk", end.disk, 0)?;
    agree(part, "disk of the directory", end.directory_disk, 0)?;
    let size = (CENTRAL + seen.name.len()) as u64;
    agree(part, "size of the directory", end.directory_size, size)?;
    agree(
        part,
        "offset of the directory",
        end.directory_offset,
        directory,
    )?;
    if end.comment != 0 {
        return Err(ZipError::Comment {
            part,
            length: end.comment,
        });
    }
    Ok(())
}

fn agree(
    part: Part,
    field: &'static str,
    found: impl Into<u64>,
    expected: u64,
) -> Result<(), ZipError> {
    match found.into() {
        found if found == expected => Ok(()),
        found => Err(ZipError::Disagree {
            part,
            field,
            found,
            expected,
        }),
    }
}
