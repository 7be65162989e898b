//! Variants of the code that are broken on purpose. Each is a lie told to the machine about one effect, or to a decision about
//! one fact, so that the product's code carries none of it. Each must be caught.

/// One broken variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sabotage {
    /// A draft that somebody else has begun is taken over, and files in it that differ are replaced.
    AdoptDraft,
    /// After an upload without an answer, the file is looked at, deleted where it is not right, and sent again.
    DeleteAndRetry,
    /// A release that is not seen after a lost answer was not published.
    ConcludeFromAbsence,
    /// And so the promotion begins anew, and asks to publish once more.
    PublishAgain,
    /// The draft is not read back.
    SkipReadBack,
    /// The draft is published before its last file is sent.
    PublishEarly,
    /// A `starter` counts as a file.
    IgnoreStarter,
    /// Nothing is read again before the commit point.
    SkipRecheck,
    /// No answer to publish is taken for a yes.
    TrustPublish,
    /// The published release is not read as anybody would.
    SkipPublicRead,
    /// A release that another made, of other bytes, counts as one's own.
    IgnoreOtherBytes,
    /// Anybody may promote.
    SkipRole,
    /// A promotion in a workflow does not look at its environment.
    SkipEnvironment,
    /// What the artifact holds is not compared with the manifest, and the draft is not read back.
    SkipBytes,
    /// The gate of a merge group does not know what the version was where its pull request left the base branch.
    GroupIgnoresFork,
    /// The gate does not compare sources.
    GateIgnoresSources,
    /// The gate does not look whether a release is what its receipt says.
    GateIgnoresBroken,
    /// A status has one context for all base branches.
    ShareStatuses,
    /// The newest run of a head is taken, whatever pull request, repository or base branch it ran for.
    TakeNewestRun,
    /// A release is a promotion's if its receipt says so, whoever published it.
    BelieveReceipts,
    /// The same where a promotion finds that another release came first.
    BelieveTheWinner,
    /// A release of the bytes of some run of the head is a promotion's, whatever it says of them, and whatever that run executed.
    BelieveSameBytes,
    /// After the publish nobody looks where the tag points to.
    TrustTheTag,
    /// Nobody compares what the merge changes of the names that users follow.
    IgnoreNames,
}

/// A broken variant, what it is called, and the number of schedules within which it has to be caught.
pub const ALL: [(Sabotage, &str, u64); 24] = [
    (Sabotage::AdoptDraft, "adopt-draft", 100),
    (Sabotage::DeleteAndRetry, "delete-and-retry", 50_000),
    (
        Sabotage::ConcludeFromAbsence,
        "conclude-from-absence",
        5_000,
    ),
    (Sabotage::PublishAgain, "publish-again", 3_000),
    (Sabotage::SkipReadBack, "skip-read-back", 500),
    (Sabotage::PublishEarly, "publish-early", 100),
    (Sabotage::IgnoreStarter, "ignore-starter", 500),
    (Sabotage::SkipRecheck, "skip-recheck", 100),
    (Sabotage::TrustPublish, "trust-publish", 1_000),
    (Sabotage::SkipPublicRead, "skip-public-read", 1_000),
    (Sabotage::IgnoreOtherBytes, "ignore-other-bytes", 200),
    (Sabotage::SkipRole, "skip-role", 500),
    (Sabotage::SkipEnvironment, "skip-environment", 1_000),
    (Sabotage::SkipBytes, "skip-bytes", 500),
    (Sabotage::GateIgnoresSources, "gate-ignores-sources", 100),
    (Sabotage::GroupIgnoresFork, "group-ignores-fork", 20_000),
    (Sabotage::GateIgnoresBroken, "gate-ignores-broken", 2_000),
    (Sabotage::ShareStatuses, "share-statuses", 500),
    (Sabotage::TakeNewestRun, "take-newest-run", 1_000),
    (Sabotage::BelieveReceipts, "believe-receipts", 500),
    (Sabotage::BelieveTheWinner, "believe-the-winner", 5_000),
    (Sabotage::BelieveSameBytes, "believe-same-bytes", 20_000),
    (Sabotage::TrustTheTag, "trust-the-tag", 5_000),
    (Sabotage::IgnoreNames, "ignore-names", 500),
];
