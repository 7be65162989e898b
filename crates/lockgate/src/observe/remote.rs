//! The current state of the repository on GitHub: refs by git, releases as an anonymous client, pull requests by the API.

use std::cell::OnceCell;

use lockgate_client::{Client, FetchError, Network, Options, Source};
use lockgate_core::config::Package;
use lockgate_core::detect::VersionOwner;
use lockgate_core::document::LARGEST;
use lockgate_core::escape::quoted;
use lockgate_core::settings::{Environment, Reading, Reviewer};
use lockgate_core::{AssetName, BranchName, CommitId, PackageName, PullNumber, Tag, Version, gate};
use lockgate_forge::github::GitHub;
use lockgate_forge::{ErrorKind, Forge, Pull, Settings as _};

use crate::command_error::CommandError;
use crate::event::Event;
use crate::exit::{Exit, Failure};
use crate::git::{Git, Refs};
use crate::observe::finished_run::FinishedRun;
use crate::observe::public_receipt::PublicReceipt;
use crate::observe::release_origin::commit_of;
use crate::observe::{PackageObservation, Published, Tree, Trees};
use crate::process_env::{Place, ProcessEnv};
use crate::reading::network;

/// The current state of the repository on GitHub.
pub struct Remote<'a> {
    /// The environment of the process.
    pub env: &'a ProcessEnv,
    /// The clone.
    pub git: Git,
    /// The addresses of the repository.
    pub place: Place,
    /// The API.
    pub forge: GitHub,
    client: Client,
    refs: OnceCell<Refs>,
    gated: OnceCell<Vec<BranchName>>,
    event: OnceCell<Event>,
}

/// A pull request and its trees.
pub struct View {
    /// The pull request as GitHub reports it.
    pub pull: Pull,
    /// The current tip of its base branch.
    pub base_commit: CommitId,
    /// Base, head and merge.
    pub trees: Trees,
}

/// A branch of the remote with its tree.
pub struct Base {
    /// The branch.
    pub branch: BranchName,
    /// Its current tip.
    pub tip: CommitId,
    /// The tree of the tip.
    pub tree: Tree,
}

impl<'a> Remote<'a> {
    /// Opens the clone that the command works in.
    pub fn open(env: &'a ProcessEnv) -> Result<Self, Failure> {
        let git = env.git()?;
        let place = env.place()?;
        let client = Client::new(anonymous(env)?).map_err(|error| fetch_failure(&error))?;
        let forge = env.forge(&place)?;
        Ok(Self {
            env,
            git,
            place,
            forge,
            client,
            refs: OnceCell::new(),
            gated: OnceCell::new(),
            event: OnceCell::new(),
        })
    }

