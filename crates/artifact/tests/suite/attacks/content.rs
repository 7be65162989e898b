//! The content: the result of inflating, where it ends, and its size.

use super::changes;
use crate::zips::{Parts, deflate, set32, value32, xor};

changes! {
    Contents {
        refuses_other_content: |p| {
            let other = p.plain.to_ascii_uppercase();
            let method = p.local.get(8).copied();
            p.content = if method == Some(0) { other } else { deflate(&other, 6) };
            keep_crc(p);
        } => "zip.crc";
        refuses_garbage_for_deflate: |p| { *p = Parts::new(&p.plain, 6); xor(&mut p.content, 0, 0x06); }
            => "zip.deflate" | "zip.size" | "zip.crc" | "zip.descriptor" | "zip.truncated" | "zip.too-large";
        refuses_a_deflate_stream_that_is_cut: |p| {
            *p = Parts::new(&p.plain, 6);
            p.content.truncate(p.content.len() / 2);
            p.lay_out();
        } => "zip.deflate" | "zip.size" | "zip.truncated" | "zip.descriptor";
        refuses_a_deflate_stream_without_a_last_block: |p| {
            *p = Parts::new(&p.plain, 6);
            p.content = blocks(&p.plain, false);
            keep_crc(p);
        } => "zip.deflate" | "zip.truncated";
        refuses_two_deflate_streams: |p| {
            *p = Parts::new(&p.plain, 6);
            let again = p.content.clone();
            p.content.extend(again);
            keep_crc(p);
        } => "zip.descriptor";
        refuses_endless_empty_blocks: |p| {
            *p = Parts::new(&p.plain, 6);
            p.content = [b"\0\0\0\xff\xff".repeat(1000), deflate(&p.plain, 6)].concat();
            keep_crc(p);
        } => "zip.padding";
        refuses_a_bomb: |p| {
            let asked_size = p.asked_size;
            *p = Parts { asked_size, ..Parts::new(&vec![0; 1 << 20], 9) };
        } => "zip.size" | "zip.too-large";
        refuses_a_size_that_is_too_small: |p| {
            let less = value32(&p.central, 24).saturating_sub(1);
            set32(&mut p.central, 24, less);
            set32(&mut p.descriptor, 12, less);
        } => "zip.disagree";
        refuses_a_size_of_zero: |p| {
            set32(&mut p.central, 24, 0);
            set32(&mut p.descriptor, 12, 0);
        } => "zip.disagree" | "zip.zip64";
    } / {
        accepts_empty_content: |p| *p = Parts::new(b"", 6);
        accepts_empty_stored_content: |p| *p = Parts::new(b"", 0);
        accepts_stored_blocks_within_deflate: |p| {
            *p = Parts::new(&p.plain, 6);
            p.content = blocks(&p.plain, true);
            keep_crc(p);
        };
        accepts_a_few_empty_blocks: |p| {
            *p = Parts::new(&p.plain, 6);
            p.content = [b"\0\0\0\xff\xff".repeat(9), deflate(&p.plain, 6)].concat();
            keep_crc(p);
        };
        accepts_content_that_holds_every_signature: |p| {
            *p = Parts::new(b"PK\x03\x04PK\x07\x08PK\x01\x02PK\x05\x06PK\x06\x06PK\x06\x07", 0);
        };
        accepts_content_that_is_a_zip: |p| *p = Parts::new(&Parts::new(b"inner", 6).bytes(), 0);
    }
}

/// RFC 1951, 3.2.4: each half in a stored block.
fn blocks(plain: &[u8], has_last: bool) -> Vec<u8> {
    let (one, two) = plain.split_at(plain.len() / 2);
    let block = |last: bool, bytes: &[u8]| {
        let length = bytes.len() as u16;
        let head = [u8::from(last)];
        [
            &head,
            &length.to_le_bytes()[..],
            &(!length).to_le_bytes(),
            bytes,
        ]
        .concat()
    };
    [block(false, one), block(has_last, two)].concat()
}

/// Updates the sizes, but keeps the CRC.
fn keep_crc(parts: &mut Parts) {
    let crc = value32(&parts.central, 16);
    parts.set_values(crc);
    parts.lay_out();
}
