//! Accepted zips: those of the real uploader, those of our own writer, and the documented leeway.

use std::io::{self, Read, Write as _};

use lockgate_artifact::{
    digest::HashingReader,
    zip::{DosTime, Entry, Expect, Method, SingleFile, SingleFileWriter, Size, ZipError, read_all},
};
use proptest::prelude::*;

use super::{
    attacks,
    zips::{NAME, Parts, REAL, REAL_CONTENT, REAL_NAME, Trickle, read_named},
};

fn write(name: &str, level: u32, modified: DosTime, content: &[u8]) -> Vec<u8> {
    let entry = Entry {
        name,
        mode: 0o755,
        modified,
        level,
    };
    let mut writer = SingleFileWriter::new(Vec::new(), entry).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().0
}

/// The time at which the real zips were made.
const REAL_TIME: DosTime = DosTime {
    time: 0x3af7,
    date: 0x5d76,
};

#[test]
fn reads_what_the_real_uploader_wrote() {
    for (level, zip) in REAL {
        for size in [Size::Exact(15), Size::AtMost(15), Size::AtMost(1 << 20)] {
            let (content, facts) = read_named(zip, REAL_NAME, size).unwrap();
            assert_eq!(content, REAL_CONTENT);
            assert_eq!((facts.name.as_str(), facts.size), (REAL_NAME, 15));
            assert_eq!((facts.mode, facts.crc32), (0o755, 0x0fa4_acc8));
            let expected = match level {
                0 => (Method::Stored, 15),
                _ => (Method::Deflated, 17),
            };
            assert_eq!((facts.method, facts.compressed), expected);
        }
    }
}

#[test]
fn writes_byte_for_byte_what_the_real_uploader_wrote() {
    for (level, real) in REAL {
        let ours = write(REAL_NAME, level, REAL_TIME, REAL_CONTENT);
        // Another compressor may produce other bytes; for so little content there is no choice.
        assert_eq!(ours, real, "level {level}");
    }
}

#[test]
fn the_generator_of_the_tests_makes_the_same() {
    for (level, real) in REAL {
        let parts = Parts::named(REAL_NAME.as_bytes(), REAL_CONTENT, level);
        assert_eq!(parts.bytes(), real, "level {level}");
    }
}

/// Reads each leeway of the table, at level 0 and 6, with the size known and only limited.
pub(crate) fn accepted(name: &str) {
    let change = attacks::all().find(|change| change.name == name).unwrap();
    for level in [0, 6] {
        let mut parts = Parts::new(b"content", level);
        (change.make)(&mut parts);
        let size = parts.asked_size as u64;
        for size in [Size::Exact(size), Size::AtMost(size), Size::AtMost(700)] {
            let (content, _) = read_named(&parts.bytes(), &parts.asked, size)
                .unwrap_or_else(|error| panic!("level {level}: {error}"));
            assert_eq!(content, parts.plain);
        }
    }
}

#[test]
fn empty_content_is_a_file_too() {
    for level in [0, 1, 9] {
        let zip = write("x", level, DosTime::EPOCH, b"");
        for size in [Size::Exact(0), Size::AtMost(0), Size::AtMost(9)] {
            assert_eq!(read_named(&zip, "x", size).unwrap().0, b"");
        }
    }
}

#[test]
fn the_last_bytes_come_before_the_verdict() {
    for level in [0, 6] {
        let mut parts = Parts::new(b"content", level);
        parts.after = vec![0];
        let zip = parts.bytes();
        let expect = Expect {
            name: NAME,
            size: Size::Exact(7),
        };
        let mut file = SingleFile::open(zip.as_slice(), expect).unwrap();
        let mut content = [0; 7];
        file.read_exact(&mut content).unwrap();
        assert_eq!(&content, b"content");
        let error = ZipError::from_io(file.read(&mut [0]).unwrap_err()).unwrap();
        assert_eq!(error.code(), "zip.trailing");
        assert_eq!(file.finish().unwrap_err().code(), "zip.spent");
    }
}

#[test]
fn finish_reads_the_tail_but_no_content() {
    let zip = Parts::new(b"content", 6).bytes();
    let expect = Expect {
        name: NAME,
        size: Size::Exact(7),
    };
    let mut file = SingleFile::open(zip.as_slice(), expect).unwrap();
    file.read_exact(&mut [0; 7]).unwrap();
    assert_eq!(file.finish().unwrap().size, 7);
    let file = SingleFile::open(zip.as_slice(), expect).unwrap();
    assert_eq!(file.finish().unwrap_err().code(), "zip.unfinished");
}

#[test]
fn a_source_that_fails_is_not_a_bad_zip() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let zip = Parts::new(b"content", 6).bytes();
            if self.0 >= zip.len() / 2 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            buf[0] = zip[self.0];
            self.0 += 1;
            Ok(1)
        }
    }
    let expect = Expect {
        name: NAME,
        size: Size::Exact(7),
    };
    let error = read_all(Broken(0), expect).unwrap_err();
    assert_eq!(error.code(), "zip.read");
    assert!(matches!(error, ZipError::Source { source, .. }
        if source.kind() == io::ErrorKind::ConnectionReset));
}

#[test]
fn the_whole_source_passes_through_a_hasher_around_it() {
    let (_, zip) = REAL[1];
    let mut source = HashingReader::new(zip);
    let expect = Expect {
        name: REAL_NAME,
        size: Size::Exact(15),
    };
    let mut file = SingleFile::open(&mut source, expect).unwrap();
    io::copy(&mut file, &mut io::sink()).unwrap();
    file.finish().unwrap();
    assert_eq!(source.count(), zip.len() as u64);
}

#[test]
fn the_writer_refuses_what_it_cannot_write() {
    let entry = |name, level| Entry {
        name,
        mode: 0o755,
        modified: DosTime::EPOCH,
        level,
    };
    let error = SingleFileWriter::new(Vec::new(), entry("../x", 6)).unwrap_err();
    assert_eq!(
        ZipError::from_io(error).unwrap().code(),
        "zip.expected-name"
    );
    assert!(SingleFileWriter::new(Vec::new(), entry("x", 10)).is_err());
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let runs = prop::collection::vec((any::<u8>(), 1..3000_usize), 0..40);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..5000),
        runs.prop_map(|runs| {
            runs.into_iter()
                .flat_map(|(byte, n)| std::iter::repeat_n(byte, n))
                .collect()
        }),
    ]
}

proptest! {
    #[test]
    fn reads_back_what_was_written(
        content in content(),
        level in 0..=9_u32,
        pieces in 1..7000_usize,
        out in 1..7000_usize,
    ) {
        let zip = write(NAME, level, REAL_TIME, &content);
        let sizes = [Size::Exact(content.len() as u64), Size::AtMost(100_000_000)];
        for size in sizes {
            let expect = Expect { name: NAME, size };
            let mut file = SingleFile::open(Trickle::new(&zip, pieces), expect).unwrap();
            let (mut found, mut buf) = (Vec::new(), vec![0; out]);
            loop {
                match file.read(&mut buf).unwrap() {
                    0 => break,
                    n => found.extend_from_slice(&buf[..n]),
                }
            }
            prop_assert_eq!(&found, &content);
            let facts = file.finish().unwrap();
            prop_assert_eq!(facts.size, content.len() as u64);
        }
    }
}
