//! One `lockgate promote`, a call at a time: its observations, `core::promote::decide`, `core::promote::Machine`, and
//! the final status. It can be killed between any two calls, and started again.

use lockgate_core::document::{Document as _, Receipt};
use lockgate_core::promote::{
    self, ArtifactFacts, Effect, End, Event, Facts, Fault, Machine, Plan, PullFacts, Recheck,
    Rechecked, Refusal, RunFacts, Step, UploadFault, Wait,
};
use lockgate_core::{Reason as _, Verdict};
use lockgate_forge_embedded::PullNumber;
use lockgate_forge_embedded::ReleaseId as ForgeRelease;
use lockgate_forge_embedded::state::people::Actor;
use lockgate_model::promises::Built;

use crate::bound::Bound;
use crate::executor;
use crate::fault_kind::{Call, FaultKind, Faults};
use crate::gate::{self, Gate};
use crate::mutant::Mutant;
use crate::observe;
use crate::reads::Reads;
use crate::rng::Rng;
use crate::users;
use crate::world::{World, Write, built, number_of};

/// A promoter.
#[derive(Debug)]
pub struct Promoter {
    /// The pull request that it promotes.
    pub pull: PullNumber,
    /// The account that started it.
    pub login: &'static str,
    /// Whether it runs in a workflow, and so in an environment.
    in_workflow: bool,
    /// Whether that environment held it back, at some time of this life.
    held_back: bool,
    /// How its latest life ended, if it has.
    pub end: Option<Ended>,
    /// An error that the state of the world would not show.
    pub fault: Option<&'static str>,
    mutant: Option<Mutant>,
    phase: Phase,
    drafts: Vec<ForgeRelease>,
    publishes: u32,
}

