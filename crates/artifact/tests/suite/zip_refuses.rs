//! One named test for each way in which a zip can lie, be odd, or be broken. Each lie is told at level 0 and 6, with the
//! size known and only limited.

use lockgate_artifact::zip::{Size, ZipError};

use super::zips::{NAME, Parts, deflate, read_exact, read_named, set16, set32};

const CONTENT: &[u8] =
    b"not really an executable, but long enough to be compressed, compressed, compressed";

struct Case {
    name: &'static str,
    lie: fn(&mut Parts),
    codes: &'static [&'static str],
}

fn refused(case: &Case) {
    for level in [0, 6] {
        let length = CONTENT.len() as u64;
        let sizes = [Size::Exact(length), Size::AtMost(length + 500)];
        for size in sizes {
            let mut parts = Parts::new(CONTENT, level);
            assert!(read_named(&parts.bytes(), NAME, size).is_ok());
            (case.lie)(&mut parts);
            let held = level == 0 && size != sizes[0];
            match read_named(&parts.bytes(), NAME, size) {
                Ok(_) => panic!("{}: accepted at level {level}, {size:?}", case.name),
                Err(error) => assert!(
                    case.codes.contains(&error.code())
                        || held && ELSEWHERE_IN_THE_ZIP.contains(&error.code()),
                    "{}: level {level}, {size:?}: {error} ({})",
                    case.name,
                    error.code()
                ),
            }
        }
    }
}

/// Where a stored entry ends, with its size unknown, is counted from the end of the zip: then a surplus anywhere is seen
/// as a descriptor that is not there or tells another size.
const ELSEWHERE_IN_THE_ZIP: &[&str] = &["zip.descriptor", "zip.disagree"];

macro_rules! refusals {
    ($($name:ident: $lie:expr => $($code:literal)|+;)*) => {
        const CASES: &[Case] = &[$(Case { name: stringify!($name), lie: $lie, codes: &[$($code),+] }),*];

        $(#[test]
        fn $name() {
            refused(CASES.iter().find(|case| case.name == stringify!($name)).unwrap());
        })*
    };
}

fn rename(parts: &mut Parts, name: &[u8]) {
    parts.local_name = name.to_vec();
    parts.central_name = name.to_vec();
    parts.lay_out();
}

fn external(parts: &mut Parts, change: fn(u32) -> u32) {
    let now = u32::from_le_bytes(parts.central[38..42].try_into().unwrap());
    set32(&mut parts.central, 38, change(now));
}

