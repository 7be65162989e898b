//! The two headers against each other: every field that both of them have.

use super::changes;
use crate::zips::{set16, xor};

changes! {
    Disagreements {
        refuses_versions_that_differ: |p| set16(&mut p.central, 6, 10) => "zip.disagree" | "zip.version";
        refuses_flags_that_differ: |p| set16(&mut p.central, 8, 0x808) => "zip.disagree";
        refuses_a_descriptor_that_the_directory_denies: |p| set16(&mut p.central, 8, 0) => "zip.disagree";
        refuses_a_descriptor_that_only_the_directory_knows: |p| {
            *p = p.clone().without_descriptor();
            set16(&mut p.central, 8, 8);
        } => "zip.disagree";
        refuses_methods_that_differ: |p| xor(&mut p.central, 10, 8) => "zip.disagree";
        refuses_times_that_differ: |p| xor(&mut p.central, 12, 1) => "zip.disagree";
        refuses_dates_that_differ: |p| xor(&mut p.central, 14, 1) => "zip.disagree";
        refuses_a_crc_that_differs_in_the_directory: |p| xor(&mut p.central, 16, 1) => "zip.crc";
        refuses_a_compressed_size_that_differs_in_the_directory: |p| xor(&mut p.central, 20, 1)
            => "zip.disagree";
        refuses_a_size_that_differs_in_the_directory: |p| xor(&mut p.central, 24, 1) => "zip.disagree";
        refuses_a_crc_in_front_of_a_descriptor: |p| xor(&mut p.local, 14, 1) => "zip.disagree";
        refuses_a_compressed_size_in_front_of_a_descriptor: |p| xor(&mut p.local, 18, 1) => "zip.disagree";
        refuses_a_size_in_front_of_a_descriptor: |p| xor(&mut p.local, 22, 1) => "zip.disagree";
        refuses_the_true_values_in_front_of_a_descriptor: |p| {
            let values = p.central.get(16..28).unwrap_or(&[0; 12]).to_vec();
            if p.local.len() == 30 {
                p.local.splice(14..26, values);
            }
        } => "zip.disagree";
        refuses_a_crc_that_is_wrong_in_front: |p| {
            *p = p.clone().without_descriptor();
            xor(&mut p.local, 14, 1);
        } => "zip.crc";
        refuses_a_compressed_size_that_is_wrong_in_front: |p| {
            *p = p.clone().without_descriptor();
            xor(&mut p.local, 18, 1);
        } => "zip.disagree";
        refuses_a_size_that_is_wrong_in_front: |p| {
            *p = p.clone().without_descriptor();
            xor(&mut p.local, 22, 1);
        } => "zip.size" | "zip.truncated" | "zip.disagree" | "zip.signature";
        refuses_an_extra_field_in_front_alone: |p| p.add_extra_before(&[0x99, 0x99, 0, 0]) => "zip.extra";
    }
}
