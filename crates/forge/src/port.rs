//! The port: small, blocking, in the words of the glossary.
//!
//! Bytes go through `Read`, never through memory as a whole. Every call says how it ended in a way that a decision can use:
//! see [`ErrorKind`]. Numbers of calls matter: one method is one request (paged listings: one a page), unless it says so.

use std::fmt;
use std::io::Read;
use std::time::Duration;

use lockgate_core::promote::{ArtifactFacts, PullFacts, RunFacts};
use lockgate_core::{
    ArtifactId, AssetId, BranchName, CommentId, CommitId, Digest, Login, PullNumber, ReleaseId,
    RepositoryId, RepositoryName, Role, RunId, Tag, Timestamp, gate,
};

/// What Lockgate asks of a forge, for one repository.
pub trait Forge {
    /// The repository that all other calls are about.
    ///
    /// # Errors
    /// As every method: [`ForgeError`], whose kind says what it means.
    fn repository(&self) -> Result<Repository, ForgeError>;
    /// The account that the token belongs to.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`] for tokens that belong to no person, such as those of workflows.
    fn viewer(&self) -> Result<Login, ForgeError>;
    /// What an account may do.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn role(&self, login: &Login) -> Result<Role, ForgeError>;

    /// One pull request.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn pull(&self, number: PullNumber) -> Result<Pull, ForgeError>;
    /// The pull requests, open or merged, whose head is that branch of that owner's fork or of the repository itself.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn pulls_from(&self, owner: &str, branch: &BranchName) -> Result<Vec<Pull>, ForgeError>;
    /// The pull requests whose head is that branch of the repository itself, whatever their state. The branch is foreign text.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn pulls_ever_from(&self, branch: &str) -> Result<Vec<Pull>, ForgeError>;
    /// When the base of a pull request was changed, by people or by the forge.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn base_changes(&self, number: PullNumber) -> Result<Vec<Timestamp>, ForgeError>;
    /// The open pull requests into a branch.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn open_pulls(&self, base: &BranchName) -> Result<Vec<Pull>, ForgeError>;

    /// One run of a workflow, with its newest attempt.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn run(&self, id: RunId) -> Result<Run, ForgeError>;
    /// The runs of the workflow in that file (its path, or its name alone) for a commit, newest first; with a branch, only those for
    /// that branch, in whatever repository.
    ///
    /// # Errors
    /// [`ForgeError`]; [`ErrorKind::NotFound`] where no such workflow is known.
    fn runs_of(
        &self,
        workflow_file: &str,
        head: &CommitId,
        branch: Option<&str>,
    ) -> Result<Vec<Run>, ForgeError>;
    /// The artifacts of a run.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn artifacts(&self, run: RunId) -> Result<Vec<Artifact>, ForgeError>;
    /// The artifacts of a name, of all runs, newest first.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn artifacts_named(&self, name: &str) -> Result<Vec<Artifact>, ForgeError>;
    /// The bytes of an artifact as stored. The storage they come from never sees the token.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it is gone or expired.
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
    /// The newest status of a context on a commit, if it is among the commit's newest hundred. Contexts have no case.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn status(&self, commit: &CommitId, context: &str) -> Result<Option<PostedStatus>, ForgeError>;

    /// The comments of a pull request.
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

    /// The published release of a tag. Never a draft.
    ///
    /// # Errors
    /// [`ForgeError`]; "not there" is `Ok(None)`.
    fn release_of_tag(&self, tag: &Tag) -> Result<Option<Release>, ForgeError>;
    /// A release by its number, draft or not.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn release(&self, id: ReleaseId) -> Result<Release, ForgeError>;
    /// All releases, drafts too where the token may see them.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn releases(&self) -> Result<Vec<Release>, ForgeError>;
    /// Creates a draft. It makes no tag, and `latest` is never changed by it.
    ///
    /// # Errors
    /// [`ErrorKind::Ambiguous`] where a draft may be there now whose number nobody knows.
    fn create_draft(&self, draft: &NewRelease<'_>) -> Result<Release, ForgeError>;
    /// Sends a file into a release: all of `bytes`, which has to be `size` bytes. Its last bytes are sent only when its end was
    /// read; so a source that checks a digest can still stop the call with an error, and the file is then never complete.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] where `bytes` fails, or has another size; [`ErrorKind::Conflict`] where the name is taken, be it by
    /// a `starter`; [`ErrorKind::Ambiguous`] where it may be there.
    fn upload(
        &self,
        release: &Release,
        name: &str,
        size: u64,
        bytes: &mut dyn Read,
    ) -> Result<Asset, ForgeError>;
    /// The bytes of a file of a release, draft or not. The storage they come from never sees the token.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn open_asset(&self, id: AssetId) -> Result<Body, ForgeError>;
    /// Publishes a draft as it is. Never repeated by the adapter, whatever the answer.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where another release of the tag is published; [`ErrorKind::Ambiguous`] where it may be.
    fn publish(&self, id: ReleaseId) -> Result<Release, ForgeError>;
    /// The same, and says again what it has to be: a writer may have edited it since it was read.
    ///
    /// # Errors
    /// As [`Forge::publish`].
    fn publish_as(&self, id: ReleaseId, release: &NewRelease<'_>) -> Result<Release, ForgeError>;
    /// Changes title and notes, which stay editable even where a release is frozen.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn describe_release(
        &self,
        id: ReleaseId,
        title: &str,
        notes: &str,
    ) -> Result<Release, ForgeError>;
    /// Deletes a release, not its tag. GitHub lets a frozen one go too, and then refuses the name of its tag for ever.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn delete_release(&self, id: ReleaseId) -> Result<(), ForgeError>;
    /// Deletes a tag.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where it is that of a frozen release, and, on GitHub, where it is not there.
    fn delete_tag(&self, tag: &Tag) -> Result<(), ForgeError>;
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its number.
    pub id: RepositoryId,
    /// Its present name.
    pub name: RepositoryName,
    /// The branch that is checked out by default.
    pub default_branch: BranchName,
    /// Whether strangers get nothing of it.
    pub private: bool,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// What decisions need.
    pub facts: PullFacts,
    /// The repository that it is in.
    pub repository: Repository,
    /// When it was opened.
    pub created: Option<Timestamp>,
    /// Its page.
    pub url: String,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What decisions need.
    pub facts: RunFacts,
    /// The owner of the repository it ran for.
    pub head_owner: Option<String>,
    /// Its page.
    pub url: String,
}

/// A workflow artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// What decisions need.
    pub facts: ArtifactFacts,
    /// When it expires, as the forge writes it (RFC 3339).
    pub expires_at: Option<String>,
}

