//! Every class of ambiguity in a zip, as changes to the parts of an honest one: attacks, which have to be refused, and
//! leeway, which may be accepted.
//!
//! The tests run the tables, the pairs and random combinations of changes; the fuzz target lets bytes choose the
//! combination. This module does not know how a zip is read.

use super::zips::Parts;

mod content;
mod descriptors;
mod entries;
mod features;
mod headers;
mod names;
mod places;
mod zip64;

/// A class of ambiguity in a zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Duplicates, folders, case, look-alikes, lengths.
    Names,
    /// UTF-8 or code page 437, the flag for it, the extra field with another name.
    Encodings,
    /// The number of entries, and the recorded number.
    Counts,
    /// Where the records begin and end, and on which disk.
    Offsets,
    /// Sizes and CRC after the content: present or not, with or without signature, true or not.
    Descriptors,
    /// Encryption, patches, masked headers.
    Flags,
    /// How the content is compressed.
    Methods,
    /// The version needed, and the system that made the zip.
    Versions,
    /// Bytes between the records.
    Gaps,
    /// Records that share bytes.
    Overlaps,
    /// Bytes before the first record.
    Prefixes,
    /// Bytes after the last record.
    Suffixes,
    /// The 64-bit form of each field and record.
    Zip64,
    /// Fields that can override others.
    ExtraFields,
    /// The type of file and its permissions.
    Attributes,
    /// Text that can hold records.
    Comments,
    /// Local header, descriptor and directory against each other, field by field.
    Disagreements,
    /// The content against what the records say of it.
    Contents,
}

impl Class {
    pub(crate) const ALL: [Self; 18] = [
        Self::Names,
        Self::Encodings,
        Self::Counts,
        Self::Offsets,
        Self::Descriptors,
        Self::Flags,
        Self::Methods,
        Self::Versions,
        Self::Gaps,
        Self::Overlaps,
        Self::Prefixes,
        Self::Suffixes,
        Self::Zip64,
        Self::ExtraFields,
        Self::Attributes,
        Self::Comments,
        Self::Disagreements,
        Self::Contents,
    ];

    /// Returns whether the profile allows variations in this class.
    pub(crate) fn has_leeway(self) -> bool {
        match self {
            Self::Names
            | Self::Encodings
            | Self::Descriptors
            | Self::Flags
            | Self::Methods
            | Self::Versions
            | Self::Attributes
            | Self::Contents => true,
            Self::Counts
            | Self::Offsets
            | Self::Gaps
            | Self::Overlaps
            | Self::Prefixes
            | Self::Suffixes
            | Self::Zip64
            | Self::ExtraFields
            | Self::Comments
            | Self::Disagreements => false,
        }
    }
}

/// One change to an honest zip.
pub(crate) struct Change {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    pub(crate) make: fn(&mut Parts),
    /// The codes that it may be refused with; empty for leeway.
    pub(crate) codes: &'static [&'static str],
}

impl Change {
    pub(crate) fn is_attack(&self) -> bool {
        !self.codes.is_empty()
    }
}

/// A table of changes: for each class what has to be refused, and after `/` what may be accepted. Each also becomes a
/// test of its own.
macro_rules! changes {
    ($($class:ident {
        $($attack:ident: $lie:expr => $($code:literal)|+;)*
    } $(/ {
        $($leeway:ident: $choice:expr;)*
    })?)*) => {
        pub(super) const CHANGES: &[$crate::attacks::Change] = &[$(
            $($crate::attacks::Change {
                name: stringify!($attack),
                class: $crate::attacks::Class::$class,
                make: $lie,
                codes: &[$($code),+],
            },)*
            $($($crate::attacks::Change {
                name: stringify!($leeway),
                class: $crate::attacks::Class::$class,
                make: $choice,
                codes: &[],
            },)*)?
        )*];

        $(
            $(#[test]
            fn $attack() {
                $crate::zip_refuses::refused(stringify!($attack));
            })*
            $($(#[test]
            fn $leeway() {
                $crate::zip_accepts::accepted(stringify!($leeway));
            })*)?
        )*
    };
}
use changes;

/// Returns all changes, always in the same order.
pub(crate) fn all() -> impl Iterator<Item = &'static Change> + Clone {
    [
        names::CHANGES,
        entries::CHANGES,
        places::CHANGES,
        headers::CHANGES,
        descriptors::CHANGES,
        zip64::CHANGES,
        features::CHANGES,
        content::CHANGES,
    ]
    .into_iter()
    .flatten()
}

/// Derives a zip from bytes: the content, its compression, a combination of changes, and single bytes overwritten at
/// the end. Any bytes are valid input, and similar bytes give similar zips, so that a fuzzer can make progress.
pub(crate) fn chosen(bytes: &[u8]) -> (Parts, Vec<u8>) {
    let mut bytes = bytes.iter().copied();
    let mut next = || bytes.next().unwrap_or(0);
    let (level, length, changes) = (next() % 10, next(), next() % 6);
    let plain: Vec<u8> = (0..length).map(|n| b'a' + n % 7).collect();
    let mut parts = Parts::new(&plain, level.into());
    let count = all().count();
    for _ in 0..changes {
        let at = usize::from(u16::from_le_bytes([next(), next()])) % count;
        if let Some(change) = all().nth(at) {
            (change.make)(&mut parts);
        }
    }
    let mut zip = parts.bytes();
    for _ in 0..next() % 4 {
        let at = usize::from(u16::from_le_bytes([next(), next()])) % zip.len().max(1);
        let value = next();
        if let Some(byte) = zip.get_mut(at) {
            *byte = value;
        }
    }
    (parts, zip)
}