    /// Returns the end of a run that this process's event reports, if any.
    pub fn ended(&self) -> Result<Option<FinishedRun<'_>>, Failure> {
        let event = match self.event.get() {
            Some(known) => known,
            None => {
                let read = self.env.event()?.unwrap_or_default();
                self.event.get_or_init(|| read)
            }
        };
        Ok(FinishedRun::of(event, self.env))
    }

    /// Returns the repository's default branch: from the event, else from the API.
    pub fn default_branch(&self, event: &Event) -> Result<BranchName, Failure> {
        match event.default_branch() {
            Some(branch) => Ok(branch.clone()),
            None => Ok(self.forge.repository()?.default_branch),
        }
    }

    /// Returns the context of a package's status for pull requests into a branch; see [`gate::context`]. The default branch defines
    /// which other branches have one, not a branch that any writer could create. Uses only git, and nothing for the default branch.
    pub fn context(
        &self,
        package: &PackageName,
        base: &BranchName,
        default: &BranchName,
    ) -> Result<Option<String>, Failure> {
        let listed = match base == default {
            true => &[][..],
            false => self.gated(default)?,
        };
        Ok(gate::context(package, base, default, listed))
    }

    /// Returns the same for a pull request.
    pub fn context_of(
        &self,
        pull: &Pull,
        package: &PackageName,
    ) -> Result<Option<String>, Failure> {
        self.context(package, &pull.facts.base, &pull.repository.default_branch)
    }

    /// Returns the branches besides the default one that have a gate; none if the default branch's config cannot be read.
    fn gated(&self, default: &BranchName) -> Result<&[BranchName], Failure> {
        if let Some(known) = self.gated.get() {
            return Ok(known);
        }
        let tip = self.fetch_branch(default)?;
        let listed = match Tree::read(&self.git, tip.as_str())?.config {
            Some(Ok(config)) => config.workflows.branches,
            Some(Err(_)) | None => Vec::new(),
        };
        Ok(self.gated.get_or_init(|| listed))
    }

    /// Returns the current tip of a branch.
    pub fn branch(&self, branch: &BranchName) -> Result<CommitId, Failure> {
        let name = format!("refs/heads/{branch}");
        let unknown = || CommandError::UnknownRevision {
            revision: format!("the branch {branch} of the remote"),
        };
        let id = self.refs()?.get(&name).ok_or_else(unknown)?;
        id.as_str().parse().map_err(|_| unknown().into())
    }

    /// Reads the tree of the branch that was named, else of the repository's default branch.
    pub fn base(&self, named: Option<&str>) -> Result<Base, Failure> {
        let branch = match named {
            None => self.forge.repository()?.default_branch,
            Some(name) => name.parse().map_err(|_| CommandError::BadValue {
                name: "--base",
                value: quoted(name),
                expected: "the name of a branch",
            })?,
        };
        let tip = self.fetch_branch(&branch)?;
        let tree = Tree::read(&self.git, tip.as_str())?;
        Ok(Base { branch, tip, tree })
    }

    /// Fetches the current tip of a branch.
    pub fn fetch_branch(&self, branch: &BranchName) -> Result<CommitId, Failure> {
        let tip = self.branch(branch)?;
        let name = format!("refs/heads/{branch}");
        self.git.fetch(&self.env.remote, &[(&name, &tip)])?;
        Ok(tip)
    }

    /// Fetches the current head of a pull request; `None` if the remote has no such ref.
    pub fn head(&self, number: PullNumber) -> Result<Option<CommitId>, Failure> {
        let name = format!("refs/pull/{number}/head");
        let Some(id) = self
            .refs()?
            .get(&name)
            .and_then(|id| id.as_str().parse().ok())
        else {
            return Ok(None);
        };
        self.git.fetch(&self.env.remote, &[(&name, &id)])?;
        Ok(Some(id))
    }

    /// Discards the cached refs, so that they are read again.
    pub fn refresh(&mut self) {
        self.refs = OnceCell::new();
    }

    /// Reads a pull request, its base and their merge. One call to the API; the rest uses git.
    pub fn view(&self, number: PullNumber) -> Result<View, Failure> {
        let pull = self.forge.pull(number)?;
        self.view_of(pull)
    }

    /// Reads the same for a pull request that was read already.
    pub fn view_of(&self, pull: Pull) -> Result<View, Failure> {
        let base_commit = self.branch(&pull.facts.base)?;
        let (base_ref, head_ref) = (
            format!("refs/heads/{}", pull.facts.base),
            format!("refs/pull/{}/head", pull.facts.number),
        );
        self.git.fetch(
            &self.env.remote,
            &[(&base_ref, &base_commit), (&head_ref, &pull.facts.head)],
        )?;
        let trees = Trees::read(&self.git, &base_commit, &pull.facts.head)?;
        Ok(View {
            pull,
            base_commit,
            trees,
        })
    }

    /// Reads the state of a package in a view.
    pub fn see(
        &self,
        view: &View,
        name: &PackageName,
    ) -> Result<Option<PackageObservation>, Failure> {
        view.trees.see(&self.git, name, self)
    }

    /// Returns the address of a tag's files for anonymous clients.
    pub fn source(&self, tag: &Tag) -> Result<Source, Failure> {
        source(&self.place, tag)
    }

    /// Downloads a document of a published release as an anonymous client; `None` if there is none.
    pub fn document(&self, tag: &Tag, name: &AssetName) -> Result<Option<Vec<u8>>, Failure> {
        self.client
            .read_document(&self.source(tag)?, name, LARGEST)
            .map_err(|error| fetch_failure(&error))
    }

    /// Returns the client that reads whole releases anonymously.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Reads the settings of an environment, with the roles of its reviewers: one call for each.
    pub fn environment(&self, name: &str, roles: Roles) -> Result<Reading<Environment>, Failure> {
        let mut found = self.forge.environment(name)?;
        if let Reading::Read(environment) = &mut found {
            for reviewer in &mut environment.reviewers {
                let Reviewer::Person(login, role) = reviewer else {
                    continue;
                };
                match self.forge.role(login) {
                    Ok(known) => {
                        *role = Some(known);
                        if known.may_promote() && roles == Roles::UntilOneMayPromote {
                            break;
                        }
                    }
                    // A deleted account, or one whose role this token may not read: the role is unknown, and another reviewer may suffice.
                    Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Denied) => {
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(found)
    }

    /// Returns the commit that a tag currently points to.
    pub fn tag_commit(&self, tag: &Tag) -> Result<Option<CommitId>, Failure> {
        Ok(commit_of(self.refs()?, tag))
    }
}

/// Selects the reviewers of an environment whose roles are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roles {
    /// All reviewers.
    All,
    /// One after the other, until one may promote.
    UntilOneMayPromote,
}

impl Published for Remote<'_> {
    fn refs(&self) -> Result<&Refs, Failure> {
        if let Some(refs) = self.refs.get() {
            return Ok(refs);
        }
        let refs = self.git.remote_refs(&self.env.remote)?;
        Ok(self.refs.get_or_init(|| refs))
    }

    fn holder(&self, package: &Package, version: &Version) -> Result<VersionOwner, Failure> {
        Ok(match self.receipt(&package.tag(version), None)? {
            PublicReceipt::Read(receipt) if receipt.manifest.package == package.name => {
                VersionOwner::Release(receipt.manifest.fingerprint, receipt.origin.pull_request)
            }
            PublicReceipt::NotYet(_) => VersionOwner::NotReadable,
            PublicReceipt::Read(_) | PublicReceipt::Unusable(_) => VersionOwner::Foreign,
        })
    }
}

