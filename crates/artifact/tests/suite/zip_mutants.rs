//! Real zips, broken in every small way: truncated anywhere, any bit flipped, arbitrary bytes.

use lockgate_artifact::zip::{Expect, Size, read_all};
use proptest::prelude::*;

use super::zips::{NAME, Parts, REAL, REAL_CONTENT, REAL_NAME, read_named};

const SIZES: [Size; 2] = [Size::Exact(15), Size::AtMost(1000)];

#[test]
fn refuses_a_zip_cut_at_any_byte() {
    for (level, zip) in REAL {
        for size in SIZES {
            for length in 0..zip.len() {
                let result = read_named(&zip[..length], REAL_NAME, size);
                let error = result.expect_err("a cut zip is not a zip");
                if size == SIZES[0] {
                    assert_eq!(error.code(), "zip.truncated", "level {level}, {length}");
                }
            }
        }
    }
}

#[test]
fn refuses_a_zip_with_any_byte_taken_out_or_put_in() {
    for (_, zip) in REAL {
        for size in SIZES {
            for at in 0..zip.len() {
                let without = [&zip[..at], &zip[at + 1..]].concat();
                assert!(read_named(&without, REAL_NAME, size).is_err(), "{at}");
                for byte in [0, b'P', 0xff] {
                    let with = [&zip[..at], &[byte], &zip[at..]].concat();
                    assert!(read_named(&with, REAL_NAME, size).is_err(), "{at}");
                }
            }
        }
    }
}

/// Only three things may differ in an accepted zip: the permissions, which are not used, the archive bit, and the
/// padding after the last deflate block. The content may not.
#[test]
fn refuses_every_flipped_bit_that_means_something() {
    for (level, zip) in REAL {
        let central = zip.len() - 22 - REAL_NAME.len() - 46;
        let mut accepted = Vec::new();
        for bit in 0..zip.len() * 8 {
            let mut mutant = zip.to_vec();
            mutant[bit / 8] ^= 1 << (bit % 8);
            for size in SIZES {
                if let Ok((content, _)) = read_named(&mutant, REAL_NAME, size) {
                    assert_eq!(content, REAL_CONTENT);
                    if size == SIZES[0] {
                        accepted.push((bit / 8, bit % 8));
                    }
                }
            }
        }
        let permissions = (0..9).map(|bit| (central + 40 + bit / 8, bit % 8));
        let expected: Vec<_> = [(central + 38, 5)].into_iter().chain(permissions).collect();
        let padding_at = central - 16 - 1;
        accepted.retain(|(at, bit)| level == 0 || *at != padding_at || *bit < 2);
        assert_eq!(accepted, expected, "level {level}");
    }
}

fn never_another_content(zip: &[u8], content: &[u8]) {
    let sizes = [Size::Exact(content.len() as u64), Size::AtMost(1 << 16)];
    for size in sizes {
        let expect = Expect { name: NAME, size };
        if let Ok((found, facts)) = read_all(zip, expect) {
            assert_eq!(found, content);
            assert_eq!(facts.size, content.len() as u64);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for size in SIZES {
            prop_assert!(read_named(&bytes, NAME, size).is_err());
        }
    }

    #[test]
    fn any_bytes_behind_a_good_header_are_read_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        level in prop::sample::select(vec![0_u32, 6]),
    ) {
        let parts = Parts::new(b"", level);
        let zip = [parts.local, parts.local_name, bytes].concat();
        for size in SIZES {
            prop_assert!(read_named(&zip, NAME, size).is_err());
        }
    }

    #[test]
    fn changed_bytes_never_give_other_content(
        content in prop::collection::vec(0..4_u8, 0..400),
        level in prop::sample::select(vec![0_u32, 1, 6]),
        descriptor in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut parts = Parts::new(&content, level);
        if !descriptor {
            parts = parts.without_descriptor();
        }
        let mut zip = parts.bytes();
        for (at, byte) in changes {
            let at = at.index(zip.len());
            zip[at] = byte;
        }
        never_another_content(&zip, &content);
    }
}
