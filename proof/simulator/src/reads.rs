//! The reads before the decision, one call after the other, so that the world can change between any two.
//!
//! Represents `observe` in `crates/lockgate/src/flows/promote.rs`.

use lockgate_core::Role;
use lockgate_core::document::Candidate;
use lockgate_core::promote::{
    ActorFacts, ArtifactFacts, CandidateFacts, Changes, Facts, PullFacts, ReleaseFacts,
    ReleaseOrigin, RunFacts,
    runs::{self, BaseHistory},
};
use lockgate_core::settings::{Environment, Reading};
use lockgate_forge_embedded::PullNumber;

use crate::mutant::Mutant;
use crate::observe::{self, View};
use crate::world::World;

/// The results so far.
#[derive(Debug)]
pub struct Reads {
    number: PullNumber,
    login: &'static str,
    in_workflow: bool,
    mutant: Option<Mutant>,
    role: Option<Role>,
    environment: Option<Option<Reading<Environment>>>,
    pull: Option<PullFacts>,
    view: Option<View>,
    run: Option<Option<RunFacts>>,
    artifacts: Vec<ArtifactFacts>,
    candidate: Option<CandidateFacts>,
    history: Option<BaseHistory>,
}

impl Reads {
    /// Creates an empty set of reads.
    pub fn new(
        number: PullNumber,
        login: &'static str,
        in_workflow: bool,
        mutant: Option<Mutant>,
    ) -> Self {
        Self {
            number,
            login,
            in_workflow,
            mutant,
            role: None,
            environment: None,
            pull: None,
            view: None,
            run: None,
            artifacts: Vec::new(),
            candidate: None,
            history: None,
        }
    }

    /// Makes the next call. Returns the facts after the last one.
    pub fn next(&mut self, world: &World<'_>, stale: bool) -> Option<Facts> {
        if self.role.is_none() {
            let role = observe::role(world, self.login);
            let trusted = self.mutant == Some(Mutant::SkipRole);
            self.role = Some(if trusted { Role::Maintain } else { role });
        } else if self.environment.is_none() {
            let looks = self.in_workflow && self.mutant != Some(Mutant::SkipEnvironment);
            self.environment = Some(looks.then(|| observe::environment(world)));
        } else if self.pull.is_none() {
            self.pull = observe::pull(world, self.number, stale);
        } else if self.view.is_none() {
            self.view = self
                .pull
                .as_ref()
                .and_then(|pull| observe::view(world, pull));
        } else if self.run.is_none() {
            let pull = self.pull.as_ref();
            self.run = Some(pull.and_then(|pull| observe::run_of(world, pull, false)));
        } else if self.candidate.is_none() {
            self.read_candidate(world);
        } else if self.history.is_none() {
            self.history = Some(self.read_history(world));
        } else {
            return self.facts(world, stale);
        }
        None
    }

    fn read_candidate(&mut self, world: &World<'_>) {
        let run = self.run.as_ref().and_then(Option::as_ref);
        self.artifacts = run.map_or_else(Vec::new, |run| observe::artifacts(world, run));
        let read = |run| observe::candidate(world, run, &self.artifacts);
        self.candidate = Some(run.map_or(CandidateFacts::Absent, read));
    }

    /// Reads which other bases could have provided the run's workflow file. If that is unknown, a run that was started
    /// by hand is used instead, if there is one.
    fn read_history(&mut self, world: &World<'_>) -> BaseHistory {
        let run = self.run.as_ref().and_then(Option::as_ref);
        let own = Some(observe::repository(world));
        let run = run.filter(|run| runs::depends_on_base(run) && run.head_repository == own);
        let (Some(run), Some(pull)) = (run, &self.pull) else {
            return BaseHistory::default();
        };
        let history = observe::history(world, pull);
        if runs::ambiguity(run, pull, &history).is_some()
            && let Some(by_hand) = observe::run_of(world, pull, true)
        {
            self.run = Some(Some(by_hand));
            self.read_candidate(world);
            return BaseHistory::default();
        }
        history
    }

    /// Falsifies a release for a broken variant, for which equal bytes prove the origin.
    fn lied(&self, mut seen: ReleaseFacts) -> ReleaseFacts {
        if let (Some(Mutant::BelieveSameBytes), ReleaseFacts::Published(release)) =
            (self.mutant, &mut seen)
            && let (Some(CandidateFacts::Read(Candidate::Complete(ours))), Ok(theirs)) =
                (&self.candidate, &release.receipt)
            && ours.executables == theirs.manifest.executables
            && matches!(release.origin, ReleaseOrigin::Unproven(_))
        {
            release.origin = ReleaseOrigin::Promotion;
        }
        seen
    }

    fn facts(&self, world: &World<'_>, stale: bool) -> Option<Facts> {
        let view = self.view.clone()?;
        let release = if view.tagged && !stale {
            match observe::release(world) {
                ReleaseFacts::Absent => ReleaseFacts::TagOnly,
                seen @ (ReleaseFacts::TagOnly
                | ReleaseFacts::NotReadable(_)
                | ReleaseFacts::Published(_)) => self.lied(seen),
            }
        } else {
            ReleaseFacts::Absent
        };
        Some(Facts {
            expect_head: None,
            private: false,
            approved: None,
            changes: Changes::default(),
            actor: ActorFacts {
                login: self.login.parse().ok()?,
                role: self.role?,
            },
            environment: self.environment.clone()?,
            package: (*world.template.package).clone(),
            repository_id: observe::repository(world),
            repository: world.state.repository().full_name().parse().ok()?,
            pull: self.pull.clone()?,
            default_branch: "main".parse().ok()?,
            context: observe::context_of(world, self.pull.as_ref()?.base.as_str()),
            base_commit: view.base_commit,
            detected: view.detected,
            head_fingerprint: view.head,
            merged_fingerprint: view.merged,
            workflow: view.workflow,
            history: self.history.clone()?,
            run: self.run.clone()?,
            artifacts: self.artifacts.clone(),
            candidate: self.candidate.clone()?,
            release,
            blocked: None,
            now: u64::try_from(world.now).ok()?,
            lockgate: "0.0.0".to_owned(),
        })
    }
}
