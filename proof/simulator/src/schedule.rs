//! One schedule: selects who acts next, ends the faults after a while, and checks the final state.

use lockgate_forge_embedded::PullNumber;

use crate::audit;
use crate::check;
use crate::fault_kind::Faults;
use crate::gate::{Gate, Of};
use crate::mutant::Mutant;
use crate::outsiders;
use crate::promoter::{Ended, Promoter, names_what_to_do};
use crate::rng::Rng;
use crate::template::Template;
use crate::users;
use crate::world::World;

/// The number of steps with faults.
const STEPS: u64 = 130;
/// The most steps that a promotion may take without faults.
const ENOUGH: u64 = 60;
/// How often it may then be run again.
const RUNS: u64 = 3;

/// What a schedule checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Faults never end; no promise may break.
    Safety,
    /// Faults end; then every promotion has to succeed, or name the required user action.
    Liveness,
}

/// The result of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The first promise that broke.
    pub broken: Option<&'static str>,
    /// The number of steps.
    pub steps: u64,
    /// Whether anything was published.
    pub published: bool,
    /// Whether anything was merged.
    pub merged: bool,
    /// The codes of an audit's findings at the end.
    pub audited: Vec<&'static str>,
    /// The steps, if requested.
    pub trace: Vec<String>,
}

/// Runs the schedule of a seed.
pub fn play(
    template: &Template,
    seed: u64,
    mode: Mode,
    mutant: Option<Mutant>,
    tell: bool,
) -> Outcome {
    let mut rng = Rng::new(seed);
    let mut play = Play {
        world: World::new(template, tell),
        promoters: cast(&mut rng, mutant),
        gates: Vec::new(),
        faults: Faults::of(&mut rng),
        adversary: rng.pick(&[0, 6, 12, 24]).unwrap_or(12),
        outsiders: rng.once_in(2),
        mutant,
        broken: None,
    };
    play.world.queues = rng.once_in(2);
    play.world.mutant = mutant;
    play.world.reserved = rng.once_in(2);
    if !play.world.reserved && rng.once_in(8) {
        play.world.state.settings_mut().immutable_releases = false;
    }
    let heads = Template::PULLS.map(Of::Head).into_iter();
    let groups = Template::PULLS.map(Of::Group).into_iter();
    let all = heads.chain(groups.filter(|_| play.world.queues));
    play.gates = all.map(|of| Gate::new(of, mutant)).collect();
    while play.world.step < STEPS && play.broken.is_none() {
        play.step(&mut rng);
    }
    if mode == Mode::Liveness && play.broken.is_none() {
        play.quiet(&mut rng);
    }
    let audit = audit::of(&play.world);
    let audited = audit.as_ref().map(audit::codes).unwrap_or_default();
    if play.broken.is_none() {
        play.broken = audit::broken(&play.world, audit.as_ref());
    }
    play.world.tell(|| format!("an audit finds {audited:?}"));
    if let Some(promise) = play.broken {
        play.world.tell(|| format!("BROKEN: {promise}"));
    }
    Outcome {
        broken: play.broken,
        steps: play.world.step,
        published: play.world.state.release_by_tag(play.world.tag()).is_ok(),
        merged: users::landed(&play.world),
        audited,
        trace: play.world.trace.unwrap_or_default(),
    }
}

fn cast(rng: &mut Rng, mutant: Option<Mutant>) -> Vec<Promoter> {
    let logins = ["maintainer", "maintainer-two", "admin"];
    // The fewer there are, the more often each acts, and finishes despite the faults.
    let several = rng.pick(&[1, 2, 3, 3]).unwrap_or(3);
    let mut promoters = Vec::new();
    for login in logins.into_iter().take(several) {
        let pull = rng.pick(&Template::PULLS).unwrap_or(PullNumber(1));
        let login = if rng.once_in(8) { "developer" } else { login };
        promoters.push(Promoter::new(pull, login, rng.once_in(2), mutant));
    }
    promoters
}

struct Play<'t> {
    world: World<'t>,
    promoters: Vec<Promoter>,
    gates: Vec<Gate>,
    /// The faults.
    faults: Faults,
    /// An attack happens in one of this many steps.
    adversary: u64,
    /// Whether attacks include those with other branches, tags, releases and names.
    outsiders: bool,
    mutant: Option<Mutant>,
    broken: Option<&'static str>,
}

