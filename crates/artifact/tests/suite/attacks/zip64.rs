//! zip64: each field that can point to it, with and without the field or record that it points to.

use super::changes;
use crate::zips::{Parts, set16, set32, value32};

changes! {
    Zip64 {
        refuses_zip64_by_version: |p| p.needed(45) => "zip.zip64";
        refuses_zip64_by_version_in_the_directory: |p| set16(&mut p.central, 6, 45) => "zip.zip64";
        refuses_zip64_by_size: |p| {
            set32(&mut p.local, 22, u32::MAX);
            set32(&mut p.central, 24, u32::MAX);
        } => "zip.zip64";
        refuses_zip64_by_compressed_size: |p| {
            set32(&mut p.local, 18, u32::MAX);
            set32(&mut p.central, 20, u32::MAX);
        } => "zip.zip64";
        refuses_zip64_by_size_in_front: |p| set32(&mut p.local, 22, u32::MAX) => "zip.zip64";
        refuses_zip64_by_size_in_the_directory: |p| set32(&mut p.central, 24, u32::MAX) => "zip.zip64";
        refuses_zip64_by_compressed_size_in_the_directory: |p| set32(&mut p.central, 20, u32::MAX) => "zip.zip64";
        refuses_zip64_by_offset: |p| set32(&mut p.central, 42, u32::MAX) => "zip.zip64";
        refuses_zip64_by_disk: |p| set16(&mut p.central, 34, u16::MAX) => "zip.disagree";
        refuses_zip64_by_count: |p| {
            set16(&mut p.end, 8, u16::MAX);
            set16(&mut p.end, 10, u16::MAX);
        } => "zip.zip64";
        refuses_zip64_by_count_on_this_disk: |p| set16(&mut p.end, 8, u16::MAX) => "zip.zip64";
        refuses_zip64_by_count_in_all: |p| set16(&mut p.end, 10, u16::MAX) => "zip.zip64";
        refuses_zip64_by_directory: |p| set32(&mut p.end, 16, u32::MAX) => "zip.zip64";
        refuses_zip64_by_size_of_the_directory: |p| set32(&mut p.end, 12, u32::MAX) => "zip.zip64";
        refuses_zip64_by_disk_of_the_end: |p| set16(&mut p.end, 4, u16::MAX) => "zip.disagree";
        refuses_a_zip64_descriptor: |p| {
            let wide = |at| [value32(&p.descriptor, at).to_le_bytes(), [0; 4]].concat();
            let (compressed, size) = (wide(8), wide(12));
            p.descriptor.truncate(8);
            p.descriptor.extend([compressed, size].concat());
            p.lay_out();
        } => "zip.zip64";
        refuses_zip64_sizes_in_an_extra_field: |p| {
            let field = sizes(p);
            set32(&mut p.central, 20, u32::MAX);
            set32(&mut p.central, 24, u32::MAX);
            p.add_extra_behind(&field);
        } => "zip.zip64";
        refuses_zip64_sizes_that_nothing_asks_for: |p| {
            let field = sizes(p);
            p.add_extra_behind(&field);
        } => "zip.extra";
        refuses_zip64_sizes_in_front: |p| {
            let field = sizes(p);
            *p = p.clone().without_descriptor();
            set32(&mut p.local, 18, u32::MAX);
            set32(&mut p.local, 22, u32::MAX);
            p.add_extra_before(&field);
        } => "zip.zip64";
        refuses_a_zip64_offset_in_an_extra_field: |p| {
            set32(&mut p.central, 42, u32::MAX);
            p.add_extra_behind(b"\x01\0\x08\0\0\0\0\0\0\0\0\0");
        } => "zip.extra" | "zip.zip64";
        refuses_empty_zip64_end_records: |p| {
            p.central_name.extend(b"PK\x06\x06");
            p.central_name.extend([0; 52]);
            p.central_name.extend(b"PK\x06\x07");
            p.central_name.extend([0; 16]);
        } => "zip.zip64";
        refuses_true_zip64_end_records: |p| end_records(p, false) => "zip.zip64";
        refuses_true_zip64_end_records_that_the_end_record_asks_for: |p| end_records(p, true) => "zip.zip64";
        refuses_a_zip64_locator: |p| {
            p.central_name.extend(b"PK\x06\x07");
            p.central_name.extend([0; 16]);
        } => "zip.zip64";
    }
}

/// The extra field with both sizes, size first.
fn sizes(parts: &Parts) -> Vec<u8> {
    let (size, compressed) = (parts.plain.len() as u64, parts.content.len() as u64);
    [
        b"\x01\0\x10\0".as_slice(),
        &size.to_le_bytes(),
        &compressed.to_le_bytes(),
    ]
    .concat()
}

/// 4.3.14 and 4.3.15, both correct; with `asked`, the end record leaves everything to them.
fn end_records(parts: &mut Parts, asked: bool) {
    let directory = parts.directory_offset() as u64;
    let size = (parts.central.len() + parts.central_name.len()) as u64;
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(44_u64.to_le_bytes());
    record.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [1, 1, size, directory] {
        record.extend(value.to_le_bytes());
    }
    record.extend(b"PK\x06\x07\0\0\0\0");
    record.extend((directory + size).to_le_bytes());
    record.extend(1_u32.to_le_bytes());
    parts.central_name.extend(record);
    if asked && parts.end.len() == 22 {
        parts.end.splice(8..20, [0xff; 12]);
    }
}
