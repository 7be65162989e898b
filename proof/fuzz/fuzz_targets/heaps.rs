//! Parses honest zips under combined changes, which the bytes select. An accepted zip, whatever is known about its
//! size, reads the same with another reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockgate_artifact::zip::Size;

#[path = "../../../crates/artifact/tests/suite/attacks/mod.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
pub(crate) mod attacks;
#[path = "../../../crates/artifact/tests/suite/opinions.rs"]
mod opinions;
#[path = "../../../crates/artifact/tests/suite/zips.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
pub(crate) mod zips;

fuzz_target!(|bytes: &[u8]| {
    let (parts, zip) = attacks::chosen(bytes);
    let size = parts.plain.len() as u64;
    let sizes = [Size::Exact(size), Size::AtMost(size), Size::AtMost(1 << 21)];
    let read: Vec<_> = sizes
        .into_iter()
        .filter_map(|size| zips::read_named(&zip, &parts.asked, size).ok())
        .collect();
    let Some(first) = read.first() else {
        return;
    };
    assert!(read.iter().all(|again| again == first));
    opinions::agree(&zip, &parts.asked, &first.0);
});
