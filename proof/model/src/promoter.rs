//! One promotion, step by step: `core::promote::machine`, effect by effect.

use crate::decision::Look;
use crate::forge::{self, Fault, Heard};
use crate::release::Content;
use crate::setup::{Design, Setup};
use crate::state::{At, Late, NONE, State, Status};

/// The most drafts that one promotion creates (`machine.rs`: `DRAFTS`).
const DRAFTS: u8 = 3;

/// Makes the next call of a promotion. `None` if that outcome or read does not apply to it.
pub fn step(state: &State, setup: &Setup, who: u8, fault: Fault, look: Look) -> Option<State> {
    let me = state.promoter(who);
    let mut next = state.clone();
    if fault != Fault::Fine {
        next.faults = next.faults.checked_sub(1)?;
    }
    if fault == Fault::Starter && !matches!(me.at, At::SendingExecutables | At::SendingReceipt) {
        return None;
    }
    let stale = look == Look::Stale;
    if stale
        && (fault != Fault::Fine
            || !matches!(me.at, At::ReadingDraft | At::Unsure | At::Confirming))
    {
        return None;
    }
    let reads = matches!(
        me.at,
        At::LookingAt(_) | At::ReadingDraft | At::Rechecking | At::Unsure | At::Confirming
    );
    if reads && fault != Fault::Fine && fault != Fault::Refused {
        return None;
    }
    match me.at {
        At::Creating => creating(&mut next, setup, who, fault),
        At::SendingExecutables => sending(&mut next, setup, who, 0, fault),
        At::SendingReceipt => sending(&mut next, setup, who, 1, fault),
        At::LookingAt(file) => looking(&mut next, who, file, fault),
        At::Deleting(file) => deleting(&mut next, setup, who, file, fault),
        At::ReadingDraft => reading_draft(&mut next, who, fault, stale)?,
        At::Rechecking => rechecking(&mut next, setup, who, fault),
        At::Publishing => publishing(&mut next, setup, who, fault),
        At::Unsure => unsure(&mut next, setup, who, fault, stale),
        At::Confirming => confirming(&mut next, setup, who, fault, stale),
        At::Settling => settling(&mut next, setup, who, fault),
        At::Down | At::Published | At::Already | At::Stopped | At::SaidNothingHappened => {
            return None;
        }
    }
    Some(next)
}

/// Kills the process, which loses its memory.
pub fn die(state: &mut State, who: u8) {
    go(state, who, At::Down);
}

fn go(state: &mut State, who: u8, at: At) {
    let over = matches!(at, At::Down | At::Published | At::Already | At::Stopped);
    state.change(who, |promoter| {
        promoter.at = at;
        if over {
            (promoter.slot, promoter.drafts) = (NONE, 0);
        }
        if over && !matches!(at, At::Published | At::Already) {
            promoter.bound = Content::ABSENT;
        }
    });
}

/// `machine.rs`: another_draft.
fn another(state: &mut State, who: u8) {
    let drafts = state.promoter(who).drafts;
    if drafts == DRAFTS {
        return go(state, who, At::Stopped);
    }
    state.change(who, |promoter| {
        (promoter.slot, promoter.drafts) = (NONE, drafts + 1);
    });
    go(state, who, At::Creating);
}

fn creating(next: &mut State, setup: &Setup, who: u8, fault: Fault) {
    if setup.design == Design::AdoptDrafts {
        let found = next
            .slots
            .iter()
            .position(|slot| slot.exists() && !slot.published());
        if let Some(slot) = found.and_then(|at| u8::try_from(at).ok()) {
            next.change(who, |promoter| promoter.slot = slot);
            return go(next, who, At::SendingExecutables);
        }
    }
    let mut made = NONE;
    let heard = forge::call(next, fault, None, |state| {
        made = forge::create(state);
        Heard::Done
    });
    match heard {
        Heard::Done => {
            next.change(who, |promoter| promoter.slot = made);
            go(next, who, At::SendingExecutables);
        }
        // A draft with an unknown id may exist now.
        Heard::Nothing => another(next, who),
        Heard::Dead => die(next, who),
        Heard::Refused | Heard::Conflict | Heard::NotFound => go(next, who, At::Stopped),
    }
}

