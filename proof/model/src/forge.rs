//! The forge: what each call does there, and the ways in which a call can go wrong.
//!
//! Stands for `proof/fake-github/src/state/{releases,assets,publishing}.rs`, and for what the adapter makes of lost answers
//! (`crates/forge/src/github/calls.rs`: a writing call whose answer is lost is ambiguous, and never repeated).

use crate::release::{Content, Draft};
use crate::setup::Rules;
use crate::state::{Late, NONE, SLOTS, State, Status};

/// How a call goes. All but the first are faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Luck {
    /// It happens, and the caller is told.
    Fine,
    /// It happens, and the caller is not told.
    Unanswered,
    /// It does not happen, and the caller is not told.
    Lost,
    /// It happens later, and the caller is not told.
    Late,
    /// It does not happen, and the caller is told: a rate limit, a refused connection, a 503 to a read.
    Refused,
    /// An upload leaves a `starter`, and the caller is not told.
    Starter,
    /// It happens, and the caller dies.
    ThenDies,
    /// It happens later, and the caller dies.
    LateAndDies,
}

impl Luck {
    /// The ways in which a writing call can go wrong.
    pub const WRITES: [Self; 6] = [
        Self::Unanswered,
        Self::Lost,
        Self::Late,
        Self::Refused,
        Self::ThenDies,
        Self::LateAndDies,
    ];
    /// The ways in which a reading call can go wrong: whatever it is, nothing was learned.
    pub const READS: [Self; 1] = [Self::Refused];

    fn happens(self) -> bool {
        matches!(self, Self::Fine | Self::Unanswered | Self::ThenDies)
    }
}

/// What the caller hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It happened.
    Done,
    /// Something of that name is there already: `Fault::Conflict`.
    Conflict,
    /// It is not there: `Fault::NotFound`.
    NotFound,
    /// It certainly did not happen: `Fault::{RateLimited, Unavailable}`.
    Refused,
    /// Nothing: `Fault::Ambiguous`.
    Nothing,
    /// The caller is dead.
    Dead,
}

/// Makes a writing call: its effect now, or later, or never; and what is heard of it.
pub fn call(
    state: &mut State,
    luck: Luck,
    late: Option<Late>,
    effect: impl FnOnce(&mut State) -> Heard,
) -> Heard {
    let mut answer = Heard::Nothing;
    if luck.happens() {
        answer = effect(state);
    }
    if matches!(luck, Luck::Late | Luck::LateAndDies)
        && let Some(late) = late
    {
        state.delay(late);
    }
    match luck {
        Luck::Fine => answer,
        Luck::Unanswered | Luck::Lost | Luck::Late | Luck::Starter => Heard::Nothing,
        Luck::Refused => Heard::Refused,
        Luck::ThenDies | Luck::LateAndDies => Heard::Dead,
    }
}

/// `POST /releases`: a draft, whatever else there is of that tag. Answers its slot.
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

/// `POST /releases/N/assets`: a name that is there, be it as a `starter`, is taken.
pub fn upload(state: &mut State, rules: Rules, slot: u8, file: u8, content: Content) -> Heard {
    match state.slot_mut(slot) {
        None => Heard::NotFound,
        Some(draft) if draft.published() && rules.releases_are_immutable => Heard::Conflict,
        Some(draft) if draft.file(file) != Content::ABSENT => Heard::Conflict,
        Some(draft) => {
            draft.put(file, content);
            Heard::Done
        }
    }
}

/// `DELETE /releases/assets/N`. Only the rejected designs ask for it.
pub fn delete_file(state: &mut State, rules: Rules, slot: u8, file: u8) -> Heard {
    match state.slot_mut(slot) {
        None => Heard::NotFound,
        Some(draft) if draft.published() && rules.releases_are_immutable => Heard::Conflict,
        Some(draft) => {
            draft.put(file, Content::ABSENT);
            Heard::Done
        }
    }
}

/// `PATCH /releases/N` with `draft: false`: whatever is in it. The second of a tag is refused, the same one again is not.
pub fn publish(state: &mut State, slot: u8) -> Heard {
    let taken = state.release().is_some_and(|(other, _)| other != slot);
    let elsewhere = state.tag_elsewhere;
    match state.slot_mut(slot) {
        None => Heard::NotFound,
        Some(_) if taken => Heard::Conflict,
        Some(draft) => {
            // A tag that is there already stays where it is: the release's own target is ignored.
            if elsewhere {
                draft.tag_elsewhere();
            }
            draft.publish();
            Heard::Done
        }
    }
}

/// `POST /statuses/SHA` on the present head. Those on older heads nobody looks at any more.
pub fn post(state: &mut State, pull: u8, status: Status) -> Heard {
    if let Some(pull) = state.pulls.get_mut(usize::from(pull)) {
        pull.status = status;
    }
    Heard::Done
}

/// The same on a commit of the merge queue.
pub fn post_queued(state: &mut State, at: u8, status: Status) -> Heard {
    if let Some(Some(queued)) = state.queue.get_mut(usize::from(at)) {
        queued.status = status;
    }
    Heard::Done
}

/// The merge queue drops a commit and those that stand on it, and with them whatever was under way to them.
pub fn drop_queued(state: &mut State, from: usize) {
    let all = state.queue.iter_mut();
    all.skip(from).for_each(|queued| *queued = None);
    for late in &mut state.late {
        if matches!(late, Some(Late::PostQueued { at, .. }) if usize::from(*at) >= from) {
            *late = None;
        }
    }
}

/// A call that was under way arrives.
pub fn land(state: &mut State, rules: Rules, late: Late) {
    // Nobody waits for the answer.
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
