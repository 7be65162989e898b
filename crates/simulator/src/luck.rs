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

impl Luck {
    /// For a call of a schedule in which one in so many goes wrong; 0 means none.
    pub fn of(chance: &mut Chance, one_in: u64) -> Self {
        if one_in == 0 || !chance.once_in(one_in) {
            return Self::Fine;
        }
        let later = 1 + chance.below(60);
        match chance.below(12) {
            0 => Self::Unanswered,
            1 => Self::Lost,
            2 | 3 => Self::Late(later),
            4 => Self::RateLimited,
            5 => Self::Unavailable,
            6 => Self::Starter,
            7 | 8 => Self::Stale,
            9 => Self::DiesBefore,
            10 => Self::DiesAfter,
            _ => Self::DiesLate(later),
        }
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
