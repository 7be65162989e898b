//! What is searched: how many promoters, how many faults, which rules the repository has, which design the promoters follow.

/// The most promoters that a state has room for.
pub const PROMOTERS: usize = 3;
/// How many pull requests want the same version.
pub const PULLS: usize = 2;

/// One search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// For each promoter the pull request that it promotes.
    pub promoters: Vec<u8>,
    /// How many calls go wrong, and promoters crash, in all.
    pub faults: u8,
    /// How often somebody pushes, runs again, deletes, edits or forges, in all.
    pub mischief: u8,
    /// What the forge enforces.
    pub rules: Rules,
    /// What the promoters do.
    pub design: Design,
}

impl Setup {
    /// Two promoters, of one pull request each, and two faults: seconds.
    pub fn small() -> Self {
        Self {
            promoters: vec![0, 1],
            faults: 2,
            mischief: 1,
            rules: Rules::default(),
            design: Design::Lockgate,
        }
    }

    /// The basic level: a writer can make releases and tags by hand. Then what is public may be anything; but no gate is green on
    /// it, and no promotion reports a success that is none.
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

    /// Three promoters, two of them of one pull request, and three faults: minutes.
    pub fn large() -> Self {
        Self {
            promoters: vec![0, 0, 1],
            faults: 3,
            ..Self::small()
        }
    }
}

/// What the forge enforces. Each rule that is off breaks a promise, and the search has to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Only the promoters can make the package's tags, and so publish under them.
    pub tags_are_reserved: bool,
    /// A published release is frozen.
    pub releases_are_immutable: bool,
    /// Only the gate's own status counts.
    pub status_is_bound: bool,
    /// What a merge has to be like.
    pub merging: Merging,
}

/// What is merged, and which statuses that takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// A head that is green and contains the tip of the base branch.
    UpToDate,
    /// What a merge queue has made of heads, commit by commit, each of which is green itself (`ALLGREEN`).
    Queue,
    /// A rule is missing: a green head, whatever has become of the base branch.
    Lagging,
    /// A rule is missing: all that a merge queue has made where the last commit of it is green (`HEADGREEN`).
    QueueOfGroups,
    /// A rule is missing: what a merge queue has made of green heads.
    QueueOfHeads,
}

impl Merging {
    /// Whether there is a merge queue.
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

/// What the promoters do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// What `core::promote` does.
    Lockgate,
    /// Rejected: who finds a draft of the tag takes it over, and replaces the files that are not its own.
    AdoptDrafts,
    /// Rejected: after an answer that does not tell, look, and where the file is not right delete it and send it again.
    DeleteAndRetry,
    /// Rejected: what is not there after a lost answer did not happen.
    ConcludeFromAbsence,
    /// Rejected: what was sent is not read back before it is published.
    TrustTheDraft,
    /// Rejected: a status belongs to a commit alone, whatever the base branch it was decided for.
    ShareStatuses,
    /// Rejected: the newest run of a head is taken, whatever the pull request that it ran for.
    TakeNewestRun,
    /// Rejected: a release is taken for a promoter's because its receipt says so; nobody asks who published it.
    BelieveReceipts,
    /// Rejected: nobody looks where the tag of a release points to.
    TrustTheTag,
}

impl Design {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Lockgate,
        Self::AdoptDrafts,
        Self::DeleteAndRetry,
        Self::ConcludeFromAbsence,
        Self::TrustTheDraft,
        Self::ShareStatuses,
        Self::TakeNewestRun,
        Self::BelieveReceipts,
        Self::TrustTheTag,
    ];
}
