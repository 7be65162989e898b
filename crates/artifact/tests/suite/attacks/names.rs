//! Names: which file the entry is.

use super::changes;
use crate::zips::{NAME, Parts, set16, xor};

changes! {
    Names {
        refuses_a_path_traversal_name: |p| rename(p, b"../../bin/tool") => "zip.name";
        refuses_an_absolute_name: |p| rename(p, b"/bin/sh") => "zip.name";
        refuses_a_name_with_a_folder: |p| rename(p, b"bin/tool-amd64-v7") => "zip.name";
        refuses_a_name_in_this_folder: |p| rename(p, b"./tool-amd64-v7") => "zip.name";
        refuses_a_name_with_a_backslash: |p| rename(p, br"..\tool-amd64") => "zip.name";
        refuses_a_name_with_a_drive: |p| rename(p, b"C:tool-amd64-v7") => "zip.name";
        refuses_a_name_that_ends_in_a_slash: |p| rename(p, b"tool-amd64-v7/") => "zip.name";
        refuses_a_name_that_ends_in_a_dot: |p| rename(p, b"tool-amd64-v7.") => "zip.name";
        refuses_a_name_that_ends_in_a_space: |p| rename(p, b"tool-amd64-v7 ") => "zip.name";
        refuses_a_name_cut_by_nul: |p| rename(p, b"tool-amd64-v7\0.sh") => "zip.name";
        refuses_a_name_in_another_case: |p| rename(p, b"TOOL-amd64-v7") => "zip.name";
        refuses_a_shorter_name: |p| rename(p, b"tool-amd64-v") => "zip.name";
        refuses_an_empty_name: |p| rename(p, b"") => "zip.name";
        refuses_an_endless_name: |p| rename(p, &[b'a'; 65535]) => "zip.name";
        refuses_a_name_that_differs_in_the_directory: |p| xor(&mut p.central_name, 0, 0x20) => "zip.name";
        refuses_a_longer_name_in_the_directory: |p| { p.central_name.push(b'x'); p.lay_out(); } => "zip.name";
        refuses_a_longer_name_in_front: |p| { p.local_name.push(b'x'); p.lay_out(); } => "zip.name";
        refuses_another_name_in_front: |p| { p.local_name = b"evil".to_vec(); p.lay_out(); } => "zip.name";
        refuses_the_same_name_twice: |p| p.add_entry(NAME.as_bytes()) => "zip.entries";
        refuses_the_same_name_in_another_case_beside: |p| p.add_entry(b"TOOL-AMD64-V7") => "zip.entries";
        refuses_a_folder_beside: |p| p.add_entry(b"folder/") => "zip.entries";
        refuses_a_length_that_takes_the_name_into_the_content: |p| set16(&mut p.local, 26, 20)
            => "zip.name";
        refuses_a_length_that_takes_the_name_into_the_end_record: |p| set16(&mut p.central, 28, 35)
            => "zip.name";
    } / {
        accepts_the_shortest_name: |p| ask(p, "x");
        accepts_the_longest_name: |p| ask(p, &"n".repeat(255));
        accepts_a_name_that_begins_with_a_dot: |p| ask(p, ".tool");
        accepts_a_name_that_looks_like_an_option: |p| ask(p, "-tool");
        accepts_a_name_with_two_dots_within: |p| ask(p, "a..b");
        accepts_a_name_with_every_kind_of_character: |p| ask(p, "aZ_0.9-b");
    }
    Encodings {
        refuses_a_name_with_a_look_alike: |p| rename(p, "t\u{43e}ol-amd64-v7".as_bytes()) => "zip.name";
        refuses_a_look_alike_that_is_marked_as_utf8:
            |p| { rename(p, "t\u{43e}ol-amd64-v7".as_bytes()); p.flags(0x808); } => "zip.name";
        refuses_a_composed_letter: |p| rename(p, "to\u{301}ol-amd64-v7".as_bytes()) => "zip.name";
        refuses_a_byte_of_code_page_437: |p| rename(p, b"t\x94ol-amd64-v7") => "zip.name";
        refuses_what_is_no_utf8_though_marked_as_such:
            |p| { rename(p, b"tool-amd64-v7\xff"); p.flags(0x808); } => "zip.name";
        refuses_an_overlong_slash: |p| rename(p, b"a\xc0\xaftool") => "zip.name";
        refuses_a_name_in_utf16: |p| rename(p, b"t\0o\0o\0l\0") => "zip.name";
        refuses_a_right_to_left_override: |p| rename(p, "tool\u{202e}46dma".as_bytes()) => "zip.name";
        refuses_a_utf8_flag_in_the_directory_alone: |p| set16(&mut p.central, 8, 0x808) => "zip.disagree";
        refuses_a_utf8_flag_in_front_alone: |p| set16(&mut p.local, 6, 0x808) => "zip.disagree";
        refuses_a_unicode_path_field: |p| p.add_extra_behind(b"\x75\x70\x09\0\x01\0\0\0\0evil") => "zip.extra";
        refuses_a_unicode_path_field_in_front: |p| p.add_extra_before(b"\x75\x70\x09\0\x01\0\0\0\0evil")
            => "zip.extra";
        refuses_a_unicode_path_field_whose_sum_is_right: |p| {
            let name = p.local_name.clone();
            let field = [b"\x75\x70\x09\0\x01".as_slice(), &crc(&name).to_le_bytes(), b"evil"].concat();
            p.add_extra_before(&field);
            p.add_extra_behind(&field);
        } => "zip.extra";
    } / {
        accepts_a_utf8_flag_in_both: |p| { let now = p.flags_now(); p.flags(now | 0x800); };
    }
}

fn rename(parts: &mut Parts, name: &[u8]) {
    parts.local_name = name.to_vec();
    parts.central_name = name.to_vec();
    parts.lay_out();
}

/// Sets a name that is also the expected one.
fn ask(parts: &mut Parts, name: &str) {
    rename(parts, name.as_bytes());
    name.clone_into(&mut parts.asked);
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
