//! Reads the ELF header and the program headers (gABI ch. 4 and 5): what the file is for, and where everything else is.
//!
//! They can be read before the size of the file is known, as while a file streams by; [`Header::fits`] checks that
//! later. What the segments contain is not known here.

use super::{bounded, get};
use crate::executable::{
    bytes::Bytes,
    error::InspectError,
    facts::{Class, Endian, Machine, Stack},
    format::recognize,
};

/// The largest table of program headers: Linux refuses larger ones (`load_elf_phdrs`). Linkers put it first; tools that
/// change an executable afterwards move it to free space, mostly at the end.
const TABLE_MAX: u64 = 64 * 1024;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PF_X: u32 = 1;

/// The header values that matter here.
#[derive(Debug)]
pub(in crate::executable) struct Header {
    pub(super) class: Class,
    pub(super) endian: Endian,
    pub(super) machine: Machine,
    pub(super) os_abi: u8,
    /// `ET_DYN` rather than `ET_EXEC`.
    pub(super) is_dyn: bool,
    /// Whether there is an entry point (`e_entry`).
    pub(super) has_entry: bool,
    /// Ascending and disjoint.
    loads: Vec<Segment>,
    pub(in crate::executable) interpreter: Option<Segment>,
    pub(in crate::executable) dynamic: Option<Segment>,
    pub(super) stack: Stack,
    /// End of the table of section headers; 0 if there is none.
    sections_end: u64,
}

/// Position of a segment in the file and in memory.
#[derive(Debug, Clone, Copy)]
pub(in crate::executable) struct Segment {
    pub(in crate::executable) offset: u64,
    pub(in crate::executable) file_size: u64,
    pub(super) address: u64,
    memory_size: u64,
}

impl Header {
    pub(in crate::executable) fn read(bytes: &mut impl Bytes) -> Result<Self, InspectError> {
        let start = bytes.size().min(64);
        let start = bounded("start", start, 64)?;
        let ident = get(bytes, "ELF header", 0, start)?.into_owned();
        recognize(&ident)?;
        let class = match ident.get(4) {
            Some(1) => Class::Bits32,
            Some(2) => Class::Bits64,
            other => return Err(wrong("class", other.copied())),
        };
        let endian = match ident.get(5) {
            Some(1) => Endian::Little,
            Some(2) => Endian::Big,
            other => return Err(wrong("data encoding", other.copied())),
        };
        let layout = Layout { class, endian };
        let length = layout.header_size();
        let raw = get(bytes, "ELF header", 0, length.into())?.into_owned();
        let at = |at64: usize, at32: usize| layout.pick(at64, at32);
        let is_dyn = object_type(layout.u16(&raw, 16))?;
        expect(
            "identification version",
            raw.get(6).copied().unwrap_or(0),
            1,
        )?;
        expect("version", layout.u32(&raw, 20), 1)?;
        expect("header size", layout.u16(&raw, at(52, 40)), length)?;
        expect(
            "size of a program header",
            layout.u16(&raw, at(54, 42)),
            layout.segment_size(),
        )?;
        let mut header = Self {
            class,
            endian,
            machine: Machine::from_number(layout.u16(&raw, 18)),
            os_abi: raw.get(7).copied().unwrap_or(0),
            is_dyn,
            has_entry: layout.word(&raw, 24) != 0,
            loads: Vec::new(),
            interpreter: None,
            dynamic: None,
            stack: Stack::Unmarked,
            sections_end: sections_end(layout, &raw)?,
        };
        let table = layout.word(&raw, at(32, 28));
        header.segments(bytes, layout, table, layout.u16(&raw, at(56, 44)))?;
        Ok(header)
    }

    fn segments(
        &mut self,
        bytes: &mut impl Bytes,
        layout: Layout,
        table: u64,
        count: u16,
    ) -> Result<(), InspectError> {
        let each = layout.segment_size();
        let length = u64::from(count) * u64::from(each);
        if count == 0 || length > TABLE_MAX {
            return Err(wrong("number of program headers", Some(count)));
        }
        if table < u64::from(layout.header_size()) {
            return Err(wrong("program headers at byte", Some(table)));
        }
        let length = bounded("table of program headers", length, TABLE_MAX)?;
        let raw = get(bytes, "table of program headers", table, length)?.into_owned();
        let mut stack = None;
        for raw in raw.chunks_exact(each.into()) {
            let segment = Segment::read(layout, raw);
            match layout.u32(raw, 0) {
                PT_LOAD => self.load(segment)?,
                PT_INTERP => once(&mut self.interpreter, "PT_INTERP", segment)?,
                PT_DYNAMIC => once(&mut self.dynamic, "PT_DYNAMIC", segment)?,
                PT_GNU_STACK => {
                    let flags = layout.u32(raw, layout.pick(4, 24));
                    once(&mut stack, "PT_GNU_STACK", flags & PF_X != 0)?;
                }
                _ => {}
            }
        }
        if self.loads.is_empty() {
            return Err(InspectError::Segment {
                what: "table of program headers",
                problem: "it has no PT_LOAD, there is nothing to run",
            });
        }
        self.stack = match stack {
            None => Stack::Unmarked,
            Some(true) => Stack::Executable,
            Some(false) => Stack::NotExecutable,
        };
        Ok(())
    }

    /// gABI ch. 5: loadable segments appear in ascending order of address. Overlaps would give an address two meanings.
    fn load(&mut self, segment: Segment) -> Result<(), InspectError> {
        let problem = if segment.file_size > segment.memory_size {
            "it is larger in the file than in memory"
        } else if segment.offset.checked_add(segment.file_size).is_none()
            || segment.address.checked_add(segment.memory_size).is_none()
        {
            "it goes beyond what numbers can say"
        } else if (self.loads.last())
            .is_some_and(|last| last.address.saturating_add(last.memory_size) > segment.address)
        {
            "it overlaps or precedes the one before"
        } else {
            self.loads.push(segment);
            return Ok(());
        };
        Err(InspectError::Segment {
            what: "PT_LOAD",
            problem,
        })
    }

