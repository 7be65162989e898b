//! Codes of executables: a build that leaves a file of the kind is refused, and the same build with a healthy one is not.

use std::os::unix::fs::PermissionsExt as _;

use crate::repository::Repository;

#[path = "../../../artifact/tests/suite/elves.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod elves;

use elves::Elf;

const BUILD: &str = "build --repo o/r --variant amd64";

/// A build that copies the file `made`.
fn copying() -> Repository {
    let repository = Repository::minimal();
    let copy = "import os, shutil, sys\nos.makedirs('dist', exist_ok=True)\nshutil.copy('made', sys.argv[sys.argv.index('--output') + 1])\n";
    repository.write("build.py", copy);
    repository
}

fn glibc(change: impl FnOnce(&mut Elf)) -> Vec<u8> {
    let mut elf = Elf::glibc();
    change(&mut elf);
    elf.bytes()
}

fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut elf = Elf::glibc().bytes();
    elf[at..at + bytes.len()].copy_from_slice(bytes);
    elf
}

/// Code, words of the hint, and a file that is refused; one that an ordinary linker made follows every one of these hints.
fn files() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("executable.empty", "look at the build", Vec::new()),
        (
            "executable.script",
            "name the executable itself",
            b"#!/bin/sh\n".to_vec(),
        ),
        (
            "executable.mach-o",
            "for Linux",
            b"\xcf\xfa\xed\xfe\x07\0\0\x01".to_vec(),
        ),
        ("executable.pe", "for Linux", b"MZ\x90\0".to_vec()),
        (
            "executable.unrecognized",
            "not an archive of it",
            b"PK\x03\x04".to_vec(),
        ),
        (
            "executable.arch",
            "check the target of the build",
            glibc(|elf| elf.machine = 183),
        ),
        ("executable.os", "for Linux", glibc(|elf| elf.os_abi = 9)),
        (
            "executable.loader",
            "link it with the standard dynamic linker",
            glibc(|elf| elf.interpreter = Some(b"/opt/ld-linux-x86-64.so.2\0".to_vec())),
        ),
        (
            "executable.rpath",
            "link without `-rpath`",
            glibc(|elf| elf.paths = vec![(29, b"/opt".to_vec())]),
        ),
        (
            "executable.stack",
            "link with `-z noexecstack`",
            glibc(|elf| elf.stack = Some(7)),
        ),
        (
            "elf.truncated",
            "copied before it was complete",
            Elf::glibc().bytes()[..40].to_vec(),
        ),
        ("elf.header", "an ordinary linker", patched(20, &[2])),
        (
            "elf.type",
            "name the linker's output",
            glibc(|elf| elf.e_type = 1),
        ),
        (
            "elf.shared-library",
            "`-static-pie`",
            glibc(|elf| elf.interpreter = None),
        ),
        (
            "elf.duplicate",
            "an ordinary linker",
            glibc(|elf| elf.segments.push([3, 0, elves::BASE, 16, 16])),
        ),
        (
            "elf.segment",
            "an ordinary linker",
            patched(64, &[4, 0, 0, 0]),
        ),
        (
            "elf.dynamic",
            "an ordinary linker",
            glibc(|elf| elf.tags.push((1, 1 << 40))),
        ),
        (
            "elf.text",
            "an ordinary linker",
            glibc(|elf| elf.needed.push(vec![0xff])),
        ),
        (
            "elf.too-large",
            "an ordinary linker",
            glibc(|elf| elf.interpreter = Some(vec![b'/'; 5000])),
        ),
    ]
}

#[test]
fn a_file_that_is_refused_is_replaced_by_what_an_ordinary_linker_makes() {
    let repository = copying();
    for (code, hint, bytes) in files() {
        repository.write("made", bytes);
        repository.commit();
        repository.refused(BUILD, code, hint);
        let (_, stderr) = repository.lockgate(BUILD);
        assert!(stderr.contains("(build.executable)"), "{stderr}");
        repository.write("made", Elf::glibc().bytes());
        repository.commit();
        repository.works(BUILD);
    }
}

/// Code, words of the hint, a file, the row that refuses it, and the row that takes it as the hint says.
#[test]
fn a_row_of_the_config_is_changed_where_the_hint_says_so() {
    let repository = copying();
    let row = "[package.hello.variant.amd64]\n";
    let config = std::fs::read_to_string(repository.dir.join("lockgate.toml")).unwrap();
    for (code, hint, bytes, wrong, right) in [
        (
            "executable.libc",
            "or change the variant's libc",
            Elf::glibc().bytes(),
            "libc = \"musl\"\n",
            "libc = \"glibc\"\n",
        ),
        (
            "executable.glibc",
            "or raise the variant's glibc floor",
            Elf::glibc().bytes(),
            "glibc-floor = \"2.17\"\n",
            "glibc-floor = \"2.31\"\n",
        ),
        (
            "executable.rpath",
            "or allow it for this variant",
            glibc(|elf| elf.paths = vec![(29, b"/opt".to_vec())]),
            "",
            "allow-rpath = true\n",
        ),
        (
            "executable.stack",
            "or allow it for this variant",
            glibc(|elf| elf.stack = Some(7)),
            "",
            "allow-exec-stack = true\n",
        ),
    ] {
        repository.write("made", bytes);
        let with = |more: &str| config.replace(row, &format!("{row}{more}"));
        repository.write("lockgate.toml", with(wrong));
        repository.commit();
        repository.refused(BUILD, code, hint);
        repository.write("lockgate.toml", with(right));
        repository.commit();
        repository.works(BUILD);
    }
}

#[test]
fn the_bits_of_another_account_are_taken_away() {
    let repository = copying();
    repository.write("made", Elf::glibc().bytes());
    repository.commit();
    let made = repository.dir.join("made");
    let mode = |mode: u32| {
        std::fs::set_permissions(&made, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o4644);
    repository.refused(
        BUILD,
        "executable.setuid",
        "remove the setuid, setgid and sticky bits from the file",
    );
    mode(0o644);
    repository.works(BUILD);
}
