//! Sizes: what is expected, what is allowed, and that a false size costs nothing.

use std::io::Read as _;

use lockgate_artifact::zip::{Expect, HELD_MAX, SingleFile, Size, ZipError};

use super::zips::{NAME, Parts, Trickle, read_exact, read_named, value32};

const CONTENT: &[u8] =
    b"not really an executable, but long enough to be compressed, compressed, compressed";

#[test]
fn refuses_one_byte_more_or_less_than_expected() {
    for level in [6, 9] {
        let zip = Parts::new(CONTENT, level).bytes();
        for size in [CONTENT.len() - 1, CONTENT.len() + 1] {
            assert_eq!(read_exact(&zip, size).unwrap_err().code(), "zip.size");
        }
    }
    for level in [0, 6] {
        let zip = Parts::new(CONTENT, level).bytes();
        let limit = CONTENT.len() as u64;
        assert!(read_named(&zip, NAME, Size::AtMost(limit)).is_ok());
        let error = read_named(&zip, NAME, Size::AtMost(limit - 1)).unwrap_err();
        assert_eq!(error.code(), "zip.too-large");
    }
    // A stored entry ends where the descriptor is, so its wrong size is found there.
    let zip = Parts::new(CONTENT, 0).bytes();
    for size in [CONTENT.len() - 1, CONTENT.len() + 1] {
        assert_eq!(read_exact(&zip, size).unwrap_err().code(), "zip.descriptor");
    }
}

#[test]
fn refuses_sizes_that_the_local_header_already_denies() {
    for level in [0, 6] {
        let zip = Parts::new(CONTENT, level).without_descriptor().bytes();
        let error = read_exact(&zip, CONTENT.len() + 1).unwrap_err();
        assert_eq!(error.code(), "zip.size");
        let error = read_named(&zip, NAME, Size::AtMost(3)).unwrap_err();
        assert_eq!(error.code(), "zip.too-large");
    }
}

#[test]
fn a_bomb_stops_at_the_cap() {
    let zip = Parts::new(&vec![0; 64 << 20], 9).bytes();
    for size in [Size::Exact(1000), Size::AtMost(1000)] {
        let expect = Expect { name: NAME, size };
        let mut file = SingleFile::open(zip.as_slice(), expect).unwrap();
        let mut out = Vec::new();
        assert!(file.read_to_end(&mut out).is_err());
        assert_eq!(out.len(), 1000);
        let again = ZipError::from_io(file.read(&mut [0; 9]).unwrap_err()).unwrap();
        assert_eq!(again.code(), "zip.spent");
    }
}

/// A stored block of 256 bytes takes 5 more, an empty one 5. 256 bytes may take 256 + 256/8 + 256/64 + 1024.
#[test]
fn a_deflate_stream_may_take_as_much_as_the_worst_deflater_makes_of_it_and_no_byte_more() {
    let plain = [7; 256];
    let stream = |empty: usize| {
        let content = [b"\0\0\x01\xff\xfe".as_slice(), &plain].concat();
        let blocks = b"\0\0\0\xff\xff".repeat(empty - 1);
        [content, blocks, b"\x01\0\0\xff\xff".to_vec()].concat()
    };
    let read = |empty: usize| {
        let mut parts = Parts::new(&plain, 6);
        let crc = value32(&parts.central, 16);
        parts.content = stream(empty);
        parts.set_values(crc);
        parts.lay_out();
        read_exact(&parts.bytes(), plain.len())
    };
    assert_eq!(stream(211).len(), 256 + 32 + 4 + 1024);
    assert!(read(211).is_ok());
    assert_eq!(read(212).unwrap_err().code(), "zip.padding");
}

#[test]
fn a_stored_entry_of_unknown_size_is_held_only_up_to_a_limit() {
    assert_eq!(HELD_MAX, 8 << 20);
    let content = vec![7; usize::try_from(HELD_MAX).unwrap() + 1];
    let over = Parts::new(&content, 0).bytes();
    let error = read_named(&over, NAME, Size::AtMost(u64::MAX)).unwrap_err();
    assert_eq!(error.code(), "zip.too-large");
    let fits = Parts::new(&content[1..], 0).bytes();
    assert!(read_named(&fits, NAME, Size::AtMost(u64::MAX)).is_ok());
}

/// A consumer that only reads, and never asks for the facts, has to see the failure too: the end comes after all
/// checks.
#[test]
fn the_end_is_only_told_when_what_stands_behind_the_content_is_right() {
    for level in [0, 6] {
        let mut parts = Parts::new(CONTENT, level);
        parts.after.push(0);
        let zip = parts.bytes();
        for step in 1..=CONTENT.len() + 1 {
            let size = Size::Exact(CONTENT.len() as u64);
            // Byte by byte, so that a deflate stream also ends in a read of its own.
            let mut file =
                SingleFile::open(Trickle::new(&zip, 1), Expect { name: NAME, size }).unwrap();
            let mut buf = vec![0; step];
            let error = loop {
                match file.read(&mut buf) {
                    Ok(0) => panic!("level {level}, by {step}: it ends as if all were well"),
                    Ok(_) => {}
                    Err(error) => break ZipError::from_io(error).unwrap(),
                }
            };
            assert_eq!(error.code(), "zip.trailing");
        }
    }
}

#[test]
fn a_size_that_only_zip64_can_tell_is_never_expected() {
    let zip = Parts::new(CONTENT, 6).without_descriptor().bytes();
    let open = |size| {
        let size = Size::Exact(size);
        let error = SingleFile::open(zip.as_slice(), Expect { name: NAME, size }).unwrap_err();
        error.code()
    };
    // APPNOTE 4.4.8: with all bits set the size is in the zip64 field.
    assert_eq!(open(0xFFFF_FFFE), "zip.size");
    assert_eq!(open(0xFFFF_FFFF), "zip.zip64");
}

#[test]
fn refuses_expectations_that_nothing_can_meet() {
    let zip = Parts::new(CONTENT, 6).bytes();
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "a b",
        "\u{e9}",
        &"a".repeat(256),
    ] {
        let error = read_named(&zip, name, Size::AtMost(9)).unwrap_err();
        assert_eq!(error.code(), "zip.expected-name", "{name:?}");
    }
    let error = read_named(&zip, NAME, Size::Exact(0xffff_ffff)).unwrap_err();
    assert_eq!(error.code(), "zip.zip64");
}

#[test]
fn a_name_is_compared_to_its_very_end() {
    for length in [1, 127, 128, 129, 254, 255] {
        let name = "n".repeat(length);
        let zip = Parts::named(name.as_bytes(), CONTENT, 6).bytes();
        let size = Size::Exact(CONTENT.len() as u64);
        assert!(read_named(&zip, &name, size).is_ok());
        for other in [1, 127, 128, 129, 255, 256, 60000] {
            let longer = Parts::named("n".repeat(other).as_bytes(), CONTENT, 6).bytes();
            match read_named(&longer, &name, size) {
                Ok(_) => assert_eq!(length, other),
                Err(error) => assert_eq!(error.code(), "zip.name", "{length} {other}"),
            }
        }
    }
}