    /// Checks that the file, with its `size` in bytes, contains everything that the headers refer to.
    pub(super) fn fits(&self, size: u64) -> Result<(), InspectError> {
        let named = [
            ("PT_INTERP", self.interpreter),
            ("PT_DYNAMIC", self.dynamic),
        ];
        let named = named.into_iter().filter_map(|(part, s)| Some((part, s?)));
        let loads = self.loads.iter().map(|s| ("PT_LOAD", *s));
        let segments = loads
            .chain(named)
            .map(|(part, s)| (part, s.offset.saturating_add(s.file_size)));
        // The table of section headers is not needed to run a file, but linkers put it last: if it is missing, the file
        // was cut off.
        let sections = ("table of section headers", self.sections_end);
        match segments.chain([sections]).find(|(_, end)| *end > size) {
            Some((part, end)) => Err(InspectError::Truncated { part, end, size }),
            None => Ok(()),
        }
    }

    /// Returns the file position of the byte at `address`, and how many bytes of its segment the file holds from there
    /// on.
    pub(super) fn locate(&self, address: u64) -> Option<(u64, u64)> {
        self.loads.iter().find_map(|load| {
            let into = address.checked_sub(load.address)?;
            let room = load.file_size.checked_sub(into).filter(|room| *room > 0)?;
            Some((load.offset.checked_add(into)?, room))
        })
    }

    pub(super) fn layout(&self) -> Layout {
        Layout {
            class: self.class,
            endian: self.endian,
        }
    }
}

impl Segment {
    fn read(layout: Layout, raw: &[u8]) -> Self {
        let at = |at64: usize, at32: usize| layout.word(raw, layout.pick(at64, at32));
        Self {
            offset: at(8, 4),
            address: at(16, 8),
            file_size: at(32, 16),
            memory_size: at(40, 20),
        }
    }
}

/// The layout of numbers in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    class: Class,
    endian: Endian,
}

impl Layout {
    /// Returns the first value for 64 bits, the second for 32.
    pub(super) fn pick<T>(self, in64: T, in32: T) -> T {
        match self.class {
            Class::Bits64 => in64,
            Class::Bits32 => in32,
        }
    }

    fn header_size(self) -> u16 {
        self.pick(64, 52)
    }

    fn segment_size(self) -> u16 {
        self.pick(56, 32)
    }

    /// Numbers outside `raw` read as 0: callers pass constant positions inside records of constant length.
    pub(super) fn u16(self, raw: &[u8], at: usize) -> u16 {
        let Some(bytes) = chunk(raw, at) else {
            return 0;
        };
        match self.endian {
            Endian::Little => u16::from_le_bytes(bytes),
            Endian::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(super) fn u32(self, raw: &[u8], at: usize) -> u32 {
        let Some(bytes) = chunk(raw, at) else {
            return 0;
        };
        match self.endian {
            Endian::Little => u32::from_le_bytes(bytes),
            Endian::Big => u32::from_be_bytes(bytes),
        }
    }

    /// Reads an address, offset or size, which is as wide as the class.
    pub(super) fn word(self, raw: &[u8], at: usize) -> u64 {
        match (self.class, self.endian) {
            (Class::Bits32, _) => self.u32(raw, at).into(),
            (Class::Bits64, Endian::Little) => chunk(raw, at).map_or(0, u64::from_le_bytes),
            (Class::Bits64, Endian::Big) => chunk(raw, at).map_or(0, u64::from_be_bytes),
        }
    }
}

fn chunk<const N: usize>(raw: &[u8], at: usize) -> Option<[u8; N]> {
    raw.get(at..)?.first_chunk().copied()
}

/// Returns whether `e_type` is `ET_DYN`; refuses types that are not executable.
fn object_type(e_type: u16) -> Result<bool, InspectError> {
    match e_type {
        2 => Ok(false),
        3 => Ok(true),
        1 => Err(InspectError::Type {
            what: "an object file",
        }),
        4 => Err(InspectError::Type {
            what: "a core dump",
        }),
        other => Err(wrong("type", Some(other))),
    }
}

/// Returns the end of the table of section headers, 0 without one. If its number of entries is 0, the first entry holds
/// the number (gABI ch. 4), so there is at least one.
fn sections_end(layout: Layout, raw: &[u8]) -> Result<u64, InspectError> {
    let table = layout.word(raw, layout.pick(40, 32));
    if table == 0 {
        return Ok(0);
    }
    let each = layout.u16(raw, layout.pick(58, 46));
    expect("size of a section header", each, layout.pick(64, 40))?;
    let count = layout.u16(raw, layout.pick(60, 48)).max(1);
    Ok(table.saturating_add(u64::from(count) * u64::from(each)))
}

/// gABI ch. 5 allows at most one `PT_INTERP`; more than one of the others has no meaning.
fn once<T>(place: &mut Option<T>, what: &'static str, value: T) -> Result<(), InspectError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(InspectError::Duplicate { what }),
    }
}

fn expect<T: Into<u64> + PartialEq>(
    field: &'static str,
    found: T,
    expected: T,
) -> Result<(), InspectError> {
    if found == expected {
        Ok(())
    } else {
        Err(wrong(field, Some(found)))
    }
}

fn wrong(field: &'static str, found: Option<impl Into<u64>>) -> InspectError {
    InspectError::Header {
        field,
        found: found.map_or(0, Into::into),
    }
}
