//! Parses an executable. From memory, by seeking, and as a stream in pieces of any size, the facts are the same; as a
//! stream, if the ranges are kept that were read. If others are kept, it is refused or the facts are the same.
//!
//! A second parser agrees on accepted files.
//!
//! The first three bytes determine where, if anywhere, the file is stretched beyond what a stream keeps, and the sizes
//! of its pieces and of the kept prefix.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use lockgate_artifact::executable::{
    Facts, InspectError, Inspector, KEPT_PREFIX, inspect, inspect_noting, inspect_slice,
};

#[path = "../../../crates/artifact/tests/suite/elf_opinions.rs"]
mod elf_opinions;

/// More than the prefix that an inspector is told to keep.
const GAP: usize = 68 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[low, high, pieces], file)) = bytes.split_first_chunk::<3>() else {
        return;
    };
    let piece = usize::from(pieces) * 7 + 1;
    agree(file, piece);
    let at = usize::from(u16::from_le_bytes([low, high]));
    if let Some((before, behind)) = file.split_at_checked(at) {
        agree(&[before, &vec![0; GAP], behind].concat(), piece * 97);
    }
});

fn agree(file: &[u8], piece: usize) {
    let facts = inspect_slice(file);
    let sought = inspect(Cursor::new(file));
    assert_eq!(format!("{facts:?}"), format!("{sought:?}"));

    for prefix in [KEPT_PREFIX, piece, 0] {
        let ranges = match inspect_noting(Cursor::new(file), prefix) {
            Ok((noted, ranges)) => {
                assert_eq!(Some(&noted), facts.as_ref().ok());
                ranges
            }
            Err(_) => Vec::new(),
        };
        let whole = streamed(Inspector::keeping(prefix, ranges.clone()), file, piece);
        if facts.is_ok() || file.len() <= prefix {
            assert_eq!(format!("{facts:?}"), format!("{whole:?}"));
        }
        let some = ranges.into_iter().skip(1);
        for inspector in [
            Inspector::keeping(prefix, []),
            Inspector::keeping(prefix, some),
        ] {
            match (&facts, streamed(inspector, file, piece)) {
                (_, Err(InspectError::NotKept { .. })) => {}
                (Ok(facts), Ok(streamed)) => assert_eq!(facts, &streamed),
                (Err(error), Err(streamed)) => assert_eq!(error.code(), streamed.code()),
                (facts, streamed) => panic!("{facts:?} whole, {streamed:?} in pieces"),
            }
        }
    }
    if let Ok(facts) = facts {
        let seen = elf_opinions::seen_by_object(file).expect("accepted");
        let mut seen = seen.expect("accepted as ELF");
        // Those come from section headers, which a fuzzer makes up and loaders do not read.
        seen.versions = None;
        elf_opinions::agree(&facts, &seen);
        assert_eq!(facts.size, file.len() as u64);
        let named = facts.needed.iter().chain(&facts.interpreter);
        let mut all = named.chain(&facts.rpath).chain(&facts.runpath);
        assert!(all.all(|text| !text.contains(char::is_control)));
    }
}

fn streamed(mut inspector: Inspector, file: &[u8], piece: usize) -> Result<Facts, InspectError> {
    for piece in file.chunks(piece) {
        inspector.update(piece);
    }
    inspector.finish()
}
