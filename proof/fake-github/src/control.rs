//! Controls the fake from the embedding program, which plays everything that is not a client: runners, browser users,
//! administrators, attackers, the clock.
//!
//! These calls take effect at once, are not journaled, and are not affected by faults.

use std::io::{self, Read};
use std::sync::Arc;

use crate::blobs::{Blob, Blobs};
use crate::exchange::Exchange;
use crate::faults::Fault;
use crate::forge::{Clock, Forge, KillPoint};
use crate::http::Shared;
use crate::ids::{ArtifactId, AssetId, CommitId, PullNumber, ReleaseId, RunId, WorkflowId};
use crate::journal::{Entry, Side};
use crate::repository::{MergeMethod, Repository};
use crate::results::token::Job;
use crate::state::State;
use crate::state::artifacts::ArtifactForm;
use crate::state::merging::MergeRequest;
use crate::state::people::{Actor, Rights, Role};
use crate::state::pulls::{HeadRepository, NewPull};
use crate::state::refusal::Refusal;
use crate::state::runs::NewRun;
use crate::state::settings::{Environment, Settings};

/// A handle to a running server, for the embedding program. Clones share the server.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Handle")
            .field("address", &self.shared.address)
            .finish()
    }
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The state refused the operation.
    #[error("the forge refused")]
    Refused(#[from] Refusal),
    /// The bytes could not be read or stored.
    #[error("the forge could not take the bytes in")]
    Bytes(#[from] io::Error),
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Reads the state.
    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.shared.lock().state)
    }

    /// Changes the state directly: any operation of [`State`], with the repository and the time.
    pub fn with<T>(&self, change: impl FnOnce(&mut State, &dyn Repository, i64) -> T) -> T {
        self.on_forge(|forge| {
            let now = forge.clock.now();
            change(&mut forge.state, forge.repository.as_ref(), now)
        })
    }

    /// Returns the store of assets and artifacts.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.shared.blobs
    }

    // The clock.

    /// Returns the time on the server.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.lock().clock.now()
    }

    /// Stops the clock at a time, in seconds since 1970.
    pub fn set_now(&self, now: i64) {
        self.shared.lock().clock = Clock::Fixed(now);
    }

    /// Moves the clock forward, and stops it there.
    pub fn advance(&self, seconds: i64) {
        let mut forge = self.shared.lock();
        forge.clock = Clock::Fixed(forge.clock.now() + seconds);
    }

    // Faults and the journal.

    /// Arms a fault; see [`faults`](crate::faults) for the syntax.
    pub fn arm(&self, fault: Fault) {
        self.shared.lock().script.arm(fault);
    }

    /// Removes all faults.
    pub fn disarm(&self) {
        self.shared.lock().script.disarm();
    }

    /// Returns the faults that have not occurred yet, and those that occur every time.
    #[must_use]
    pub fn pending_faults(&self) -> Vec<Fault> {
        self.shared.lock().script.pending()
    }

    /// Sets a hook for `kill-*` faults. It runs on a thread of the server, and may use this handle.
    pub fn on_kill(&self, hook: impl Fn(&KillPoint) + Send + Sync + 'static) {
        self.shared.lock().hook = Some(Arc::new(hook));
    }

    /// Sets a hook for every exchange, called when the response is decided and before it is sent. It runs on a thread
    /// of the server, and may use this handle.
    pub fn on_exchange(&self, hook: impl Fn(&Exchange) + Send + Sync + 'static) {
        self.shared.lock().watch = Some(Arc::new(hook));
    }

    /// Returns the number of late effects that are still pending.
    #[must_use]
    pub fn late_effects(&self) -> usize {
        self.shared.lock().late.len()
    }

    /// Applies all late effects now.
    pub fn land_late_effects(&self) {
        let mut forge = self.shared.lock();
        forge.late.iter_mut().for_each(|late| late.calls_left = 0);
        forge.settle();
    }

    /// Returns every request so far, in order.
    #[must_use]
    pub fn journal(&self) -> Vec<Entry> {
        self.shared.lock().journal.entries()
    }

    /// Returns the requests to the API so far.
    #[must_use]
    pub fn api_calls(&self) -> Vec<Entry> {
        let mut entries = self.journal();
        entries.retain(|entry| entry.side == Side::Api);
        entries
    }

    /// Limits callers with this label to a number of calls per hour; `None` removes the limit.
    pub fn set_rate_budget(&self, label: &str, budget: Option<u32>) {
        self.shared.lock().rates.set_budget(label, budget);
    }

    /// Returns why the state could not be stored after the last change, if it failed.
    #[must_use]
    pub fn unsaved(&self) -> Option<String> {
        self.shared.lock().unsaved.as_ref().map(ToString::to_string)
    }

    // Users and settings.

    /// Adds a user, or changes the role of one.
    pub fn add_person(&self, login: &str, role: Role) {
        self.on_forge(|forge| {
            forge.state.add_person(login, role);
        });
    }

    /// Gives a token to a user; `label` names its holder in the journal and in faults.
    pub fn add_token(&self, token: &str, label: &str, login: &str, at_most: Role) {
        self.on_forge(|forge| forge.state.add_token(token, label, login, at_most));
    }

    /// Restricts a token to these permissions, as a workflow does with that of its run.
    pub fn limit_token(&self, token: &str, rights: Rights) {
        self.on_forge(|forge| forge.state.limit_token(token, rights));
    }

    /// Installs an App with this public key (DER of PKCS#1); returns its id. Its tokens get at most these permissions.
    pub fn add_app(&self, slug: &str, public_key: &[u8], rights: Rights) -> u64 {
        self.on_forge(|forge| forge.state.add_app(slug, public_key.to_vec(), rights))
    }

    /// Revokes a token.
    pub fn revoke_token(&self, token: &str) {
        self.on_forge(|forge| forge.state.revoke_token(token));
    }

    /// Returns the holder of a token.
    #[must_use]
    pub fn holder(&self, token: &str) -> Option<Actor> {
        self.look(|state| state.holder(token))
    }

    /// Changes settings: required checks, rulesets, immutable releases.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.on_forge(|forge| change(forge.state.settings_mut()));
    }

    /// Turns immutable releases on or off.
    pub fn set_immutable_releases(&self, on: bool) {
        self.set(|settings| settings.immutable_releases = on);
    }

    /// Creates or changes an environment.
    pub fn set_environment(&self, name: &str, environment: Environment) {
        self.with(|state, _, now| state.set_environment(now, name, environment));
    }

    // Pull requests.

    /// Opens a pull request from a branch of the repository to its default branch.
    pub fn open_pull(&self, author: &str, head: &str, title: &str) -> Result<PullNumber, Refusal> {
        self.open_pull_with(NewPull {
            title: title.to_owned(),
            body: None,
            author: author.to_owned(),
            base: String::new(),
            head: head.to_owned(),
            head_repository: HeadRepository::Here,
            fork_head: None,
            draft: false,
        })
    }

    /// Opens any pull request. One from a fork names the fork and its head, whose objects must be in the repository.
    pub fn open_pull_with(&self, order: NewPull) -> Result<PullNumber, Refusal> {
        self.with(|state, git, now| state.open_pull(now, git, order))
    }

    /// Moves the head of a fork's pull request.
    pub fn push_fork(&self, pull: PullNumber, head: &CommitId) -> Result<(), Refusal> {
        self.with(|state, git, now| {
            git.set_reference(&format!("refs/pull/{pull}/head"), head)?;
            state.sync(now, git).map(|_| ())
        })
    }

    /// Updates the pull requests after a `git push`. Reading a pull request does so, too.
    pub fn sync(&self) -> Result<bool, Refusal> {
        self.with(|state, git, now| state.sync(now, git))
    }

    /// Merges a pull request as this user, like the button on its page.
    pub fn merge_pull(
        &self,
        login: &str,
        pull: PullNumber,
        method: MergeMethod,
    ) -> Result<CommitId, Refusal> {
        self.with(|state, git, now| {
            let person = state.person(login).ok_or(Refusal::NotFound)?;
            let actor = Actor::Known {
                label: login.to_owned(),
                login: person.login.clone(),
                role: person.role,
                bot: person.bot,
            };
            state.merge_pull(&actor, now, git, &MergeRequest::new(pull, method))
        })
    }

    /// Puts a pull request into the merge queue; returns `merge_group.head_sha`.
    pub fn enqueue(&self, pull: PullNumber) -> Result<CommitId, Refusal> {
        self.with(|state, git, now| state.enqueue(now, git, pull))
    }

    /// Merges a queued pull request, if the checks on the group's commit passed.
    pub fn land_queued(&self, pull: PullNumber) -> Result<CommitId, Refusal> {
        self.with(|state, git, now| state.land_queued(now, git, pull))
    }

    /// Changes the base branch of a pull request.
    pub fn retarget(&self, pull: PullNumber, base: &str) -> Result<(), Refusal> {
        self.with(|state, git, now| state.retarget(now, git, pull, base))
    }

    /// Closes a pull request without merging it.
    pub fn close_pull(&self, pull: PullNumber) -> Result<(), Refusal> {
        self.with(|state, _, now| state.close_pull(now, pull))
    }

    // Workflows, runs, artifacts.

    /// Registers a workflow.
    pub fn register_workflow(&self, name: &str, path: &str) -> WorkflowId {
        self.with(|state, _, now| state.register_workflow(now, name, path))
    }

    /// Registers a run, queued.
    pub fn start_run(&self, order: NewRun) -> Result<RunId, Refusal> {
        self.with(|state, _, now| state.start_run(now, order))
    }

    /// Sets the status of a run's newest attempt.
    pub fn set_run(
        &self,
        run: RunId,
        status: &str,
        conclusion: Option<&str>,
    ) -> Result<(), Refusal> {
        self.with(|state, _, now| state.set_run(now, run, status, conclusion))
    }

    /// Adds a job to the newest attempt of a run, or sets the conclusion of one.
    pub fn set_job(&self, run: RunId, name: &str, conclusion: Option<&str>) -> Result<(), Refusal> {
        self.with(|state, _, now| state.set_job(now, run, name, conclusion))
    }

    /// Re-runs a run; returns the number of the attempt.
    pub fn rerun(&self, run: RunId, login: &str) -> Result<usize, Refusal> {
        self.with(|state, _, now| state.rerun(now, run, login))
    }

    /// Returns a token for storing artifacts of a run's newest attempt, as `ACTIONS_RUNTIME_TOKEN` gives it to jobs. It
    /// expires when the attempt is completed.
    pub fn runtime_token(&self, run: RunId) -> Result<String, Refusal> {
        self.on_forge(|forge| {
            let attempt = forge.state.run(run)?.attempt_number() as u64;
            let job = Job {
                run,
                attempt,
                number: 1,
            };
            let secret = forge.signer.secret("runtime");
            Ok(forge.results.issue(job, &secret))
        })
    }

    /// Adds an artifact to a run.
    pub fn add_artifact(
        &self,
        run: RunId,
        name: &str,
        form: ArtifactForm,
        bytes: impl Read,
        retention_days: u32,
    ) -> Result<ArtifactId, ControlError> {
        let blob = self.store(bytes)?;
        let made = self.with(|state, _, now| {
            state.register_artifact(now, run, name, form, blob, retention_days)
        });
        Ok(made?)
    }

    /// Deletes an artifact.
    pub fn delete_artifact(&self, artifact: ArtifactId) -> Result<(), Refusal> {
        let admin = Actor::Known {
            label: "driver".into(),
            login: "driver".into(),
            role: Role::Admin,
            bot: false,
        };
        self.with(|state, _, _| state.delete_artifact(&admin, artifact))
    }

    // Attacks and accidents.

    /// Replaces the bytes of an asset, even of an immutable release.
    pub fn tamper_asset(&self, asset: AssetId, bytes: impl Read) -> Result<(), ControlError> {
        let blob = self.store(bytes)?;
        Ok(self.with(|state, _, _| state.tamper_asset(asset, blob))?)
    }

    /// Replaces the bytes of an artifact.
    pub fn tamper_artifact(
        &self,
        artifact: ArtifactId,
        bytes: impl Read,
    ) -> Result<(), ControlError> {
        let blob = self.store(bytes)?;
        let tampered = self
            .with(|state, _, _| state.tamper_artifact(artifact, |artifact| artifact.blob = blob));
        Ok(tampered?)
    }

    /// Returns the complete asset of a published release, by tag and name.
    #[must_use]
    pub fn public_asset(&self, tag: &str, name: &str) -> Option<(ReleaseId, AssetId, Blob)> {
        self.look(|state| {
            let asset = state.public_asset(tag, name).ok()?;
            Some((asset.release, asset.id, asset.blob.clone()?))
        })
    }

    fn store(&self, bytes: impl Read) -> io::Result<Blob> {
        self.shared.blobs.store(bytes)
    }

    fn on_forge<T>(&self, change: impl FnOnce(&mut Forge) -> T) -> T {
        let mut forge = self.shared.lock();
        let done = change(&mut forge);
        forge.save();
        done
    }
}
