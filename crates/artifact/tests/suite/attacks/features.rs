//! Features that the uploader never uses: flags, methods, versions, extra fields, attributes, comments.

use super::changes;
use crate::zips::{Parts, set16, set32, value32, xor};

changes! {
    Flags {
        refuses_encryption: |p| p.flags(8 | 1) => "zip.flags";
        refuses_encryption_without_descriptor: |p| { *p = p.clone().without_descriptor(); p.flags(1); } => "zip.flags";
        refuses_strong_encryption: |p| p.flags(8 | 1 << 6) => "zip.flags";
        refuses_an_encrypted_directory: |p| p.flags(8 | 1 | 1 << 6 | 1 << 13) => "zip.flags";
        refuses_masked_headers: |p| p.flags(8 | 1 << 13) => "zip.flags";
        refuses_patch_data: |p| p.flags(8 | 1 << 5) => "zip.flags";
        refuses_enhanced_deflating: |p| p.flags(8 | 1 << 4) => "zip.flags";
        refuses_deflate_level_flags: |p| p.flags(8 | 1 << 1) => "zip.flags";
        refuses_the_other_deflate_level_flag: |p| p.flags(8 | 1 << 2) => "zip.flags";
        refuses_unused_flags: |p| p.flags(8 | 1 << 7) => "zip.flags";
        refuses_enhanced_compression: |p| p.flags(8 | 1 << 12) => "zip.flags";
        refuses_reserved_flags: |p| p.flags(8 | 1 << 15) => "zip.flags";
        refuses_all_flags: |p| p.flags(u16::MAX) => "zip.flags";
        refuses_odd_flags_in_the_directory_alone: |p| set16(&mut p.central, 8, 8 | 1) => "zip.flags";
        refuses_odd_flags_in_front_alone: |p| set16(&mut p.local, 6, 8 | 1) => "zip.flags";
        refuses_a_missing_descriptor_flag: |p| p.flags(0)
            => "zip.size" | "zip.crc" | "zip.signature" | "zip.disagree" | "zip.entries" | "zip.deflate";
    } / {
        accepts_a_descriptor_with_a_utf8_name: |p| { let now = p.flags_now(); p.flags(now & 8 | 0x800); };
    }
    Methods {
        refuses_shrinking: |p| p.method(1) => "zip.method";
        refuses_imploding: |p| p.method(6) => "zip.method";
        refuses_deflate64: |p| p.method(9) => "zip.method";
        refuses_bzip2: |p| p.method(12) => "zip.method";
        refuses_true_bzip2: |p| {
            *p = Parts { content: BZIP2.to_vec(), ..Parts::new(b"bzip2", 6) };
            let crc = value32(&p.central, 16);
            p.set_values(crc);
            p.lay_out();
            p.method(12);
        } => "zip.method";
        refuses_lzma: |p| p.method(14) => "zip.method";
        refuses_zstandard: |p| p.method(93) => "zip.method";
        refuses_the_method_of_encrypted_entries: |p| p.method(99) => "zip.method";
        refuses_an_unknown_method: |p| p.method(0xfffe) => "zip.method";
        refuses_a_stored_entry_that_says_deflated: |p| { *p = Parts::new(&p.plain, 0); p.method(8); }
            => "zip.deflate";
        refuses_a_deflated_entry_that_says_stored: |p| { *p = Parts::new(&p.plain, 6); p.method(0); }
            => "zip.descriptor" | "zip.size" | "zip.crc" | "zip.disagree";
        refuses_a_zlib_stream_for_deflate: |p| {
            *p = Parts::new(&p.plain, 6);
            p.content = [b"\x78\x9c".as_slice(), &p.content, b"\0\0\0\0"].concat();
            p.lay_out();
        } => "zip.deflate" | "zip.descriptor" | "zip.size" | "zip.truncated";
    } / {
        accepts_a_stored_entry: |p| *p = Parts::new(&p.plain, 0);
        accepts_the_fastest_deflate: |p| *p = Parts::new(&p.plain, 1);
        accepts_the_best_deflate: |p| *p = Parts::new(&p.plain, 9);
    }
    Versions {
        refuses_version_ten_for_deflate: |p| { *p = Parts::new(&p.plain, 6); p.needed(10); } => "zip.version";
        refuses_version_zero: |p| p.needed(0) => "zip.version";
        refuses_other_versions: |p| p.needed(63) => "zip.version";
        refuses_a_version_with_an_upper_byte: |p| p.needed(0x0314) => "zip.version";
        refuses_what_was_made_on_dos: |p| { set16(&mut p.central, 4, 0x002d); } => "zip.version";
        refuses_what_was_made_on_a_mac: |p| { set16(&mut p.central, 4, 0x132d); } => "zip.version";
        refuses_what_was_made_on_windows: |p| { set16(&mut p.central, 4, 0x0a2d); } => "zip.version";
        refuses_what_was_made_by_another_version: |p| set16(&mut p.central, 4, 0x0315) => "zip.version";
    } / {
        accepts_version_ten_for_a_stored_entry: |p| { *p = Parts::new(&p.plain, 0); p.needed(10); };
        accepts_what_was_made_by_version_two: |p| set16(&mut p.central, 4, 0x0314);
    }
    ExtraFields {
        refuses_an_extra_field_in_front: |p| p.add_extra_before(&[0x99, 0x99, 0, 0]) => "zip.extra";
        refuses_an_extra_field_in_the_directory: |p| p.add_extra_behind(&[0x99, 0x99, 0, 0]) => "zip.extra";
        refuses_the_same_extra_field_in_both: |p| {
            p.add_extra_before(&[0x99, 0x99, 0, 0]);
            p.add_extra_behind(&[0x99, 0x99, 0, 0]);
        } => "zip.extra";
        refuses_extra_fields_that_differ: |p| {
            p.add_extra_before(b"UT\x05\0\x01\0\0\0\0");
            p.add_extra_behind(b"UT\x05\0\x01\xff\0\0\0");
        } => "zip.extra";
        refuses_owners: |p| p.add_extra_behind(b"ux\x0b\0\x01\x04\0\0\0\0\x04\0\0\0\0") => "zip.extra";
        refuses_a_symbolic_link_in_an_extra_field: |p| p.add_extra_behind(b"nu\x07\0\0\0\0\0\xff\xa1/") => "zip.extra";
        refuses_an_extra_field_that_is_longer_than_itself: |p| p.add_extra_behind(b"UT\xff\xff") => "zip.extra";
        refuses_an_extra_field_of_one_byte: |p| p.add_extra_behind(b"x") => "zip.extra";
        refuses_a_length_of_extra_fields_that_are_not_there: |p| set16(&mut p.local, 28, 4) => "zip.extra";
        refuses_a_length_of_extra_fields_over_the_end_record: |p| set16(&mut p.central, 30, 22) => "zip.extra";
    }
    Attributes {
        refuses_a_symbolic_link: |p| p.mode(0o120_777) => "zip.file-type";
        refuses_a_directory_by_mode: |p| p.mode(0o040_755) => "zip.file-type";
        refuses_a_directory_by_dos_bit: |p| external(p, 0x10) => "zip.file-type";
        refuses_a_device: |p| p.mode(0o020_644) => "zip.file-type";
        refuses_a_block_device: |p| p.mode(0o060_644) => "zip.file-type";
        refuses_a_socket: |p| p.mode(0o140_644) => "zip.file-type";
        refuses_a_fifo: |p| p.mode(0o010_644) => "zip.file-type";
        refuses_a_mode_without_type: |p| p.mode(0o755) => "zip.file-type";
        refuses_attributes_of_zero: |p| set32(&mut p.central, 38, 0) => "zip.file-type";
        refuses_setuid: |p| p.mode(0o104_755) => "zip.set-id";
        refuses_setgid: |p| p.mode(0o102_755) => "zip.set-id";
        refuses_a_sticky_bit: |p| p.mode(0o101_755) => "zip.set-id";
        refuses_dos_attributes: |p| external(p, 2) => "zip.attributes";
        refuses_a_volume_label: |p| external(p, 8) => "zip.attributes";
        refuses_attributes_above_the_dos_byte: |p| external(p, 0x100) => "zip.attributes";
        refuses_internal_attributes: |p| xor(&mut p.central, 36, 1) => "zip.attributes";
        refuses_control_fields_in_the_content: |p| xor(&mut p.central, 36, 4) => "zip.attributes";
    } / {
        accepts_a_file_without_archive_bit: |p| { let now = value32(&p.central, 38); set32(&mut p.central, 38, now & !0x20); };
        accepts_other_permissions: |p| p.mode(0o100_640);
        accepts_no_permissions_at_all: |p| p.mode(0o100_000);
    }
    Comments {
        refuses_a_comment_on_the_entry: |p| {
            set16(&mut p.central, 32, 2);
            p.central_name.extend(b"hi");
            let length = p.central_name.len() as u32;
            set32(&mut p.end, 12, 46 + length);
        } => "zip.comment";
        refuses_a_comment_on_the_entry_that_is_the_end_record: |p| set16(&mut p.central, 32, 22)
            => "zip.comment";
        refuses_a_comment_on_the_zip: |p| comment(p, b"hi") => "zip.comment";
        refuses_an_end_record_inside_a_comment: |p| { let end = p.end.clone(); comment(p, &end); } => "zip.comment";
        refuses_a_whole_zip_inside_a_comment: |p| {
            let mut inner = Parts::new(b"evil", 6);
            let at = p.bytes().len() as u32;
            set32(&mut inner.central, 42, at);
            let directory = inner.directory_offset() as u32;
            set32(&mut inner.end, 16, at + directory);
            comment(p, &inner.bytes());
        } => "zip.comment";
        refuses_an_end_record_in_a_comment_that_counts_nothing: |p| comment(p, b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
            => "zip.comment";
        refuses_a_comment_that_is_not_there: |p| set16(&mut p.end, 20, 1) => "zip.comment";
        refuses_the_longest_comment: |p| comment(p, &[b'x'; 65535]) => "zip.comment" | "zip.too-large";
    }
}

/// The text `bzip2`, compressed with bzip2, so that readers with support for it succeed.
const BZIP2: &[u8] = b"BZh91AY&SYHc,D\0\0\0\x89\x80\x10\0\x10 @\x10 \0\x30\xcd\0\xc1\xa6\x80qw$S\x85\t\x04\x862\xc4@";

fn external(parts: &mut Parts, bits: u32) {
    let now = value32(&parts.central, 38);
    set32(&mut parts.central, 38, now | bits);
}

fn comment(parts: &mut Parts, text: &[u8]) {
    set16(&mut parts.end, 20, text.len() as u16);
    parts.after = text.to_vec();
}
