//! The port: a small, blocking interface in the terms of the glossary.
//!
//! Bytes are streamed through `Read`, never held in memory as a whole. The outcome of every call is one that a decision
//! can use: see [`ErrorKind`]. The number of requests matters: a method makes one request (a paged listing: one per
//! page), unless it says otherwise.

use std::fmt;
use std::io::Read;
use std::time::Duration;

use lockgate_core::promote::{ArtifactFacts, PullFacts, RunFacts};
use lockgate_core::{
    ArtifactId, AssetId, BranchName, CommentId, CommitId, Digest, Login, PullNumber, ReleaseId,
    RepositoryId, RepositoryName, Role, RunId, Tag, Timestamp, gate,
};

/// The operations that Lockgate needs of GitHub, for one repository.
pub trait Forge {
    /// Returns the repository that all other calls are about.
    ///
    /// # Errors
    /// As every method: [`ForgeError`], whose kind tells what it means.
    fn repository(&self) -> Result<Repository, ForgeError>;
    /// Returns the account that the token belongs to.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`] for tokens that do not belong to a user, such as those of workflows.
    fn viewer(&self) -> Result<Login, ForgeError>;
    /// Returns the role of an account in the repository.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn role(&self, login: &Login) -> Result<Role, ForgeError>;

    /// Returns one pull request.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn pull(&self, number: PullNumber) -> Result<Pull, ForgeError>;
    /// Returns the pull requests, open or merged, whose head is this branch of this owner's fork or of the repository
    /// itself.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn pulls_from(&self, owner: &str, branch: &BranchName) -> Result<Vec<Pull>, ForgeError>;
    /// Returns the pull requests, in any state, whose head is this branch of the repository itself. The branch is
    /// untrusted text.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn pulls_ever_from(&self, branch: &str) -> Result<Vec<Pull>, ForgeError>;
    /// Returns the times at which the base of a pull request was changed, by users or by GitHub.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn base_changes(&self, number: PullNumber) -> Result<Vec<Timestamp>, ForgeError>;
    /// Returns the open pull requests into a branch.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn open_pulls(&self, base: &BranchName) -> Result<Vec<Pull>, ForgeError>;

    /// Returns one workflow run, with its newest attempt.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn run(&self, id: RunId) -> Result<Run, ForgeError>;
    /// Returns the runs of a workflow file (its path, or just its name) for a commit, newest first; with a branch, only
    /// those for that branch, in any repository.
    ///
    /// # Errors
    /// [`ForgeError`]; [`ErrorKind::NotFound`] if there is no such workflow.
    fn runs_of(
        &self,
        workflow_file: &str,
        head: &CommitId,
        branch: Option<&str>,
    ) -> Result<Vec<Run>, ForgeError>;
    /// Returns the artifacts of a run.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn artifacts(&self, run: RunId) -> Result<Vec<Artifact>, ForgeError>;
    /// Returns the artifacts with this name, of all runs, newest first.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn artifacts_named(&self, name: &str) -> Result<Vec<Artifact>, ForgeError>;
    /// Returns the bytes of an artifact as stored. The storage that they come from never receives the token.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the artifact is gone or expired.
    fn open_artifact(&self, id: ArtifactId) -> Result<Body, ForgeError>;

