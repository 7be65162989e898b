//! The parts of GitHub's responses that we read, and their conversion to our types.
//!
//! Lenient where nothing depends on it: unknown fields are ignored, unknown states count as the cautious one, other
//! kinds of digests count as missing. Strict where a decision depends on it.

use lockgate_core::promote::{ArtifactFacts, PullFacts, PullState, RunFacts, RunOutcome};
use lockgate_core::{
    ArtifactId, AssetId, Attempt, BranchName, CommentId, CommitId, Digest, Login, PullNumber,
    ReleaseId, RepositoryId, RepositoryName, Role, RunId, Timestamp, WorkflowId,
};
use serde::Deserialize;

use crate::port;

#[derive(Deserialize)]
pub(super) struct User {
    login: String,
}

impl User {
    /// `None` for an account whose name is invalid.
    pub(super) fn login(self) -> Option<Login> {
        self.login.parse().ok()
    }
}

#[derive(Deserialize)]
pub(super) struct Permission {
    role_name: Option<String>,
    permission: Option<String>,
}

impl From<Permission> for Role {
    fn from(it: Permission) -> Self {
        // `permission` reports a maintainer as a writer, and is read only if `role_name` is missing.
        it.role_name
            .or(it.permission)
            .map_or(Self::None, |name| Self::from_name(&name))
    }
}

#[derive(Deserialize)]
pub(super) struct Repository {
    id: RepositoryId,
    full_name: RepositoryName,
    default_branch: BranchName,
    #[serde(default)]
    private: bool,
}

