//! The parameters of a search: the promoters, the number of faults, the rules of the repository, and the promoters'
//! design.

/// The most promoters in a state.
pub const PROMOTERS: usize = 3;
/// The number of pull requests for the same version.
pub const PULLS: usize = 2;

/// The parameters of one search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The pull request of each promoter.
    pub promoters: Vec<u8>,
    /// The total number of faulty calls and crashes.
    pub faults: u8,
    /// The total number of pushes, re-runs, deletions, edits and forgeries.
    pub adversary: u8,
    /// The rules that GitHub enforces.
    pub rules: Rules,
    /// The design of the promoters.
    pub design: Design,
}

impl Setup {
    /// Two promoters, with one pull request each, and two faults: takes seconds.
    pub fn small() -> Self {
        Self {
            promoters: vec![0, 1],
            faults: 2,
            adversary: 1,
            rules: Rules::default(),
            design: Design::Lockgate,
        }
    }

    /// The basic level: a writer can create releases and tags by hand. Anything may then be published; but no gate is
    /// green on it, and no promotion reports a false success.
    pub fn basic() -> Self {
        let rules = Rules {
            tags_are_reserved: false,
            ..Rules::default()
        };
        Self {
            rules,
            faults: 1,
            ..Self::small()
        }
    }

    /// Three promoters, two of them for one pull request, and three faults: takes minutes.
    pub fn large() -> Self {
        Self {
            promoters: vec![0, 0, 1],
            faults: 3,
            ..Self::small()
        }
    }
}

/// The rules that GitHub enforces. Without any one of them a promise is violated, and the search has to find that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Only the promoters can create the package's tags, and so publish under them.
    pub tags_are_reserved: bool,
    /// A published release is immutable.
    pub releases_are_immutable: bool,
    /// Only the gate's own status counts.
    pub status_is_bound: bool,
    /// The requirements for a merge.
    pub merging: Merging,
}

/// What is merged, and which statuses are required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// A green head that contains the tip of the base branch.
    UpToDate,
    /// The merge queue's commits, each of which is green itself (`ALLGREEN`).
    Queue,
    /// A missing rule: a green head, even if the base branch has moved.
    Lagging,
    /// A missing rule: all of the merge queue's commits if the last one is green (`HEADGREEN`).
    QueueOfGroups,
    /// A missing rule: the merge queue's commits of green heads.
    QueueOfHeads,
}

impl Merging {
    /// Returns whether there is a merge queue.
    pub fn queues(self) -> bool {
        match self {
            Self::Queue | Self::QueueOfGroups | Self::QueueOfHeads => true,
            Self::UpToDate | Self::Lagging => false,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            tags_are_reserved: true,
            releases_are_immutable: true,
            status_is_bound: true,
            merging: Merging::UpToDate,
        }
    }
}

/// The design of the promoters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// The design of `core::promote`.
    Lockgate,
    /// Rejected: a promoter that finds a draft of the tag adopts it, and replaces the files that are not its own.
    AdoptDrafts,
    /// Rejected: after an inconclusive response, check the file; if it is wrong, delete it and upload it again.
    DeleteAndRetry,
    /// Rejected: what does not exist after a lost response did not happen.
    ConcludeFromAbsence,
    /// Rejected: the draft is not read back before it is published.
    TrustTheDraft,
    /// Rejected: a status belongs to a commit alone, whatever base branch it was decided for.
    ShareStatuses,
    /// Rejected: the newest run of a head is used, whatever pull request it ran for.
    TakeNewestRun,
    /// Rejected: a release counts as a promoter's because its receipt says so, without checking its origin.
    BelieveReceipts,
    /// Rejected: the tag of a release is not checked.
    TrustTheTag,
    /// Rejected: the draft is published as soon as its executables are in it.
    PublishEarly,
    /// Rejected: the published release is not read as an anonymous client reads it.
    TrustThePublish,
    /// Rejected: any complete release of the tag counts as the promoter's own, whatever its sources.
    BelieveTheWinner,
}

impl Design {
    /// All designs.
    pub const ALL: [Self; 12] = [
        Self::Lockgate,
        Self::AdoptDrafts,
        Self::DeleteAndRetry,
        Self::ConcludeFromAbsence,
        Self::TrustTheDraft,
        Self::ShareStatuses,
        Self::TakeNewestRun,
        Self::BelieveReceipts,
        Self::TrustTheTag,
        Self::PublishEarly,
        Self::TrustThePublish,
        Self::BelieveTheWinner,
    ];
}