/// Returns the address of a tag's files for anonymous clients.
pub fn source(place: &Place, tag: &Tag) -> Result<Source, Failure> {
    Source::new(&place.server_url, place.repository.as_str(), tag.as_str())
        .map_err(|error| fetch_failure(&error))
}

/// Returns the settings of a client without a cache.
pub fn anonymous(env: &ProcessEnv) -> Result<Options, Failure> {
    let mut options = network(env, &Network::default())?.connection();
    options.retry.pause = env.clock().sleep;
    Ok(options)
}

/// Converts an error of the client to a failure with the matching exit status.
pub fn fetch_failure(error: &FetchError) -> Failure {
    let exit = match error {
        FetchError::WrongBytes(_) => Exit::WrongBytes,
        FetchError::NotPublished { .. } => Exit::NotPublished,
        FetchError::Withdrawn { .. }
        | FetchError::NoPin { .. }
        | FetchError::RepositoryMismatch { .. }
        | FetchError::Document { .. }
        | FetchError::TooLarge { .. } => Exit::Refused,
        FetchError::InvalidInput { .. } | FetchError::Proxy { .. } | FetchError::NoCache => {
            Exit::Usage
        }
        FetchError::Network { .. }
        | FetchError::WebPage { .. }
        | FetchError::Offline { .. }
        | FetchError::Cache { .. }
        | FetchError::NoExec { .. }
        | FetchError::Stopped { .. }
        | FetchError::Internal { .. } => Exit::CouldNot,
    };
    let source = std::error::Error::source(error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    Failure {
        exit,
        code: error.code(),
        message: format!("{error}{source}"),
        hint: error.hint().to_owned(),
    }
}