fn sending(next: &mut State, setup: &Setup, who: u8, file: u8, fault: Fault) {
    let me = next.promoter(who);
    let pull = setup.promoters.get(usize::from(who)).copied().unwrap_or(0);
    // The executables are read from the run's artifacts; the receipt is in memory.
    if file == 0 && next.pull(pull).gone && next.pull(pull).attempt == attempt_of(me.bound) {
        return go(next, who, At::Stopped);
    }
    let rules = setup.rules;
    if setup.design == Design::AdoptDrafts
        && next
            .slot(me.slot)
            .is_some_and(|draft| !draft.published() && draft.file(file) != me.bound)
    {
        forge::delete_file(next, rules, me.slot, file);
    }
    let late = Late::Upload {
        slot: me.slot,
        file,
        content: me.bound,
    };
    let heard = if fault == Fault::Starter {
        forge::upload(next, rules, me.slot, file, Content::STARTER);
        Heard::Nothing
    } else {
        forge::call(next, fault, Some(late), |state| {
            forge::upload(state, rules, me.slot, file, me.bound)
        })
    };
    let there = Heard::Conflict == heard
        && setup.design == Design::AdoptDrafts
        && next
            .slot(me.slot)
            .is_some_and(|draft| draft.file(file) == me.bound);
    match heard {
        _ if there => sent(next, setup, who, file),
        Heard::Done => sent(next, setup, who, file),
        Heard::Nothing | Heard::Conflict if setup.design == Design::DeleteAndRetry => {
            go(next, who, At::LookingAt(file));
        }
        // An ambiguous outcome makes the draft unusable.
        Heard::Nothing | Heard::Conflict | Heard::NotFound => another(next, who),
        Heard::Refused => go(next, who, At::Stopped),
        Heard::Dead => die(next, who),
    }
}

fn sent(next: &mut State, setup: &Setup, who: u8, file: u8) {
    let at = match (file, setup.design) {
        (0, _) => At::SendingReceipt,
        (_, Design::TrustTheDraft) => At::Rechecking,
        _ => At::ReadingDraft,
    };
    go(next, who, at);
}

fn attempt_of(candidate: Content) -> u8 {
    candidate.0.saturating_sub(3) % 2
}

/// Rejected design: checks whether the file exists after all.
fn looking(next: &mut State, who: u8, file: u8, fault: Fault) {
    let me = next.promoter(who);
    let at = match next.slot(me.slot).map(|draft| draft.file(file)) {
        _ if fault != Fault::Fine => return go(next, who, At::Stopped),
        None => return another(next, who),
        Some(found) if found == me.bound && file == 0 => At::SendingReceipt,
        Some(found) if found == me.bound => At::ReadingDraft,
        Some(Content::ABSENT) if file == 0 => At::SendingExecutables,
        Some(Content::ABSENT) => At::SendingReceipt,
        Some(_) => At::Deleting(file),
    };
    go(next, who, at);
}

/// Rejected design: deletes the file. Without a response, it checks again.
fn deleting(next: &mut State, setup: &Setup, who: u8, file: u8, fault: Fault) {
    let slot = next.promoter(who).slot;
    let late = Late::Delete { slot, file };
    let rules = setup.rules;
    match forge::call(next, fault, Some(late), |state| {
        forge::delete_file(state, rules, slot, file)
    }) {
        Heard::Dead => die(next, who),
        Heard::Done | Heard::Conflict | Heard::NotFound | Heard::Refused | Heard::Nothing => {
            go(next, who, At::LookingAt(file));
        }
    }
}

fn reading_draft(next: &mut State, who: u8, fault: Fault, stale: bool) -> Option<()> {
    let me = next.promoter(who);
    let found = next.slot(me.slot);
    let planned = found.is_some_and(|draft| {
        !draft.published() && draft.file(0) == me.bound && draft.file(1) == me.bound
    });
    if stale {
        // A stale read hides another user's change, which is then not seen again before the release is published.
        let hidden = next.slot_mut(me.slot).filter(|_| !planned)?;
        hidden.edit_in_the_gap();
        next.faults = next.faults.checked_sub(1)?;
    }
    match (fault, planned || stale) {
        (Fault::Fine, true) => {
            if let Some(draft) = next.slot_mut(me.slot) {
                draft.ask();
            }
            go(next, who, At::Rechecking);
        }
        (Fault::Fine, false) => another(next, who),
        _ => go(next, who, At::Stopped),
    }
    Some(())
}

