//! The facts that were read before a promotion is decided. Plain observations without any judgement.

use std::fmt;

use super::approval::{Approved, Changes};
use super::runs::BaseHistory;
use crate::config::{Package, RECEIPT_ASSET, SUMS_ASSET};
use crate::detect;
use crate::document::{Candidate, DocumentProblem, Receipt};
use crate::ids::{
    ArtifactId, AssetName, Attempt, BranchName, CommitId, Digest, Fingerprint, Login, ObjectId,
    PullNumber, ReleaseId, RepositoryId, RepositoryName, Role, RunId, Tag, Timestamp, WorkflowId,
};
use crate::settings::{Environment, Reading};

/// The environment that the workflow of a promotion names.
pub const ENVIRONMENT: &str = "release";

/// The facts that the decision depends on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The head that the maintainer reviewed, if given.
    pub expect_head: Option<CommitId>,
    /// The approved plan, if given.
    pub approved: Option<Approved>,
    /// The pull request's changes that affect the build; shown, not judged.
    pub changes: Changes,
    /// The account that asks.
    pub actor: ActorFacts,
    /// The settings of the environment of the workflow's job; `None` if the promotion does not run in a workflow.
    pub environment: Option<Reading<Environment>>,
    /// The package, as the head describes it.
    pub package: Package,
    /// The id of the repository.
    pub repository_id: RepositoryId,
    /// The name of the repository.
    pub repository: RepositoryName,
    /// Whether the repository is not public.
    pub private: bool,
    /// The pull request.
    pub pull: PullFacts,
    /// The repository's default branch.
    pub default_branch: BranchName,
    /// The context of the gate of its base branch; `None` if the branch has none. See [`crate::gate::context`].
    pub context: Option<String>,
    /// The current tip of its base branch.
    pub base_commit: CommitId,
    /// The current decision of detect for head, base and merge.
    pub detected: detect::Decision,
    /// The fingerprint of the head's tree, computed by us.
    pub head_fingerprint: Fingerprint,
    /// The fingerprint of the merge's tree; `None` if there is a conflict.
    pub merged_fingerprint: Option<Fingerprint>,
    /// The workflow that builds, in head and base.
    pub workflow: WorkflowFacts,
    /// The newest run of that workflow for the head, or the requested run.
    pub run: Option<RunFacts>,
    /// The other bases against which the head may have been built; empty if the run does not depend on one.
    pub history: BaseHistory,
    /// The artifacts of the run.
    pub artifacts: Vec<ArtifactFacts>,
    /// The manifest of the candidate.
    pub candidate: CandidateFacts,
    /// The release under the tag.
    pub release: ReleaseFacts,
    /// An existing tag below the name of the version's tag, which prevents its creation.
    pub blocked: Option<String>,
    /// The current time, in seconds since 1970-01-01 UTC.
    pub now: u64,
    /// Lockgate's version, for the receipt.
    pub lockgate: String,
}

/// The account that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorFacts {
    /// The name of the account.
    pub login: Login,
    /// The role of the account.
    pub role: Role,
}

/// A pull request as GitHub reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullFacts {
    /// The number of the pull request.
    pub number: PullNumber,
    /// The state: open, merged or closed.
    pub state: PullState,
    /// The newest commit.
    pub head: CommitId,
    /// The branch of the head: untrusted text.
    pub head_branch: String,
    /// The repository of the head; `None` if that repository was deleted.
    pub head_repository: Option<RepositoryId>,
    /// The base branch.
    pub base: BranchName,
}

/// The state of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    /// Open.
    Open,
    /// Merged into the base branch. A promotion then publishes what should have been published before the merge.
    Merged,
    /// Closed without a merge.
    Closed,
}

/// The build workflow's file in head and base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowFacts {
    /// The required path.
    pub path: String,
    /// The git object in the head.
    pub in_head: Option<ObjectId>,
    /// The git object in the base.
    pub in_base: Option<ObjectId>,
    /// Paths below `.github/workflows/` that differ between head and base.
    pub changed: Vec<String>,
}

/// A workflow run as GitHub reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// The id of the run.
    pub id: RunId,
    /// The newest attempt.
    pub attempt: Attempt,
    /// The outcome of the run.
    pub outcome: RunOutcome,
    /// The triggering event, such as `pull_request`.
    pub event: String,
    /// The commit it ran for.
    pub head: CommitId,
    /// The branch it ran for: untrusted text.
    pub head_branch: Option<String>,
    /// The repository of that commit.
    pub head_repository: Option<RepositoryId>,
    /// The time when its first attempt was queued.
    pub created: Option<Timestamp>,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The path of the workflow file.
    pub workflow_path: String,
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOutcome {
    /// The run has not ended.
    Running,
    /// Every job succeeded.
    Succeeded,
    /// GitHub's name for any other conclusion: `failure`, `cancelled`, `timed_out`, ...
    Failed(String),
}

/// A workflow artifact as GitHub reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFacts {
    /// The id of the artifact.
    pub id: ArtifactId,
    /// The name of the artifact: untrusted text.
    pub name: String,
    /// The stored size in bytes.
    pub size: u64,
    /// The digest of the stored bytes, if GitHub reports one.
    pub sha256: Option<Digest>,
    /// Whether it has expired and can no longer be read.
    pub expired: bool,
    /// The run it belongs to, if GitHub reports it.
    pub run: Option<RunId>,
    /// The repository of that run's head.
    pub head_repository: Option<RepositoryId>,
    /// The branch of that run's head: untrusted text.
    pub head_branch: Option<String>,
    /// The head commit of that run.
    pub head: Option<CommitId>,
}

