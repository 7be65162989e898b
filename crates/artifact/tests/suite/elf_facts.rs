//! What is read out of good executables, whole and as a stream.

use lockgate_artifact::executable::{
    Arch, Class, Endian, Fact, Facts, GlibcVersion, Inspector, Kind, Libc, Machine, Requirements,
    Stack, Violation, check, inspect_slice,
};

use super::{elf_refuses::inspect_all_ways, elves::Elf};

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
    let floor = Fact::Known(Some(GlibcVersion::new(2, 31)));
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
            .known()
            .unwrap()
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

/// The parts lie behind the kept prefix, each in turn.
#[test]
fn a_stream_knows_what_it_kept_and_says_what_it_did_not() {
    const FAR: usize = 100_000;
    for (gaps, strings_known) in [
        ([0, 0, 0, FAR], true),
        ([0, 0, FAR, 0], true),
        ([0, FAR, 0, 0], false),
        ([FAR, 0, 0, 0], false),
        ([FAR, FAR, FAR, FAR], false),
    ] {
        let elf = Elf {
            gaps,
            paths: vec![(29, b"/x".to_vec())],
            ..Elf::glibc()
        };
        let bytes = elf.bytes();
        let full = inspect_all_ways(&bytes).unwrap();
        let mut inspector = Inspector::keeping(64 * 1024);
        bytes.chunks(777).for_each(|piece| inspector.update(piece));
        let facts = inspector.finish().unwrap();
        assert!(facts.agrees_with(&full) && full.agrees_with(&facts));
        assert_eq!(facts == full, strings_known, "{gaps:?}");
        // Interpreter and dynamic section are always known.
        assert_eq!(facts.interpreter, full.interpreter);
        assert_eq!((facts.kind, facts.size), (full.kind, bytes.len() as u64));

        let wanted = Requirements {
            glibc_floor: Some(GlibcVersion::new(2, 31)),
            ..Requirements::strict(Arch::Amd64)
        };
        let found: Vec<_> = check(&facts, &wanted, None)
            .iter()
            .map(Violation::code)
            .collect();
        if strings_known {
            assert_eq!(found, ["executable.rpath"]);
        } else {
            // RPATH is known not to be there: its tag is missing. RUNPATH and versions are there and not known.
            assert_eq!(found, ["executable.unknown"; 2]);
            let lax = Requirements {
                allow_unknown: true,
                ..wanted
            };
            assert!(check(&facts, &lax, None).is_empty());
        }

        // With the default prefix, everything in a file of this size is known.
        let mut inspector = Inspector::new();
        inspector.update(&bytes);
        assert_eq!(inspector.finish().unwrap(), full);
    }
}

#[test]
fn every_fact_counts_in_a_comparison() {
    let facts = inspect_slice(&Elf::glibc().bytes()).unwrap();
    assert!(facts.agrees_with(&facts));
    let changes: [fn(&mut Facts); 12] = [
        |f| f.class = Class::Bits32,
        |f| f.endian = Endian::Big,
        |f| f.machine = Machine::Arm,
        |f| f.kind = Kind::Fixed,
        |f| f.os_abi = 3,
        |f| f.interpreter = None,
        |f| f.needed = Fact::Known(vec![]),
        |f| f.rpath = Fact::Known(Some("/x".to_owned())),
        |f| f.runpath = Fact::Known(Some("/x".to_owned())),
        |f| f.glibc = Fact::Known(None),
        |f| f.stack = Stack::Unmarked,
        |f| f.size += 1,
    ];
    for change in changes {
        let mut other = facts.clone();
        change(&mut other);
        assert!(
            !facts.agrees_with(&other) && !other.agrees_with(&facts),
            "{other:?}"
        );
    }
}

/// The dynamic section lies across the end of the kept prefix, at each byte of it in turn.
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
            let mut inspector = Inspector::keeping(KEPT);
            bytes
                .chunks(piece)
                .for_each(|piece| inspector.update(piece));
            let facts = inspector.finish().unwrap();
            assert_eq!(facts, inspect_slice(&bytes).unwrap(), "{before}");
        }
    }
}
