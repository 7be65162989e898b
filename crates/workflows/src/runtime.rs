//! Which versions of well-known actions still start: an action names the runtime that executes it, and GitHub removes
//! old ones.
//!
//! Node 20 was removed from GitHub's runners on 23 September 2026 (GitHub's changelog, "Deprecation of Node 20 on
//! GitHub Actions runners"): an action with `using: node20` fails before its first line. The table holds the first
//! major version of each action whose `action.yml` says `using: node24`. It is data about the world, so it has a date.

/// The date on which the table was compared with the actions' own `action.yml`, for display.
pub const REVIEWED: &str = "2026-11-27";

/// The same date, in seconds since 1970-01-01 UTC.
const REVIEWED_AT: u64 = 1_795_737_600;

/// How long the table counts as current, in seconds: 183 days.
const FRESH: u64 = 183 * 86_400;

/// The first major version that runs on a supported runtime.
const FIRST_ON_NODE24: [(&str, u64); 10] = [
    ("actions/cache", 5),
    ("actions/checkout", 5),
    ("actions/download-artifact", 7),
    ("actions/github-script", 8),
    ("actions/setup-go", 6),
    ("actions/setup-java", 5),
    ("actions/setup-node", 5),
    ("actions/setup-python", 6),
    ("actions/stale", 10),
    ("actions/upload-artifact", 6),
];

/// Commits that earlier versions of Lockgate have written, whatever the comment after them says.
const GONE_COMMITS: [&str; 2] = [
    "11bd71901bbe5b1630ceea73d27597364c9af683", // actions/checkout v4.2.2
    "ea165f8d65b6e75b540449e92b4886f43607fa02", // actions/upload-artifact v4.6.2
];

/// Returns the first major version that starts, if the given one does not; `None` if it does, or if the action is
/// unknown.
///
/// `reference` is the part after the `@`; `comment` is the part after the `#` of the same line, where pins name their
/// version.
#[must_use]
pub fn first_that_starts(action: &str, reference: &str, comment: Option<&str>) -> Option<u64> {
    // A sub-action belongs to its repository: `actions/cache/restore`.
    let mut parts = action.splitn(3, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let known = |(known, _): &&(&str, u64)| known.split_once('/') == Some((owner, name));
    let (_, first) = FIRST_ON_NODE24.iter().find(known)?;
    let version = major(reference).or_else(|| major(comment?));
    let gone = GONE_COMMITS.contains(&reference) || version.is_some_and(|version| version < *first);
    gone.then_some(*first)
}

/// Returns the major number of a version such as `v4` or `4.2.2`. A commit id is not a version.
fn major(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.strip_prefix('v').unwrap_or(text);
    let number = digits.split('.').next()?;
    (number.len() <= 4).then(|| number.parse().ok())?
}

/// Returns whether the table is due for a review.
#[must_use]
pub fn is_old(now: u64) -> bool {
    now > REVIEWED_AT + FRESH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_whose_runtime_is_gone_is_known_by_tag_comment_or_commit() {
        let full = "1".repeat(40);
        let table: [(&str, &str, Option<&str>, Option<u64>); 12] = [
            ("actions/checkout", "v4", None, Some(5)),
            ("actions/checkout", "v4.2.2", None, Some(5)),
            ("actions/checkout", "5", None, None),
            ("actions/checkout", &full, Some("v4.9.0"), Some(5)),
            ("actions/checkout", &full, Some("v7.0.1"), None),
            ("actions/checkout", &full, None, None),
            ("actions/checkout", GONE_COMMITS[0], None, Some(5)),
            ("actions/upload-artifact", "v5.0.0", None, Some(6)),
            (
                "actions/upload-artifact",
                GONE_COMMITS[1],
                Some("v7"),
                Some(6),
            ),
            ("actions/cache/restore", "v4", None, Some(5)),
            ("somebody/checkout", "v1", None, None),
            ("actions/checkout", "main", None, None),
        ];
        for (action, reference, comment, first) in table {
            let got = first_that_starts(action, reference, comment);
            assert_eq!(got, first, "{action}@{reference} {comment:?}");
        }
    }

    #[test]
    fn the_table_gets_old_half_a_year_after_its_date() {
        let days = |days: u64| REVIEWED_AT + days * 86_400;
        assert!(!is_old(REVIEWED_AT) && !is_old(days(183)) && is_old(days(184)));
        // 2026-11-27: 56 years, 14 leap days among them, and 330 days of the year.
        assert_eq!(
            (REVIEWED, REVIEWED_AT),
            ("2026-11-27", (56 * 365 + 14 + 330) * 86_400)
        );
    }
}