impl From<Repository> for port::Repository {
    fn from(it: Repository) -> Self {
        Self {
            id: it.id,
            name: it.full_name,
            default_branch: it.default_branch,
            private: it.private,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Pull {
    number: PullNumber,
    state: String,
    // Listings have no `merged`.
    merged_at: Option<String>,
    created_at: Option<String>,
    head: Head,
    base: Base,
    html_url: String,
}

#[derive(Deserialize)]
struct Head {
    sha: CommitId,
    r#ref: String,
    repo: Option<HeadRepository>,
}

#[derive(Deserialize)]
struct HeadRepository {
    id: RepositoryId,
    owner: Option<User>,
}

#[derive(Deserialize)]
struct Base {
    r#ref: BranchName,
    repo: Repository,
}

impl From<Pull> for port::Pull {
    fn from(it: Pull) -> Self {
        let state = match (it.merged_at.is_some(), it.state.as_str()) {
            (true, _) => PullState::Merged,
            (false, "open") => PullState::Open,
            (false, _) => PullState::Closed,
        };
        let head_repository = it.head.repo.map(|repository| repository.id);
        Self {
            facts: PullFacts {
                number: it.number,
                state,
                head: it.head.sha,
                head_branch: it.head.r#ref,
                head_repository,
                base: it.base.r#ref,
            },
            repository: it.base.repo.into(),
            created: it.created_at.and_then(|at| at.parse().ok()),
            url: it.html_url,
        }
    }
}

/// An event in a pull request's history. For most kinds only the kind matters.
#[derive(Deserialize)]
pub(super) struct IssueEvent {
    event: String,
    pub(super) created_at: Timestamp,
}

impl IssueEvent {
    pub(super) fn changes_the_base(&self) -> bool {
        matches!(
            self.event.as_str(),
            "base_ref_changed" | "automatic_base_change_succeeded"
        )
    }
}

#[derive(Deserialize)]
pub(super) struct Runs {
    pub(super) workflow_runs: Vec<Run>,
}

#[derive(Deserialize)]
pub(super) struct Run {
    id: RunId,
    run_attempt: Option<Attempt>,
    status: Option<String>,
    conclusion: Option<String>,
    event: String,
    head_sha: CommitId,
    head_branch: Option<String>,
    head_repository: Option<HeadRepository>,
    created_at: Option<String>,
    workflow_id: WorkflowId,
    path: String,
    html_url: String,
}

impl From<Run> for port::Run {
    fn from(it: Run) -> Self {
        let outcome = match (it.status.as_deref(), it.conclusion) {
            (Some("completed"), Some(conclusion)) if conclusion == "success" => {
                RunOutcome::Succeeded
            }
            (Some("completed"), conclusion) => {
                RunOutcome::Failed(conclusion.unwrap_or_else(|| "unknown".to_owned()))
            }
            _ => RunOutcome::Running,
        };
        let head_repository = it.head_repository.as_ref().map(|repository| repository.id);
        Self {
            facts: RunFacts {
                id: it.id,
                attempt: it.run_attempt.unwrap_or(Attempt(1)),
                outcome,
                event: it.event,
                head: it.head_sha,
                head_branch: it.head_branch,
                head_repository,
                created: it.created_at.and_then(|at| at.parse().ok()),
                workflow_id: it.workflow_id,
                workflow_path: it.path,
            },
            head_owner: it
                .head_repository
                .and_then(|repository| repository.owner)
                .map(|owner| owner.login),
            url: it.html_url,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Artifacts {
    pub(super) artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
pub(super) struct Artifact {
    id: ArtifactId,
    name: String,
    size_in_bytes: u64,
    digest: Option<String>,
    expired: bool,
    expires_at: Option<String>,
    workflow_run: Option<ArtifactRun>,
}

#[derive(Deserialize)]
struct ArtifactRun {
    id: Option<RunId>,
    head_repository_id: Option<RepositoryId>,
    head_branch: Option<String>,
    head_sha: Option<CommitId>,
}

impl From<Artifact> for port::Artifact {
    fn from(it: Artifact) -> Self {
        let run = it.workflow_run.unwrap_or(ArtifactRun {
            id: None,
            head_repository_id: None,
            head_branch: None,
            head_sha: None,
        });
        Self {
            facts: ArtifactFacts {
                id: it.id,
                name: it.name,
                size: it.size_in_bytes,
                sha256: digest(it.digest),
                expired: it.expired,
                run: run.id,
                head_repository: run.head_repository_id,
                head_branch: run.head_branch,
                head: run.head_sha,
            },
            expires_at: it.expires_at,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) context: String,
    state: String,
    description: Option<String>,
    creator: Option<User>,
}

impl From<Status> for port::PostedStatus {
    fn from(it: Status) -> Self {
        Self {
            state: it.state,
            description: it.description.unwrap_or_default(),
            creator: it.creator.and_then(User::login),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Comment {
    id: CommentId,
    user: Option<User>,
    body: Option<String>,
    html_url: String,
}

impl From<Comment> for port::Comment {
    fn from(it: Comment) -> Self {
        Self {
            id: it.id,
            author: it.user.and_then(User::login),
            body: it.body.unwrap_or_default(),
            url: it.html_url,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Release {
    id: ReleaseId,
    tag_name: String,
    draft: bool,
    #[serde(default)]
    immutable: bool,
    name: Option<String>,
    body: Option<String>,
    #[serde(default)]
    prerelease: bool,
    #[serde(default)]
    target_commitish: String,
    author: Option<User>,
    #[serde(default)]
    assets: Vec<Asset>,
    upload_url: String,
    html_url: String,
}

impl From<Release> for port::Release {
    fn from(it: Release) -> Self {
        // A URI template: `.../assets{?name,label}`.
        let upload_url = it
            .upload_url
            .split('{')
            .next()
            .unwrap_or_default()
            .to_owned();
        Self {
            id: it.id,
            tag: it.tag_name,
            draft: it.draft,
            immutable: it.immutable,
            title: it.name.unwrap_or_default(),
            notes: it.body.unwrap_or_default(),
            prerelease: it.prerelease,
            target: it.target_commitish,
            author: it.author.and_then(User::login),
            assets: it.assets.into_iter().map(Into::into).collect(),
            upload_url,
            url: it.html_url,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Asset {
    id: AssetId,
    name: String,
    size: u64,
    state: Option<String>,
    digest: Option<String>,
    browser_download_url: String,
}

impl From<Asset> for port::Asset {
    fn from(it: Asset) -> Self {
        Self {
            id: it.id,
            name: it.name,
            size: it.size,
            complete: it.state.as_deref() == Some("uploaded"),
            sha256: digest(it.digest),
            download_url: it.browser_download_url,
        }
    }
}

/// `None` if GitHub reports no digest, or another kind: the bytes then have to be hashed.
fn digest(text: Option<String>) -> Option<Digest> {
    Digest::from_prefixed(&text?).ok()
}
