use std::io::Cursor;
use std::ops::Range;

use lockgate_artifact::executable::{Arch, GlibcVersion, RANGES_BYTES, RANGES_MAX, inspect_noting};
use lockgate_core::document::HeaderRanges;

use super::*;

#[path = "../../../artifact/tests/suite/elves.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod elves;

use elves::Elf;

/// An offset beyond the prefix that is kept of every executable.
const FAR: usize = KEPT_PREFIX + 4321;

/// The name of a change to the correct ranges, and the change.
type Lie = (&'static str, fn(&mut Vec<Range<u64>>));

/// Sends an executable for amd64 and glibc 2.31, with these ranges in its manifest; returns the number of bytes sent, and the error.
fn send(bytes: &[u8], ranges: Vec<Range<u64>>) -> (usize, Option<UploadFault>) {
    let executable = Executable {
        variant: "amd64".parse().unwrap(),
        name: "tool-amd64-v2".parse().unwrap(),
        size: bytes.len() as u64,
        sha256: Digest::of(bytes),
        headers: "as the build says".to_owned(),
        header_ranges: HeaderRanges::new(ranges).unwrap(),
        smoke: None,
        build_seconds: 1,
        attempt: None,
    };
    let body = Body {
        size: Some(executable.size),
        content_type: Some("application/octet-stream".to_owned()),
        reader: Box::new(Cursor::new(bytes.to_vec())),
    };
    let wanted = Wanted {
        executable: &executable,
        stored_sha256: None,
        requirements: Some(Requirements {
            glibc_floor: Some(GlibcVersion::new(2, 31)),
            ..Requirements::strict(Arch::Amd64)
        }),
    };
    std::thread::scope(|scope| {
        let mut content = VerifyingReader::begin(scope, body, wanted);
        let mut sent = Vec::new();
        let ended = content.read_to_end(&mut sent);
        assert_eq!(ended.is_err(), content.fault.is_some());
        (sent.len(), content.fault.take())
    })
}

/// Returns the code and the next step of a refusal; `None` if all of the bytes were sent.
fn outcome(bytes: &[u8], ranges: Vec<Range<u64>>) -> Option<(String, String)> {
    match send(bytes, ranges) {
        (sent, None) => {
            assert_eq!(sent, bytes.len());
            None
        }
        (sent, Some(UploadFault::WrongBytes(wrong))) => {
            // The upload is never completed.
            assert!(sent < bytes.len());
            let (_, code) = wrong.problem.rsplit_once('(').unwrap();
            Some((code.trim_end_matches(')').to_owned(), wrong.next.unwrap()))
        }
        (_, Some(other)) => panic!("{other:?}"),
    }
}

fn right_ranges(bytes: &[u8]) -> Vec<Range<u64>> {
    inspect_noting(Cursor::new(bytes), KEPT_PREFIX).unwrap().1
}

fn far_strings(tag: Option<u64>, glibc: &'static str) -> Vec<u8> {
    let elf = Elf {
        gaps: [0, FAR, 0, 300],
        paths: tag
            .map(|tag| (tag, b"/tmp/evil".to_vec()))
            .into_iter()
            .collect(),
        versions: vec![("libc.so.6", vec!["GLIBC_2.2.5", glibc])],
        ..Elf::glibc()
    };
    elf.bytes()
}

fn far_headers() -> Vec<u8> {
    let elf = Elf {
        table_gap: FAR,
        ..Elf::glibc()
    };
    elf.bytes()
}

/// Each affects something that the start of the file alone does not determine.
const LIES: [Lie; 4] = [
    ("none", Vec::clear),
    ("too short", |ranges| ranges[0].end = ranges[0].start + 10),
    ("a byte too late", |ranges| ranges[0].start += 1),
    ("elsewhere", |ranges| {
        *ranges = vec![10..1000, 70_000..80_000]
    }),
];

#[test]
fn headers_beyond_what_is_kept_are_judged_or_the_executable_is_refused() {
    for (what, bytes, code) in [
        ("healthy", far_strings(None, "GLIBC_2.31"), None),
        (
            "RPATH",
            far_strings(Some(15), "GLIBC_2.31"),
            Some("executable.rpath"),
        ),
        (
            "RUNPATH",
            far_strings(Some(29), "GLIBC_2.31"),
            Some("executable.rpath"),
        ),
        (
            "glibc",
            far_strings(None, "GLIBC_2.32"),
            Some("executable.glibc"),
        ),
        ("program headers", far_headers(), None),
    ] {
        let ranges = right_ranges(&bytes);
        let found = outcome(&bytes, ranges.clone());
        assert_eq!(found.map(|(code, _)| code).as_deref(), code, "{what}");
        for (lie, change) in LIES {
            let mut ranges = ranges.clone();
            change(&mut ranges);
            let (code, next) = outcome(&bytes, ranges).unwrap();
            assert_eq!(code, "executable.not-kept", "{what}, {lie}");
            insta::allow_duplicates! {
                insta::assert_snapshot!(next, @"build again with this version of Lockgate: its manifest lists what has to be kept (`header_ranges`)");
            }
        }
    }
}

/// Manifests written before ranges existed have none, and most executables need none.
#[test]
fn where_linkers_put_headers_nothing_has_to_be_listed() {
    const WINDOW: usize = 64 * 1024;
    let dynamic_section_at_the_end = Elf {
        gaps: [0, 0, FAR, 0],
        ..Elf::glibc()
    };
    let program_headers_behind_the_first_pages = Elf {
        table_gap: 2 * WINDOW,
        ..Elf::glibc()
    };
    for elf in [
        Elf::glibc(),
        dynamic_section_at_the_end,
        program_headers_behind_the_first_pages,
    ] {
        assert_eq!(outcome(&elf.bytes(), Vec::new()), None);
    }
}

#[test]
fn what_an_honest_build_refuses_is_refused_with_its_own_hint() {
    let path = Elf {
        paths: vec![(29, b"/x".to_vec())],
        ..Elf::glibc()
    };
    let (code, next) = outcome(&path.bytes(), Vec::new()).unwrap();
    assert_eq!(code, "executable.rpath");
    insta::assert_snapshot!(next, @"link without `-rpath`, or allow it for this variant; and find out who changed what the build left: it refuses such an executable itself");
    let (code, next) = outcome(b"#!/bin/sh\n", Vec::new()).unwrap();
    assert_eq!(code, "executable.script");
    insta::assert_snapshot!(next, @"name the executable itself as the variant's file, not a script that starts it; and find out who changed what the build left: it refuses such an executable itself");
}

#[test]
fn a_manifest_may_list_as_much_as_is_kept() {
    assert_eq!(HeaderRanges::MOST, RANGES_MAX);
    assert_eq!(HeaderRanges::BYTES, RANGES_BYTES);
}
