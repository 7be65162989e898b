//! Each attack of the table is refused: at level 0 and 6, with the size known and only limited, with the right code.

use std::collections::BTreeSet;

use lockgate_artifact::zip::{Size, ZipError};

use super::{
    attacks::{self, Class},
    zips::{Parts, read_exact, read_named, set32},
};

const CONTENT: &[u8] =
    b"not really an executable, but long enough to be compressed, compressed, compressed";

/// The end of a stored entry of unknown size is counted from the end of the zip: surplus bytes anywhere then appear as
/// a descriptor that is missing or has another size.
const ELSEWHERE_IN_THE_ZIP: &[&str] = &["zip.descriptor", "zip.disagree"];

pub(crate) fn refused(name: &str) {
    let change = attacks::all().find(|change| change.name == name).unwrap();
    for level in [0, 6] {
        let honest = Parts::new(CONTENT, level);
        let mut parts = honest.clone();
        (change.make)(&mut parts);
        let size = parts.asked_size as u64;
        for size in [Size::Exact(size), Size::AtMost(size + 500)] {
            assert!(read_named(&honest.bytes(), &honest.asked, Size::AtMost(99)).is_ok());
            let is_held = parts.local.get(8) == Some(&0) && matches!(size, Size::AtMost(_));
            match read_named(&parts.bytes(), &parts.asked, size) {
                Ok(_) => panic!("accepted at level {level}, {size:?}"),
                Err(error) => assert!(
                    change.codes.contains(&error.code())
                        || is_held && ELSEWHERE_IN_THE_ZIP.contains(&error.code()),
                    "level {level}, {size:?}: {error} ({})",
                    error.code()
                ),
            }
        }
    }
}

/// Codes that need more than a changed zip.
const ELSEWHERE: &[&str] = &[
    "zip.read",
    "zip.expected-name",
    "zip.unfinished",
    "zip.spent",
];

#[test]
fn every_code_has_a_refusal() {
    for code in ZipError::CODES {
        let here = attacks::all().any(|change| change.codes.contains(code));
        assert!(here || ELSEWHERE.contains(code), "{code}");
    }
}

#[test]
fn every_class_has_attacks_and_leeway_where_the_profile_has_some() {
    for class in Class::ALL {
        let of_class = || attacks::all().filter(|change| change.class == class);
        let attacks = of_class().filter(|change| change.is_attack()).count();
        assert!(attacks >= 4, "{class:?}: {attacks} attacks");
        let leeway = of_class().any(|change| !change.is_attack());
        assert_eq!(leeway, class.has_leeway(), "{class:?}");
    }
    let classes: BTreeSet<_> = attacks::all().map(|change| change.class).collect();
    assert_eq!(classes, BTreeSet::from(Class::ALL), "a class is not in ALL");
    let names: BTreeSet<_> = attacks::all().map(|change| change.name).collect();
    assert_eq!(names.len(), attacks::all().count(), "a name is there twice");
}

#[test]
fn errors_show_foreign_text_escaped_and_short() {
    let mut parts = Parts::new(CONTENT, 6);
    parts.local_name = "\x1b]0;x\x07\u{202e}".repeat(5000).into_bytes();
    parts.lay_out();
    let error = read_exact(&parts.bytes(), CONTENT.len()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.is_ascii() && !text.bytes().any(|c| c.is_ascii_control()),
        "{text}"
    );
    assert!(text.len() < 600, "{text}");
}

#[test]
fn where_a_zip_is_cut_is_told_and_what_to_do_next() {
    let parts = Parts::new(CONTENT, 6);
    let zip = parts.bytes();
    let content = parts.local.len() + parts.local_name.len();
    let directory = parts.directory_offset();
    let end = zip.len() - parts.end.len();
    let cuts = [
        (3, "local header"),
        (content + 3, "content"),
        (directory - 3, "data descriptor"),
        (directory + 3, "central directory"),
        (end + 3, "end record"),
    ];
    for (at, part) in cuts {
        let error = read_exact(&zip[..at], CONTENT.len()).unwrap_err();
        assert_eq!(error.code(), "zip.truncated", "{part}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.hint().starts_with("Try again"), "{}", error.hint());
    }
}

#[test]
fn what_a_local_header_tells_though_a_descriptor_follows_is_named() {
    for (at, field) in [(14, "CRC"), (18, "compressed size"), (22, "size")] {
        let mut parts = Parts::new(CONTENT, 6);
        set32(&mut parts.local, at, 5);
        let error = read_exact(&parts.bytes(), CONTENT.len()).unwrap_err();
        let ZipError::Disagree {
            field: named,
            found,
            expected,
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!((named, found, expected), (field, 5, 0));
    }
}
