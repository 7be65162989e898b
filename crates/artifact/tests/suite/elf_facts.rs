//! Facts of valid executables, read from the whole file and from a stream.

use std::io::Cursor;

use lockgate_artifact::executable::{
    GlibcVersion, InspectError, KEPT_PREFIX, Kind, Libc, inspect_noting, inspect_slice,
};

use super::{
    elf_refuses::{inspect_all_ways, streamed},
    elves::Elf,
};

#[test]
fn tells_the_kinds_apart() {
    for (elf, kind) in [
        (Elf::glibc(), Kind::Pie),
        (
            Elf {
                e_type: 2,
                ..Elf::glibc()
            },
            Kind::Fixed,
        ),
        (Elf::fixed(), Kind::Fixed),
        (Elf::static_pie(), Kind::StaticPie),
    ] {
        assert_eq!(inspect_all_ways(&elf.bytes()).unwrap().kind, kind);
    }
}

#[test]
fn judges_the_libc_by_the_loader() {
    let libc = |path: &str| {
        let elf = Elf::of(62, true, true, path);
        inspect_all_ways(&elf.bytes()).unwrap().libc()
    };
    let floor = Some(GlibcVersion::new(2, 31));
    assert_eq!(libc("/lib64/ld-linux-x86-64.so.2"), Libc::Glibc { floor });
    assert_eq!(libc("/lib/ld-musl-x86_64.so.1"), Libc::Musl);
    let interpreter = "/system/bin/linker64".to_owned();
    assert_eq!(libc(&interpreter), Libc::Other { interpreter });
    assert_eq!(
        inspect_slice(&Elf::fixed().bytes()).unwrap().libc(),
        Libc::Static
    );
}

#[test]
fn reads_what_symbol_versions_mean() {
    let glibc = |names: Vec<&'static str>| {
        let elf = Elf {
            versions: vec![("libc.so.6", names)],
            ..Elf::glibc()
        };
        inspect_all_ways(&elf.bytes())
            .unwrap()
            .glibc
            .map(|v| v.to_string())
    };
    assert_eq!(glibc(vec!["GLIBC_2.2.5"]).as_deref(), Some("2.2.5"));
    assert_eq!(
        glibc(vec!["GLIBC_2.17", "GLIBC_ABI_DT_RELR"]).as_deref(),
        Some("2.36")
    );
    assert_eq!(
        glibc(vec!["GLIBC_PRIVATE", "GCC_4.2.0", "GLIBCXX_3.4.29"]),
        None
    );
}

/// The parts are behind the kept prefix, each in turn. Unlisted parts are refused, except those that the start itself
/// names.
#[test]
fn a_stream_reads_what_it_kept_and_refuses_what_it_did_not() {
    const FAR: usize = 100_000;
    for (table_gap, gaps, missing) in [
        (0, [0, 0, 0, FAR], None),
        (0, [0, 0, FAR, 0], None),
        (0, [0, FAR, 0, 0], Some("table of strings")),
        (0, [FAR, 0, 0, 0], Some("table of strings")),
        (0, [FAR, FAR, FAR, FAR], Some("table of strings")),
        (FAR, [0, 0, 0, 0], Some("table of program headers")),
        (FAR, [FAR, FAR, FAR, FAR], Some("table of program headers")),
    ] {
        let elf = Elf {
            table_gap,
            gaps,
            paths: vec![(29, b"/x".to_vec())],
            ..Elf::glibc()
        };
        let bytes = elf.bytes();
        let kept = 64 * 1024;
        let full = inspect_all_ways(&bytes).unwrap();
        assert_eq!(full.runpath.as_deref(), Some("/x"));
        match (streamed(&bytes, kept, &[], 777), missing) {
            (Ok(facts), None) => assert_eq!(facts, full),
            (Err(InspectError::NotKept { part, .. }), Some(missing)) => assert_eq!(part, missing),
            (other, _) => panic!("{table_gap} {gaps:?}: {other:?}"),
        }
        let (_, ranges) = inspect_noting(Cursor::new(&bytes), kept).unwrap();
        assert_eq!(streamed(&bytes, kept, &ranges, 777).unwrap(), full);
        // Each range is needed unless the start names it, and so is each byte of it.
        for at in 0..ranges.len() {
            let mut fewer = ranges.clone();
            fewer.remove(at);
            let mut shorter = ranges.clone();
            shorter[at].end = shorter[at].start + 1;
            let mut moved = ranges.clone();
            moved[at] = ranges[at].start + 1..ranges[at].end + 1;
            for ranges in [fewer, shorter, moved] {
                match streamed(&bytes, kept, &ranges, 777) {
                    Ok(facts) => {
                        assert!(missing != Some("table of program headers") && facts == full)
                    }
                    Err(error) => assert_eq!(error.code(), "executable.not-kept"),
                }
            }
        }
        // With the default prefix, a file of this size needs no list.
        assert_eq!(streamed(&bytes, KEPT_PREFIX, &[], 777).unwrap(), full);
        assert!(
            inspect_noting(Cursor::new(&bytes), KEPT_PREFIX)
                .unwrap()
                .1
                .is_empty()
        );
    }
}

/// As `patchelf --set-rpath` and BOLT leave them: strings or program headers at the end of a large file.
#[test]
fn a_stream_reads_tables_beyond_its_prefix_where_they_are_listed() {
    const FAR: usize = KEPT_PREFIX + 100;
    let strings = Elf {
        gaps: [0, FAR, 0, 0],
        paths: vec![(15, b"/evil".to_vec())],
        ..Elf::glibc()
    };
    let headers = Elf {
        table_gap: FAR,
        ..Elf::fixed()
    };
    for (elf, path) in [(strings, Some("/evil")), (headers, None)] {
        let bytes = elf.bytes();
        let facts = inspect_all_ways(&bytes).unwrap();
        assert_eq!(facts.rpath.as_deref(), path);
        let (_, ranges) = inspect_noting(Cursor::new(&bytes), KEPT_PREFIX).unwrap();
        assert!(!ranges.is_empty());
        let kept: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        assert!(kept < 1000, "{ranges:?}");
    }
}

/// The dynamic section crosses the end of the kept prefix, at each of its bytes in turn.
#[test]
fn a_stream_loses_nothing_at_the_edge_of_what_it_keeps() {
    const KEPT: usize = 64 * 1024;
    let start = Elf::glibc().build().dynamic;
    let length = Elf::glibc().bytes().len() - start;
    for before in 0..=length + 1 {
        let gaps = [0, 0, (KEPT + 1 - start).saturating_sub(before), 100];
        let bytes = Elf {
            gaps,
            ..Elf::glibc()
        }
        .bytes();
        for piece in [bytes.len(), 1000] {
            let facts = streamed(&bytes, KEPT, &[], piece).unwrap();
            assert_eq!(facts, inspect_slice(&bytes).unwrap(), "{before}");
        }
    }
}