/// A status as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedStatus {
    /// The forge's word: `pending`, `success`, `failure`, `error`.
    pub state: String,
    /// At most 140 characters.
    pub description: String,
    /// Who posted it.
    pub creator: Option<Login>,
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: CommentId,
    /// Who wrote it.
    pub author: Option<Login>,
    /// Its text: foreign.
    pub body: String,
    /// Its page.
    pub url: String,
}

/// A release to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewRelease<'a> {
    /// The tag that publishing makes.
    pub tag: &'a Tag,
    /// The commit that the tag will name.
    pub target: &'a CommitId,
    /// The title.
    pub title: &'a str,
    /// The notes, in Markdown, at most 125,000 characters.
    pub notes: &'a str,
    /// Whether its version is one before a release, such as `1.0.0-rc.1`.
    pub prerelease: bool,
}

/// A release, draft or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub id: ReleaseId,
    /// Its tag: foreign text in releases that others made.
    pub tag: String,
    /// Whether only writers see it.
    pub draft: bool,
    /// Whether tag and files are frozen for ever.
    pub immutable: bool,
    /// Its title.
    pub title: String,
    /// Its notes.
    pub notes: String,
    /// Whether it is marked as one before a release.
    pub prerelease: bool,
    /// The commit or branch that its tag is made at, if it is not there.
    pub target: String,
    /// Who made it.
    pub author: Option<Login>,
    /// Its files.
    pub assets: Vec<Asset>,
    /// Where its files are sent to, without the template part.
    pub upload_url: String,
    /// Its page.
    pub url: String,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its number.
    pub id: AssetId,
    /// Its name: foreign text in releases that others made.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// Whether it is in the state `uploaded`; anything else is not to be relied upon.
    pub complete: bool,
    /// Of its bytes, if the forge says so.
    pub sha256: Option<Digest>,
    /// The address for anonymous readers.
    pub download_url: String,
}

/// A stream of bytes from the forge.
pub struct Body {
    /// In bytes, if the forge says so.
    pub size: Option<u64>,
    /// As the forge says, such as `application/zip`.
    pub content_type: Option<String>,
    /// The bytes. A transfer that breaks off is an error, never an early end.
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

/// A call that did not simply succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not {doing}: {detail}")]
pub struct ForgeError {
    /// What a decision needs to know.
    pub kind: ErrorKind,
    /// What was being done to what, such as `publish release 7`.
    pub doing: String,
    /// What the forge or the network said, escaped, for people.
    pub detail: String,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// 404, 410: it is not there, or we may not see it.
    NotFound,
    /// 409, 422: it is there already, frozen, or not acceptable.
    Conflict,
    /// 401, 403: the token has no right to it.
    Denied,
    /// 403 or 429 with the marks of a rate limit: nothing happened; how long to wait, if the forge says so.
    RateLimited(Option<Duration>),
    /// It certainly had no effect: no connection, a 5xx to a read.
    Unavailable,
    /// A writing call whose answer was lost or does not tell: it may have happened, or may still happen.
    Ambiguous,
    /// The answer makes no sense.
    Garbled,
    /// The bytes that were to be sent could not be read; the source's own words are the detail.
    Source,
}

impl ForgeError {
    /// As the promotion's state machine takes it.
    pub fn into_fault(self) -> lockgate_core::promote::Fault {
        use lockgate_core::promote::Fault as F;
        let text = self.to_string();
        match self.kind {
            ErrorKind::NotFound => F::NotFound(text),
            ErrorKind::Conflict => F::Conflict(text),
            ErrorKind::Denied => F::Denied(text),
            ErrorKind::RateLimited(_) => F::RateLimited(text),
            ErrorKind::Unavailable | ErrorKind::Source => F::Unavailable(text),
            ErrorKind::Ambiguous | ErrorKind::Garbled => F::Ambiguous(text),
        }
    }
}
