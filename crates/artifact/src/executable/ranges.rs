//! Reduces what a parser has read to the few ranges that a manifest lists.
//!
//! Bytes between two ranges may be kept as well: they cost memory, but do not change what is read.

use std::ops::Range;

use super::error::InspectError;

/// The most ranges that are kept of an executable.
pub const RANGES_MAX: usize = 64;

/// The most bytes that these ranges may have together.
pub const RANGES_BYTES: u64 = 1024 * 1024;

/// Returns the part of `read` beyond the first `prefix` bytes: ascending, disjoint, within the limits.
pub(super) fn beyond(read: Vec<Range<u64>>, prefix: u64) -> Result<Vec<Range<u64>>, InspectError> {
    let ranges = fewer(joined(read, prefix));
    match ranges.iter().map(|range| range.end - range.start).sum() {
        found if found > RANGES_BYTES => Err(InspectError::TooLarge {
            what: "stretch of the file over which its headers and strings are scattered",
            found,
            limit: RANGES_BYTES,
        }),
        _ => Ok(ranges),
    }
}

fn joined(mut read: Vec<Range<u64>>, prefix: u64) -> Vec<Range<u64>> {
    read.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in read {
        let range = range.start.max(prefix)..range.end;
        match joined.last_mut() {
            _ if range.is_empty() => {}
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Fills the smallest gaps until there are few enough ranges.
fn fewer(ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut gaps: Vec<(u64, u64)> = (ranges.iter().zip(ranges.iter().skip(1)))
        .map(|(before, after)| (after.start - before.end, after.start))
        .collect();
    gaps.sort_unstable_by(|a, b| b.cmp(a));
    gaps.truncate(RANGES_MAX - 1);
    let mut few: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        let is_apart = gaps.iter().any(|(_, start)| *start == range.start);
        match few.last_mut() {
            Some(last) if !is_apart => last.end = range.end,
            _ => few.push(range),
        }
    }
    few
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_sorted_joined_and_cut_at_the_prefix() {
        type Pairs = &'static [(u64, u64)];
        let table: [(Pairs, u64, Pairs); 5] = [
            (&[], 0, &[]),
            (&[(0, 64), (64, 120)], 64, &[(64, 120)]),
            (&[(0, 64), (64, 120)], 120, &[]),
            (
                &[(300, 400), (100, 200), (150, 250), (250, 260)],
                0,
                &[(100, 260), (300, 400)],
            ),
            (&[(100, 400), (200, 300)], 150, &[(150, 400)]),
        ];
        let ranges = |pairs: Pairs| pairs.iter().map(|(start, end)| *start..*end).collect();
        for (read, prefix, expected) in table {
            let expected: Vec<_> = ranges(expected);
            assert_eq!(beyond(ranges(read), prefix).unwrap(), expected, "{read:?}");
        }
    }

    #[test]
    fn too_many_ranges_become_fewer_by_filling_the_smallest_gaps() {
        // The gaps grow: 1, 2, 3 and so on.
        let mut read = Vec::new();
        let mut at = 1000;
        for gap in 1..=100_u64 {
            read.push(at..at + 10);
            at += 10 + gap;
        }
        let few = beyond(read.clone(), 0).unwrap();
        assert_eq!(few.len(), RANGES_MAX);
        assert_eq!(few[0], read[0].start..read[36].end);
        assert_eq!(few[1..], read[37..]);
    }

    #[test]
    fn what_is_too_much_to_keep_is_refused() {
        let whole = |length| beyond(Vec::from([0..1, 10..10 + length]), 10);
        assert_eq!(whole(RANGES_BYTES).unwrap().len(), 1);
        assert_eq!(whole(RANGES_BYTES + 1).unwrap_err().code(), "elf.too-large");
        // Few bytes, but too far apart to be merged into few ranges.
        let read = (0..100).map(|n| n << 20..(n << 20) + 1).collect();
        assert_eq!(beyond(read, 0).unwrap_err().code(), "elf.too-large");
    }
}
