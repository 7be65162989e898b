//! Facts of valid executables, and the requirements that they meet.

use lockgate_artifact::executable::{
    Arch, Class, Endian, GlibcVersion, Kind, LibcKind, Machine, Requirements, Stack, Violation,
    check, inspect_slice,
};

use super::{elf_refuses::inspect_all_ways, elves::Elf};

fn arches() -> [(Arch, Machine, Elf); 7] {
    let musl = "/lib/ld-musl-armhf.so.1";
    [
        (Arch::Amd64, Machine::X86_64, Elf::glibc()),
        (
            Arch::Arm64,
            Machine::Aarch64,
            Elf::of(183, true, true, "/lib/ld-linux-aarch64.so.1"),
        ),
        (
            Arch::I386,
            Machine::I386,
            Elf::of(3, false, true, "/lib/ld-linux.so.2"),
        ),
        (Arch::Arm, Machine::Arm, Elf::of(40, false, true, musl)),
        (
            Arch::Riscv64,
            Machine::Riscv,
            Elf::of(243, true, true, "/lib/ld-linux-riscv64-lp64d.so.1"),
        ),
        (
            Arch::Ppc64le,
            Machine::Ppc64,
            Elf::of(21, true, true, "/lib64/ld64.so.2"),
        ),
        (
            Arch::S390x,
            Machine::S390,
            Elf::of(22, true, false, "/lib/ld64.so.1"),
        ),
    ]
}

fn codes(elf: &Elf, change: fn(&mut Requirements)) -> Vec<&'static str> {
    let mut wanted = Requirements::strict(Arch::Amd64);
    change(&mut wanted);
    let facts = inspect_all_ways(&elf.bytes()).unwrap();
    check(&facts, &wanted, None)
        .iter()
        .map(Violation::code)
        .collect()
}

#[test]
fn reads_every_architecture_and_takes_none_for_another() {
    for (arch, machine, elf) in arches() {
        let facts = inspect_all_ways(&elf.bytes()).unwrap();
        assert_eq!((facts.arch(), facts.machine), (Some(arch), machine));
        assert_eq!(facts.kind, Kind::Pie);
        assert_eq!(facts.needed, ["libm.so.6", "libc.so.6"]);
        assert_eq!(facts.glibc, Some(GlibcVersion::new(2, 31)));
        for other in Arch::ALL {
            let violations = check(&facts, &Requirements::strict(other), None);
            let codes: Vec<_> = violations.iter().map(Violation::code).collect();
            if other == arch {
                assert!(codes.is_empty(), "{arch}: {codes:?}");
            } else {
                assert_eq!(codes, ["executable.arch"], "{arch} as {other}");
            }
        }
    }
}

#[test]
fn refuses_the_right_machine_in_the_wrong_width_or_byte_order() {
    for (wide, little) in [(false, true), (true, false)] {
        let elf = Elf {
            wide,
            little,
            ..Elf::glibc()
        };
        let facts = inspect_all_ways(&elf.bytes()).unwrap();
        assert_eq!(facts.class == Class::Bits64, wide);
        assert_eq!(facts.endian == Endian::Little, little);
        assert_eq!(codes(&elf, |_| {}), ["executable.arch"]);
    }
}

#[test]
fn refuses_another_libc_but_takes_static_for_any() {
    const MISMATCH: [&str; 1] = ["executable.libc"];
    let musl = Elf::of(62, true, true, "/lib/ld-musl-x86_64.so.1");
    let other = Elf::of(62, true, true, "/system/bin/linker64");
    let wants: [fn(&mut Requirements); 3] = [
        |r| r.libc = Some(LibcKind::Glibc),
        |r| r.libc = Some(LibcKind::Musl),
        |r| r.libc = Some(LibcKind::Static),
    ];
    for (elf, expected) in [
        (Elf::glibc(), [true, false, false]),
        (musl, [false, true, false]),
        (other, [false, false, false]),
        (Elf::fixed(), [true, true, true]),
        (Elf::static_pie(), [true, true, true]),
    ] {
        for (want, fits) in wants.into_iter().zip(expected) {
            let found = codes(&elf, want);
            assert!(
                if fits {
                    found.is_empty()
                } else {
                    found == MISMATCH
                },
                "{found:?}"
            );
        }
    }
}

