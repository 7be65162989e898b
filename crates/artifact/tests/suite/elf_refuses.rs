//! Files that are not executables or contradict themselves: one named test each, in memory and as a stream.

use std::{io::Cursor, ops::Range};

use lockgate_artifact::executable::{
    Facts, InspectError, Inspector, KEPT_PREFIX, inspect, inspect_noting, inspect_slice,
};

use super::elves::{BASE, Elf};

/// Inspects the bytes as a stream: the prefix and some ranges are kept.
pub(crate) fn streamed(
    bytes: &[u8],
    prefix: usize,
    ranges: &[Range<u64>],
    piece: usize,
) -> Result<Facts, InspectError> {
    let mut inspector = Inspector::keeping(prefix, ranges.iter().cloned());
    for piece in bytes.chunks(piece) {
        inspector.update(piece);
    }
    inspector.finish()
}

/// Asserts that a stream gives the same result as the whole file, or refuses because a part was not kept.
pub(crate) fn alike_or_not_kept(
    whole: &Result<Facts, InspectError>,
    streamed: &Result<Facts, InspectError>,
) {
    match (whole, streamed) {
        (Ok(facts), Ok(streamed)) => assert_eq!(streamed, facts),
        (_, Err(InspectError::NotKept { .. })) => {}
        (Err(error), Err(streamed)) => assert_eq!(error.code(), streamed.code()),
        (whole, streamed) => panic!("{whole:?} whole, {streamed:?} as a stream"),
    }
}

/// Asserts that all ways to read a file agree. With the right ranges kept, a stream gives the same as the whole file.
pub(crate) fn inspect_all_ways(bytes: &[u8]) -> Result<Facts, InspectError> {
    let facts = inspect_slice(bytes);
    let seekable = inspect(Cursor::new(bytes));
    assert_eq!(format!("{facts:?}"), format!("{seekable:?}"));
    for (prefix, piece) in [(KEPT_PREFIX, 4096), (0, 1013), (100, 1 << 20)] {
        alike_or_not_kept(&facts, &streamed(bytes, prefix, &[], piece));
        let (noted, ranges) = match inspect_noting(Cursor::new(bytes), prefix) {
            Ok((noted, ranges)) => (Ok(noted), ranges),
            Err(error) => (Err(error), Vec::new()),
        };
        assert_eq!(format!("{facts:?}"), format!("{noted:?}"));
        let streamed = streamed(bytes, prefix, &ranges, piece);
        if facts.is_ok() || bytes.len() <= prefix {
            assert_eq!(format!("{facts:?}"), format!("{streamed:?}"));
        } else {
            alike_or_not_kept(&facts, &streamed);
        }
    }
    facts
}

struct Case {
    name: &'static str,
    make: fn() -> Vec<u8>,
    code: &'static str,
}

macro_rules! refusals {
    ($($name:ident: $make:expr => $code:literal;)*) => {
        const CASES: &[Case] = &[$(Case { name: stringify!($name), make: $make, code: $code }),*];

        $(#[test]
        fn $name() {
            let case = CASES.iter().find(|case| case.name == stringify!($name)).unwrap();
            let error = inspect_all_ways(&(case.make)()).expect_err("has to be refused");
            assert_eq!(error.code(), case.code, "{error}");
        })*
    };
}

fn glibc(change: fn(&mut Elf)) -> Vec<u8> {
    let mut elf = Elf::glibc();
    change(&mut elf);
    elf.bytes()
}

fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut elf = Elf::glibc().bytes();
    elf[at..at + bytes.len()].copy_from_slice(bytes);
    elf
}

/// The largest allowed table of program headers.
const TABLE_MAX: usize = 64 * 1024;

/// Returns a file with `count` program headers, all zeros.
fn empty_program_headers(count: usize) -> Vec<u8> {
    let mut elf = Elf::fixed().bytes();
    let table = elf.len();
    elf.resize(table + count * 56, 0);
    elf[32..40].copy_from_slice(&(table as u64).to_le_bytes());
    elf[56..58].copy_from_slice(&(count as u16).to_le_bytes());
    elf
}

/// Changes the table of versions, whose first record is for one version of libm.
fn versions(at: usize, bytes: &[u8]) -> Vec<u8> {
    patched(Elf::glibc().build().versions + at, bytes)
}