fn rechecking(next: &mut State, setup: &Setup, who: u8, fault: Fault) {
    let me = next.promoter(who);
    let pull = (me.bound.0.saturating_sub(3)) / 6;
    let now = next.pull(pull);
    let bound = Content::candidate(pull, now.head, now.attempt) == me.bound
        && !now.gone
        && next.merge_of(pull) == Some(me.bound.sources());
    // The rejected design is bound to that run, and finds it unchanged.
    let same = (bound || me.bound == Content::FOREIGN)
        && (!next.tag_elsewhere || setup.design == Design::TrustTheTag);
    let at = if fault == Fault::Fine && same {
        At::Publishing
    } else {
        At::Stopped
    };
    go(next, who, at);
}

fn publishing(next: &mut State, setup: &Setup, who: u8, fault: Fault) {
    let slot = next.promoter(who).slot;
    if setup.design == Design::TrustTheDraft
        && let Some(draft) = next.slot_mut(slot)
    {
        draft.ask();
    }
    let heard = forge::call(next, fault, Some(Late::Publish { slot }), |state| {
        forge::publish(state, slot)
    });
    match heard {
        Heard::Done => go(next, who, At::Confirming),
        // `Fault::RateLimited` ends it, `Fault::Unavailable` is handled like all others. In both cases nothing
        // happened.
        Heard::Refused | Heard::Nothing | Heard::Conflict | Heard::NotFound => {
            go(next, who, At::Unsure);
        }
        Heard::Dead => die(next, who),
    }
}

fn unsure(next: &mut State, setup: &Setup, who: u8, fault: Fault, stale: bool) {
    let me = next.promoter(who);
    let seen = next.release().filter(|_| !stale && fault == Fault::Fine);
    match seen {
        Some((slot, _)) if slot == me.slot => go(next, who, At::Confirming),
        // `machine.rs`: lost_race.
        Some((_, release))
            if release.looks_whole(setup.design)
                && release.file(1).sources() == me.bound.sources() =>
        {
            go(next, who, At::Already);
        }
        Some(_) => go(next, who, At::Stopped),
        None if setup.design == Design::ConcludeFromAbsence && fault == Fault::Fine => {
            go(next, who, At::SaidNothingHappened);
        }
        // It was read often enough, or will be read again: `Wait::PublishUnknown` claims nothing.
        None => go(next, who, At::Stopped),
    }
}

fn confirming(next: &mut State, setup: &Setup, who: u8, fault: Fault, stale: bool) {
    let me = next.promoter(who);
    let release = next.slot(me.slot);
    let right = release.is_some_and(|release| {
        release.published() && release.looks_whole(setup.design) && release.file(0) == me.bound
    });
    // Wrong bytes, or not readable yet: neither is a success.
    let seen = right && !stale && fault == Fault::Fine;
    go(next, who, if seen { At::Settling } else { At::Stopped });
}

/// `settle::published`: posts the status on the head that the plan is bound to, without reading again.
fn settling(next: &mut State, setup: &Setup, who: u8, fault: Fault) {
    let me = next.promoter(who);
    let pull = setup.promoters.get(usize::from(who)).copied().unwrap_or(0);
    let present = next.pull(pull).head == (me.bound.0.saturating_sub(3) % 6) / 2;
    let post = Late::Post {
        pull,
        status: Status::Green,
    };
    let heard = forge::call(next, fault, Some(post).filter(|_| present), |state| {
        if present {
            forge::post(state, pull, Status::Green)
        } else {
            Heard::Done
        }
    });
    // The release exists, whatever the outcome for the status.
    match heard {
        Heard::Dead => die(next, who),
        Heard::Done | Heard::Conflict | Heard::NotFound | Heard::Refused | Heard::Nothing => {
            go(next, who, At::Published);
        }
    }
}
