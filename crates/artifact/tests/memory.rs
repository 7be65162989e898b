//! Measures the peak memory, as the kernel counts it for this process, of reading endless bytes and decompression
//! bombs.
//!
//! A single test in its own process, because the kernel keeps one peak for the whole process.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    io::{self, Read},
};

use flate2::{Compression, read::DeflateEncoder};
use lockgate_artifact::{
    artifact::{Artifact, ArtifactError, Form},
    executable::{Inspector, KEPT_PREFIX, RANGES_BYTES},
    zip::{Expect, HELD_MAX, Size},
};

#[path = "suite/elves.rs"]
#[expect(dead_code, reason = "the other tests use more of it")]
mod elves;

const MIB: u64 = 1 << 20;

/// The memory that reading may use on top of the initial peak: what is held of a stored entry, in a vector that grows
/// by doubling, and some buffers.
const ROOM: u64 = 3 * HELD_MAX + 8 * MIB;

/// Returns the peak memory of this process.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<u64>().unwrap() * 1024
}

/// Returns a local header as the uploader writes it, for `x`.
fn header(method: u8) -> Vec<u8> {
    let mut header = b"PK\x03\x04\x14\0\x08\0".to_vec();
    header.extend([method, 0]);
    header.extend([0; 16]);
    header.extend([1, 0, 0, 0, b'x']);
    header
}

/// Repeats the same bytes.
struct Repeating(&'static [u8], usize);

impl Read for Repeating {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *buf {
            *byte = self.0[self.1 % self.0.len()];
            self.1 += 1;
        }
        Ok(buf.len())
    }
}

/// Returns a zip with a valid beginning.
fn zip(method: u8, rest: impl Read) -> impl Read {
    io::Cursor::new(header(method)).chain(rest)
}

fn zeros(bytes: u64) -> impl Read {
    DeflateEncoder::new(io::repeat(0).take(bytes), Compression::fast())
}

/// Reads everything that is returned: the number of bytes, and the reason for the end.
fn drain(form: Form, source: impl Read, size: Size) -> (u64, &'static str) {
    let expect = Expect { name: "x", size };
    let mut artifact = match Artifact::open(form, source, expect) {
        Ok(artifact) => artifact,
        Err(error) => return (0, error.code()),
    };
    let (mut count, mut buf) = (0, vec![0; 64 * 1024]);
    loop {
        match artifact.read(&mut buf) {
            Ok(0) => panic!("accepted"),
            Ok(n) => count += n as u64,
            Err(error) => return (count, ArtifactError::from_io(error).code()),
        }
    }
}

#[test]
fn whatever_comes_is_read_with_bounded_memory_and_no_further_than_its_cap() {
    let before = peak();

    // A bomb yields the allowed number of bytes, and not one more.
    for size in [Size::Exact(1000), Size::AtMost(1000)] {
        let bomb = drain(Form::Zip, zip(8, zeros(1024 * MIB)), size);
        let code = match size {
            Size::Exact(_) => "zip.size",
            Size::AtMost(_) => "zip.too-large",
        };
        assert_eq!(bomb, (1000, code));
    }
    // The largest allowed content passes through without being kept.
    let large = zip(8, zeros(128 * MIB));
    assert_eq!(
        drain(Form::Zip, large, Size::Exact(128 * MIB)),
        (128 * MIB, "zip.truncated")
    );
    // An endless stream without content.
    let empty_blocks = zip(8, Repeating(b"\0\0\0\xff\xff", 0));
    assert_eq!(
        drain(Form::Zip, empty_blocks, Size::AtMost(8 * MIB)),
        (0, "zip.padding")
    );
    // Endless stored content: held only up to a limit, streamed if its size is known.
    let held = zip(0, io::repeat(7));
    assert_eq!(
        drain(Form::Zip, held, Size::AtMost(u64::MAX)),
        (0, "zip.too-large")
    );
    let streamed = zip(0, io::repeat(7));
    assert_eq!(
        drain(Form::Zip, streamed, Size::Exact(128 * MIB)),
        (128 * MIB, "zip.descriptor")
    );
    // The same without a zip.
    assert_eq!(
        drain(Form::Plain, io::repeat(7), Size::Exact(128 * MIB)),
        (128 * MIB, "plain.size")
    );
    // An executable with much more after its start than is kept, whatever a manifest asks to keep.
    let greedy = [
        vec![],
        vec![0..u64::MAX, 0..128 * MIB],
        vec![0..RANGES_BYTES; 100],
        (0..1 << 20).map(|n| n * 100..n * 100 + 99).collect(),
    ];
    for ranges in greedy {
        let mut inspector = Inspector::keeping(KEPT_PREFIX, ranges);
        inspector.update(&elves::Elf::glibc().bytes());
        let piece = vec![0; 1 << 16];
        for _ in 0..2048 {
            inspector.update(&piece);
        }
        inspector.finish().unwrap();
    }

    let used = peak().saturating_sub(before);
    assert!(
        used < ROOM,
        "{} KiB, allowed are {}",
        used / 1024,
        ROOM / 1024
    );
}
