//! One `lockgate gate` for a pull request: look, then post, with time for others between.
//!
//! Stands for `crates/lockgate/src/flows/gate.rs` and `promote/settle.rs`; what is decided is `core::gate::decide`'s.

use lockgate_core::detect;
use lockgate_core::gate::{Build, Facts, Pins, Published, Status, decide};
use lockgate_core::promote::{Plan, PullState, ReleaseFacts};
use lockgate_core::{CommitId, Verdict};
use lockgate_forge_embedded::PullNumber;
use lockgate_forge_embedded::state::statuses::{NewStatus, Verdict as Light};

use crate::chance::Chance;
use crate::luck::{Call, Faults, Luck};
use crate::observe;
use crate::sabotage::Sabotage;
use crate::world::{World, Write};

/// The gate of a pull request.
#[derive(Debug)]
pub struct Gate {
    pull: PullNumber,
    sabotage: Option<Sabotage>,
    decided: Option<(CommitId, Status)>,
}

impl Gate {
    /// Of a pull request.
    pub fn new(pull: PullNumber, sabotage: Option<Sabotage>) -> Self {
        Self {
            pull,
            sabotage,
            decided: None,
        }
    }

    /// Whether it is that of a pull request.
    pub fn is_of(&self, pull: PullNumber) -> bool {
        self.pull == pull
    }

    /// Looks, or posts what it decided.
    pub fn turn(&mut self, world: &mut World<'_>, chance: &mut Chance, faults: Faults) {
        let call = match self.decided {
            None => Call::Read,
            Some(_) => Call::Write,
        };
        let luck = Luck::of(chance, faults, call);
        match self.decided.take() {
            None if luck.read().is_err() || luck.dies() => {}
            None => self.decided = self.look(world, luck == Luck::Stale),
            Some((commit, status)) => {
                world.tell(|| {
                    let (number, code) = (self.pull, status.code);
                    format!("the gate of {number} posts {code}, {luck:?}")
                });
                let call = Write::Status(commit.to_string(), order(world, &status));
                // Without an answer it is run again: it looks first.
                let _ = world.write(luck, call);
            }
        }
    }

    fn look(&self, world: &World<'_>, stale: bool) -> Option<(CommitId, Status)> {
        let pull = observe::pull(world, self.pull, stale)?;
        if pull.state != PullState::Open {
            return None;
        }
        let view = observe::view(world, &pull)?;
        let (mut decision, mut merged) = (view.detected, view.merged);
        let mut published = match observe::release(world) {
            ReleaseFacts::Published(release) => match (release.problem(), &release.receipt) {
                (None, Ok(receipt)) => Published::Complete(receipt.manifest.fingerprint),
                (problem, _) => Published::Broken(problem.unwrap_or_default()),
            },
            ReleaseFacts::Absent | ReleaseFacts::TagOnly => Published::Nothing,
        };
        match (self.sabotage, &published) {
            (Some(Sabotage::GateIgnoresSources), Published::Complete(fingerprint)) => {
                let (fingerprint, version) = (*fingerprint, lockgate_core::Version::Integer(2));
                merged = Some(fingerprint);
                decision = Verdict::Done(detect::Done::AlreadyPublished {
                    version,
                    fingerprint,
                });
            }
            (Some(Sabotage::GateIgnoresBroken), Published::Broken(_)) => {
                if let Verdict::Done(detect::Done::AlreadyPublished { fingerprint, .. }) = &decision
                {
                    published = Published::Complete(*fingerprint);
                }
            }
            (Some(_) | None, _) => {}
        }
        let status = decide(&Facts {
            decision,
            merged,
            build: Build::Succeeded,
            published,
            pins: Pins::None,
        });
        let newest = newest(world, &pull.head);
        let same = newest == Some(light(&status));
        (!same).then_some((pull.head, status))
    }
}

/// The status that a promotion posts when it has published, without a new look.
pub fn after_promotion(plan: &Plan) -> Status {
    let manifest = &plan.receipt.manifest;
    decide(&Facts {
        decision: Verdict::Done(detect::Done::AlreadyPublished {
            version: manifest.package_version.clone(),
            fingerprint: manifest.fingerprint,
        }),
        merged: Some(plan.binding.merged),
        build: Build::Succeeded,
        published: Published::Complete(manifest.fingerprint),
        pins: Pins::None,
    })
}

/// A status as it is posted.
pub fn order(world: &World<'_>, status: &Status) -> NewStatus {
    NewStatus {
        state: status.state.as_str().to_owned(),
        context: world.template.package.gate_context(),
        description: Some(status.description.clone()),
        target_url: None,
    }
}

fn light(status: &Status) -> Light {
    Light::parse(status.state.as_str()).unwrap_or(Light::Error)
}

/// What Lockgate's newest status on a commit says: that of the account that it is bound to.
pub fn newest(world: &World<'_>, commit: &CommitId) -> Option<Light> {
    newest_of(
        world,
        &lockgate_forge_embedded::CommitId::parse(commit.as_str())?,
    )
}

/// The same for the forge's own word for a commit.
pub fn newest_of(world: &World<'_>, commit: &lockgate_forge_embedded::CommitId) -> Option<Light> {
    let all = world.state.statuses(commit);
    let mut ours = all
        .into_iter()
        .filter(|status| status.creator.ends_with("[bot]"));
    ours.next().map(|status| status.verdict)
}
