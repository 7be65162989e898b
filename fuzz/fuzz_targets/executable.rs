//! An executable. From memory, by seeking, and streaming by in pieces of any size, its headers say the same.
//!
//! What is accepted, a second parser reads alike.
//!
//! The first three bytes say where, if anywhere, the file is stretched beyond what a stream keeps, and how large its
//! pieces are.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use lockgate_artifact::executable::{Facts, InspectError, Inspector, inspect, inspect_slice};

#[path = "../../crates/artifact/tests/suite/elf_opinions.rs"]
mod elf_opinions;

/// More than the 64 KiB that an inspector keeps at least.
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

    match (&facts, &streamed(Inspector::new(), file, piece)) {
        (Ok(facts), Ok(streamed)) => assert_eq!(facts, streamed),
        (Err(error), Err(streamed)) => assert_eq!(error.code(), streamed.code()),
        (facts, streamed) => panic!("{facts:?} whole, {streamed:?} in pieces"),
    }
    match (&facts, &streamed(Inspector::keeping(0), file, piece)) {
        (Ok(facts), Ok(streamed)) => assert!(facts.agrees_with(streamed), "{facts:?} {streamed:?}"),
        (Err(error), Err(streamed)) => assert_eq!(error.code(), streamed.code()),
        // What lies outside of what was kept cannot be refused.
        (Err(_), Ok(streamed)) => {
            assert!(file.len() > 64 * 1024);
            assert!(streamed.needed.known().is_none() || streamed.glibc.known().is_none());
        }
        (Ok(_), Err(error)) => panic!("refused as a stream only: {error}"),
    }
    if let Ok(facts) = facts {
        let seen = elf_opinions::seen_by_object(file).expect("accepted");
        let mut seen = seen.expect("accepted as ELF");
        // Those stand in section headers, which a fuzzer makes up and nothing that runs a file reads.
        seen.versions = None;
        elf_opinions::agree(&facts, &seen);
        assert_eq!(facts.size, file.len() as u64);
        let named = facts
            .needed
            .known()
            .into_iter()
            .flatten()
            .chain(&facts.interpreter);
        let paths = [&facts.rpath, &facts.runpath]
            .into_iter()
            .filter_map(|path| path.known()?.as_ref());
        assert!(
            named
                .chain(paths)
                .all(|text| !text.contains(char::is_control))
        );
    }
}

fn streamed(mut inspector: Inspector, file: &[u8], piece: usize) -> Result<Facts, InspectError> {
    let mut early = None;
    for piece in file.chunks(piece) {
        inspector.update(piece);
        early = early.or_else(|| inspector.refused().map(InspectError::code));
    }
    let end = inspector.finish();
    if let Some(code) = early {
        assert_eq!(end.as_ref().err().map(InspectError::code), Some(code));
    }
    end
}