    /// Posts a commit status.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn post_status(
        &self,
        commit: &CommitId,
        context: &str,
        status: &gate::Status,
        target_url: Option<&str>,
    ) -> Result<(), ForgeError>;
    /// Returns the newest status of a context on a commit, if it is among the newest hundred of that commit. Contexts
    /// are case-insensitive.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn status(&self, commit: &CommitId, context: &str) -> Result<Option<PostedStatus>, ForgeError>;

    /// Returns the comments of a pull request.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn comments(&self, pull: PullNumber) -> Result<Vec<Comment>, ForgeError>;
    /// Adds a comment.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn create_comment(&self, pull: PullNumber, body: &str) -> Result<Comment, ForgeError>;
    /// Replaces the text of a comment.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn update_comment(&self, id: CommentId, body: &str) -> Result<Comment, ForgeError>;

    /// Returns the published release of a tag, never a draft.
    ///
    /// # Errors
    /// [`ForgeError`]; a missing release is `Ok(None)`.
    fn release_of_tag(&self, tag: &Tag) -> Result<Option<Release>, ForgeError>;
    /// Returns a release by its id, draft or not.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn release(&self, id: ReleaseId) -> Result<Release, ForgeError>;
    /// Returns all releases, including drafts if the token may see them.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn releases(&self) -> Result<Vec<Release>, ForgeError>;
    /// Creates a draft. This creates no tag and never changes `latest`.
    ///
    /// # Errors
    /// [`ErrorKind::Ambiguous`] if a draft with an unknown id may have been created.
    fn create_draft(&self, draft: &NewRelease<'_>) -> Result<Release, ForgeError>;
    /// Uploads an asset to a release: all of `bytes`, which has to be `size` bytes. The last bytes are sent only after
    /// the end was read, so a source that checks a digest can still abort the call with an error; the asset is then
    /// never complete.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] if `bytes` fails or has another size; [`ErrorKind::Conflict`] if the name is taken, even
    /// by a `starter`; [`ErrorKind::Ambiguous`] if the asset may have been uploaded.
    fn upload(
        &self,
        release: &Release,
        name: &str,
        size: u64,
        bytes: &mut dyn Read,
    ) -> Result<Asset, ForgeError>;
    /// Returns the bytes of a release's asset, draft or not. The storage that they come from never receives the token.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn open_asset(&self, id: AssetId) -> Result<Body, ForgeError>;
    /// Publishes a draft unchanged. The adapter never repeats this call, whatever the response.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if another release of the tag is published; [`ErrorKind::Ambiguous`] if it may be
    /// published.
    fn publish(&self, id: ReleaseId) -> Result<Release, ForgeError>;
    /// Publishes a draft and sends its content again: another writer may have edited it since it was read.
    ///
    /// # Errors
    /// As [`Forge::publish`].
    fn publish_as(&self, id: ReleaseId, release: &NewRelease<'_>) -> Result<Release, ForgeError>;
    /// Changes title and notes, which stay editable even on an immutable release.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn describe_release(
        &self,
        id: ReleaseId,
        title: &str,
        notes: &str,
    ) -> Result<Release, ForgeError>;
    /// Deletes a release, not its tag. GitHub allows this for an immutable release, too, and then refuses to reuse its
    /// tag permanently.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn delete_release(&self, id: ReleaseId) -> Result<(), ForgeError>;
    /// Deletes a tag.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if it belongs to an immutable release and, on GitHub, if it does not exist.
    fn delete_tag(&self, tag: &Tag) -> Result<(), ForgeError>;
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The id.
    pub id: RepositoryId,
    /// The current name.
    pub name: RepositoryName,
    /// The default branch.
    pub default_branch: BranchName,
    /// Whether the repository is private.
    pub private: bool,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The facts that decisions need.
    pub facts: PullFacts,
    /// The repository that the pull request belongs to.
    pub repository: Repository,
    /// The time at which it was opened.
    pub created: Option<Timestamp>,
    /// Address of its web page.
    pub url: String,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The facts that decisions need.
    pub facts: RunFacts,
    /// The owner of the repository that it ran for.
    pub head_owner: Option<String>,
    /// Address of its web page.
    pub url: String,
}

/// A workflow artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The facts that decisions need.
    pub facts: ArtifactFacts,
    /// The time at which it expires, as GitHub writes it (RFC 3339).
    pub expires_at: Option<String>,
}

/// A commit status as posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedStatus {
    /// The state in GitHub's words: `pending`, `success`, `failure`, `error`.
    pub state: String,
    /// The description, at most 140 characters.
    pub description: String,
    /// The account that posted it.
    pub creator: Option<Login>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// The account that wrote it.
    pub author: Option<Login>,
    /// The text, which is untrusted.
    pub body: String,
    /// Address of its web page.
    pub url: String,
}

