//! The two third-party actions that the workflows use, each pinned by a full commit id. To move a pin, change it here
//! only.

use std::collections::BTreeMap;

/// A third-party action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Checks out a commit.
    Checkout,
    /// Stores a file with the run.
    UploadArtifact,
}

/// A pin: the commit, and the version it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// 40 lower-case hexadecimal digits.
    pub commit: String,
    /// Such as `v7.0.1`.
    pub version: String,
}

/// The pins of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pins(BTreeMap<Action, Pin>);

impl Action {
    /// All actions that are used; no more than two.
    pub const ALL: [Self; 2] = [Self::Checkout, Self::UploadArtifact];

    /// Returns the action's repository.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checkout => "actions/checkout",
            Self::UploadArtifact => "actions/upload-artifact",
        }
    }

    /// Returns the pin that is written unless a file has another one.
    fn pin(self) -> (&'static str, &'static str) {
        match self {
            Self::Checkout => ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
            Self::UploadArtifact => ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
        }
    }
}

impl Pins {
    /// Reads the pins of an existing file: a bot or a user may have moved them. The default pin applies if a file
    /// contradicts itself, or names a version that no longer starts.
    pub fn of(text: &str) -> Self {
        let mut found = BTreeMap::new();
        for action in Action::ALL {
            let mut all = text.lines().filter_map(|row| pin_in(row, action));
            if let Some(first) = all.next()
                && all.all(|other| other == first)
                && crate::runtime::first_that_starts(
                    action.name(),
                    &first.commit,
                    Some(&first.version),
                )
                .is_none()
            {
                found.insert(action, first);
            }
        }
        Self(found)
    }

    /// Returns `NAME@COMMIT`, and the version for the comment.
    pub fn uses(&self, action: Action) -> (String, String) {
        let (commit, version) = match self.0.get(&action) {
            Some(pin) => (pin.commit.as_str(), pin.version.as_str()),
            None => action.pin(),
        };
        (format!("{}@{commit}", action.name()), version.to_owned())
    }
}

/// Parses `uses: NAME@<40 hexadecimal digits> # VERSION`, and nothing else.
fn pin_in(row: &str, action: Action) -> Option<Pin> {
    let row = row.trim();
    let row = row.strip_prefix("- ").unwrap_or(row);
    let pin = row
        .strip_prefix("uses: ")?
        .strip_prefix(action.name())?
        .strip_prefix('@')?;
    let (commit, version) = pin.split_once(" # ")?;
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let tame = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    let fine = commit.len() == 40
        && commit.bytes().all(hex)
        && (1..=40).contains(&version.len())
        && version.bytes().all(tame);
    fine.then(|| Pin {
        commit: commit.to_owned(),
        version: version.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_commit_of_the_same_action_is_a_moved_pin() {
        let full = "1".repeat(40);
        let fine = format!("  - uses: actions/checkout@{full} # v5.0.0\n");
        let moved = Pins::of(&fine).uses(Action::Checkout);
        assert_eq!(
            moved,
            (format!("actions/checkout@{full}"), "v5.0.0".to_owned())
        );
        let ours = Pins::default().uses(Action::Checkout);
        for text in [
            "- uses: actions/checkout@v5 # v5".to_owned(),
            format!("- uses: actions/checkout@{full}"),
            format!("- uses: evil/checkout@{full} # v5"),
            format!("- uses: actions/checkout@{full} # v5 x"),
            format!("{fine}- uses: actions/checkout@{} # v6\n", "2".repeat(40)),
            format!("- uses: actions/checkout@{full} # v4.2.2"),
        ] {
            assert_eq!(Pins::of(&text).uses(Action::Checkout), ours, "{text}");
        }
    }
}
