//! Positions: where the records are, and what is between, before and after them.

use super::changes;
use crate::zips::{Parts, set16, set32, value32, xor};

changes! {
    Offsets {
        refuses_an_entry_that_the_directory_points_past: |p| set32(&mut p.central, 42, 30) => "zip.disagree";
        refuses_an_entry_one_byte_further: |p| set32(&mut p.central, 42, 1) => "zip.disagree";
        refuses_an_entry_before_the_beginning: |p| set32(&mut p.central, 42, 0xffff_fff0) => "zip.disagree";
        refuses_an_entry_at_the_directory: |p| {
            let at = p.directory_offset() as u32;
            set32(&mut p.central, 42, at);
        } => "zip.disagree";
        refuses_a_start_disk: |p| set16(&mut p.central, 34, 1) => "zip.disagree";
        refuses_a_disk_number: |p| set16(&mut p.end, 4, 1) => "zip.disagree";
        refuses_a_directory_disk: |p| set16(&mut p.end, 6, 1) => "zip.disagree";
        refuses_a_wrong_directory_size: |p| xor(&mut p.end, 12, 1) => "zip.disagree";
        refuses_a_directory_size_of_zero: |p| set32(&mut p.end, 12, 0) => "zip.disagree";
        refuses_a_wrong_directory_offset: |p| xor(&mut p.end, 16, 1) => "zip.disagree";
        refuses_a_directory_at_the_beginning: |p| set32(&mut p.end, 16, 0) => "zip.disagree";
        refuses_a_directory_behind_the_end: |p| set32(&mut p.end, 16, 0x7fff_ffff) => "zip.disagree";
        refuses_offsets_for_a_zip_that_begins_later: |p| {
            let at = value32(&p.end, 16);
            set32(&mut p.end, 16, at.saturating_sub(4));
        } => "zip.disagree";
    }
    Gaps {
        refuses_a_gap_before_the_content: |p| {
            p.local_name.push(0);
            let at = p.directory_offset() as u32;
            set32(&mut p.end, 16, at);
        } => "zip.descriptor" | "zip.deflate" | "zip.size" | "zip.crc" | "zip.disagree" | "zip.truncated";
        refuses_a_gap_before_the_descriptor: |p| { p.content.push(0); p.lay_out(); } => "zip.descriptor";
        refuses_a_gap_before_the_directory: |p| { p.descriptor.push(0); p.lay_out(); } => "zip.signature";
        refuses_a_large_gap_before_the_directory: |p| {
            p.descriptor.extend([0; 70_000]);
            p.lay_out();
        } => "zip.signature" | "zip.too-large";
        refuses_a_gap_before_the_end: |p| p.central_name.push(0) => "zip.signature";
        refuses_an_archive_extra_data_record: |p| p.descriptor.extend(b"PK\x06\x08\0\0\0\0")
            => "zip.signature";
        refuses_a_digital_signature: |p| p.central_name.extend(b"PK\x05\x05\0\0")
            => "zip.signature";
        refuses_a_split_marker_between: |p| { p.descriptor.extend(b"PK\x07\x08"); p.lay_out(); }
            => "zip.signature";
    }
    Prefixes {
        refuses_data_before_the_zip: |p| p.before = b"#!/bin/sh\n".to_vec() => "zip.signature";
        refuses_a_byte_before_the_zip: |p| p.before = b"\0".to_vec() => "zip.signature";
        refuses_a_split_marker_before_the_zip: |p| p.before = b"PK\x07\x08".to_vec() => "zip.signature";
        refuses_a_temporary_split_marker: |p| p.before = b"PK00".to_vec() => "zip.signature";
        refuses_a_prefix_that_the_offsets_know: |p| prefix(p, b"#!/bin/sh\n") => "zip.signature";
        refuses_another_zip_before: |p| p.before = Parts::new(b"evil", 6).bytes()
            => "zip.trailing" | "zip.descriptor" | "zip.name" | "zip.size" | "zip.disagree" | "zip.too-large";
        refuses_another_zip_before_that_the_offsets_know: |p| prefix(p, &Parts::new(b"evil", 6).bytes())
            => "zip.trailing" | "zip.descriptor" | "zip.name" | "zip.size" | "zip.disagree" | "zip.too-large";
        refuses_an_entry_before_that_nothing_lists: |p| prefix(p, &Parts::new(b"evil", 6).entry())
            => "zip.entries" | "zip.descriptor" | "zip.size" | "zip.disagree" | "zip.too-large";
    }
    Suffixes {
        refuses_a_byte_behind_the_zip: |p| p.after = vec![0] => "zip.trailing";
        refuses_a_line_end_behind_the_zip: |p| p.after = b"\r\n".to_vec() => "zip.trailing";
        refuses_a_second_zip_behind_the_first: |p| p.after = Parts::new(b"other", 6).bytes() => "zip.trailing";
        refuses_the_same_zip_twice: |p| p.after = p.bytes() => "zip.trailing";
        refuses_a_second_end_record: |p| p.after = p.end.clone() => "zip.trailing";
        refuses_more_behind_than_a_comment_can_hold: |p| p.after = vec![b'x'; 66_000]
            => "zip.trailing" | "zip.too-large";
    }
}

/// Prepends bytes, with every offset corrected.
fn prefix(parts: &mut Parts, before: &[u8]) {
    parts.before = before.to_vec();
    let by = before.len() as u32;
    for (record, at) in [(&mut parts.central, 42), (&mut parts.end, 16)] {
        let now = value32(record, at);
        set32(record, at, now.saturating_add(by));
    }
}