refusals! {
    // Other formats.
    refuses_an_empty_file: || vec![] => "executable.empty";
    refuses_a_script: || b"#!/bin/sh\necho hi\n".to_vec() => "executable.script";
    refuses_mach_o: || b"\xcf\xfa\xed\xfe\x07\0\0\x01".to_vec() => "executable.mach-o";
    refuses_universal_mach_o: || b"\xca\xfe\xba\xbe\0\0\0\x02".to_vec() => "executable.mach-o";
    refuses_pe: || b"MZ\x90\0".to_vec() => "executable.pe";
    refuses_a_zip: || b"PK\x03\x04whatever".to_vec() => "executable.unrecognized";
    refuses_text: || b"hello\n".to_vec() => "executable.unrecognized";
    refuses_half_a_magic_number: || b"\x7fEL".to_vec() => "executable.unrecognized";

    // The header.
    refuses_a_header_that_ends_early: || Elf::glibc().bytes()[..40].to_vec() => "elf.truncated";
    refuses_only_a_magic_number: || b"\x7fELF".to_vec() => "elf.header";
    refuses_an_unknown_class: || patched(4, &[3]) => "elf.header";
    refuses_an_unknown_byte_order: || patched(5, &[0]) => "elf.header";
    refuses_an_unknown_identification_version: || patched(6, &[2]) => "elf.header";
    refuses_an_unknown_version: || patched(20, &[2]) => "elf.header";
    refuses_another_header_size: || patched(52, &[52]) => "elf.header";
    refuses_another_program_header_size: || patched(54, &[32]) => "elf.header";
    refuses_no_entry_point: || patched(24, &[0; 8]) => "elf.header";
    refuses_no_program_headers: || patched(56, &[0, 0]) => "elf.header";
    refuses_countless_program_headers: || patched(56, &[0xff, 0xff]) => "elf.header";
    refuses_program_headers_that_are_not_there: || patched(32, &[0, 0, 1]) => "elf.truncated";
    refuses_program_headers_beyond_all_numbers: || patched(32, &[0xff; 8]) => "elf.truncated";
    refuses_program_headers_inside_the_header: || patched(32, &[8, 0, 0]) => "elf.header";
    refuses_program_headers_beyond_the_end: || patched(32, &[0, 0x80, 0]) => "elf.truncated";
    refuses_one_program_header_too_many: || empty_program_headers(TABLE_MAX / 56 + 1) => "elf.header";
    // They are read, and give nothing to load.
    refuses_empty_program_headers_as_many_as_there_may_be: || empty_program_headers(TABLE_MAX / 56) => "elf.segment";

    // The type of file.
    refuses_an_object_file: || glibc(|e| e.e_type = 1) => "elf.type";
    refuses_a_core_dump: || glibc(|e| e.e_type = 4) => "elf.type";
    refuses_an_unknown_type: || glibc(|e| e.e_type = 0xfe00) => "elf.header";
    refuses_a_shared_library: || {
        let mut elf = Elf::static_pie();
        elf.tags.clear();
        elf.bytes()
    } => "elf.shared-library";
    refuses_a_shared_library_that_needs_others: || glibc(|e| e.interpreter = None) => "elf.shared-library";
    refuses_a_shared_library_that_says_nothing: || Elf { e_type: 3, ..Elf::fixed() }.bytes() => "elf.shared-library";
    refuses_a_shared_library_that_starts_nowhere: || {
        let mut elf = glibc(|e| e.interpreter = None);
        elf[24..32].fill(0);
        elf
    } => "elf.shared-library";
    refuses_libraries_that_nobody_would_load: || glibc(|e| { e.interpreter = None; e.e_type = 2; }) => "elf.dynamic";
    refuses_a_loader_without_anything_to_load:
        || glibc(|e| { e.has_dynamic = false; e.needed.clear(); e.versions.clear(); }) => "elf.segment";

    // Segments.
    refuses_nothing_to_load: || patched(64, &[4, 0, 0, 0]) => "elf.segment";
    // Without a loader and libraries, whose positions would then be unknown.
    refuses_a_static_executable_with_nothing_to_load: || {
        let mut elf = Elf::fixed().bytes();
        elf[64] = 4;
        elf
    } => "elf.segment";
    refuses_a_segment_beyond_the_end:
        || glibc(|e| e.segments.push([1, 0, 0x90_0000, 1 << 20, 1 << 20])) => "elf.truncated";
    refuses_a_file_without_its_last_byte: || {
        let mut elf = Elf::glibc().bytes();
        elf.pop();
        elf
    } => "elf.truncated";
    refuses_missing_section_headers: || {
        let mut elf = patched(40, &[0, 0, 1, 0]);
        elf[58] = 64;
        elf
    } => "elf.truncated";
    refuses_another_section_header_size: || patched(40, &[64]) => "elf.header";
    refuses_a_segment_that_shrinks:
        || glibc(|e| e.segments.push([1, 0, 0x90_0000, 16, 8])) => "elf.segment";
    refuses_a_segment_beyond_all_numbers:
        || glibc(|e| e.segments.push([1, u64::MAX - 3, 0x90_0000, 16, 16])) => "elf.segment";
    refuses_an_address_beyond_all_numbers:
        || glibc(|e| e.segments.push([1, 0, u64::MAX - 3, 16, 16])) => "elf.segment";
    refuses_overlapping_segments:
        || glibc(|e| e.segments.push([1, 0, BASE + 8, 16, 16])) => "elf.segment";
    refuses_segments_out_of_order:
        || glibc(|e| e.segments.push([1, 0, BASE - 0x1000, 16, 16])) => "elf.segment";
    refuses_two_interpreters:
        || glibc(|e| e.segments.push([3, 0, BASE, 16, 16])) => "elf.duplicate";
    refuses_two_dynamic_sections:
        || glibc(|e| e.segments.push([2, 0, BASE, 16, 16])) => "elf.duplicate";
    refuses_two_stack_permissions:
        || glibc(|e| e.segments.push([0x6474_e551, 0, 0, 0, 0])) => "elf.duplicate";
    refuses_an_interpreter_beyond_the_end: || {
        let mut elf = Elf::fixed();
        elf.segments.push([3, 1 << 30, BASE, 16, 16]);
        elf.bytes()
    } => "elf.truncated";

    // The interpreter.
    refuses_an_interpreter_without_end:
        || glibc(|e| e.interpreter = Some(b"/lib/ld.so".to_vec())) => "elf.text";
    refuses_an_interpreter_with_two_ends:
        || glibc(|e| e.interpreter = Some(b"/lib/ld.so\0/x\0".to_vec())) => "elf.text";
    refuses_an_empty_interpreter: || glibc(|e| e.interpreter = Some(b"\0".to_vec())) => "elf.text";
    refuses_an_interpreter_of_no_bytes: || glibc(|e| e.interpreter = Some(vec![])) => "elf.text";
    refuses_a_relative_interpreter:
        || glibc(|e| e.interpreter = Some(b"ld.so\0".to_vec())) => "elf.text";
    refuses_an_interpreter_with_escapes:
        || glibc(|e| e.interpreter = Some(b"/lib/\x1b[2J\0".to_vec())) => "elf.text";
    refuses_an_endless_interpreter:
        || glibc(|e| e.interpreter = Some(vec![b'/'; 5000])) => "elf.too-large";

    // The dynamic section.
    refuses_a_dynamic_section_in_two_places: || {
        let built = Elf::glibc().build();
        // The section's address, in the third program header.
        let at = 64 + 2 * 56 + 16;
        patched(at, &(BASE + built.dynamic as u64 + 16).to_le_bytes())
    } => "elf.segment";
    refuses_a_dynamic_section_without_end: || {
        let built = Elf::glibc().build();
        let at = 64 + 2 * 56 + 32;
        let size = (built.bytes.len() - built.dynamic - 16) as u64;
        patched(at, &size.to_le_bytes())
    } => "elf.dynamic";
    // Found by fuzzing: loaders ignore it, the second parser refuses it.
    refuses_a_dynamic_section_with_a_part_of_an_entry: || {
        let built = Elf { gaps: [0, 0, 0, 8], ..Elf::glibc() }.build();
        let size = (built.bytes.len() - built.dynamic) as u64;
        let at = 64 + 2 * 56 + 32;
        [&built.bytes[..at], &size.to_le_bytes(), &built.bytes[at + 8..]].concat()
    } => "elf.dynamic";
    refuses_a_huge_dynamic_section: || glibc(|e| e.tags = vec![(0x6fff_fef5, 1); 5000]) => "elf.too-large";
    refuses_two_string_tables: || glibc(|e| e.tags.push((5, BASE))) => "elf.duplicate";
    refuses_two_runpaths: || glibc(|e| e.paths = vec![(29, b"/a".to_vec()), (29, b"/b".to_vec())]) => "elf.duplicate";
    refuses_a_string_table_without_size: || {
        let mut elf = Elf::static_pie();
        elf.tags.push((5, BASE));
        elf.bytes()
    } => "elf.dynamic";
    refuses_a_string_table_outside: || {
        let mut elf = Elf::static_pie();
        elf.tags.extend([(5, 0x1000), (10, 1)]);
        elf.bytes()
    } => "elf.dynamic";
    refuses_a_string_table_that_is_too_long: || {
        let mut elf = Elf::static_pie();
        elf.tags.extend([(5, BASE), (10, u64::MAX)]);
        elf.bytes()
    } => "elf.dynamic";
    refuses_a_library_outside_of_the_strings: || glibc(|e| e.tags.push((1, 1 << 40))) => "elf.dynamic";
    refuses_a_library_with_a_line_break: || glibc(|e| e.needed.push(b"a\nb".to_vec())) => "elf.text";
    refuses_a_library_that_is_no_text: || glibc(|e| e.needed.push(vec![0xff])) => "elf.text";
    refuses_an_endless_library: || glibc(|e| e.needed.push(vec![b'a'; 5000])) => "elf.text";
    refuses_a_runpath_that_is_no_text: || glibc(|e| e.paths = vec![(29, vec![0xff])]) => "elf.text";

    // Symbol versions.
    refuses_versions_without_count: || glibc(|e| { e.versions.clear(); e.tags.push((0x6fff_fffe, BASE)); }) => "elf.dynamic";
    refuses_versions_outside: || glibc(|e| {
        e.versions.clear();
        e.tags.extend([(0x6fff_fffe, 0x1000), (0x6fff_ffff, 1)]);
    }) => "elf.dynamic";
    refuses_countless_versions: || glibc(|e| {
        e.versions.clear();
        e.tags.extend([(0x6fff_fffe, BASE), (0x6fff_ffff, u64::MAX)]);
    }) => "elf.too-large";
    refuses_versions_that_lead_outside: || versions(12, &[0, 0, 0, 0x10]) => "elf.dynamic";
    refuses_versions_that_start_outside: || versions(8, &[0, 0, 0, 0x10]) => "elf.dynamic";
    refuses_versions_that_end_early: || versions(12, &[0; 4]) => "elf.dynamic";
    refuses_more_versions_than_are_linked: || versions(2, &[2, 0]) => "elf.dynamic";
    refuses_fewer_versions_than_are_linked: || versions(32 + 2, &[1, 0]) => "elf.dynamic";
    refuses_a_version_outside_of_the_strings: || versions(24, &[0xff; 4]) => "elf.dynamic";
    refuses_a_glibc_version_that_is_none: || glibc(|e| e.versions[0].1[0] = "GLIBC_2.x") => "elf.text";
}

