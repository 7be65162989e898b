//! The outcome of calls: crash before their effect or after it, delay, loss; and the result for the caller, in the
//! machine's terms.
//!
//! Represents the network and the adapter: the table of `crates/forge/src/github/answer.rs`, and its rule that a write
//! whose response is lost is ambiguous.

use lockgate_core::promote::Fault;
use lockgate_forge_embedded::state::refusal::Refusal;

use crate::rng::Rng;

/// The outcome of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It happens, and the caller receives the response.
    Fine,
    /// It happens, and the response is lost.
    Unanswered,
    /// The request is lost.
    Lost,
    /// It happens after this many more steps, and the caller receives no response.
    Late(u64),
    /// The rate limit is exceeded: nothing happens.
    RateLimited,
    /// There is no connection: nothing happens.
    Unavailable,
    /// An upload is interrupted, and leaves a `starter`.
    Starter,
    /// A read returns an older state.
    Stale,
    /// The caller crashes before the call.
    DiesBefore,
    /// The caller crashes after it.
    DiesAfter,
    /// The caller crashes, and the call happens after this many more steps.
    DiesLate(u64),
}

/// The kinds of faults in a schedule, from the number of steps for those that happen later. The most important ones are
/// listed twice.
const KINDS: [fn(u64) -> FaultKind; 12] = [
    |_| FaultKind::Unanswered,
    |_| FaultKind::Lost,
    FaultKind::Late,
    FaultKind::Late,
    |_| FaultKind::RateLimited,
    |_| FaultKind::Unavailable,
    |_| FaultKind::Starter,
    |_| FaultKind::Stale,
    |_| FaultKind::Stale,
    |_| FaultKind::DiesBefore,
    |_| FaultKind::DiesAfter,
    FaultKind::DiesLate,
];

/// The faults of a schedule, and their frequency.
///
/// Schedules differ in these, because faults mask each other: if everything goes wrong at once, no promotion gets far
/// enough for the two faults that only together do harm. So half of the schedules have only some kinds (swarm testing:
/// Groce, Zhang, Eide, Chen, Regehr, ISSTA 2012).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// One in this many reads goes wrong; 0 means none.
    reads: u64,
    /// One in this many writes goes wrong.
    writes: u64,
    /// A bit for each of [`KINDS`] that is enabled.
    kinds: u64,
}

impl Faults {
    /// No faults.
    pub const NONE: Self = Self {
        reads: 0,
        writes: 0,
        kinds: 0,
    };

    /// Selects the faults of a schedule.
    pub fn of(rng: &mut Rng) -> Self {
        let all = (1 << KINDS.len()) - 1;
        if rng.once_in(2) {
            let rate = rng.pick(&[0, 4, 8, 16, 32]).unwrap_or(8);
            return Self {
                reads: rate,
                writes: rate,
                kinds: all,
            };
        }
        let mut some = || rng.below(all + 1);
        let kinds = some() & some();
        Self {
            reads: rng.pick(&[0, 0, 8, 32]).unwrap_or(8),
            writes: rng.pick(&[2, 4, 8, 16]).unwrap_or(8),
            kinds: if kinds == 0 { all } else { kinds },
        }
    }

    /// Selects one of the enabled kinds.
    fn kind(self, rng: &mut Rng) -> Option<fn(u64) -> FaultKind> {
        let wanted = rng.below(u64::from(self.kinds.count_ones()));
        let happens = |(bit, kind)| (self.kinds >> bit & 1 == 1).then_some(kind);
        let mut happen = KINDS.into_iter().enumerate().filter_map(happens);
        happen.nth(usize::try_from(wanted).unwrap_or(0))
    }
}

/// Whether a call is a read or a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// A read.
    Read,
    /// A write.
    Write,
}

impl FaultKind {
    /// Selects the outcome of a call in a schedule with these faults.
    pub fn of(rng: &mut Rng, faults: Faults, call: Call) -> Self {
        let one_in = match call {
            Call::Read => faults.reads,
            Call::Write => faults.writes,
        };
        if one_in == 0 || !rng.once_in(one_in) {
            return Self::Fine;
        }
        // Some arrive before the caller's next step, others after everything is over.
        let longest = rng.pick(&[6, 20, 60]).unwrap_or(60);
        let later = 1 + rng.below(longest);
        faults
            .kind(rng)
            .map_or(Self::Fine, |fault_kind| fault_kind(later))
    }

    /// Returns whether the effect happens now.
    pub fn happens(self) -> bool {
        matches!(
            self,
            Self::Fine | Self::Stale | Self::Unanswered | Self::DiesAfter
        )
    }

    /// Returns the number of steps after which a delayed effect happens.
    pub fn later(self) -> Option<u64> {
        match self {
            Self::Late(steps) | Self::DiesLate(steps) => Some(steps),
            Self::Fine
            | Self::Unanswered
            | Self::Lost
            | Self::RateLimited
            | Self::Unavailable
            | Self::Starter
            | Self::Stale
            | Self::DiesBefore
            | Self::DiesAfter => None,
        }
    }

    /// Returns whether the caller crashes.
    pub fn dies(self) -> bool {
        matches!(self, Self::DiesBefore | Self::DiesAfter | Self::DiesLate(_))
    }

    /// Returns the result of a read: the caller cannot see that it is stale.
    pub fn read(self) -> Result<(), Fault> {
        match self {
            Self::Fine | Self::Stale | Self::DiesBefore | Self::DiesAfter | Self::DiesLate(_) => {
                Ok(())
            }
            Self::RateLimited => Err(Fault::RateLimited("slow down".into())),
            Self::Unanswered | Self::Lost | Self::Late(_) | Self::Unavailable | Self::Starter => {
                Err(Fault::Unavailable("no answer".into()))
            }
        }
    }

    /// Returns what the caller of a write receives.
    pub fn heard<T>(self, effect: Option<Result<T, Refusal>>) -> Result<T, Fault> {
        match (self, effect) {
            (Self::Fine | Self::Stale, Some(done)) => done.map_err(fault),
            (Self::RateLimited, _) => Err(Fault::RateLimited("slow down".into())),
            (Self::Unavailable, _) => Err(Fault::Unavailable("no connection".into())),
            _ => Err(Fault::Ambiguous("no answer".into())),
        }
    }
}

/// Converts a refusal as the adapter does.
pub fn fault(refusal: Refusal) -> Fault {
    let text = refusal.to_string();
    match refusal {
        Refusal::NotFound | Refusal::Gone(_) => Fault::NotFound(text),
        Refusal::Unauthenticated | Refusal::Forbidden(_) => Fault::Denied(text),
        Refusal::Invalid(_)
        | Refusal::Unprocessable(_)
        | Refusal::Conflict(_)
        | Refusal::NotAllowed(_)
        | Refusal::Malformed(_) => Fault::Conflict(text),
        Refusal::Broken(_) => Fault::Ambiguous(text),
    }
}
