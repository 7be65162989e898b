//! Formats seconds since 1970 as GitHub does: `2026-11-22T07:48:00Z`.
//!
//! This module knows the calendar, but has no clock.

/// Formats the time `at`, in UTC, to the second.
#[must_use]
pub fn rfc3339(at: i64) -> String {
    let (days, second) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Parses a time of this form, without fractions of a second.
pub(crate) fn parsed(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, between: char| -> Option<Vec<i64>> {
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split(between).filter(|part| plain(part));
        parts.map(|part| part.parse().ok()).collect()
    };
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    if (date.len(), whole.len()) != (10, 8) {
        return None; // years of five digits are not supported
    }
    let (date, time) = (numbers(date, '-')?, numbers(whole, ':')?);
    let ([year, month, day], [hour, minute, second]) = (date.as_slice(), time.as_slice()) else {
        return None;
    };
    let at = days(*year, *month, *day) * 86_400 + hour * 3600 + minute * 60 + second;
    // An invalid date formats differently.
    rfc3339(at).starts_with(text.get(..19)?).then_some(at)
}

/// Inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Returns the date of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`: the year begins in March,
/// so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{parsed, rfc3339};

    #[test]
    fn moments_are_written_as_github_writes_them() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(at), text);
            assert_eq!(parsed(text), Some(at));
        }
        assert_eq!(parsed("2000-02-29T00:00:00.123Z"), Some(951_782_400));
    }

    #[test]
    fn what_no_calendar_has_is_no_moment() {
        for text in [
            "",
            "2000-02-30T00:00:00Z",
            "2000-02-29T24:00:00Z",
            "2000-02-29",
            "2000-2-29T00:00:00Z",
            "2000-02-29T00:00:00+01:00",
            "99999999999999999999-02-29T00:00:00Z",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