impl Play<'_> {
    /// Lets one actor act, and checks the promises.
    fn step(&mut self, rng: &mut Rng) {
        self.world.tick();
        self.world.now += i64::try_from(rng.below(20)).unwrap_or(0);
        if self.adversary != 0 && rng.once_in(self.adversary) {
            if self.outsiders && rng.once_in(2) {
                outsiders::adversary(&mut self.world, rng);
            } else {
                users::adversary(&mut self.world, rng);
            }
        } else {
            self.act(rng);
        }
        self.look();
    }

    fn act(&mut self, rng: &mut Rng) {
        let who = rng.below(32);
        match (who, usize::try_from(who % self.promoters.len() as u64)) {
            (0..27, Ok(at)) => {
                let Some(promoter) = self.promoters.get_mut(at) else {
                    return;
                };
                if promoter.runs() {
                    promoter.turn(&mut self.world, rng, self.faults);
                } else if promoter.end.is_none() || rng.once_in(6) {
                    promoter.start();
                }
            }
            (27 | 28, _) => {
                self.gates_of_new_pulls();
                let at = rng.below(self.gates.len() as u64);
                let at = usize::try_from(at).unwrap_or(0);
                if let Some(gate) = self.gates.get_mut(at) {
                    gate.turn(&mut self.world, rng, self.faults);
                }
            }
            (29, _) => {
                users::build_all(&mut self.world);
                if self.outsiders && rng.once_in(8) {
                    let number = rng.pick(&Template::PULLS).unwrap_or(PullNumber(1));
                    users::dispatch(&mut self.world, number);
                }
            }
            _ => {
                let number = rng.pick(&Template::PULLS).unwrap_or(PullNumber(1));
                self.merge(number);
            }
        }
    }

    /// Creates a gate for each new pull request.
    fn gates_of_new_pulls(&mut self) {
        let pulls = self.world.state.pulls().into_iter();
        let of = pulls.map(|pull| Of::Head(pull.number));
        let new: Vec<_> = of
            .filter(|of| self.gates.iter().all(|gate| gate.of() != *of))
            .collect();
        let gates = new.into_iter().map(|of| Gate::new(of, self.mutant));
        self.gates.extend(gates);
    }

    fn merge(&mut self, number: PullNumber) -> bool {
        if self.world.queues {
            users::merge_by_queue(&mut self.world, number)
        } else {
            users::merge(&mut self.world, number)
        }
    }

    fn look(&mut self) {
        for promoter in &mut self.promoters {
            promoter.watch(&self.world);
        }
        self.broken = check::broken(&self.world, &self.promoters);
    }

    /// Ends the faults: delayed calls arrive, every promoter is started again, and has to finish.
    fn quiet(&mut self, rng: &mut Rng) {
        self.world.tell(|| "nothing goes wrong any more".to_owned());
        (self.faults, self.adversary) = (Faults::NONE, 0);
        self.promoters.iter_mut().for_each(Promoter::kill);
        while self.world.is_pending() && self.broken.is_none() {
            self.world.tick();
            self.look();
        }
        outsiders::put_back(&mut self.world);
        users::build_all(&mut self.world);
        for number in Template::PULLS {
            if self.broken.is_none() {
                self.settle(number, rng);
            }
        }
    }

    fn settle(&mut self, number: PullNumber, rng: &mut Rng) {
        // The origin can be proven only if a workflow stores the receipt, or a user or an App publishes directly.
        let in_workflow = !self.world.reserved && users::is_guarded(&self.world);
        let in_workflow = in_workflow || rng.once_in(2);
        let mut promoter = Promoter::new(number, "maintainer", in_workflow, None);
        self.promote(&mut promoter, rng);
        if promoter.end == Some(Ended::Refused("promote.ambiguous-run")) {
            users::dispatch(&mut self.world, number);
            self.promote(&mut promoter, rng);
            if promoter.end == Some(Ended::Refused("promote.ambiguous-run")) {
                self.broken = self
                    .broken
                    .or(Some("a run started by hand is beyond doubt"));
            }
        }
        let well = matches!(promoter.end, Some(Ended::Published(_) | Ended::Already(_)));
        let end = promoter.end.clone();
        if well && in_workflow && !check::is_proven(&self.world) {
            self.broken = self
                .broken
                .or(Some("who promotes again proves who published"));
        }
        if let Some(first) = self.promoters.first_mut() {
            *first = promoter;
        }
        self.look();
        self.broken = self.broken.or(match &end {
            Some(Ended::Refused(code)) if !names_what_to_do(code) => {
                Some("a refusal says what a person must do")
            }
            None | Some(Ended::Waiting(_)) => Some("it ends when nothing goes wrong any more"),
            Some(_) => None,
        });
        if well && self.broken.is_none() {
            self.land(number, rng);
        }
    }

    fn promote(&mut self, promoter: &mut Promoter, rng: &mut Rng) {
        for _ in 0..RUNS {
            promoter.start();
            for _ in 0..ENOUGH {
                self.world.tick();
                promoter.turn(&mut self.world, rng, Faults::NONE);
                promoter.watch(&self.world);
                if !promoter.runs() {
                    break;
                }
            }
            if !matches!(promoter.end, None | Some(Ended::Waiting(_))) {
                break;
            }
        }
    }

    /// The merge's sources are released: the gate has to turn green, and the pull request has to merge.
    fn land(&mut self, number: PullNumber, rng: &mut Rng) {
        let due = check::may_land(&self.world, number);
        if self.world.queues && self.world.queued(number).is_none() {
            self.merge(number);
        }
        for _ in 0..4 {
            self.world.tick();
            let gates = self.gates.iter_mut().filter(|gate| gate.is_of(number));
            for gate in gates {
                gate.turn(&mut self.world, rng, Faults::NONE);
            }
        }
        let merged = self.merge(number);
        self.look();
        if due && !merged {
            self.broken = self.broken.or(Some("what is published can be merged"));
        }
    }
}
