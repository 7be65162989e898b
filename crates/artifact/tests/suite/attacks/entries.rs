//! Entries: their number, the recorded number, and whether two of them share bytes.

use super::changes;
use crate::zips::{Parts, set16, set32};

changes! {
    Counts {
        refuses_two_entries: |p| p.add_entry(b"other") => "zip.entries";
        refuses_two_entries_in_the_directory: |p| { list_twice(p); count(p, 2, 2); } => "zip.entries";
        refuses_a_second_directory_entry_that_is_not_counted: list_twice => "zip.entries";
        refuses_two_local_entries: |p| { store_twice(p); count(p, 2, 2); } => "zip.entries";
        refuses_an_entry_hidden_from_the_directory: store_twice => "zip.entries";
        refuses_a_zip_without_a_directory: |p| { p.central.clear(); p.central_name.clear(); }
            => "zip.entries" | "zip.truncated";
        refuses_a_count_of_zero: |p| count(p, 0, 0) => "zip.entries";
        refuses_a_count_of_two: |p| count(p, 2, 2) => "zip.entries";
        refuses_a_count_of_zero_on_this_disk: |p| count(p, 0, 1) => "zip.entries";
        refuses_a_count_of_zero_in_all: |p| count(p, 1, 0) => "zip.entries";
        refuses_a_count_of_two_on_this_disk: |p| count(p, 2, 1) => "zip.entries";
        refuses_a_count_of_two_in_all: |p| count(p, 1, 2) => "zip.entries";
        refuses_a_zip_without_any_entry: clear_entry => "zip.signature" | "zip.truncated";
        refuses_an_empty_zip_that_says_so: |p| {
            clear_entry(p);
            count(p, 0, 0);
            set32(&mut p.end, 12, 0);
            set32(&mut p.end, 16, 0);
        } => "zip.signature" | "zip.truncated";
        refuses_an_empty_file: |p| { clear_entry(p); p.end.clear(); } => "zip.truncated";
        refuses_a_zip_without_an_end: |p| p.end.clear() => "zip.truncated";
    }
    Overlaps {
        refuses_a_directory_entry_for_the_same_bytes_under_another_name: |p| {
            let other = [p.central.clone(), b"evil-amd64-v7".to_vec()].concat();
            p.central_name.extend(other);
            count(p, 2, 2);
            set32(&mut p.end, 12, 2 * (46 + 13));
        } => "zip.entries";
        refuses_an_entry_that_hides_in_the_content_of_another: |p| {
            let (inner, at) = (Parts::new(b"evil", 0), 30 + p.local_name.len());
            let mut plain = inner.bytes();
            plain.truncate(30 + inner.local_name.len() + 4 + 16);
            *p = Parts::new(&plain, 0);
            set32(&mut p.central, 42, at as u32);
        } => "zip.disagree" | "zip.size" | "zip.too-large" | "zip.descriptor";
        refuses_a_zip_in_the_content_that_the_end_record_points_at: |p| {
            let inner = Parts::new(b"evil", 0);
            let (directory, at) = (inner.directory_offset(), 30 + p.local_name.len());
            *p = Parts::new(&inner.bytes(), 0);
            set32(&mut p.end, 16, (at + directory) as u32);
        } => "zip.disagree" | "zip.size" | "zip.too-large" | "zip.descriptor";
        refuses_a_directory_that_begins_within_the_content: |p| {
            let at = p.directory_offset() as u32;
            set32(&mut p.end, 16, at.saturating_sub(20));
            set32(&mut p.end, 12, 46 + 13 + 20);
        } => "zip.disagree";
        refuses_a_directory_that_reaches_into_the_end_record: |p| {
            set32(&mut p.end, 12, 46 + 13 + 22);
        } => "zip.disagree";
        refuses_an_end_record_that_begins_within_the_name: |p| {
            let name = b"tool-aPK\x05\x06".to_vec();
            (p.local_name, p.central_name) = (name.clone(), name);
            p.lay_out();
        } => "zip.name";
        refuses_a_descriptor_that_is_the_end_of_the_content: |p| {
            let kept = p.content.len().saturating_sub(16);
            p.content.truncate(kept);
            p.lay_out();
        } => "zip.descriptor" | "zip.deflate" | "zip.truncated" | "zip.size" | "zip.disagree" | "zip.crc";
        refuses_more_content_than_there_is: |p| {
            let length = p.content.len() as u32 + 16 + 46;
            set32(&mut p.central, 20, length);
            set32(&mut p.descriptor, 8, length);
        } => "zip.disagree";
    }
}

fn count(parts: &mut Parts, here: u16, all: u16) {
    set16(&mut parts.end, 8, here);
    set16(&mut parts.end, 10, all);
}

fn list_twice(parts: &mut Parts) {
    let again = [parts.central.clone(), parts.central_name.clone()].concat();
    parts.central_name.extend(again);
}

fn store_twice(parts: &mut Parts) {
    let again = parts.entry();
    parts.descriptor.extend(again);
    parts.lay_out();
}

fn clear_entry(parts: &mut Parts) {
    for part in [
        &mut parts.local,
        &mut parts.local_name,
        &mut parts.content,
        &mut parts.descriptor,
        &mut parts.central,
        &mut parts.central_name,
    ] {
        part.clear();
    }
}