/// The content of a release to create.
#[derive(Debug, Clone, Copy)]
pub struct NewRelease<'a> {
    /// The tag that publishing creates.
    pub tag: &'a Tag,
    /// The commit that the tag will point to.
    pub target: &'a CommitId,
    /// The title.
    pub title: &'a str,
    /// The notes, in Markdown, at most 125,000 characters.
    pub notes: &'a str,
    /// Whether to mark it as a pre-release, such as `1.0.0-rc.1`.
    pub prerelease: bool,
}

/// A release, draft or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The id.
    pub id: ReleaseId,
    /// The tag, which is untrusted text in releases by others.
    pub tag: String,
    /// Whether it is a draft, visible only with write access.
    pub draft: bool,
    /// Whether tag and assets are permanently frozen.
    pub immutable: bool,
    /// The title.
    pub title: String,
    /// The notes.
    pub notes: String,
    /// Whether it is marked as a pre-release.
    pub prerelease: bool,
    /// The commit or branch at which a missing tag is created.
    pub target: String,
    /// The account that created it.
    pub author: Option<Login>,
    /// The assets.
    pub assets: Vec<Asset>,
    /// Address that assets are uploaded to, without the template part.
    pub upload_url: String,
    /// Address of its web page.
    pub url: String,
}

/// An asset of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The id.
    pub id: AssetId,
    /// The name, which is untrusted text in releases by others.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// Whether its state is `uploaded`; assets in any other state are unreliable.
    pub complete: bool,
    /// The SHA-256 of its bytes, if GitHub reports it.
    pub sha256: Option<Digest>,
    /// Address for anonymous downloads.
    pub download_url: String,
}

/// A stream of bytes from GitHub.
pub struct Body {
    /// The size in bytes, if GitHub reports it.
    pub size: Option<u64>,
    /// The content type that GitHub reports, such as `application/zip`.
    pub content_type: Option<String>,
    /// The bytes. An interrupted transfer is an error, never an early end.
    pub reader: Box<dyn Read + Send>,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("size", &self.size)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not {operation}: {detail}")]
pub struct ForgeError {
    /// The kind of failure, for decisions.
    pub kind: ErrorKind,
    /// The action and its object, such as `publish release 7`.
    pub operation: String,
    /// The message of GitHub or the network, escaped for display.
    pub detail: String,
}

/// The outcome of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404, 410: not found, or not visible to us.
    NotFound,
    /// 409, 422: it already exists, is immutable, or is not acceptable.
    Conflict,
    /// 401, 403: the token lacks the permission.
    Denied,
    /// 403 or 429 with the headers of a rate limit: nothing happened; holds the time to wait, if GitHub reports it.
    RateLimited(Option<Duration>),
    /// The call certainly had no effect: no connection, or a 5xx response to a read.
    Unavailable,
    /// A write whose response was lost or is inconclusive: it may have happened, or may still happen.
    Ambiguous,
    /// The response is invalid.
    InvalidResponse,
    /// The bytes to upload could not be read; the detail is the source's own message.
    Source,
}

impl ForgeError {
    /// Converts the error for the promotion's state machine.
    #[must_use]
    pub fn into_fault(self) -> lockgate_core::promote::Fault {
        use lockgate_core::promote::Fault as F;
        let text = self.to_string();
        match self.kind {
            ErrorKind::NotFound => F::NotFound(text),
            ErrorKind::Conflict => F::Conflict(text),
            ErrorKind::Denied => F::Denied(text),
            ErrorKind::RateLimited(_) => F::RateLimited(text),
            ErrorKind::Unavailable | ErrorKind::Source => F::Unavailable(text),
            ErrorKind::Ambiguous | ErrorKind::InvalidResponse => F::Ambiguous(text),
        }
    }
}
