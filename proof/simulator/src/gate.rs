//! One `lockgate gate` for a pull request: reads, then posts, with time for others in between.
//!
//! Represents `crates/lockgate/src/flows/gate.rs` and `promote/finalize.rs`; `core::gate::decide` makes the decision.

use std::fmt;

use lockgate_core::detect;
use lockgate_core::gate::{Build, Facts, Pins, Published, Status, decide};
use lockgate_core::promote::{Plan, PullState, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{CommitId, Verdict};
use lockgate_forge_embedded::PullNumber;
use lockgate_forge_embedded::state::statuses::{NewStatus, Verdict as StatusState};

use crate::check;
use crate::fault_kind::{Call, FaultKind, Faults};
use crate::mutant::Mutant;
use crate::observe;
use crate::rng::Rng;
use crate::world::{World, Write};

/// What a gate is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The head of a pull request.
    Head(PullNumber),
    /// The merge queue's commit for a pull request.
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
    mutant: Option<Mutant>,
    /// Whether the reader is a promotion that has found its work done and knows who published it.
    vouched: bool,
    decided: Option<Decided>,
}

/// A status to post: its commit and its context.
#[derive(Debug)]
struct Decided {
    commit: CommitId,
    context: String,
    status: Status,
}

impl Gate {
    /// Creates a gate.
    pub fn new(of: Of, mutant: Option<Mutant>) -> Self {
        Self {
            of,
            mutant,
            vouched: false,
            decided: None,
        }
    }

    /// Creates the gate of a head for a promotion that has found its work done.
    pub fn vouched(pull: PullNumber, mutant: Option<Mutant>) -> Self {
        Self {
            vouched: true,
            ..Self::new(Of::Head(pull), mutant)
        }
    }

    /// Returns what it is asked about.
    pub fn of(&self) -> Of {
        self.of
    }

    /// Returns the kind of its next call.
    pub fn next_call(&self) -> Call {
        match self.decided {
            None => Call::Read,
            Some(_) => Call::Write,
        }
    }

    /// Returns whether it is about a pull request, or about the merge queue's commit for it.
    pub fn is_of(&self, pull: PullNumber) -> bool {
        matches!(self.of, Of::Head(number) | Of::Group(number) if number == pull)
    }

    /// Reads, or posts the decision.
    pub fn turn(&mut self, world: &mut World<'_>, rng: &mut Rng, faults: Faults) {
        let fault_kind = FaultKind::of(rng, faults, self.next_call());
        self.go_on(world, fault_kind);
    }

    /// Continues with a given outcome of the call.
    pub fn go_on(&mut self, world: &mut World<'_>, fault_kind: FaultKind) {
        match self.decided.take() {
            None if fault_kind.read().is_err() || fault_kind.dies() => {}
            None => {
                self.decided = self.look(world, fault_kind == FaultKind::Stale);
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
                    format!("the gate of {of} posts {code}, {fault_kind:?}")
                });
                let call = Write::Status(commit.to_string(), order(&status, context));
                // Without a response it is run again: it reads first.
                let _ = world.write(fault_kind, call);
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
                let forgets = self.mutant == Some(Mutant::GroupIgnoresFork);
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
                    (ReleaseOrigin::Foreign(why), ..) => Published::Foreign(why.clone()),
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
        match (self.mutant, &published) {
            (Some(Mutant::GateIgnoresSources), Published::Complete(fingerprint)) => {
                let (fingerprint, version) = (*fingerprint, lockgate_core::Version::Integer(2));
                merged = Some(fingerprint);
                decision = Verdict::Done(detect::Done::AlreadyPublished {
                    version,
                    fingerprint,
                });
            }
            (Some(Mutant::GateIgnoresBroken), Published::Broken(_)) => {
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

/// Returns the status that a promotion posts after publishing, without reading again.
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

/// Converts a status for posting.
pub fn order(status: &Status, context: String) -> NewStatus {
    NewStatus {
        state: status.state.as_str().to_owned(),
        context,
        description: Some(status.description.clone()),
        target_url: None,
    }
}

fn light(status: &Status) -> StatusState {
    StatusState::parse(status.state.as_str()).unwrap_or(StatusState::Error)
}

/// Returns the state of Lockgate's newest status in a context on a commit: only the account counts that it is bound to.
pub fn newest(world: &World<'_>, commit: &CommitId, context: &str) -> Option<StatusState> {
    newest_of(
        world,
        &lockgate_forge_embedded::CommitId::parse(commit.as_str())?,
        context,
    )
}

/// Returns the same for a commit in GitHub's format.
pub fn newest_of(
    world: &World<'_>,
    commit: &lockgate_forge_embedded::CommitId,
    context: &str,
) -> Option<StatusState> {
    let all = world.state.statuses(commit);
    let mut ours = all
        .into_iter()
        .filter(|status| status.creator.ends_with("[bot]") && status.context == context);
    ours.next().map(|status| status.verdict)
}
