//! How calls go: before their effect, after it, late, or never; and what the caller hears, in the machine's words.
//!
//! Stands for the network and the adapter: the table of `crates/forge/src/github/answer.rs`, and its rule that a write whose
//! answer is lost is ambiguous.

use lockgate_core::promote::Fault;
use lockgate_forge_embedded::state::refusal::Refusal;

use crate::chance::Chance;

/// How a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    /// It happens, and the caller is told.
    Fine,
    /// It happens, and the answer is lost.
    Unanswered,
    /// The request is lost.
    Lost,
    /// It happens after so many more steps of the world, and nobody is told.
    Late(u64),
    /// There are too many calls: nothing happens.
    RateLimited,
    /// There is no connection: nothing happens.
    Unavailable,
    /// An upload breaks off, and leaves a `starter`.
    Starter,
    /// What a read shows is old.
    Stale,
    /// The caller dies before the call.
    DiesBefore,
    /// The caller dies after it.
    DiesAfter,
    /// The caller dies, and the call happens after so many more steps.
    DiesLate(u64),
}

/// The kinds of luck that a schedule can have besides good luck, from the number of steps that is used where something happens
/// later. What matters most stands twice.
const KINDS: [fn(u64) -> Luck; 12] = [
    |_| Luck::Unanswered,
    |_| Luck::Lost,
    Luck::Late,
    Luck::Late,
    |_| Luck::RateLimited,
    |_| Luck::Unavailable,
    |_| Luck::Starter,
    |_| Luck::Stale,
    |_| Luck::Stale,
    |_| Luck::DiesBefore,
    |_| Luck::DiesAfter,
    Luck::DiesLate,
];

/// What can go wrong in a schedule, and how often.
///
/// Schedules differ in that, because faults get into each other's way: where everything goes wrong at once, no promotion gets as
/// far as to the two that only together do harm. So half of the schedules know some kinds only (swarm testing: Groce, Zhang,
/// Eide, Chen, Regehr, ISSTA 2012).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// One reading call in so many goes wrong; 0 means none.
    reads: u64,
    /// One writing call in so many.
    writes: u64,
    /// A bit for each of [`KINDS`] that happens.
    kinds: u64,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        reads: 0,
        writes: 0,
        kinds: 0,
    };

    /// Those of a schedule.
    pub fn of(chance: &mut Chance) -> Self {
        let all = (1 << KINDS.len()) - 1;
        if chance.once_in(2) {
            let rate = chance.pick(&[0, 4, 8, 16, 32]).unwrap_or(8);
            return Self {
                reads: rate,
                writes: rate,
                kinds: all,
            };
        }
        let mut some = || chance.below(all + 1);
        let kinds = some() & some();
        Self {
            reads: chance.pick(&[0, 0, 8, 32]).unwrap_or(8),
            writes: chance.pick(&[2, 4, 8, 16]).unwrap_or(8),
            kinds: if kinds == 0 { all } else { kinds },
        }
    }

    /// One of the kinds that happen.
    fn kind(self, chance: &mut Chance) -> Option<fn(u64) -> Luck> {
        let wanted = chance.below(u64::from(self.kinds.count_ones()));
        let happens = |(bit, kind)| (self.kinds >> bit & 1 == 1).then_some(kind);
        let mut happen = KINDS.into_iter().enumerate().filter_map(happens);
        happen.nth(usize::try_from(wanted).unwrap_or(0))
    }
}

/// Whether a call changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// It only reads.
    Read,
    /// It changes something.
    Write,
}

impl Luck {
    /// For a call of a schedule in which this goes wrong.
    pub fn of(chance: &mut Chance, faults: Faults, call: Call) -> Self {
        let one_in = match call {
            Call::Read => faults.reads,
            Call::Write => faults.writes,
        };
        if one_in == 0 || !chance.once_in(one_in) {
            return Self::Fine;
        }
        // Some arrive before the caller's next step, others when all is over.
        let longest = chance.pick(&[6, 20, 60]).unwrap_or(60);
        let later = 1 + chance.below(longest);
        faults.kind(chance).map_or(Self::Fine, |luck| luck(later))
    }

    /// Whether the effect happens now.
    pub fn happens(self) -> bool {
        matches!(
            self,
            Self::Fine | Self::Stale | Self::Unanswered | Self::DiesAfter
        )
    }

    /// After how many steps it happens, where it does so later.
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

    /// Whether the caller is dead afterwards.
    pub fn dies(self) -> bool {
        matches!(self, Self::DiesBefore | Self::DiesAfter | Self::DiesLate(_))
    }

    /// What a reading call gives: old is not a fault that the caller would see.
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

    /// What the caller of a writing call hears.
    pub fn heard<T>(self, effect: Option<Result<T, Refusal>>) -> Result<T, Fault> {
        match (self, effect) {
            (Self::Fine | Self::Stale, Some(done)) => done.map_err(fault),
            (Self::RateLimited, _) => Err(Fault::RateLimited("slow down".into())),
            (Self::Unavailable, _) => Err(Fault::Unavailable("no connection".into())),
            _ => Err(Fault::Ambiguous("no answer".into())),
        }
    }
}

/// What the adapter makes of a refusal.
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