#[test]
fn every_code_has_a_refusal() {
    for code in InspectError::CODES {
        let here = CASES.iter().any(|case| case.code == *code);
        let elsewhere = ["executable.read", "executable.not-kept"];
        assert!(here || elsewhere.contains(code), "{code}");
    }
}

#[test]
fn refuses_an_executable_cut_at_any_byte() {
    for elf in [Elf::glibc(), Elf::fixed(), Elf::static_pie()] {
        let bytes = elf.bytes();
        for length in 0..bytes.len() {
            assert!(inspect_all_ways(&bytes[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn errors_show_foreign_text_escaped_and_short() {
    let mut elf = Elf::glibc();
    elf.interpreter = Some("\x1b\u{202e}".repeat(900).into_bytes());
    let text = inspect_slice(&elf.bytes()).unwrap_err().to_string();
    assert!(text.is_ascii() && !text.bytes().any(|c| c.is_ascii_control()));
    assert!(text.len() < 500, "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_not_a_bad_executable() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    impl std::io::Seek for Broken {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            Ok(1000)
        }
    }
    assert_eq!(inspect(Broken).unwrap_err().code(), "executable.read");
}

/// Linkers put the table of section headers last: if a part of it is missing, the file was cut off.
#[test]
fn the_table_of_section_headers_is_all_there_or_the_file_was_cut() {
    // The number of entries in the header, and the least number that it implies: 0 means that the first entry holds it.
    for (said, at_least) in [(0_u8, 1), (1, 1), (3, 3)] {
        let mut elf = Elf::glibc().bytes();
        let table = elf.len();
        elf[40..48].copy_from_slice(&(table as u64).to_le_bytes());
        elf[58] = 64;
        elf[60] = said;
        elf.resize(table + 64 * at_least, 0);
        inspect_all_ways(&elf).unwrap();
        elf.pop();
        let error = inspect_all_ways(&elf).unwrap_err();
        assert_eq!(error.code(), "elf.truncated", "{said} entries");
    }
}
