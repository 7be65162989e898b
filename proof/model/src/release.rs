//! A release, draft or not, in two bytes: what its files hold, and what became of it.

use crate::setup::Design;

/// What a file of a release holds, as four bits.
///
/// The candidate of a pull request, a head and an attempt is one number; two attempts of one head have the same sources and
/// other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Content(pub u8);

impl Content {
    /// There is no such file.
    pub const ABSENT: Self = Self(0);
    /// There is one without bytes: the state `starter`.
    pub const STARTER: Self = Self(1);
    /// Bytes of nobody's candidate.
    pub const JUNK: Self = Self(2);

    /// What a run of an edited workflow made, which names a reviewed head all the same.
    pub const FOREIGN: Self = Self(15);

    /// What was built from a head in an attempt.
    pub fn candidate(pull: u8, head: u8, attempt: u8) -> Self {
        Self(3 + pull * 6 + head * 2 + attempt)
    }

    /// Whether it is a candidate's.
    pub fn is_candidate(self) -> bool {
        self.0 >= 3 && self != Self::FOREIGN
    }

    /// The sources of a candidate.
    pub fn sources(self) -> u8 {
        self.0.saturating_sub(3) / 2
    }
}

/// The sources of a head.
pub fn sources(pull: u8, head: u8) -> u8 {
    Content::candidate(pull, head, 0).sources()
}

/// A release, draft or not: its executables, and the receipt that lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Draft(u16);

impl Draft {
    /// A new draft of a promoter.
    pub fn new() -> Self {
        Self(1 << 8)
    }
    /// Whether it is there at all.
    pub fn exists(self) -> bool {
        self.0 & (1 << 8) != 0
    }
    /// One of its two files: 0 the executables, 1 the receipt.
    pub fn file(self, at: u8) -> Content {
        Content(((self.0 >> (4 * at)) & 0xF) as u8)
    }
    /// Puts a file there.
    pub fn put(&mut self, at: u8, content: Content) {
        self.0 = (self.0 & !(0xF << (4 * at))) | (u16::from(content.0) << (4 * at));
    }
    /// Whether it is public.
    pub fn published(self) -> bool {
        self.0 & (1 << 9) != 0
    }
    /// Makes it public.
    pub fn publish(&mut self) {
        self.0 |= 1 << 9;
    }
    /// Whether its promoter read it back, and asked to publish it: nobody looks at it again before it is public.
    pub fn asked(self) -> bool {
        self.0 & (1 << 10) != 0
    }
    /// Notes that its promoter did.
    pub fn ask(&mut self) {
        self.0 |= 1 << 10;
    }
    /// Whether somebody changed it in that gap.
    pub fn edited_in_the_gap(self) -> bool {
        self.0 & (1 << 11) != 0
    }
    /// Notes that somebody did.
    pub fn edit_in_the_gap(&mut self) {
        self.0 |= 1 << 11;
    }
    /// Whether a writer made it by hand, with a receipt that claims a promotion.
    pub fn forged(self) -> bool {
        self.0 & (1 << 12) != 0
    }
    /// Makes it such a one.
    pub fn forge(&mut self) {
        self.0 |= 1 << 12;
    }
    /// Whether its tag points to another commit than was promoted.
    pub fn tagged_elsewhere(self) -> bool {
        self.0 & (1 << 13) != 0
    }
    /// Notes that it does.
    pub fn tag_elsewhere(&mut self) {
        self.0 |= 1 << 13;
    }
    /// Whether it holds all of one candidate and nothing else, was published by a promotion, and its tag names what was promoted.
    pub fn whole(self) -> bool {
        self.looks_whole(Design::Lockgate)
    }
    /// Whether a promoter or a gate of a design takes it for whole.
    pub fn looks_whole(self, design: Design) -> bool {
        self.file(0).is_candidate()
            && self.file(0) == self.file(1)
            && (!self.forged() || design == Design::BelieveReceipts)
            && (!self.tagged_elsewhere() || design == Design::TrustTheTag)
    }
}