/// The manifest of the candidate, if it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateFacts {
    /// There was no manifest to read, or its name could not be determined.
    Absent,
    /// The manifest exists and could not be read.
    Unreadable(DocumentProblem),
    /// The manifest was read.
    Read(Candidate),
}

/// The release under the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseFacts {
    /// Neither tag nor release.
    Absent,
    /// A tag without a release.
    TagOnly,
    /// A release whose receipt is not publicly readable yet though GitHub lists it, with the reason.
    NotReadable(String),
    /// A published release.
    Published(Box<PublishedRelease>),
}

/// Whether a release was published by a promotion, as far as can be determined. A receipt is text that anyone can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseOrigin {
    /// Published by the App, by a workflow's promotion that kept this very receipt, or by the maintainer whom the receipt names.
    Promotion,
    /// Published by an account that any workflow can use, and no promotion has kept this receipt.
    Unproven(String),
    /// Published by any other account.
    Foreign(String),
}

/// A published release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRelease {
    /// The id of the release.
    pub id: ReleaseId,
    /// The tag of the release.
    pub tag: Tag,
    /// The assets of the release.
    pub assets: Vec<PublishedAsset>,
    /// The receipt, or the reason why there is none.
    pub receipt: Result<Receipt, String>,
    /// Assets whose names cannot be names that Lockgate uses.
    pub others: Vec<String>,
    /// The commit that its tag points to; `None` if it is not known.
    pub commit: Option<CommitId>,
    /// The account that published it.
    pub origin: ReleaseOrigin,
}

/// An asset of a published release, as GitHub reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedAsset {
    /// The name of the asset.
    pub name: AssetName,
    /// The size in bytes.
    pub size: u64,
    /// The digest of its bytes, if GitHub reports one.
    pub sha256: Option<Digest>,
}

impl PublishedRelease {
    /// Returns the problem if the release does not contain what its receipt lists, with the matching `SHA256SUMS`.
    pub fn problem(&self) -> Option<String> {
        self.defect().map(|defect| defect.to_string())
    }

    /// Returns the same problem by its kind.
    pub fn defect(&self) -> Option<ReleaseDefect> {
        let receipt = match &self.receipt {
            Ok(receipt) => receipt,
            Err(problem) => return Some(ReleaseDefect::Receipt(problem.clone())),
        };
        if receipt.tag != self.tag {
            return Some(ReleaseDefect::Receipt(format!(
                "its receipt is that of {}",
                receipt.tag
            )));
        }
        if receipt.origin.head != receipt.manifest.commit {
            return Some(ReleaseDefect::Receipt(format!(
                "its receipt is of the head {}, and its manifest of {}",
                receipt.origin.head, receipt.manifest.commit
            )));
        }
        if let Some(commit) = self
            .commit
            .as_ref()
            .filter(|it| **it != receipt.origin.head)
        {
            return Some(ReleaseDefect::Tag(commit.clone()));
        }
        let sums = receipt.sums().to_string().into_bytes();
        let known = |asset: &&PublishedAsset| {
            let ours = [SUMS_ASSET, RECEIPT_ASSET].contains(&asset.name.as_str());
            ours || receipt
                .manifest
                .executables
                .iter()
                .any(|it| it.name == asset.name)
        };
        let foreign = self.assets.iter().find(|asset| !known(asset));
        let foreign = foreign.map(|asset| asset.name.to_string());
        if let Some(name) = foreign.or_else(|| self.others.first().cloned()) {
            return Some(ReleaseDefect::Foreign(name));
        }
        let listed = receipt.manifest.executables.iter();
        let listed = listed.map(|one| (one.name.clone(), one.size, one.sha256));
        // The name of the sums is a valid asset name; if it were not, there would be nothing to look for.
        let named = SUMS_ASSET.parse().ok();
        let sums = named.map(|name: AssetName| (name, sums.len() as u64, Digest::of(&sums)));
        for (name, size, sha256) in listed.chain(sums) {
            match self.assets.iter().find(|asset| asset.name == name) {
                None => return Some(ReleaseDefect::Missing(name.clone())),
                Some(asset) if asset.size != size || asset.sha256.is_some_and(|d| d != sha256) => {
                    return Some(ReleaseDefect::OtherBytes(name.clone()));
                }
                Some(_) => {}
            }
        }
        None
    }
}

/// A difference between a release and its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseDefect {
    /// There is no usable receipt, with the reason.
    Receipt(String),
    /// A file is missing.
    Missing(AssetName),
    /// A file has other bytes than were promoted.
    OtherBytes(AssetName),
    /// A file that was not promoted.
    Foreign(String),
    /// Its tag points to another commit than was promoted.
    Tag(CommitId),
}

impl fmt::Display for ReleaseDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receipt(problem) => f.write_str(problem),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::OtherBytes(name) => write!(f, "{name} has other bytes"),
            Self::Foreign(name) => write!(f, "{} was not promoted", crate::escape::quoted(name)),
            Self::Tag(commit) => write!(f, "its tag names {commit}, which was not promoted"),
        }
    }
}
