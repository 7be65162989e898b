//! Parses the zip of an artifact. An accepted zip has one meaning, however it is read and for another reader, and
//! nothing can be added or removed.
#![no_main]

use std::io::{self, Read, Write as _};

use libfuzzer_sys::fuzz_target;
use lockgate_artifact::zip::{
    DosTime, Entry, Expect, Facts, SingleFileWriter, Size, ZipError, read_all,
};

#[path = "../../../crates/artifact/tests/suite/opinions.rs"]
mod opinions;

const LIMIT: u64 = 64 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let name = name_in(bytes).unwrap_or("a");
    let whole = read(bytes, name, Size::AtMost(LIMIT));
    let drops = read_all(
        Drops(bytes),
        Expect {
            name,
            size: Size::AtMost(LIMIT),
        },
    );
    match (&whole, &drops) {
        (Ok(whole), Ok(drops)) => assert_eq!(whole, drops),
        // With several problems, the pieces determine which one is found first.
        (Err(_), Err(_)) => {}
        _ => panic!("{whole:?} at once, {drops:?} drop by drop"),
    }
    if let Ok((content, facts)) = whole {
        check(bytes, name, &content, &facts);
    }
});

fn check(bytes: &[u8], name: &str, content: &[u8], facts: &Facts) {
    opinions::agree(bytes, name, content);
    let size = content.len() as u64;
    assert_eq!((facts.size, facts.name.as_str()), (size, name));
    assert!(facts.compressed < bytes.len() as u64 && facts.mode <= 0o777 && size <= LIMIT);
    let mut crc = flate2::Crc::new();
    crc.update(content);
    assert_eq!(facts.crc32, crc.sum());

    let exact = read(bytes, name, Size::Exact(size)).unwrap();
    assert_eq!((exact.0.as_slice(), &exact.1), (content, facts));
    for wrong in [size + 1, size.wrapping_sub(1)] {
        assert!(read(bytes, name, Size::Exact(wrong)).is_err());
    }
    if size > 0 {
        assert!(read(bytes, name, Size::AtMost(size - 1)).is_err());
    }
    assert!(read(bytes, "another", Size::AtMost(LIMIT)).is_err() || name == "another");
    assert!(read(&[bytes, b"\0"].concat(), name, Size::AtMost(LIMIT)).is_err());
    assert!(read(&bytes[..bytes.len() - 1], name, Size::AtMost(LIMIT)).is_err());

    for level in [0, 6] {
        let again = written(name, content, facts.mode, level);
        let (read, facts) = read(&again, name, Size::AtMost(LIMIT)).unwrap();
        assert_eq!((read.as_slice(), facts.crc32), (content, crc.sum()));
    }
}

fn read(bytes: &[u8], name: &str, size: Size) -> Result<(Vec<u8>, Facts), ZipError> {
    read_all(bytes, Expect { name, size })
}

fn written(name: &str, content: &[u8], mode: u32, level: u32) -> Vec<u8> {
    let entry = Entry {
        name,
        mode,
        modified: DosTime::EPOCH,
        level,
    };
    let mut zip = Vec::new();
    let mut writer = SingleFileWriter::new(&mut zip, entry).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap();
    zip
}

/// Returns the name in the local header, so that the fuzzer need not guess the expected one.
fn name_in(bytes: &[u8]) -> Option<&str> {
    let length = u16::from_le_bytes([*bytes.get(26)?, *bytes.get(27)?]);
    let name = std::str::from_utf8(bytes.get(30..30 + usize::from(length))?).ok()?;
    (!name.is_empty()).then_some(name)
}

/// Returns one byte at a time.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let some = buf.len().min(1);
        self.0.read(&mut buf[..some])
    }
}
