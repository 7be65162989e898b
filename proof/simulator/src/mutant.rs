//! Deliberately broken variants of the code. Each falsifies the result of one effect for the machine, or one fact for a
//! decision, so that the product's code contains none of it. Each must be caught.

/// One broken variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// Adopts a draft of another promotion, and replaces files in it that differ.
    AdoptDraft,
    /// After an upload without a response, checks the file, deletes it if it is wrong, and uploads it again.
    DeleteAndRetry,
    /// Concludes from a missing release after a lost response that it was not published.
    ConcludeFromAbsence,
    /// Starts the promotion again after that, and publishes once more.
    PublishAgain,
    /// Does not read the draft back.
    SkipReadBack,
    /// Publishes the draft before its last file is uploaded.
    PublishEarly,
    /// Counts a `starter` as a file.
    IgnoreStarter,
    /// Reads nothing again before the commit point.
    SkipRecheck,
    /// Takes a missing response to publish for success.
    TrustPublish,
    /// Does not read the published release anonymously.
    SkipPublicRead,
    /// Counts another promotion's release with other bytes as its own.
    IgnoreOtherBytes,
    /// Lets any account promote.
    SkipRole,
    /// Does not check the environment of a promotion in a workflow.
    SkipEnvironment,
    /// Does not compare the artifact with the manifest, and does not read the draft back.
    SkipBytes,
    /// The gate of a merge group ignores the version at which its pull request left the base branch.
    GroupIgnoresFork,
    /// The gate does not compare sources.
    GateIgnoresSources,
    /// The gate does not check whether a release matches its receipt.
    GateIgnoresBroken,
    /// Uses one context for all base branches.
    ShareStatuses,
    /// Uses the newest run of a head, whatever pull request, repository or base branch it ran for.
    TakeNewestRun,
    /// Counts a release as a promotion's if its receipt says so, whatever its origin.
    BelieveReceipts,
    /// Does the same only if a promotion finds that another release came first.
    BelieveTheWinner,
    /// Counts a release with the bytes of any run of the head as a promotion's, whatever it claims and whatever that
    /// run executed.
    BelieveSameBytes,
    /// Does not check the tag after publishing.
    TrustTheTag,
    /// Does not compare the names that users follow with those of the merge.
    IgnoreNames,
}

/// Each broken variant, its name, and the number of schedules within which it has to be caught.
pub const ALL: [(Mutant, &str, u64); 24] = [
    (Mutant::AdoptDraft, "adopt-draft", 100),
    (Mutant::DeleteAndRetry, "delete-and-retry", 50_000),
    (Mutant::ConcludeFromAbsence, "conclude-from-absence", 5_000),
    (Mutant::PublishAgain, "publish-again", 3_000),
    (Mutant::SkipReadBack, "skip-read-back", 500),
    (Mutant::PublishEarly, "publish-early", 100),
    (Mutant::IgnoreStarter, "ignore-starter", 500),
    (Mutant::SkipRecheck, "skip-recheck", 100),
    (Mutant::TrustPublish, "trust-publish", 1_000),
    (Mutant::SkipPublicRead, "skip-public-read", 1_000),
    (Mutant::IgnoreOtherBytes, "ignore-other-bytes", 200),
    (Mutant::SkipRole, "skip-role", 500),
    (Mutant::SkipEnvironment, "skip-environment", 1_000),
    (Mutant::SkipBytes, "skip-bytes", 500),
    (Mutant::GateIgnoresSources, "gate-ignores-sources", 100),
    (Mutant::GroupIgnoresFork, "group-ignores-fork", 20_000),
    (Mutant::GateIgnoresBroken, "gate-ignores-broken", 2_000),
    (Mutant::ShareStatuses, "share-statuses", 500),
    (Mutant::TakeNewestRun, "take-newest-run", 1_000),
    (Mutant::BelieveReceipts, "believe-receipts", 500),
    (Mutant::BelieveTheWinner, "believe-the-winner", 5_000),
    (Mutant::BelieveSameBytes, "believe-same-bytes", 20_000),
    (Mutant::TrustTheTag, "trust-the-tag", 5_000),
    (Mutant::IgnoreNames, "ignore-names", 500),
];
