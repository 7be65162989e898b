//! Executables with changed bytes never panic and are never read differently than by the `object` crate.

use std::io::Cursor;

use lockgate_artifact::executable::{Inspector, inspect_noting, inspect_slice};
use proptest::prelude::*;

use super::{
    elf_opinions::{agree, seen_by_object},
    elf_refuses::{alike_or_not_kept, inspect_all_ways, streamed},
    elves::Elf,
};

fn samples() -> Vec<Vec<u8>> {
    let big = Elf::of(22, true, false, "/lib/ld64.so.1");
    let narrow = Elf::of(3, false, true, "/lib/ld-linux.so.2");
    let path = Elf {
        paths: vec![(29, b"/opt/lib".to_vec())],
        ..Elf::glibc()
    };
    // Something has to follow the dynamic section so that it can be made longer.
    let room = Elf {
        gaps: [0, 0, 0, 64],
        ..Elf::glibc()
    };
    [path, big, narrow, room, Elf::fixed(), Elf::static_pie()]
        .iter()
        .map(Elf::bytes)
        .collect()
}

/// Checks that the other parser reads an accepted file the same way.
fn agree_if_accepted(bytes: &[u8]) {
    if let Ok(facts) = inspect_all_ways(bytes) {
        let mut seen = seen_by_object(bytes).expect("accepted").expect("ELF");
        seen.versions = None;
        agree(&facts, &seen);
    }
}

#[test]
fn every_flipped_bit_is_refused_or_read_alike() {
    for bytes in samples() {
        for bit in 0..bytes.len() * 8 {
            let mut mutant = bytes.clone();
            mutant[bit / 8] ^= 1 << (bit % 8);
            agree_if_accepted(&mutant);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_bytes_are_inspected_without_a_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..400),
        magic in any::<bool>(),
    ) {
        if magic && bytes.len() > 7 {
            bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        }
        agree_if_accepted(&bytes);
    }

    #[test]
    fn changed_executables_are_refused_or_read_alike(
        sample in prop::sample::select(samples()),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), prop_oneof![Just(0), Just(0xff), any::<u8>()]),
            1..6,
        ),
    ) {
        let mut bytes = sample;
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        agree_if_accepted(&bytes);
    }

    #[test]
    fn the_pieces_of_a_stream_do_not_matter(
        elf in scattered(200_000),
        pieces in prop::collection::vec(1..150_000_usize, 1..20),
        kept in 0..300_000_usize,
    ) {
        let bytes = elf.bytes();
        let (facts, ranges) = inspect_noting(Cursor::new(&bytes), kept).unwrap();
        let mut inspector = Inspector::keeping(kept, ranges);
        let mut rest = bytes.as_slice();
        for piece in pieces {
            let (head, tail) = rest.split_at(piece.min(rest.len()));
            inspector.update(head);
            rest = tail;
        }
        inspector.update(rest);
        prop_assert_eq!(&inspector.finish().unwrap(), &facts);
        prop_assert_eq!(&facts, &inspect_slice(&bytes).unwrap());
    }

    #[test]
    fn what_the_ranges_keep_reads_like_the_whole_file(elf in scattered(5000), kept in 0..30_000_usize) {
        let bytes = elf.bytes();
        let (facts, ranges) = inspect_noting(Cursor::new(&bytes), kept).unwrap();
        prop_assert_eq!(&streamed(&bytes, kept, &ranges, 999).unwrap(), &facts);
        prop_assert_eq!(&facts, &inspect_slice(&bytes).unwrap());
        prop_assert!(ranges.iter().all(|range| kept as u64 <= range.start && range.start < range.end));
        prop_assert!(ranges.windows(2).all(|two| two[0].end < two[1].start));
    }

    #[test]
    fn ranges_that_lie_lead_to_a_refusal_or_change_nothing(
        elf in scattered(3000),
        kept in 0..4000_usize,
        lies in prop::collection::vec((0..20_000_u64, 0..6000_u64), 0..80),
    ) {
        let bytes = elf.bytes();
        let lies: Vec<_> = lies.into_iter().map(|(start, length)| start..start + length).collect();
        alike_or_not_kept(&inspect_slice(&bytes), &streamed(&bytes, kept, &lies, 777));
    }
}

/// Executables of all kinds whose parts are up to `apart` bytes from each other.
fn scattered(apart: usize) -> impl Strategy<Value = Elf> {
    let kinds = [
        Elf::glibc(),
        Elf::of(22, true, false, "/lib/ld64.so.1"),
        Elf::of(3, false, true, "/lib/ld-linux.so.2"),
        Elf::fixed(),
        Elf::static_pie(),
    ];
    let long = [b"x".repeat(10), b"y".repeat(64), b"/z".repeat(500)];
    (
        prop::sample::select(kinds.to_vec()),
        prop::array::uniform4(0..apart),
        prop_oneof![Just(0), 0..apart],
        prop::option::of(prop::sample::select(long.to_vec())),
    )
        .prop_map(|(elf, gaps, table_gap, path)| Elf {
            gaps,
            table_gap,
            paths: (path.into_iter().filter(|_| elf.has_dynamic))
                .map(|path| (29, path))
                .collect(),
            ..elf
        })
}
