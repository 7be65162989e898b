//! What the `object` crate reads from an executable: a second opinion for tests and the fuzz target.

use lockgate_artifact::executable::{Class, Endian, Facts, Kind};
use object::{
    Endianness, FileKind,
    elf::{self, FileHeader32, FileHeader64},
    read::elf::{Dyn as _, FileHeader, ProgramHeader as _},
};

/// What `object` reads.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    wide: bool,
    little: bool,
    e_type: u16,
    machine: u16,
    interpreter: Option<Vec<u8>>,
    needed: Vec<Vec<u8>>,
    /// From the section headers, which our parser does not read; `None` if they are invalid.
    pub(crate) versions: Option<Vec<Vec<u8>>>,
}

pub(crate) fn seen_by_object(data: &[u8]) -> object::read::Result<Option<Seen>> {
    Ok(match FileKind::parse(data)? {
        FileKind::Elf32 => Some(seen(FileHeader32::<Endianness>::parse(data)?, false, data)?),
        FileKind::Elf64 => Some(seen(FileHeader64::<Endianness>::parse(data)?, true, data)?),
        _ => None,
    })
}

fn seen<H: FileHeader<Endian = Endianness>>(
    header: &H,
    wide: bool,
    data: &[u8],
) -> object::read::Result<Seen> {
    let endian = header.endian()?;
    let segments = header.program_headers(endian, data)?;
    let (mut interpreter, mut dynamic) = (None, None);
    for segment in segments {
        interpreter = segment.interpreter(endian, data)?.or(interpreter);
        dynamic = segment.dynamic(endian, data)?.or(dynamic);
    }
    let tags: Vec<_> = (dynamic.unwrap_or_default().iter())
        .map(|entry| (entry.tag(endian).0 as u64, entry.val(endian)))
        .take_while(|(tag, _)| *tag != 0)
        .collect();
    let one = |wanted| tags.iter().find(|(tag, _)| *tag == wanted).map(|(_, v)| *v);
    let strings = match (one(5), one(10)) {
        (Some(address), Some(size)) => segments
            .iter()
            .find_map(|s| s.data_range(endian, data, address, size).ok().flatten())
            .unwrap_or_default(),
        _ => &[],
    };
    let string = |at: u64| {
        let rest = strings
            .get(usize::try_from(at).unwrap()..)
            .unwrap_or_default();
        rest.split(|byte| *byte == 0).next().unwrap().to_vec()
    };
    let needed = tags
        .iter()
        .filter(|(tag, _)| *tag == 1)
        .map(|(_, at)| string(*at))
        .collect();

    Ok(Seen {
        wide,
        little: endian == Endianness::Little,
        e_type: header.e_type(endian).0,
        machine: header.e_machine(endian).0,
        interpreter: interpreter.map(<[u8]>::to_vec),
        needed,
        versions: versions(header, data).unwrap_or_default(),
    })
}

fn versions<H: FileHeader<Endian = Endianness>>(
    header: &H,
    data: &[u8],
) -> object::read::Result<Option<Vec<Vec<u8>>>> {
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let Some((mut needs, section)) = sections.gnu_verneed(endian, data)? else {
        return Ok(None);
    };
    let strings = sections.strings(endian, data, section)?;
    let mut names = Vec::new();
    while let Some((_, mut auxs)) = needs.next()? {
        while let Some(aux) = auxs.next()? {
            names.push(aux.name(endian, strings)?.to_vec());
        }
    }
    Ok(Some(names))
}

/// Asserts that everything both parsers report is the same.
pub(crate) fn agree(facts: &Facts, seen: &Seen) {
    assert_eq!(facts.class == Class::Bits64, seen.wide);
    assert_eq!(facts.endian == Endian::Little, seen.little);
    assert_eq!(facts.kind == Kind::Fixed, seen.e_type == elf::ET_EXEC.0);
    if let Some(arch) = facts.arch() {
        let machine = match arch.as_str() {
            "amd64" => elf::EM_X86_64,
            "arm64" => elf::EM_AARCH64,
            "386" => elf::EM_386,
            "arm" => elf::EM_ARM,
            "riscv64" => elf::EM_RISCV,
            "ppc64le" => elf::EM_PPC64,
            _ => elf::EM_S390,
        };
        assert_eq!(machine.0, seen.machine);
    }
    let interpreter = facts
        .interpreter
        .as_ref()
        .map(|path| path.clone().into_bytes());
    assert_eq!(interpreter, seen.interpreter);
    let needed = facts.needed.iter().map(|name| name.clone().into_bytes());
    assert_eq!(needed.collect::<Vec<_>>(), seen.needed);
    if let Some(versions) = &seen.versions {
        let highest = versions
            .iter()
            .filter_map(|name| {
                let name = std::str::from_utf8(name).unwrap().strip_prefix("GLIBC_")?;
                let name = if name == "ABI_DT_RELR" { "2.36" } else { name };
                name.parse().ok()
            })
            .max();
        assert_eq!(facts.glibc, highest);
    }
}
