//! Reads the dynamic section (gABI ch. 5, "Dynamic Section"): the libraries needed, and where they are searched for.
//!
//! The entries are read first, then the strings that they point to. Symbols and relocations are not read.

use super::{
    bounded, get,
    header::{Header, Segment},
    text, versions,
};
use crate::{
    executable::{bytes::Bytes, error::InspectError, facts::GlibcVersion},
    foreign::shown,
};

/// Limit for the size of the section; real programs have some thirty entries.
pub(in crate::executable) const DYNAMIC_MAX: u64 = 64 * 1024;

/// The longest string that is read: the length of the longest path.
const STRING_MAX: u64 = 4096;

/// How much of a string is read at once, so that keeping what was read costs little more than the string.
const STRING_PIECE: usize = 64;

const DF_1_PIE: u64 = 0x0800_0000;

/// The entries that matter here; addresses and offsets are not followed yet.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    needed: Vec<u64>,
    strings: Option<u64>,
    strings_size: Option<u64>,
    rpath: Option<u64>,
    runpath: Option<u64>,
    flags_1: Option<u64>,
    pub(super) versions: Option<u64>,
    pub(super) versions_count: Option<u64>,
}

/// The content of the dynamic section, with its entries followed.
pub(super) struct Said {
    pub(super) needed: Vec<String>,
    pub(super) rpath: Option<String>,
    pub(super) runpath: Option<String>,
    pub(super) glibc: Option<GlibcVersion>,
}

impl Dynamic {
    pub(super) fn read(
        bytes: &mut impl Bytes,
        header: &Header,
        segment: Segment,
    ) -> Result<Self, InspectError> {
        // The dynamic linker uses the address, other readers the offset.
        if header.locate(segment.address).map(|(offset, _)| offset) != Some(segment.offset) {
            return Err(InspectError::Segment {
                what: "PT_DYNAMIC",
                problem: "its offset and its address are not the same place",
            });
        }
        let length = bounded("dynamic section", segment.file_size, DYNAMIC_MAX)?;
        let raw = get(bytes, "dynamic section", segment.offset, length)?;
        let layout = header.layout();
        let entries = raw.chunks_exact(layout.pick(16, 8));
        // A dynamic linker ignores a partial entry, other readers refuse it.
        if !entries.remainder().is_empty() {
            return Err(InspectError::Dynamic {
                problem: "its size is no whole number of entries",
            });
        }
        let mut dynamic = Self::default();
        for entry in entries {
            let (tag, value) = (layout.word(entry, 0), layout.word(entry, layout.pick(8, 4)));
            let (place, what) = match tag {
                0 => return Ok(dynamic),
                1 => {
                    dynamic.needed.push(value);
                    continue;
                }
                5 => (&mut dynamic.strings, "DT_STRTAB"),
                10 => (&mut dynamic.strings_size, "DT_STRSZ"),
                15 => (&mut dynamic.rpath, "DT_RPATH"),
                29 => (&mut dynamic.runpath, "DT_RUNPATH"),
                0x6fff_fffb => (&mut dynamic.flags_1, "DT_FLAGS_1"),
                0x6fff_fffe => (&mut dynamic.versions, "DT_VERNEED"),
                0x6fff_ffff => (&mut dynamic.versions_count, "DT_VERNEEDNUM"),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(InspectError::Duplicate { what });
            }
        }
        Err(InspectError::Dynamic {
            problem: "it has no end (DT_NULL)",
        })
    }

    pub(super) fn names_libraries(&self) -> bool {
        !self.needed.is_empty()
    }

    pub(super) fn is_marked_pie(&self) -> bool {
        self.flags_1.is_some_and(|flags| flags & DF_1_PIE != 0)
    }

    /// Reads what the entries point to.
    pub(super) fn follow(
        &self,
        bytes: &mut impl Bytes,
        header: &Header,
    ) -> Result<Said, InspectError> {
        let strings = match (self.strings, self.strings_size) {
            (Some(address), Some(size)) => Strings::find(header, address, size)?,
            (None, None) => Strings { offset: 0, size: 0 },
            (Some(_), None) | (None, Some(_)) => {
                return Err(InspectError::Dynamic {
                    problem: "only one of DT_STRTAB and DT_STRSZ is there",
                });
            }
        };
        let needed: Result<_, _> = (self.needed.iter())
            .map(|at| strings.get(bytes, "a library", *at))
            .collect();
        let mut path =
            |at: Option<u64>, what| at.map(|at| strings.get(bytes, what, at)).transpose();
        Ok(Said {
            rpath: path(self.rpath, "its RPATH")?,
            runpath: path(self.runpath, "its RUNPATH")?,
            needed: needed?,
            glibc: versions::highest_glibc(bytes, header, self, &strings)?,
        })
    }
}

impl Said {
    /// Returns the result for a file without a dynamic section.
    pub(super) fn nothing() -> Self {
        Self {
            needed: Vec::new(),
            rpath: None,
            runpath: None,
            glibc: None,
        }
    }
}

/// The table of NUL-terminated strings.
pub(super) struct Strings {
    offset: u64,
    size: u64,
}

impl Strings {
    fn find(header: &Header, address: u64, size: u64) -> Result<Self, InspectError> {
        match header.locate(address) {
            Some((offset, room)) if size <= room => Ok(Self { offset, size }),
            _ => Err(InspectError::Dynamic {
                problem: "DT_STRTAB is not inside what is loaded from the file",
            }),
        }
    }

    pub(super) fn get(
        &self,
        bytes: &mut impl Bytes,
        what: &'static str,
        at: u64,
    ) -> Result<String, InspectError> {
        let outside = InspectError::Dynamic {
            problem: "a string is outside of DT_STRTAB",
        };
        let Some(room) = self.size.checked_sub(at).filter(|room| *room > 0) else {
            return Err(outside);
        };
        let length = bounded("string", room.min(STRING_MAX), STRING_MAX)?;
        let mut string = Vec::new();
        while string.len() < length {
            let piece = STRING_PIECE.min(length - string.len());
            let at = (self.offset.saturating_add(at)).saturating_add(string.len() as u64);
            let raw = get(bytes, "table of strings", at, piece)?;
            let end = raw.iter().position(|byte| *byte == 0);
            string.extend_from_slice(raw.get(..end.unwrap_or(piece)).unwrap_or_default());
            if end.is_some() {
                return text(what, &string);
            }
        }
        Err(InspectError::Text {
            what,
            found: shown(&string),
        })
    }
}
