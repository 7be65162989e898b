//! The way in for the embedding program, which plays everybody that is not a client: runners,
//! people in a browser, administrators, attackers, the clock.
//!
//! Everything here happens at once and is journaled nowhere; faults do not strike it.

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
use crate::state::merging::Landing;
use crate::state::people::{Actor, Rights, Role};
use crate::state::pulls::{HeadRepository, NewPull};
use crate::state::refusal::Refusal;
use crate::state::runs::NewRun;
use crate::state::settings::{Environment, Settings};

/// A running forge, as its embedding program has it. Clones share it.
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

/// What to do was refused, or bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The state said no.
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

    /// Looks at the state.
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

    /// The bytes of assets and artifacts.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.shared.blobs
    }

    // The clock.

    /// What time it is on the forge.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.lock().clock.now()
    }

    /// Stops the clock at a moment, in seconds since 1970.
    pub fn set_now(&self, now: i64) {
        self.shared.lock().clock = Clock::Fixed(now);
    }

    /// Moves the clock forward, and stops it there.
    pub fn advance(&self, seconds: i64) {
        let mut forge = self.shared.lock();
        forge.clock = Clock::Fixed(forge.clock.now() + seconds);
    }

    // Faults and the journal.

    /// Arms a fault; see [`faults`](crate::faults) for how one is written.
    pub fn arm(&self, fault: Fault) {
        self.shared.lock().script.arm(fault);
    }

    /// Forgets all faults.
    pub fn disarm(&self) {
        self.shared.lock().script.disarm();
    }

    /// The faults that have not struck yet, and those that strike every time.
    #[must_use]
    pub fn pending_faults(&self) -> Vec<Fault> {
        self.shared.lock().script.pending()
    }

    /// What to do when a `kill-*` fault strikes. It runs on a thread of the forge, and may use
    /// this handle.
    pub fn on_kill(&self, hook: impl Fn(&KillPoint) + Send + Sync + 'static) {
        self.shared.lock().hook = Some(Arc::new(hook));
    }

    /// What to do with every exchange, once its answer is decided and before the client has it. It
    /// runs on a thread of the forge, and may use this handle.
    pub fn on_exchange(&self, hook: impl Fn(&Exchange) + Send + Sync + 'static) {
        self.shared.lock().watch = Some(Arc::new(hook));
    }

    /// How many late effects have not landed yet.
    #[must_use]
    pub fn late_effects(&self) -> usize {
        self.shared.lock().late.len()
    }

    /// Lets all late effects land now.
    pub fn land_late_effects(&self) {
        let mut forge = self.shared.lock();
        forge.late.iter_mut().for_each(|late| late.calls_left = 0);
        forge.settle();
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn journal(&self) -> Vec<Entry> {
        self.shared.lock().journal.entries()
    }

    /// The requests so far that went to the API.
    #[must_use]
    pub fn api_calls(&self) -> Vec<Entry> {
        let mut entries = self.journal();
        entries.retain(|entry| entry.side == Side::Api);
        entries
    }

    /// Holds callers with this label to so many calls an hour; `None` lets them go.
    pub fn set_rate_budget(&self, label: &str, budget: Option<u32>) {
        self.shared.lock().rates.set_budget(label, budget);
    }

    /// Why the state could not be stored after the last change, if it could not.
    #[must_use]
    pub fn unsaved(&self) -> Option<String> {
        self.shared.lock().unsaved.as_ref().map(ToString::to_string)
    }

    // People and settings.

    /// Adds a person, or changes the role of one.
    pub fn add_person(&self, login: &str, role: Role) {
        self.on_forge(|forge| {
            forge.state.add_person(login, role);
        });
    }

    /// Gives a token to a person; `label` is what the journal and faults call its holder.
    pub fn add_token(&self, token: &str, label: &str, login: &str, at_most: Role) {
        self.on_forge(|forge| forge.state.add_token(token, label, login, at_most));
    }

    /// Cuts a token down to these rights, as a workflow does with that of its run.
    pub fn limit_token(&self, token: &str, rights: Rights) {
        self.on_forge(|forge| forge.state.limit_token(token, rights));
    }

    /// Installs an App, whose key has this public half (DER of PKCS#1); gives its number. Its tokens get at most these rights.
    pub fn add_app(&self, slug: &str, public_key: &[u8], rights: Rights) -> u64 {
        self.on_forge(|forge| forge.state.add_app(slug, public_key.to_vec(), rights))
    }

    /// Ends a token.
    pub fn revoke_token(&self, token: &str) {
        self.on_forge(|forge| forge.state.revoke_token(token));
    }

    /// Who holds a token.
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

    /// Makes an environment, or changes one.
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

    /// Opens any pull request. One from a fork names the fork and its head, whose objects have to
    /// be in the repository.
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

    /// Follows the branches after a `git push`. Reading a pull request does so too.
    pub fn sync(&self) -> Result<bool, Refusal> {
        self.with(|state, git, now| state.sync(now, git))
    }

    /// Lands a pull request as this person, with the button on its page.
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
            state.merge_pull(&actor, now, git, &Landing::new(pull, method))
        })
    }

    /// Puts a pull request into the merge queue; answers `merge_group.head_sha`.
    pub fn enqueue(&self, pull: PullNumber) -> Result<CommitId, Refusal> {
        self.with(|state, git, now| state.enqueue(now, git, pull))
    }

    /// Lands a queued pull request, if the checks on the group's commit passed.
    pub fn land_queued(&self, pull: PullNumber) -> Result<CommitId, Refusal> {
        self.with(|state, git, now| state.land_queued(now, git, pull))
    }

    /// Gives a pull request another base branch.
    pub fn retarget(&self, pull: PullNumber, base: &str) -> Result<(), Refusal> {
        self.with(|state, git, now| state.retarget(now, git, pull, base))
    }

    /// Closes a pull request without landing it.
    pub fn close_pull(&self, pull: PullNumber) -> Result<(), Refusal> {
        self.with(|state, _, now| state.close_pull(now, pull))
    }

    // Workflows, runs, artifacts.

    /// Makes a workflow known.
    pub fn register_workflow(&self, name: &str, path: &str) -> WorkflowId {
        self.with(|state, _, now| state.register_workflow(now, name, path))
    }

    /// Registers a run, queued.
    pub fn start_run(&self, order: NewRun) -> Result<RunId, Refusal> {
        self.with(|state, _, now| state.start_run(now, order))
    }

    /// Says where the newest attempt of a run stands.
    pub fn set_run(
        &self,
        run: RunId,
        status: &str,
        conclusion: Option<&str>,
    ) -> Result<(), Refusal> {
        self.with(|state, _, now| state.set_run(now, run, status, conclusion))
    }

    /// Adds a job to the newest attempt of a run, or says how one ended.
    pub fn set_job(&self, run: RunId, name: &str, conclusion: Option<&str>) -> Result<(), Refusal> {
        self.with(|state, _, now| state.set_job(now, run, name, conclusion))
    }

    /// Runs a run again; answers which attempt it is.
    pub fn rerun(&self, run: RunId, login: &str) -> Result<usize, Refusal> {
        self.with(|state, _, now| state.rerun(now, run, login))
    }

    /// A token with which the jobs of a run's newest attempt keep artifacts, as
    /// `ACTIONS_RUNTIME_TOKEN` gives it to them. It ends when the attempt is completed.
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

    /// Swaps the bytes of an asset, whether it is frozen or not.
    pub fn tamper_asset(&self, asset: AssetId, bytes: impl Read) -> Result<(), ControlError> {
        let blob = self.store(bytes)?;
        Ok(self.with(|state, _, _| state.tamper_asset(asset, blob))?)
    }

    /// Swaps the bytes of an artifact.
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

    /// The complete asset of a published release, by tag and name.
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