#[test]
fn refuses_a_newer_glibc_than_the_floor() {
    let elf = Elf::glibc();
    assert!(codes(&elf, |r| r.glibc_floor = Some(GlibcVersion::new(2, 31))).is_empty());
    let found = codes(&elf, |r| r.glibc_floor = Some(GlibcVersion::new(2, 30)));
    assert_eq!(found, ["executable.glibc"]);
    // Compared as numbers, not as text.
    let found = codes(&elf, |r| r.glibc_floor = Some(GlibcVersion::new(2, 4)));
    assert_eq!(found, ["executable.glibc"]);
}

#[test]
fn refuses_a_loader_that_other_machines_do_not_have() {
    let nix = "/nix/store/abc-glibc-2.40/lib/ld-linux-x86-64.so.2";
    let elf = Elf::of(62, true, true, nix);
    assert_eq!(codes(&elf, |_| {}), ["executable.loader"]);
    assert!(codes(&elf, |r| r.allow_any_loader = true).is_empty());
    // The loader of the right libc, but for another architecture.
    let elf = Elf::of(62, true, true, "/lib/ld-linux-aarch64.so.1");
    assert_eq!(codes(&elf, |_| {}), ["executable.loader"]);
}

#[test]
fn refuses_rpath_and_runpath_unless_allowed() {
    for (tag, name) in [(15, "RPATH"), (29, "RUNPATH")] {
        let elf = Elf {
            paths: vec![(tag, b"$ORIGIN/../lib".to_vec())],
            ..Elf::glibc()
        };
        assert_eq!(codes(&elf, |_| {}), ["executable.rpath"]);
        assert!(codes(&elf, |r| r.allow_rpath = true).is_empty());
        let facts = inspect_slice(&elf.bytes()).unwrap();
        let violations = check(&facts, &Requirements::strict(Arch::Amd64), None);
        let text = format!("it looks for libraries in `$ORIGIN/../lib` ({name})");
        assert_eq!(violations[0].to_string(), text);
    }
}

#[test]
fn refuses_an_executable_stack_unless_allowed() {
    for (stack, expected) in [
        (Some(6), Stack::NotExecutable),
        (Some(7), Stack::Executable),
        (None, Stack::Unmarked),
    ] {
        let elf = Elf {
            stack,
            ..Elf::glibc()
        };
        assert_eq!(inspect_slice(&elf.bytes()).unwrap().stack, expected);
        assert!(codes(&elf, |r| r.allow_exec_stack = true).is_empty());
        let fits = codes(&elf, |_| {}).is_empty();
        assert_eq!(fits, expected == Stack::NotExecutable);
    }
}

#[test]
fn refuses_another_system() {
    for (os_abi, fits) in [(0, true), (3, true), (9, false), (2, false)] {
        let elf = Elf {
            os_abi,
            ..Elf::glibc()
        };
        assert_eq!(codes(&elf, |_| {}).is_empty(), fits);
    }
}

#[test]
fn refuses_setuid_setgid_and_sticky_bits() {
    let facts = inspect_slice(&Elf::glibc().bytes()).unwrap();
    let wanted = Requirements::strict(Arch::Amd64);
    for (mode, fits) in [
        (0o755, true),
        (0o100_755, true),
        (0o4755, false),
        (0o2755, false),
        (0o1755, false),
    ] {
        let violations = check(&facts, &wanted, Some(mode));
        assert_eq!(violations.is_empty(), fits, "{mode:o}");
    }
}

#[test]
fn gives_all_violations_at_once() {
    let elf = Elf {
        paths: vec![(29, b"/x".to_vec())],
        stack: None,
        os_abi: 9,
        ..Elf::of(183, true, true, "/x/ld-linux-aarch64.so.1")
    };
    let facts = inspect_slice(&elf.bytes()).unwrap();
    let wanted = Requirements {
        libc: Some(LibcKind::Musl),
        glibc_floor: Some(GlibcVersion::new(2, 17)),
        ..Requirements::strict(Arch::Amd64)
    };
    let mut found: Vec<_> = check(&facts, &wanted, Some(0o4755))
        .iter()
        .map(Violation::code)
        .collect();
    let wanted = Requirements {
        arch: Arch::Arm64,
        ..wanted
    };
    found.extend(check(&facts, &wanted, None).iter().map(Violation::code));
    for code in Violation::CODES {
        assert!(found.contains(code), "{code}");
    }
}
