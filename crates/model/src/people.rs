//! Everybody else: the gate, whoever merges, whoever pushes, and a writer who means harm.

use crate::forge::{self, Heard, Luck};
use crate::release::{Content, Draft};
use crate::setup::{PULLS, Setup};
use crate::state::{Late, Main, Pull, State, Status};

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// `flows/gate.rs`: look, for a pull request.
    GateLooks(u8),
    /// `flows/gate.rs`: post what was decided.
    GatePosts(u8, Luck),
    /// A pull request is merged.
    Merge(u8),
    /// Another pull request changes the sources on the base branch.
    BaseMoves,
    /// New commits are pushed to a pull request. What was built from the old ones stays.
    Push(u8),
    /// Its workflow is run again, and gives other bytes from the same sources.
    RunAgain(u8),
    /// Its artifacts are deleted.
    DeleteArtifacts(u8),
    /// A file of a draft is replaced, or, without a content, deleted.
    EditDraft(u8, u8, Option<Content>),
    /// A draft is deleted.
    DeleteDraft(u8),
    /// A writer makes a release of the tag by hand.
    PublishByHand,
    /// A file of the published release is replaced.
    EditRelease(u8),
    /// A writer sets the status.
    ForgeStatus(u8),
}

/// What may be done in a state.
pub fn deeds(state: &State, setup: &Setup, deeds: &mut Vec<Deed>) {
    for pull in (0..).take(PULLS) {
        gate_deeds(state, pull, deeds);
        if may_merge(state, setup, pull) {
            deeds.push(Deed::Merge(pull));
        }
    }
    // Not a deed of somebody who means harm: it happens every day.
    if state.main == Main::Before && !state.base_moved {
        deeds.push(Deed::BaseMoves);
    }
    if state.mischief == 0 {
        return;
    }
    for pull in (0..).take(PULLS) {
        let now = state.pull(pull);
        if state.main == Main::Before && now.head < pushed(state) {
            deeds.push(Deed::Push(pull));
        }
        if now.attempt == 0 {
            deeds.push(Deed::RunAgain(pull));
        }
        if !now.gone {
            deeds.push(Deed::DeleteArtifacts(pull));
        }
        if !setup.rules.status_is_bound && state.main == Main::Before {
            deeds.push(Deed::ForgeStatus(pull));
        }
    }
    for (slot, draft) in (0..).zip(state.slots) {
        if draft.exists() && !draft.published() {
            deeds.push(Deed::DeleteDraft(slot));
            for file in 0..2 {
                deeds.push(Deed::EditDraft(slot, file, Some(Content::JUNK)));
                if draft.file(file) != Content::ABSENT {
                    deeds.push(Deed::EditDraft(slot, file, None));
                }
            }
        }
    }
    if !setup.rules.tags_are_reserved && state.release().is_none() {
        deeds.push(Deed::PublishByHand);
    }
    if let Some((slot, _)) = state
        .release()
        .filter(|_| !setup.rules.releases_are_immutable)
    {
        deeds.push(Deed::EditRelease(slot));
    }
}

fn gate_deeds(state: &State, pull: u8, deeds: &mut Vec<Deed>) {
    if state.main != Main::Before {
        return;
    }
    match state.pull(pull).gate {
        None if verdict(state, pull) != state.pull(pull).status => {
            deeds.push(Deed::GateLooks(pull));
        }
        None => {}
        Some(_) => {
            deeds.push(Deed::GatePosts(pull, Luck::Fine));
            if state.faults > 0 {
                let all = [Luck::Unanswered, Luck::Lost, Luck::Late];
                deeds.extend(all.map(|luck| Deed::GatePosts(pull, luck)));
            }
        }
    }
}

/// `core::gate::decide`: green only if what the merge would have now is published, whole.
fn verdict(state: &State, pull: u8) -> Status {
    let green = state.release().is_some_and(|(_, release)| {
        release.whole() && Some(release.file(1).sources()) == state.merge_of(pull)
    });
    if green { Status::Green } else { Status::Red }
}

fn may_merge(state: &State, setup: &Setup, pull: u8) -> bool {
    let status = state.pull(pull).status;
    let green =
        status == Status::Green || (status == Status::Forged && !setup.rules.status_is_bound);
    let fresh = !setup.rules.heads_are_up_to_date || state.merge_of(pull).is_some();
    state.main == Main::Before && green && fresh
}

fn pushed(state: &State) -> u8 {
    if state.base_moved { 2 } else { 1 }
}

/// Does it.
pub fn act(state: &State, deed: Deed) -> Option<State> {
    let mut next = state.clone();
    let mischief = !matches!(
        deed,
        Deed::GateLooks(_) | Deed::GatePosts(..) | Deed::Merge(_) | Deed::BaseMoves
    );
    if mischief {
        next.mischief = next.mischief.checked_sub(1)?;
    }
    match deed {
        Deed::GateLooks(pull) => {
            let seen = verdict(state, pull);
            change(&mut next, pull, |pull| pull.gate = Some(seen));
        }
        Deed::GatePosts(pull, luck) => posts(&mut next, pull, luck)?,
        Deed::Merge(pull) => {
            next.main = state.merge_of(pull).map_or(Main::Other, Main::Sources);
        }
        Deed::BaseMoves => next.base_moved = true,
        Deed::Push(pull) => {
            let head = pushed(state);
            // The new head has no status, and nobody looks at those of the old one.
            change(&mut next, pull, |pull| {
                *pull = Pull {
                    head,
                    ..Pull::default()
                };
            });
            for late in &mut next.late {
                if matches!(late, Some(Late::Post { pull: of, .. }) if *of == pull) {
                    *late = None;
                }
            }
        }
        Deed::RunAgain(pull) => change(&mut next, pull, |pull| {
            (pull.attempt, pull.gone) = (1, false);
        }),
        Deed::DeleteArtifacts(pull) => change(&mut next, pull, |pull| pull.gone = true),
        Deed::EditDraft(slot, file, content) => {
            let draft = next.slot_mut(slot)?;
            draft.put(file, content.unwrap_or(Content::ABSENT));
            if draft.asked() {
                draft.edit_in_the_gap();
            }
        }
        Deed::DeleteDraft(slot) => {
            *next.slots.get_mut(usize::from(slot))? = Draft::default();
        }
        Deed::PublishByHand => {
            let slot = forge::create(&mut next);
            let draft = next.slot_mut(slot)?;
            draft.put(0, Content::JUNK);
            draft.publish();
        }
        Deed::EditRelease(slot) => next.slot_mut(slot)?.put(0, Content::JUNK),
        Deed::ForgeStatus(pull) => change(&mut next, pull, |pull| pull.status = Status::Forged),
    }
    Some(next)
}

fn posts(next: &mut State, pull: u8, luck: Luck) -> Option<()> {
    let status = next.pull(pull).gate?;
    if luck != Luck::Fine {
        next.faults = next.faults.checked_sub(1)?;
    }
    change(next, pull, |pull| pull.gate = None);
    let late = Late::Post { pull, status };
    // Without an answer the gate is run again: it looks first.
    let _: Heard = forge::call(next, luck, Some(late), |state| {
        forge::post(state, pull, status)
    });
    Some(())
}

fn change(state: &mut State, pull: u8, change: impl FnOnce(&mut Pull)) {
    if let Some(pull) = state.pulls.get_mut(usize::from(pull)) {
        change(pull);
    }
}
