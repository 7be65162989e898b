//! What was read before a promotion is decided. Only reads; nothing here is a judgement.

use std::fmt;

use super::approval::{Approved, Changes};
use super::runs::BaseHistory;
use crate::config::{Package, RECEIPT_ASSET, SUMS_ASSET};
use crate::detect;
use crate::document::{Candidate, DocumentProblem, Receipt};
use crate::settings::{Environment, Reading};
use crate::words::{
    ArtifactId, AssetName, Attempt, BranchName, CommitId, Digest, Fingerprint, Login, ObjectId,
    PullNumber, ReleaseId, RepositoryId, RepositoryName, Role, RunId, Tag, Timestamp, WorkflowId,
};

/// The environment that the workflow of a promotion names.
pub const ENVIRONMENT: &str = "release";

/// Everything that the decision depends on.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The head that the maintainer reviewed, if it was said.
    pub expect_head: Option<CommitId>,
    /// The plan that somebody approved, if it was said.
    pub approved: Option<Approved>,
    /// What the pull request changes that decides the build; shown, not judged.
    pub changes: Changes,
    /// Who asks.
    pub actor: ActorFacts,
    /// What the environment of the workflow's job demands; `None` where no workflow promotes.
    pub environment: Option<Reading<Environment>>,
    /// The package, as the head describes it.
    pub package: Package,
    /// The repository's number.
    pub repository_id: RepositoryId,
    /// The repository's name.
    pub repository: RepositoryName,
    /// Whether strangers get nothing of it.
    pub private: bool,
    /// The pull request.
    pub pull: PullFacts,
    /// The repository's default branch.
    pub default_branch: BranchName,
    /// The context of the gate of its base branch; `None` where that has none. See [`crate::gate::context`].
    pub context: Option<String>,
    /// The tip of its base branch now.
    pub base_commit: CommitId,
    /// What detect says of head, base and merge now.
    pub detected: detect::Decision,
    /// Of the head's tree, computed by us.
    pub head_fingerprint: Fingerprint,
    /// Of the merge's tree; `None` where there is a conflict.
    pub merged_fingerprint: Option<Fingerprint>,
    /// The workflow that builds, in head and base.
    pub workflow: WorkflowFacts,
    /// The newest run of that workflow for the head, or the run that was named.
    pub run: Option<RunFacts>,
    /// Which other bases the head may have been built against; empty where the run does not depend on one.
    pub history: BaseHistory,
    /// The run's artifacts.
    pub artifacts: Vec<ArtifactFacts>,
    /// The candidate's manifest.
    pub candidate: CandidateFacts,
    /// What is published under the tag.
    pub release: ReleaseFacts,
    /// A tag below the name of the version's, beside which that cannot be made.
    pub blocked: Option<String>,
    /// Seconds since 1970-01-01 UTC.
    pub now: u64,
    /// Lockgate's version, for the receipt.
    pub lockgate: String,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorFacts {
    /// The account.
    pub login: Login,
    /// What it may do.
    pub role: Role,
}

/// A pull request as the forge tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullFacts {
    /// Its number.
    pub number: PullNumber,
    /// Open, merged or closed.
    pub state: PullState,
    /// Its newest commit.
    pub head: CommitId,
    /// The branch of the head: foreign text.
    pub head_branch: String,
    /// Where the head lives; `None` where that repository is gone.
    pub head_repository: Option<RepositoryId>,
    /// The branch it is to be merged into.
    pub base: BranchName,
}

/// The state of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    /// Waiting.
    Open,
    /// In the base branch. A promotion then repairs what should have come first.
    Merged,
    /// Given up.
    Closed,
}

/// The build workflow's file in head and base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowFacts {
    /// Where it must lie.
    pub path: String,
    /// Its git object in the head.
    pub in_head: Option<ObjectId>,
    /// Its git object in the base.
    pub in_base: Option<ObjectId>,
    /// Paths below `.github/workflows/` that differ between head and base.
    pub changed: Vec<String>,
}

/// A workflow run as the forge tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// Its number.
    pub id: RunId,
    /// Its newest attempt.
    pub attempt: Attempt,
    /// How it ended, if it did.
    pub outcome: RunOutcome,
    /// What started it, such as `pull_request`.
    pub event: String,
    /// The commit it ran for.
    pub head: CommitId,
    /// The branch it ran for: foreign text.
    pub head_branch: Option<String>,
    /// The repository that commit came from.
    pub head_repository: Option<RepositoryId>,
    /// When its first attempt was queued.
    pub created: Option<Timestamp>,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// The path of its file.
    pub workflow_path: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOutcome {
    /// It has not.
    Running,
    /// Every job did.
    Succeeded,
    /// The forge's word for anything else: `failure`, `cancelled`, `timed_out`, ...
    Failed(String),
}

