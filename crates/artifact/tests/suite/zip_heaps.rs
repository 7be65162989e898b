//! Combined changes, with single bytes overwritten: every accepted zip has one meaning.

use lockgate_artifact::zip::Size;
use proptest::prelude::*;

use super::{attacks, opinions, zips::read_named};

/// Returns whether a zip is accepted; if so, asserts that the other reader agrees, whatever is known about its size.
fn accepted_alike(zip: &[u8], name: &str, size: u64) -> bool {
    let sizes = [Size::Exact(size), Size::AtMost(size), Size::AtMost(1 << 16)];
    let read: Vec<_> = sizes
        .into_iter()
        .filter_map(|size| read_named(zip, name, size).ok())
        .collect();
    for (content, facts) in &read {
        assert_eq!(*content, read[0].0);
        assert_eq!(facts, &read[0].1);
        opinions::agree(zip, name, content);
    }
    !read.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn whatever_is_accepted_of_a_heap_has_one_meaning(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        let (parts, zip) = attacks::chosen(&bytes);
        accepted_alike(&zip, &parts.asked, parts.plain.len() as u64);
    }
}

#[test]
fn heaps_without_attacks_are_accepted() {
    let leeway = |at: &usize| !attacks::all().nth(*at).unwrap().is_attack();
    let choices: Vec<_> = (0..attacks::all().count()).filter(leeway).collect();
    let mut accepted = 0;
    for one in &choices {
        for other in &choices {
            let [one, other] = [one, other].map(|at| (*at as u16).to_le_bytes());
            let bytes = [6, 99, 2, one[0], one[1], other[0], other[1]];
            let (parts, zip) = attacks::chosen(&bytes);
            accepted += usize::from(accepted_alike(&zip, &parts.asked, parts.plain.len() as u64));
        }
    }
    // Some changes exclude each other: version 10 is for stored entries only.
    let pairs = choices.len() * choices.len();
    assert!(accepted * 10 > pairs * 8, "{accepted} of {pairs}");
}