refusals! {
    // Names.
    refuses_a_path_traversal_name: |p| rename(p, b"../../bin/tool") => "zip.name";
    refuses_an_absolute_name: |p| rename(p, b"/bin/sh") => "zip.name";
    refuses_a_name_with_a_folder: |p| rename(p, b"bin/tool-amd64-v7") => "zip.name";
    refuses_a_name_with_a_backslash: |p| rename(p, br"..\tool-amd64") => "zip.name";
    refuses_a_name_with_a_drive: |p| rename(p, b"C:tool-amd64-v7") => "zip.name";
    refuses_a_name_that_ends_in_a_slash: |p| rename(p, b"tool-amd64-v7/") => "zip.name";
    refuses_a_name_cut_by_nul: |p| rename(p, b"tool-amd64-v7\0.sh") => "zip.name";
    refuses_a_name_in_another_case: |p| rename(p, b"TOOL-amd64-v7") => "zip.name";
    refuses_a_name_with_a_look_alike: |p| rename(p, "t\u{43e}ol-amd64-v7".as_bytes()) => "zip.name";
    refuses_a_shorter_name: |p| rename(p, b"tool-amd64-v") => "zip.name";
    refuses_an_empty_name: |p| rename(p, b"") => "zip.name";
    refuses_an_endless_name: |p| rename(p, &[b'a'; 65535]) => "zip.name";
    refuses_a_name_that_differs_in_the_directory: |p| p.central_name[0] = b'T' => "zip.name";
    refuses_a_longer_name_in_the_directory:
        |p| { p.central_name.push(b'x'); p.lay_out(); } => "zip.name";

    // Something more than the one entry and its records.
    refuses_data_before_the_zip: |p| p.before = b"#!/bin/sh\n".to_vec() => "zip.signature";
    refuses_a_byte_before_the_zip: |p| p.before = b"\0".to_vec() => "zip.signature";
    refuses_a_byte_behind_the_zip: |p| p.after = vec![0] => "zip.trailing";
    refuses_a_second_zip_behind_the_first:
        |p| p.after = Parts::new(b"other", 6).bytes() => "zip.trailing";
    refuses_the_same_zip_twice: |p| p.after = p.bytes() => "zip.trailing";
    refuses_a_gap_before_the_descriptor: |p| { p.content.push(0); p.lay_out(); }
        => "zip.descriptor";
    refuses_a_gap_before_the_directory: |p| { p.descriptor.push(0); p.lay_out(); }
        => "zip.signature";
    refuses_a_gap_before_the_end: |p| { p.central_name.push(0); } => "zip.signature";
    refuses_an_archive_extra_data_record: |p| p.descriptor.extend(b"PK\x06\x08\0\0\0\0")
        => "zip.signature";
    refuses_a_digital_signature: |p| p.central_name.extend(b"PK\x05\x05\0\0")
        => "zip.signature";
    refuses_two_entries_in_the_directory: |p| {
        let again = [p.central.clone(), p.central_name.clone()].concat();
        p.central_name.extend(again);
        set16(&mut p.end, 8, 2);
        set16(&mut p.end, 10, 2);
    } => "zip.entries";
    refuses_a_second_directory_entry_that_is_not_counted: |p| {
        let again = [p.central.clone(), p.central_name.clone()].concat();
        p.central_name.extend(again);
    } => "zip.entries";
    refuses_two_local_entries: |p| {
        let again = [p.local.clone(), p.local_name.clone(), p.content.clone(), p.descriptor.clone()].concat();
        p.descriptor.extend(again);
        p.lay_out();
        set16(&mut p.end, 8, 2);
        set16(&mut p.end, 10, 2);
    } => "zip.entries";
    refuses_an_entry_hidden_from_the_directory: |p| {
        let again = [p.local.clone(), p.local_name.clone(), p.content.clone(), p.descriptor.clone()].concat();
        p.descriptor.extend(again);
        p.lay_out();
    } => "zip.entries";
    refuses_an_entry_that_the_directory_points_past: |p| {
        set32(&mut p.central, 42, 30);
    } => "zip.disagree";
    refuses_a_zip_without_a_directory: |p| { p.central.clear(); p.central_name.clear(); }
        => "zip.entries" | "zip.truncated";
    refuses_a_count_of_zero: |p| { set16(&mut p.end, 8, 0); set16(&mut p.end, 10, 0); } => "zip.entries";
    refuses_a_count_of_two: |p| { set16(&mut p.end, 8, 2); set16(&mut p.end, 10, 2); } => "zip.entries";
    refuses_counts_that_differ: |p| set16(&mut p.end, 8, 0) => "zip.entries";
    refuses_a_zip_without_any_entry: |p| {
        for part in [&mut p.local, &mut p.local_name, &mut p.content, &mut p.descriptor, &mut p.central, &mut p.central_name] {
            part.clear();
        }
    } => "zip.signature" | "zip.truncated";
    refuses_an_empty_file: |p| {
        for part in [&mut p.local, &mut p.local_name, &mut p.content, &mut p.descriptor, &mut p.central, &mut p.central_name, &mut p.end] {
            part.clear();
        }
    } => "zip.truncated";

    // The two headers against each other.
    refuses_versions_that_differ: |p| set16(&mut p.central, 6, 10) => "zip.disagree" | "zip.version";
    refuses_flags_that_differ: |p| set16(&mut p.central, 8, 0x808) => "zip.disagree";
    refuses_a_descriptor_that_the_directory_denies: |p| set16(&mut p.central, 8, 0) => "zip.disagree";
    refuses_methods_that_differ: |p| {
        let method = p.central[10] ^ 8;
        p.central[10] = method;
    } => "zip.disagree";
    refuses_times_that_differ: |p| p.central[12] ^= 1 => "zip.disagree";
    refuses_dates_that_differ: |p| p.central[14] ^= 1 => "zip.disagree";
    refuses_a_crc_that_differs_in_the_directory: |p| p.central[16] ^= 1 => "zip.crc";
    refuses_a_compressed_size_that_differs_in_the_directory: |p| p.central[20] ^= 1 => "zip.disagree";
    refuses_a_size_that_differs_in_the_directory: |p| p.central[24] ^= 1 => "zip.disagree";
    refuses_a_crc_in_front_of_a_descriptor: |p| p.local[14] = 1 => "zip.disagree";
    refuses_a_compressed_size_in_front_of_a_descriptor: |p| p.local[18] = 1 => "zip.disagree";
    refuses_a_size_in_front_of_a_descriptor: |p| p.local[22] = 1 => "zip.disagree";

    // The descriptor.
    refuses_a_missing_descriptor: |p| { p.descriptor.clear(); p.lay_out(); }
        => "zip.descriptor" | "zip.truncated";
    refuses_a_descriptor_without_signature: |p| { p.descriptor.drain(..4); p.lay_out(); }
        => "zip.descriptor" | "zip.disagree" | "zip.truncated";
    refuses_a_crc_that_differs_in_the_descriptor: |p| p.descriptor[4] ^= 1 => "zip.crc";
    refuses_a_compressed_size_that_differs_in_the_descriptor: |p| p.descriptor[8] ^= 1 => "zip.disagree";
    refuses_a_size_that_differs_in_the_descriptor: |p| p.descriptor[12] ^= 1 => "zip.disagree";
    refuses_values_that_are_wrong_without_descriptor: |p| {
        *p = p.clone().without_descriptor();
        p.local[14] ^= 1;
    } => "zip.crc";
    refuses_sizes_of_zero_without_descriptor: |p| {
        *p = p.clone().without_descriptor();
        for at in [18, 22] { set32(&mut p.local, at, 0); }
    } => "zip.size" | "zip.crc" | "zip.deflate" | "zip.signature" | "zip.disagree" | "zip.entries";
    refuses_a_descriptor_where_there_should_be_none: |p| {
        let descriptor = p.descriptor.clone();
        *p = p.clone().without_descriptor();
        p.descriptor = descriptor;
        p.lay_out();
    } => "zip.signature" | "zip.disagree";

    // zip64.
    refuses_zip64_by_version: |p| p.needed(45) => "zip.zip64";
    refuses_zip64_by_size: |p| { set32(&mut p.local, 22, u32::MAX); set32(&mut p.central, 24, u32::MAX); } => "zip.zip64";
    refuses_zip64_by_size_in_the_directory: |p| set32(&mut p.central, 24, u32::MAX) => "zip.zip64";
    refuses_zip64_by_offset: |p| set32(&mut p.central, 42, u32::MAX) => "zip.zip64";
    refuses_zip64_by_count: |p| { set16(&mut p.end, 8, u16::MAX); set16(&mut p.end, 10, u16::MAX); } => "zip.zip64";
    refuses_zip64_by_directory: |p| set32(&mut p.end, 16, u32::MAX) => "zip.zip64";
    refuses_a_zip64_descriptor: |p| {
        let (head, size) = (p.descriptor[..12].to_vec(), p.descriptor[12..].to_vec());
        p.descriptor = [head, vec![0; 4], size, vec![0; 4]].concat();
        p.lay_out();
    } => "zip.zip64";
    refuses_zip64_end_records: |p| {
        p.central_name.extend(b"PK\x06\x06");
        p.central_name.extend([0; 52]);
        p.central_name.extend(b"PK\x06\x07");
        p.central_name.extend([0; 16]);
    } => "zip.zip64";
    refuses_a_zip64_locator: |p| {
        p.central_name.extend(b"PK\x06\x07");
        p.central_name.extend([0; 16]);
    } => "zip.zip64";

    // Extra fields and comments.
    refuses_an_extra_field_in_front: |p| {
        set16(&mut p.local, 28, 4);
        p.local_name.extend([0x99, 0x99, 0, 0]);
        let directory = p.directory_offset() as u32;
        set32(&mut p.end, 16, directory);
    } => "zip.extra";
    refuses_an_extra_field_in_the_directory: |p| {
        set16(&mut p.central, 30, 4);
        p.central_name.extend([0x99, 0x99, 0, 0]);
        set32(&mut p.end, 12, 46 + p.central_name.len() as u32);
    } => "zip.extra";
    refuses_a_unicode_path_field: |p| {
        set16(&mut p.central, 30, 13);
        p.central_name.extend(b"\x75\x70\x09\0\x01\0\0\0\0evil");
        set32(&mut p.end, 12, 46 + p.central_name.len() as u32);
    } => "zip.extra";
    refuses_a_comment_on_the_entry: |p| {
        set16(&mut p.central, 32, 2);
        p.central_name.extend(b"hi");
        set32(&mut p.end, 12, 46 + p.central_name.len() as u32);
    } => "zip.comment";
    refuses_a_comment_on_the_zip: |p| {
        set16(&mut p.end, 20, 2);
        p.after = b"hi".to_vec();
    } => "zip.comment";
    refuses_an_end_record_inside_a_comment: |p| {
        let end = p.end.clone();
        set16(&mut p.end, 20, 22);
        p.after = end;
    } => "zip.comment";
    refuses_a_comment_that_is_not_there: |p| set16(&mut p.end, 20, 1) => "zip.comment";

    // Features.
    refuses_encryption: |p| p.flags(8 | 1) => "zip.flags";
    refuses_strong_encryption: |p| p.flags(8 | 1 << 6) => "zip.flags";
    refuses_masked_headers: |p| p.flags(8 | 1 << 13) => "zip.flags";
    refuses_patch_data: |p| p.flags(8 | 1 << 5) => "zip.flags";
    refuses_deflate_level_flags: |p| p.flags(8 | 1 << 1) => "zip.flags";
    refuses_odd_flags_in_the_directory_alone: |p| set16(&mut p.central, 8, 8 | 1) => "zip.flags";
    refuses_deflate64: |p| p.method(9) => "zip.method";
    refuses_bzip2: |p| p.method(12) => "zip.method";
    refuses_an_unknown_method: |p| p.method(0xfffe) => "zip.method";
    refuses_version_ten_for_deflate: |p| { p.method(8); p.needed(10); } => "zip.version";
    refuses_other_versions: |p| p.needed(63) => "zip.version";
    refuses_what_was_made_on_dos: |p| p.central[5] = 0 => "zip.version";
    refuses_what_was_made_on_a_mac: |p| p.central[5] = 19 => "zip.version";

    // Attributes.
    refuses_a_symbolic_link: |p| p.mode(0o120_777) => "zip.file-type";
    refuses_a_directory_by_mode: |p| p.mode(0o040_755) => "zip.file-type";
    refuses_a_directory_by_dos_bit: |p| external(p, |e| e | 0x10) => "zip.file-type";
    refuses_a_device: |p| p.mode(0o020_644) => "zip.file-type";
    refuses_a_fifo: |p| p.mode(0o010_644) => "zip.file-type";
    refuses_a_mode_without_type: |p| p.mode(0o755) => "zip.file-type";
    refuses_setuid: |p| p.mode(0o104_755) => "zip.set-id";
    refuses_setgid: |p| p.mode(0o102_755) => "zip.set-id";
    refuses_a_sticky_bit: |p| p.mode(0o101_755) => "zip.set-id";
    refuses_dos_attributes: |p| external(p, |e| e | 2) => "zip.attributes";
    refuses_a_volume_label: |p| external(p, |e| e | 8) => "zip.attributes";
    refuses_internal_attributes: |p| p.central[36] = 1 => "zip.attributes";

    // Disks and offsets.
    refuses_a_start_disk: |p| set16(&mut p.central, 34, 1) => "zip.disagree";
    refuses_a_disk_number: |p| set16(&mut p.end, 4, 1) => "zip.disagree";
    refuses_a_directory_disk: |p| set16(&mut p.end, 6, 1) => "zip.disagree";
    refuses_a_wrong_directory_size: |p| p.end[12] ^= 1 => "zip.disagree";
    refuses_a_wrong_directory_offset: |p| p.end[16] ^= 1 => "zip.disagree";

    // Content.
    refuses_other_content: |p| {
        let other = CONTENT.to_ascii_uppercase();
        let method = p.local[8];
        p.content = if method == 0 { other } else { deflate(&other, 6) };
        let crc = u32::from_le_bytes(p.descriptor[4..8].try_into().unwrap());
        p.set_values(crc);
        p.lay_out();
    } => "zip.crc";
    refuses_garbage_for_deflate: |p| { *p = Parts::new(CONTENT, 6); p.content[0] = 0xff; } => "zip.deflate";
    refuses_a_deflate_stream_that_is_cut: |p| {
        *p = Parts::new(CONTENT, 6);
        p.content.truncate(p.content.len() / 2);
        p.lay_out();
    } => "zip.deflate" | "zip.size" | "zip.truncated" | "zip.descriptor";
    refuses_a_stored_entry_that_says_deflated: |p| { *p = Parts::new(CONTENT, 0); p.method(8); } => "zip.deflate";
    refuses_endless_empty_blocks: |p| {
        *p = Parts::new(CONTENT, 6);
        p.content = b"\x00\x00\x00\xff\xff".repeat(1000);
        p.content.extend(deflate(CONTENT, 6));
        let crc = u32::from_le_bytes(p.central[16..20].try_into().unwrap());
        p.set_values(crc);
        p.lay_out();
    } => "zip.padding";
    refuses_a_bomb: |p| {
        p.plain = vec![0; 1 << 20];
        *p = Parts::new(&p.plain, 9);
    } => "zip.size" | "zip.too-large";
}

/// What needs more than a changed zip.
const ELSEWHERE: &[&str] = &[
    "zip.read",
    "zip.expected-name",
    "zip.unfinished",
    "zip.spent",
];

#[test]
fn every_code_has_a_refusal() {
    for code in ZipError::CODES {
        let here = CASES.iter().any(|case| case.codes.contains(code));
        assert!(here || ELSEWHERE.contains(code), "{code}");
    }
}

#[test]
fn errors_show_foreign_text_escaped_and_short() {
    let mut parts = Parts::new(CONTENT, 6);
    rename(&mut parts, "\x1b]0;x\x07\u{202e}".repeat(5000).as_bytes());
    let error = read_exact(&parts.bytes(), CONTENT.len()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.is_ascii() && !text.bytes().any(|c| c.is_ascii_control()),
        "{text}"
    );
    assert!(text.len() < 600, "{text}");
}
