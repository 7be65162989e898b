//! One `lockgate gate` for a pull request: look, then post, with time for others between.
//!
//! Stands for `crates/lockgate/src/flows/gate.rs` and `promote/settle.rs`; what is decided is `core::gate::decide`'s.

use std::fmt;

use lockgate_core::detect;
use lockgate_core::gate::{Build, Facts, Pins, Published, Status, decide};
use lockgate_core::promote::{Plan, PullState, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{CommitId, Verdict};
use lockgate_forge_embedded::PullNumber;
use lockgate_forge_embedded::state::statuses::{NewStatus, Verdict as Light};

use crate::chance::Chance;
use crate::check;
use crate::luck::{Call, Faults, Luck};
use crate::observe;
use crate::sabotage::Sabotage;
use crate::world::{World, Write};

/// What a gate is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The head of a pull request.
    Head(PullNumber),
    /// What a merge queue has made of one.
    Group(PullNumber),
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(number) => write!(f, "{number}"),
            Self::Group(number) => write!(f, "the merge group of {number}"),
        }
    }
}

/// The gate of a commit.
#[derive(Debug)]
pub struct Gate {
    of: Of,
    sabotage: Option<Sabotage>,
    /// Whether a promotion looks that has found its work done, and answers for who published it.
    vouched: bool,
    decided: Option<Decided>,
}

/// A status that is due: for which commit, in which context.
#[derive(Debug)]
struct Decided {
    commit: CommitId,
    context: String,
    status: Status,
}

impl Gate {
    /// Of this.
    pub fn new(of: Of, sabotage: Option<Sabotage>) -> Self {
        Self {
            of,
            sabotage,
            vouched: false,
            decided: None,
        }
    }

    /// Of the head of a pull request, looked at by a promotion that has found its work done.
    pub fn vouched(pull: PullNumber, sabotage: Option<Sabotage>) -> Self {
        Self {
            vouched: true,
            ..Self::new(Of::Head(pull), sabotage)
        }
    }

    /// What it is asked about.
    pub fn of(&self) -> Of {
        self.of
    }

    /// Whether its next call changes anything.
    pub fn next_call(&self) -> Call {
        match self.decided {
            None => Call::Read,
            Some(_) => Call::Write,
        }
    }

    /// Whether it is that of a pull request, or of what a merge queue has made of it.
    pub fn is_of(&self, pull: PullNumber) -> bool {
        matches!(self.of, Of::Head(number) | Of::Group(number) if number == pull)
    }

    /// Looks, or posts what it decided.
    pub fn turn(&mut self, world: &mut World<'_>, chance: &mut Chance, faults: Faults) {
        let luck = Luck::of(chance, faults, self.next_call());
        self.go_on(world, luck);
    }

    /// The same, where it is known how the call goes.
    pub fn go_on(&mut self, world: &mut World<'_>, luck: Luck) {
        match self.decided.take() {
            None if luck.read().is_err() || luck.dies() => {}
            None => {
                self.decided = self.look(world, luck == Luck::Stale);
                let green = self.decided.as_ref().map(|it| &it.status);
                let green = green.filter(|status| status.code == "gate.published");
                if green.is_some() && !check::is_whole(world) {
                    world.fault =
                        Some("a gate that looks at a release that is not whole is not green");
                }
            }
            Some(Decided {
                commit,
                context,
                status,
            }) => {
                world.tell(|| {
                    let (of, code) = (self.of, status.code);
                    format!("the gate of {of} posts {code}, {luck:?}")
                });
                let call = Write::Status(commit.to_string(), order(&status, context));
                // Without an answer it is run again: it looks first.
                let _ = world.write(luck, call);
            }
        }
    }

    fn look(&self, world: &World<'_>, stale: bool) -> Option<Decided> {
        let (commit, base, mut decision, mut merged) = match self.of {
            Of::Head(number) => {
                let pull = observe::pull(world, number, stale)?;
                if pull.state != PullState::Open {
                    return None;
                }
                let view = observe::view(world, &pull)?;
                (pull.head, pull.base.to_string(), view.detected, view.merged)
            }
            Of::Group(number) => {
                let forgets = self.sabotage == Some(Sabotage::GroupIgnoresFork);
                let fork = (!forgets).then_some(observe::FORK);
                let group = observe::group(world, number, fork)?;
                let base = "main".to_owned();
                (group.commit, base, group.detected, Some(group.merged))
            }
        };
        let context = observe::context_of(world, &base)?;
        let mut published = match observe::release(world) {
            ReleaseFacts::Published(release) => {
                match (&release.origin, release.problem(), &release.receipt) {
                    (ReleaseOrigin::Stranger(why), ..) => Published::Foreign(why.clone()),
                    (ReleaseOrigin::Unproven(why), None, _) if !self.vouched => {
                        Published::Unproven(why.clone())
                    }
                    (_, None, Ok(receipt)) => Published::Complete(receipt.manifest.fingerprint),
                    (_, problem, _) => Published::Broken(problem.unwrap_or_default()),
                }
            }
            ReleaseFacts::Absent | ReleaseFacts::TagOnly | ReleaseFacts::NotReadable(_) => {
                Published::Nothing
            }
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
            unpromotable: None,
            published,
            pins: Pins::None,
        });
        let same = newest(world, &commit, &context) == Some(light(&status));
        (!same).then_some(Decided {
            commit,
            context,
            status,
        })
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
        unpromotable: None,
        published: Published::Complete(manifest.fingerprint),
        pins: Pins::None,
    })
}

/// A status as it is posted.
pub fn order(status: &Status, context: String) -> NewStatus {
    NewStatus {
        state: status.state.as_str().to_owned(),
        context,
        description: Some(status.description.clone()),
        target_url: None,
    }
}

fn light(status: &Status) -> Light {
    Light::parse(status.state.as_str()).unwrap_or(Light::Error)
}

/// What Lockgate's newest status in a context on a commit says: that of the account that it is bound to.
pub fn newest(world: &World<'_>, commit: &CommitId, context: &str) -> Option<Light> {
    newest_of(
        world,
        &lockgate_forge_embedded::CommitId::parse(commit.as_str())?,
        context,
    )
}

/// The same for the forge's own word for a commit.
pub fn newest_of(
    world: &World<'_>,
    commit: &lockgate_forge_embedded::CommitId,
    context: &str,
) -> Option<Light> {
    let all = world.state.statuses(commit);
    let mut ours = all
        .into_iter()
        .filter(|status| status.creator.ends_with("[bot]") && status.context == context);
    ours.next().map(|status| status.verdict)
}
