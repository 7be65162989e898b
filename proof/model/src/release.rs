//! A release, draft or not, in two bytes: the content of its files, and its history.

use crate::setup::Design;

/// The content of a release's file, as four bits.
///
/// The candidate of a pull request, a head and an attempt is one number; two attempts of one head have the same sources
/// and different bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content(pub u8);

impl Content {
    /// The file does not exist.
    pub const ABSENT: Self = Self(0);
    /// A file without bytes: the state `starter`.
    pub const STARTER: Self = Self(1);
    /// Bytes that belong to no candidate.
    pub const JUNK: Self = Self(2);

    /// The output of an edited workflow's run, which still names a reviewed head.
    pub const FOREIGN: Self = Self(15);

    /// Returns the candidate built from a head in an attempt.
    pub fn candidate(pull: u8, head: u8, attempt: u8) -> Self {
        Self(3 + pull * 6 + head * 2 + attempt)
    }

    /// Returns whether it is a candidate's.
    pub fn is_candidate(self) -> bool {
        self.is_built() && self != Self::FOREIGN
    }

    /// Returns whether it is the output of a run.
    pub fn is_built(self) -> bool {
        self.0 >= 3
    }

    /// Returns the pull request, the head and the attempt of a candidate.
    pub fn built_from(self) -> (u8, u8, u8) {
        let number = self.0.saturating_sub(3);
        (number / 6, number % 6 / 2, number % 2)
    }

    /// Returns the sources of a candidate.
    pub fn sources(self) -> u8 {
        self.0.saturating_sub(3) / 2
    }
}

/// Returns the sources of a head.
pub fn sources(pull: u8, head: u8) -> u8 {
    Content::candidate(pull, head, 0).sources()
}

/// A release, draft or not: its executables, and the receipt that lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Draft(u16);

impl Draft {
    /// Creates a promoter's new draft.
    pub fn new() -> Self {
        Self(1 << 8)
    }
    /// Returns whether it exists.
    pub fn exists(self) -> bool {
        self.0 & (1 << 8) != 0
    }
    /// Returns one of its two files: 0 for the executables, 1 for the receipt.
    pub fn file(self, at: u8) -> Content {
        Content(((self.0 >> (4 * at)) & 0xF) as u8)
    }
    /// Sets a file.
    pub fn put(&mut self, at: u8, content: Content) {
        self.0 = (self.0 & !(0xF << (4 * at))) | (u16::from(content.0) << (4 * at));
    }
    /// Returns whether it is published.
    pub fn published(self) -> bool {
        self.0 & (1 << 9) != 0
    }
    /// Publishes it.
    pub fn publish(&mut self) {
        self.0 |= 1 << 9;
    }
    /// Returns whether its promoter read it back and asked to publish it: it is not read again before it is published.
    pub fn asked(self) -> bool {
        self.0 & (1 << 10) != 0
    }
    /// Records that its promoter asked to publish it.
    pub fn ask(&mut self) {
        self.0 |= 1 << 10;
    }
    /// Returns whether it was changed between the read-back and publishing.
    pub fn edited_in_the_gap(self) -> bool {
        self.0 & (1 << 11) != 0
    }
    /// Records that it was changed between the read-back and publishing.
    pub fn edit_in_the_gap(&mut self) {
        self.0 |= 1 << 11;
    }
    /// Returns whether a writer created it by hand, with a receipt that claims a promotion.
    pub fn forged(self) -> bool {
        self.0 & (1 << 12) != 0
    }
    /// Records that a writer created it by hand.
    pub fn forge(&mut self) {
        self.0 |= 1 << 12;
    }
    /// Returns whether its tag points to another commit than was promoted.
    pub fn tagged_elsewhere(self) -> bool {
        self.0 & (1 << 13) != 0
    }
    /// Records that its tag points to another commit.
    pub fn tag_elsewhere(&mut self) {
        self.0 |= 1 << 13;
    }
    /// Returns whether it holds exactly one complete candidate, was published by a promotion, and its tag points to the
    /// promoted commit.
    pub fn whole(self) -> bool {
        self.looks_whole(Design::Lockgate)
    }
    /// Returns whether a promoter or a gate of a design considers it complete.
    pub fn looks_whole(self, design: Design) -> bool {
        self.file(0).is_candidate()
            && self.file(0) == self.file(1)
            && (!self.forged() || design == Design::BelieveReceipts)
            && (!self.tagged_elsewhere() || design == Design::TrustTheTag)
    }
}