/// How a life ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It published this candidate.
    Published(Built),
    /// It found its work done: a release of the sources with this number.
    Already(u32),
    /// User action is required; holds the code.
    Refused(&'static str),
    /// It may be run again; holds the code.
    Waiting(&'static str),
    /// Bytes were wrong.
    WrongBytes,
}

#[derive(Debug)]
enum Phase {
    Down,
    Observing(Box<Reads>),
    Acting(Box<Acting>),
    /// It published, and posts the status.
    Settling(Box<Plan>),
    /// It found its work done, and checks the status.
    Finding(Box<Finding>),
    /// It stores the receipt with its run.
    Keeping(Box<Receipt>, Ended),
}

#[derive(Debug)]
struct Finding {
    gate: Gate,
    posts: bool,
    receipt: Box<Receipt>,
    ended: Ended,
}

impl Phase {
    /// Returns the kind of its next call.
    fn next_call(&self) -> Call {
        match self {
            Self::Down | Self::Observing(_) => Call::Read,
            Self::Settling(_) | Self::Keeping(..) => Call::Write,
            Self::Finding(finding) => finding.gate.next_call(),
            Self::Acting(acting) => match acting.effect {
                Effect::CreateDraft | Effect::Send { .. } | Effect::Publish(_) => Call::Write,
                Effect::ReadDraft(_)
                | Effect::Recheck
                | Effect::ReadRelease(_)
                | Effect::ReadPublic(_) => Call::Read,
            },
        }
    }
}

#[derive(Debug)]
pub(crate) struct Acting {
    pub(crate) machine: Machine,
    pub(crate) effect: Effect,
    /// The first half of a recheck.
    again: Option<(PullFacts, RunFacts, Vec<ArtifactFacts>)>,
    pub(crate) bound: Bound,
}

impl Promoter {
    /// Creates a promoter for a pull request.
    pub fn new(
        pull: PullNumber,
        login: &'static str,
        in_workflow: bool,
        mutant: Option<Mutant>,
    ) -> Self {
        Self {
            pull,
            login,
            in_workflow,
            held_back: false,
            end: None,
            fault: None,
            mutant,
            phase: Phase::Down,
            drafts: Vec::new(),
            publishes: 0,
        }
    }

    /// Returns whether it is running.
    pub fn runs(&self) -> bool {
        !matches!(self.phase, Phase::Down)
    }

    /// Starts it, or starts it again.
    pub fn start(&mut self) {
        (self.end, self.publishes, self.held_back) = (None, 0, false);
        self.drafts.clear();
        let reads = Reads::new(self.pull, self.login, self.in_workflow, self.mutant);
        self.phase = Phase::Observing(Box::new(reads));
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.phase = Phase::Down;
    }

    /// Returns whether a draft of this life is published.
    pub fn published_its_draft(&self, world: &World<'_>) -> bool {
        let public = world.state.release_by_tag(world.tag()).ok();
        public.is_some_and(|release| self.drafts.contains(&release.id))
    }

    /// Watches the actions of others: whether its environment held it back at some time since its start, and whether
    /// everything that it is bound to still held at some time since it read its draft back.
    pub fn watch(&mut self, world: &World<'_>) {
        self.held_back |= self.runs() && users::is_guarded(world);
        if let Phase::Acting(acting) = &mut self.phase {
            let Acting { machine, bound, .. } = &mut **acting;
            bound.watch(world, machine.plan());
        }
    }

    /// Makes its next call.
    pub fn turn(&mut self, world: &mut World<'_>, rng: &mut Rng, faults: Faults) {
        let fault_kind = FaultKind::of(rng, faults, self.phase.next_call());
        if fault_kind == FaultKind::DiesBefore {
            world.tell(|| format!("{} dies", self.login));
            return self.kill();
        }
        match std::mem::replace(&mut self.phase, Phase::Down) {
            Phase::Down => {}
            Phase::Observing(reads) => self.observe(world, fault_kind, reads),
            Phase::Acting(acting) => self.act(world, fault_kind, acting),
            Phase::Settling(plan) => self.settle(world, fault_kind, plan),
            Phase::Finding(finding) => self.find(world, fault_kind, finding),
            Phase::Keeping(receipt, ended) => self.keep(world, fault_kind, &receipt, ended),
        }
        if fault_kind.dies() {
            world.tell(|| format!("{} dies", self.login));
            self.kill();
        }
    }

    fn finish(&mut self, world: &mut World<'_>, ended: Ended) {
        world.tell(|| format!("{} ends: {}", self.login, short(&ended)));
        self.end = Some(ended);
        self.phase = Phase::Down;
    }

    fn observe(&mut self, world: &mut World<'_>, fault_kind: FaultKind, mut reads: Box<Reads>) {
        if fault_kind.read().is_err() {
            return self.finish(world, Ended::Waiting("forge.unavailable"));
        }
        match reads.next(world, fault_kind == FaultKind::Stale) {
            Some(facts) => self.decide(world, &facts),
            None => self.phase = Phase::Observing(reads),
        }
    }

    fn decide(&mut self, world: &mut World<'_>, facts: &Facts) {
        match promote::decide(facts) {
            Verdict::Refuse(refusal) => self.finish(world, Ended::Refused(refusal.full_code())),
            Verdict::Wait(wait) => self.finish(world, Ended::Waiting(wait.code())),
            Verdict::Done(done) => {
                // The fingerprint of the head, or of the merge: either is what was requested.
                let found = done.receipt.manifest.fingerprint;
                let asked = Some(found) == facts.merged_fingerprint;
                let sources = if asked { found } else { facts.head_fingerprint };
                self.found(world, done.receipt, Ended::Already(number_of(sources.0)));
            }
            Verdict::Proceed(plan) => {
                world.tell(|| format!("{} has a plan", self.login));
                let (machine, step) = Machine::start(*plan);
                self.go_on(world, machine, step, Bound::default());
            }
        }
    }

    fn go_on(&mut self, world: &mut World<'_>, machine: Machine, step: Step, bound: Bound) {
        match step {
            Step::Do(effect) => {
                self.phase = Phase::Acting(Box::new(Acting {
                    machine,
                    effect,
                    again: None,
                    bound,
                }));
            }
            Step::End(end) => self.ended(world, machine, *end),
        }
    }

    fn ended(&mut self, world: &mut World<'_>, machine: Machine, end: End) {
        let unknown = matches!(end, End::Waiting(Wait::PublishUnknown { .. }));
        match (end, self.mutant) {
            (End::Published(_), _) => {
                self.phase = Phase::Settling(Box::new(machine.plan().clone()));
            }
            (_, Some(Mutant::ConcludeFromAbsence)) if unknown => {
                self.finish(world, Ended::Waiting("it did not happen"));
            }
            (_, Some(Mutant::PublishAgain)) if unknown && self.publishes < 2 => {
                let (machine, step) = Machine::start(machine.plan().clone());
                self.go_on(world, machine, step, Bound::default());
            }
            (End::Already(done), _) => {
                let sources = machine.plan().receipt.manifest.fingerprint;
                self.found(world, done.receipt, Ended::Already(number_of(sources.0)));
            }
            (End::Refused(refusal), _) => self.finish(world, Ended::Refused(refusal.full_code())),
            (End::Waiting(wait), _) => self.finish(world, Ended::Waiting(wait.code())),
            (End::WrongBytes(_), _) => self.finish(world, Ended::WrongBytes),
        }
    }

    fn act(&mut self, world: &mut World<'_>, fault_kind: FaultKind, mut acting: Box<Acting>) {
        let effect = acting.effect.clone();
        world.tell(|| format!("{} {effect:?}, {fault_kind:?}", self.login));
        if let Effect::Publish(draft) = &effect {
            self.publishes += 1;
            let plan = acting.machine.plan();
            let said = (plan.title.clone(), plan.notes.clone());
            world.asked.insert(ForgeRelease(draft.0), said);
            if self.publishes > 1 {
                self.fault = Some("a promotion asks to publish once");
            }
            if self.in_workflow && !self.held_back {
                self.fault =
                    Some("a workflow's promotion runs in an environment that holds it back");
            }
            if !acting.bound.held() {
                self.fault = Some("what was published was still bound when it was read again");
            }
        }
        let event = if effect == Effect::Recheck {
            match self.recheck(world, fault_kind, &mut acting) {
                Some(event) => Some(event),
                None => {
                    self.phase = Phase::Acting(acting);
                    return;
                }
            }
        } else {
            let author = self.author(world);
            executor::perform(world, fault_kind, &acting, self.mutant, author)
        };
        let Some(event) = event else { return };
        if self.sends_again(&event) {
            self.phase = Phase::Acting(acting);
            return;
        }
        if let Event::Created(Ok(draft)) = &event {
            self.drafts.push(ForgeRelease(draft.0));
        }
        if let (Effect::ReadDraft(draft), Event::DraftRead(Ok(_))) = (&effect, &event) {
            world.read_back.insert(ForgeRelease(draft.0));
            // A stale response can hide a change made to the draft just before, which is then not read again.
            if fault_kind == FaultKind::Stale && world.edited.contains(&ForgeRelease(draft.0)) {
                world.edited_in_the_gap.insert(ForgeRelease(draft.0));
            }
            acting.bound = Bound::begin();
            acting.bound.watch(world, acting.machine.plan());
        }
        let Acting {
            mut machine, bound, ..
        } = *acting;
        let step = machine.step(event);
        self.go_on(world, machine, step, bound);
    }

    /// A broken variant does not abandon a draft whose upload had no response.
    fn sends_again(&self, event: &Event) -> bool {
        let lost = matches!(
            event,
            Event::Sent(Err(UploadFault::Forge(Fault::Ambiguous(_))))
        );
        lost && self.mutant == Some(Mutant::DeleteAndRetry)
    }

    /// Takes two calls, so that the world can change in between. `None` after the first.
    fn recheck(
        &self,
        world: &World<'_>,
        fault_kind: FaultKind,
        acting: &mut Acting,
    ) -> Option<Event> {
        let binding = &acting.machine.plan().binding;
        if self.mutant == Some(Mutant::SkipRecheck) {
            return Some(Event::Rechecked(Ok(Rechecked::Read(Box::new(
                binding.clone(),
            )))));
        }
        if let Err(fault) = fault_kind.read() {
            return Some(Event::Rechecked(Err(fault)));
        }
        let stale = fault_kind == FaultKind::Stale;
        if stale {
            acting.bound.excuse();
        }
        let Some((pull, run, artifacts)) = acting.again.take() else {
            let Some(pull) = observe::pull(world, self.pull, stale) else {
                return Some(Event::Rechecked(Ok(Rechecked::Gone("pull request"))));
            };
            let Some(run) = observe::run(world, binding.run) else {
                return Some(Event::Rechecked(Ok(Rechecked::Gone("run"))));
            };
            let artifacts = observe::artifacts(world, &run);
            acting.again = Some((pull, run, artifacts));
            return None;
        };
        let again = observe::view(world, &pull).map(|view| Recheck {
            repository_id: observe::repository(world),
            pull,
            run,
            artifacts,
            workflow: view.workflow,
            merged: view.merged,
            tagged: view.tagged,
            blocked: None,
        });
        let gone = Rechecked::Gone("package");
        Some(Event::Rechecked(Ok(
            again.map_or(gone, |again| binding.recheck(again))
        )))
    }

    /// Returns the owner of the token that creates the draft: the App at the hardened level, the workflow or the user
    /// at the basic one.
    fn author<'w>(&self, world: &World<'w>) -> &'w Actor {
        if world.reserved || self.in_workflow {
            &world.template.automation
        } else {
            world.template.person(self.login)
        }
    }

    fn found(&mut self, world: &mut World<'_>, receipt: Box<Receipt>, ended: Ended) {
        world.tell(|| format!("{} finds it done", self.login));
        self.phase = Phase::Finding(Box::new(Finding {
            gate: Gate::vouched(self.pull, self.mutant),
            posts: false,
            receipt,
            ended,
        }));
    }

    fn find(&mut self, world: &mut World<'_>, fault_kind: FaultKind, mut finding: Box<Finding>) {
        finding.gate.go_on(world, fault_kind);
        if !finding.posts && finding.gate.next_call() == Call::Write {
            finding.posts = true;
            self.phase = Phase::Finding(finding);
            return;
        }
        let Finding { receipt, ended, .. } = *finding;
        self.kept_or_finish(world, receipt, ended);
    }

    /// If an App publishes, no stored receipt is required.
    fn kept_or_finish(&mut self, world: &mut World<'_>, receipt: Box<Receipt>, ended: Ended) {
        if self.in_workflow && !world.reserved {
            self.phase = Phase::Keeping(receipt, ended);
        } else {
            self.finish(world, ended);
        }
    }

    fn keep(
        &mut self,
        world: &mut World<'_>,
        fault_kind: FaultKind,
        receipt: &Receipt,
        ended: Ended,
    ) {
        let version = &receipt.manifest.package_version;
        let name = world.template.package.receipt_artifact(version);
        let blob = world.keep(receipt.to_json().as_bytes());
        // Without it the next promotion stores the receipt.
        let _ = world.write(fault_kind, Write::Keep(name, blob));
        self.finish(world, ended);
    }

    fn settle(&mut self, world: &mut World<'_>, fault_kind: FaultKind, plan: Box<Plan>) {
        let status = gate::after_promotion(&plan);
        let context = observe::context_of(world, plan.binding.base.as_str());
        let order = gate::order(&status, context.unwrap_or_default());
        let call = Write::Status(plan.binding.head.to_string(), order);
        // The release exists, whatever the outcome for the status: the next run of the same command finds it.
        let _ = world.write(fault_kind, call);
        let ended = Ended::Published(built(&plan.receipt.manifest));
        self.kept_or_finish(world, Box::new(plan.receipt), ended);
    }
}

/// Describes an end briefly.
pub fn short(ended: &Ended) -> String {
    match ended {
        Ended::Published(_) => "published".to_owned(),
        Ended::Already(_) => "already published".to_owned(),
        Ended::Refused(code) => format!("refused, {code}"),
        Ended::Waiting(code) => format!("waiting, {code}"),
        Ended::WrongBytes => "wrong bytes".to_owned(),
    }
}

/// Returns whether a refusal requires user action.
pub fn names_what_to_do(code: &str) -> bool {
    Refusal::CODES.contains(&code) || code.starts_with("detect.")
}