/// A workflow artifact as the forge tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFacts {
    /// Its number.
    pub id: ArtifactId,
    /// Its name: foreign text.
    pub name: String,
    /// As stored, in bytes.
    pub size: u64,
    /// Of what is stored, if the forge says so.
    pub sha256: Option<Digest>,
    /// Whether it can no longer be read.
    pub expired: bool,
    /// The run it belongs to, if the forge says so.
    pub run: Option<RunId>,
    /// The repository of that run's head.
    pub head_repository: Option<RepositoryId>,
    /// The branch of that run's head: foreign text.
    pub head_branch: Option<String>,
    /// That run's head.
    pub head: Option<CommitId>,
}

/// The candidate's manifest, if it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateFacts {
    /// There was none to read, or no way to know its name.
    Absent,
    /// It was there and could not be read.
    Unreadable(DocumentProblem),
    /// It was read.
    Read(Candidate),
}

/// What is published under the tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseFacts {
    /// Neither tag nor release.
    Absent,
    /// A tag that nobody made a release of.
    TagOnly,
    /// A release of which the public cannot read the receipt yet, though the forge lists it; why.
    NotReadable(String),
    /// A release.
    Published(Box<PublishedRelease>),
}

/// Whether a release was published by a promotion, as far as that can be told. A receipt is text that anybody can write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseOrigin {
    /// By the App, by a workflow's promotion that kept this very receipt, or by the maintainer whom the receipt names.
    Promotion,
    /// By an account whose every workflow can publish, and no promotion has kept this receipt.
    Unproven(String),
    /// By somebody else.
    Stranger(String),
}

/// A published release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRelease {
    /// Its number.
    pub id: ReleaseId,
    /// Its tag.
    pub tag: Tag,
    /// Its files.
    pub assets: Vec<PublishedAsset>,
    /// Its receipt, or why there is none.
    pub receipt: Result<Receipt, String>,
    /// Files whose names could not even be one of ours.
    pub others: Vec<String>,
    /// The commit that its tag names; `None` where that is not known.
    pub commit: Option<CommitId>,
    /// Who published it.
    pub origin: ReleaseOrigin,
}

/// A file of a published release, as the forge tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedAsset {
    /// Its name.
    pub name: AssetName,
    /// In bytes.
    pub size: u64,
    /// Of its bytes, if the forge says so.
    pub sha256: Option<Digest>,
}

impl PublishedRelease {
    /// What is wrong with it, if it does not hold what its receipt lists, and the `SHA256SUMS` that belongs to that.
    pub fn problem(&self) -> Option<String> {
        self.flaw().map(|flaw| flaw.to_string())
    }

    /// The same, by its kind.
    pub fn flaw(&self) -> Option<Flaw> {
        let receipt = match &self.receipt {
            Ok(receipt) => receipt,
            Err(problem) => return Some(Flaw::Receipt(problem.clone())),
        };
        if receipt.tag != self.tag {
            return Some(Flaw::Receipt(format!(
                "its receipt is that of {}",
                receipt.tag
            )));
        }
        if receipt.origin.head != receipt.manifest.commit {
            return Some(Flaw::Receipt(format!(
                "its receipt is of the head {}, and its manifest of {}",
                receipt.origin.head, receipt.manifest.commit
            )));
        }
        if let Some(commit) = self
            .commit
            .as_ref()
            .filter(|it| **it != receipt.origin.head)
        {
            return Some(Flaw::Tag(commit.clone()));
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
            return Some(Flaw::Foreign(name));
        }
        let listed = receipt.manifest.executables.iter();
        let listed = listed.map(|one| (one.name.clone(), one.size, one.sha256));
        // The name of the sums is one; where it were not, there would be nothing to look for.
        let named = SUMS_ASSET.parse().ok();
        let sums = named.map(|name: AssetName| (name, sums.len() as u64, Digest::of(&sums)));
        for (name, size, sha256) in listed.chain(sums) {
            match self.assets.iter().find(|asset| asset.name == name) {
                None => return Some(Flaw::Missing(name.clone())),
                Some(asset) if asset.size != size || asset.sha256.is_some_and(|d| d != sha256) => {
                    return Some(Flaw::OtherBytes(name.clone()));
                }
                Some(_) => {}
            }
        }
        None
    }
}

/// How a release is not what its receipt lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// There is no receipt that can be used; why.
    Receipt(String),
    /// A file is not there.
    Missing(AssetName),
    /// A file has other bytes than were promoted.
    OtherBytes(AssetName),
    /// A file is there that nobody promoted.
    Foreign(String),
    /// Its tag names another commit than was promoted.
    Tag(CommitId),
}

impl fmt::Display for Flaw {
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
