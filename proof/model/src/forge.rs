//! GitHub: the effect of each call, and the ways in which a call can go wrong.
//!
//! Models `proof/fake-github/src/state/{releases,assets,publishing}.rs`, and the adapter's rule for lost responses
//! (`crates/forge/src/github/calls.rs`: a write whose response is lost is ambiguous, and never repeated).

use crate::release::{Content, Draft};
use crate::setup::Rules;
use crate::state::{Late, NONE, SLOTS, State, Status};

/// The outcome of a call. All but the first are faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It happens, and the caller receives the response.
    Fine,
    /// It happens, and the response is lost.
    Unanswered,
    /// It does not happen, and the caller receives no response.
    Lost,
    /// It happens later, and the caller receives no response.
    Late,
    /// It does not happen, because of a rate limit.
    RateLimited,
    /// It does not happen, and the caller knows: a refused connection, a 503 to a read.
    Unavailable,
    /// It does not happen, because it is not allowed at this moment.
    Denied,
    /// An upload leaves a `starter`, and the caller receives no response.
    Starter,
    /// It happens, and the caller crashes.
    ThenDies,
    /// It happens later, and the caller crashes.
    LateAndDies,
}

impl Fault {
    /// The ways in which a write can go wrong, apart from those of every call.
    pub const WRITES: [Self; 5] = [
        Self::Unanswered,
        Self::Lost,
        Self::Late,
        Self::ThenDies,
        Self::LateAndDies,
    ];
    /// The ways in which every call can go wrong: it does not happen, and the caller knows.
    pub const KNOWN: [(Self, Failure); 3] = [
        (Self::Unavailable, Failure::Unavailable),
        (Self::RateLimited, Failure::RateLimited),
        (Self::Denied, Failure::Denied),
    ];

    fn happens(self) -> bool {
        matches!(self, Self::Fine | Self::Unanswered | Self::ThenDies)
    }
}

/// The result that the caller receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It happened.
    Done,
    /// An error, or no response.
    Failed(Failure),
    /// The caller has crashed.
    Dead,
}

/// An error as the caller classifies it: the kinds of `core::promote::Fault`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// An object with this name already exists.
    Conflict,
    /// The object does not exist.
    NotFound,
    /// It is not allowed.
    Denied,
    /// A rate limit.
    RateLimited,
    /// It certainly did not happen.
    Unavailable,
    /// No response.
    Ambiguous,
}

/// Makes a write: applies its effect now, later, or never, and returns what the caller receives.
pub fn call(
    state: &mut State,
    fault: Fault,
    late: Option<Late>,
    effect: impl FnOnce(&mut State) -> Heard,
) -> Heard {
    let mut answer = Heard::Failed(Failure::Ambiguous);
    if fault.happens() {
        answer = effect(state);
    }
    if matches!(fault, Fault::Late | Fault::LateAndDies)
        && let Some(late) = late
    {
        state.delay(late);
    }
    match fault {
        Fault::Fine => answer,
        Fault::Unanswered | Fault::Lost | Fault::Late | Fault::Starter => {
            Heard::Failed(Failure::Ambiguous)
        }
        Fault::RateLimited => Heard::Failed(Failure::RateLimited),
        Fault::Unavailable => Heard::Failed(Failure::Unavailable),
        Fault::Denied => Heard::Failed(Failure::Denied),
        Fault::ThenDies | Fault::LateAndDies => Heard::Dead,
    }
}

/// `POST /releases`: creates a draft, whatever else exists for that tag. Returns its slot.
pub fn create(state: &mut State) -> u8 {
    let free = state.slots.iter().position(|slot| !slot.exists());
    match free.and_then(|at| state.slots.get_mut(at)) {
        Some(slot) => *slot = Draft::new(),
        None => state.overflow = true,
    }
    free.filter(|at| *at < SLOTS)
        .and_then(|at| u8::try_from(at).ok())
        .unwrap_or(NONE)
}

/// `POST /releases/N/assets`: an existing name is taken, even as a `starter`.
pub fn upload(state: &mut State, rules: Rules, slot: u8, file: u8, content: Content) -> Heard {
    match state.slot_mut(slot) {
        None => Heard::Failed(Failure::NotFound),
        Some(draft) if draft.published() && rules.releases_are_immutable => {
            Heard::Failed(Failure::Conflict)
        }
        Some(draft) if draft.file(file) != Content::ABSENT => Heard::Failed(Failure::Conflict),
        Some(draft) => {
            draft.put(file, content);
            Heard::Done
        }
    }
}

/// `DELETE /releases/assets/N`. Only the rejected designs call it.
pub fn delete_file(state: &mut State, rules: Rules, slot: u8, file: u8) -> Heard {
    match state.slot_mut(slot) {
        None => Heard::Failed(Failure::NotFound),
        Some(draft) if draft.published() && rules.releases_are_immutable => {
            Heard::Failed(Failure::Conflict)
        }
        Some(draft) => {
            draft.put(file, Content::ABSENT);
            Heard::Done
        }
    }
}

/// `PATCH /releases/N` with `draft: false`: publishes whatever is in it. A second release of a tag is refused, the same
/// one again is not.
pub fn publish(state: &mut State, slot: u8) -> Heard {
    let taken = state.release().is_some_and(|(other, _)| other != slot);
    let elsewhere = state.tag_elsewhere;
    match state.slot_mut(slot) {
        None => Heard::Failed(Failure::NotFound),
        Some(_) if taken => Heard::Failed(Failure::Conflict),
        Some(draft) => {
            // An existing tag stays where it is: the release's own target is ignored.
            if elsewhere {
                draft.tag_elsewhere();
            }
            draft.publish();
            Heard::Done
        }
    }
}

/// `POST /statuses/SHA` on the current head. Statuses of older heads no longer matter.
pub fn post(state: &mut State, pull: u8, status: Status) -> Heard {
    if let Some(pull) = state.pulls.get_mut(usize::from(pull)) {
        pull.status = status;
    }
    Heard::Done
}

/// `POST /statuses/SHA` on a commit of the merge queue.
pub fn post_queued(state: &mut State, at: u8, status: Status) -> Heard {
    if let Some(Some(queued)) = state.queue.get_mut(usize::from(at)) {
        queued.status = status;
    }
    Heard::Done
}

/// The merge queue drops a commit and those based on it, together with pending calls for them.
pub fn drop_queued(state: &mut State, from: usize) {
    let all = state.queue.iter_mut();
    all.skip(from).for_each(|queued| *queued = None);
    for late in &mut state.late {
        if matches!(late, Some(Late::PostQueued { at, .. }) if usize::from(*at) >= from) {
            *late = None;
        }
    }
}

/// Applies a delayed call.
pub fn land(state: &mut State, rules: Rules, late: Late) {
    // The response is not needed.
    let _ = match late {
        Late::Upload {
            slot,
            file,
            content,
        } => upload(state, rules, slot, file, content),
        Late::Publish { slot } => publish(state, slot),
        Late::Post { pull, status } => post(state, pull, status),
        Late::PostQueued { at, status } => post_queued(state, at, status),
        Late::Delete { slot, file } => delete_file(state, rules, slot, file),
    };
}
