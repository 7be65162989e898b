//! Reads the symbol versions that an executable needs (`DT_VERNEED`; Linux Standard Base, "Symbol Version
//! Requirements") and returns the highest of glibc's: an older glibc does not start it.
//!
//! Names other than `GLIBC_x.y` give no version and are skipped (`GLIBC_PRIVATE`, those of other libraries), except
//! `GLIBC_ABI_DT_RELR`, which came with glibc 2.36.

use super::{
    dynamic::{Dynamic, Strings},
    get,
    header::Header,
};
use crate::{
    executable::{bytes::Bytes, error::InspectError, facts::GlibcVersion},
    foreign::shown,
};

/// Bytes of an `Elf_Verneed` and of an `Elf_Vernaux`, in both classes.
const RECORD: u64 = 16;

/// More versions than any program needs.
const MOST: u64 = 4096;

pub(super) fn highest_glibc(
    bytes: &mut impl Bytes,
    header: &Header,
    dynamic: &Dynamic,
    strings: &Strings,
) -> Result<Option<GlibcVersion>, InspectError> {
    let (address, count) = match (dynamic.versions, dynamic.versions_count) {
        (None, None) => return Ok(None),
        (Some(address), Some(count)) if count <= MOST => (address, count),
        (Some(_), Some(found)) => return Err(too_many(found)),
        (Some(_), None) | (None, Some(_)) => {
            return Err(nonsense(
                "only one of DT_VERNEED and DT_VERNEEDNUM is there",
            ));
        }
    };
    let Some((offset, room)) = header.locate(address) else {
        return Err(nonsense(
            "DT_VERNEED is not inside what is loaded from the file",
        ));
    };
    let mut table = Table {
        bytes,
        header,
        offset,
        room,
        read: 0,
    };
    let mut highest = None;
    let mut library = 0;
    for left in (0..count).rev() {
        let need = table.record(library)?;
        let mut version = library.saturating_add(need.first.into());
        for left in (0..need.count).rev() {
            let aux = table.record(version)?;
            let name = strings.get(table.bytes, "a symbol version", aux.name.into())?;
            highest = highest.max(glibc(&name)?);
            version = next(version, aux.next, left == 0)?;
        }
        library = next(library, need.next, left == 0)?;
    }
    Ok(highest)
}

struct Table<'a, B> {
    bytes: &'a mut B,
    header: &'a Header,
    offset: u64,
    room: u64,
    read: u64,
}

/// The fields of both kinds of record; each kind uses some.
struct Record {
    /// `vn_cnt`.
    count: u16,
    /// `vn_aux`: offset of this library's first version, relative to this record.
    first: u32,
    /// `vna_name`, which is at the offset where a library has `vn_aux`.
    name: u32,
    /// `vn_next` and `vna_next` are at the same offset.
    next: u32,
}

impl<B: Bytes> Table<'_, B> {
    fn record(&mut self, at: u64) -> Result<Record, InspectError> {
        self.read += 1;
        if self.read > MOST {
            return Err(too_many(self.read));
        }
        if at.saturating_add(RECORD) > self.room {
            return Err(nonsense("DT_VERNEED leads outside of its segment"));
        }
        let at = self.offset.saturating_add(at);
        let raw = get(self.bytes, "table of versions", at, 16)?;
        let layout = self.header.layout();
        Ok(Record {
            count: layout.u16(&raw, 2),
            first: layout.u32(&raw, 8),
            name: layout.u32(&raw, 8),
            next: layout.u32(&raw, 12),
        })
    }
}

/// The dynamic linker continues until `next` is 0, other readers by the count: the two must agree.
fn next(at: u64, next: u32, is_last: bool) -> Result<u64, InspectError> {
    if is_last == (next == 0) {
        Ok(at.saturating_add(next.into()))
    } else {
        Err(nonsense(
            "the records of DT_VERNEED are not as many as they say",
        ))
    }
}

fn glibc(name: &str) -> Result<Option<GlibcVersion>, InspectError> {
    match name.strip_prefix("GLIBC_") {
        Some("ABI_DT_RELR") => Ok(Some(GlibcVersion::new(2, 36))),
        Some(version) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            version.parse().map(Some).map_err(|_| InspectError::Text {
                what: "a glibc version",
                found: shown(name.as_bytes()),
            })
        }
        Some(_) | None => Ok(None),
    }
}

fn too_many(found: u64) -> InspectError {
    InspectError::TooLarge {
        what: "table of versions",
        found,
        limit: MOST,
    }
}

fn nonsense(problem: &'static str) -> InspectError {
    InspectError::Dynamic { problem }
}
