//! Descriptors: the record after the content that may be there, may have a signature, and may be wrong.

use super::changes;
use crate::zips::{set32, xor};

changes! {
    Descriptors {
        refuses_a_missing_descriptor: |p| { p.descriptor.clear(); p.lay_out(); }
            => "zip.descriptor" | "zip.truncated";
        refuses_a_descriptor_without_signature: |p| { p.descriptor = p.descriptor.get(4..).unwrap_or_default().to_vec(); p.lay_out(); }
            => "zip.descriptor" | "zip.disagree" | "zip.truncated";
        refuses_a_descriptor_with_another_signature: |p| xor(&mut p.descriptor, 3, 1) => "zip.descriptor";
        refuses_a_crc_that_differs_in_the_descriptor: |p| xor(&mut p.descriptor, 4, 1) => "zip.crc";
        refuses_a_compressed_size_that_differs_in_the_descriptor: |p| xor(&mut p.descriptor, 8, 1)
            => "zip.disagree";
        refuses_a_size_that_differs_in_the_descriptor: |p| xor(&mut p.descriptor, 12, 1) => "zip.disagree";
        refuses_sizes_in_the_other_order: |p| {
            let (size, compressed) = (p.plain.len() as u32, p.content.len() as u32);
            set32(&mut p.descriptor, 8, size.wrapping_add(1));
            set32(&mut p.descriptor, 12, compressed);
        } => "zip.disagree";
        refuses_two_descriptors: |p| { let again = p.descriptor.clone(); p.descriptor.extend(again); p.lay_out(); }
            => "zip.signature";
        refuses_a_descriptor_that_is_cut: |p| { p.descriptor.truncate(12); p.lay_out(); }
            => "zip.descriptor" | "zip.disagree" | "zip.truncated";
        refuses_sizes_of_zero_without_descriptor: |p| {
            *p = p.clone().without_descriptor();
            for at in [18, 22] {
                set32(&mut p.local, at, 0);
            }
        } => "zip.size" | "zip.crc" | "zip.deflate" | "zip.signature" | "zip.disagree" | "zip.entries";
        refuses_a_descriptor_where_there_should_be_none: |p| {
            let descriptor = p.descriptor.clone();
            *p = p.clone().without_descriptor();
            p.descriptor = descriptor;
            p.lay_out();
        } => "zip.signature" | "zip.disagree";
        refuses_a_descriptor_without_signature_where_there_should_be_none: |p| {
            let descriptor = p.descriptor.get(4..).unwrap_or_default().to_vec();
            *p = p.clone().without_descriptor();
            p.descriptor = descriptor;
            p.lay_out();
        } => "zip.signature" | "zip.disagree";
    } / {
        accepts_a_zip_without_descriptor: |p| *p = p.clone().without_descriptor();
    }
}
