//! The byte ranges in which an executable's headers were read, beyond its start: hints for reading it as a stream.
//!
//! The text form of each is `OFFSET+LENGTH`, in bytes. The ranges come from the build and are untrusted: no decision may depend
//! on them. Does not know the contents of the ranges.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::escape::quoted;

/// Byte ranges of one executable: ascending, disjoint, few and small.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct HeaderRanges(Vec<Range<u64>>);

impl HeaderRanges {
    /// The largest number of ranges.
    pub const MOST: usize = 64;
    /// The largest total size of the ranges, in bytes.
    pub const BYTES: u64 = 1024 * 1024;

    /// Checks and wraps ranges.
    ///
    /// # Errors
    /// A sentence that describes the problem.
    pub fn new(ranges: Vec<Range<u64>>) -> Result<Self, String> {
        if ranges.len() > Self::MOST {
            let (found, most) = (ranges.len(), Self::MOST);
            return Err(format!(
                "it lists {found} header ranges of an executable, more than {most}"
            ));
        }
        let (mut end, mut sum) = (None, 0_u64);
        for range in &ranges {
            if range.is_empty() {
                return Err(format!("the header range {} is empty", text(range)));
            }
            if end.is_some_and(|end| range.start <= end) {
                return Err(format!(
                    "the header range {} does not come behind the one before",
                    text(range)
                ));
            }
            end = Some(range.end);
            sum = sum.saturating_add(range.end - range.start);
        }
        if sum > Self::BYTES {
            let most = Self::BYTES;
            return Err(format!(
                "the header ranges of an executable have {sum} bytes, more than {most}"
            ));
        }
        Ok(Self(ranges))
    }

    /// Returns whether there are no ranges.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns an iterator over the ranges.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().cloned()
    }

    /// Checks that no range extends beyond the end of a file.
    pub(super) fn within(&self, size: u64) -> Result<(), String> {
        match self.0.last() {
            Some(last) if last.end > size => Err(format!(
                "the header range {} goes beyond the {size} bytes of its executable",
                text(last)
            )),
            _ => Ok(()),
        }
    }
}

fn text(range: &Range<u64>) -> String {
    format!("{}+{}", range.start, range.end.saturating_sub(range.start))
}

impl From<HeaderRanges> for Vec<String> {
    fn from(ranges: HeaderRanges) -> Self {
        ranges.0.iter().map(text).collect()
    }
}

impl TryFrom<Vec<String>> for HeaderRanges {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        let ranges: Result<_, _> = texts.iter().map(|text| parse(text)).collect();
        Self::new(ranges?)
    }
}

/// Parses exactly one form: digits, a plus, digits.
fn parse(written: &str) -> Result<Range<u64>, String> {
    let range = written.split_once('+').and_then(|(offset, length)| {
        let start: u64 = offset.parse().ok()?;
        let length: u64 = length.parse().ok()?;
        Some(start..start.checked_add(length)?)
    });
    // `parse` also accepts a sign and leading zeros.
    range.filter(|range| text(range) == written).ok_or_else(|| {
        format!(
            "{} is not a header range (OFFSET+LENGTH, in bytes)",
            quoted(written)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Result<HeaderRanges, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn ranges_that_are_written_are_read() {
        for json in ["[]", r#"["0+1"]"#, r#"["8388608+64","8388673+1048512"]"#] {
            let ranges = read(json).unwrap();
            assert_eq!(serde_json::to_string(&ranges).unwrap(), json);
        }
        let all: Vec<String> = (0..HeaderRanges::MOST)
            .map(|at| format!("{}+16384", at * 16385))
            .collect();
        let ranges = HeaderRanges::try_from(all.clone()).unwrap();
        assert_eq!(Vec::from(ranges), all);
    }

    #[test]
    fn ranges_that_are_too_many_too_large_or_askew_are_refused() {
        let many: Vec<String> = (0..65).map(|at| format!("{}+1", at * 2)).collect();
        let many = serde_json::to_string(&many).unwrap();
        for (json, problem) in [
            (
                many.as_str(),
                "it lists 65 header ranges of an executable, more than 64",
            ),
            (
                r#"["5+1048577"]"#,
                "the header ranges of an executable have 1048577 bytes, more than 1048576",
            ),
            (
                r#"["5+1048576","1048582+1"]"#,
                "the header ranges of an executable have 1048577 bytes, more than 1048576",
            ),
            (
                r#"["0+18446744073709551615"]"#,
                "the header ranges of an executable have 18446744073709551615 bytes, more than 1048576",
            ),
            (r#"["5+0"]"#, "the header range 5+0 is empty"),
            (
                r#"["5+10","15+1"]"#,
                "the header range 15+1 does not come behind the one before",
            ),
            (
                r#"["5+10","0+1"]"#,
                "the header range 0+1 does not come behind the one before",
            ),
            (
                r#"["1+18446744073709551615"]"#,
                "\"1+18446744073709551615\" is not a header range (OFFSET+LENGTH, in bytes)",
            ),
            (
                r#"["18446744073709551616+1"]"#,
                "\"18446744073709551616+1\" is not a header range (OFFSET+LENGTH, in bytes)",
            ),
            (
                r#"["+5+1"]"#,
                "\"+5+1\" is not a header range (OFFSET+LENGTH, in bytes)",
            ),
            (
                r#"["05+1"]"#,
                "\"05+1\" is not a header range (OFFSET+LENGTH, in bytes)",
            ),
            (
                r#"["5"]"#,
                "\"5\" is not a header range (OFFSET+LENGTH, in bytes)",
            ),
            (
                r#"["5-9"]"#,
                "\"5-9\" is not a header range (OFFSET+LENGTH, in bytes)",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.starts_with(problem), "{json}: {error}");
        }
        for json in ["[5]", "{}", r#""5+1""#] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn no_range_goes_beyond_its_executable() {
        let ranges = read(r#"["5+10"]"#).unwrap();
        assert_eq!(ranges.within(15), Ok(()));
        assert_eq!(
            ranges.within(14),
            Err("the header range 5+10 goes beyond the 14 bytes of its executable".to_owned())
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(texts in prop::collection::vec("[0-9]{0,8}[+]?[0-9]{0,7}", 0..5)) {
            if let Ok(ranges) = HeaderRanges::try_from(texts.clone()) {
                prop_assert_eq!(Vec::from(ranges), texts);
            }
        }
    }
}
