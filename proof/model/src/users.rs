//! The actions of everything else: the gate, merges, pushes, and a malicious user with write access.

use crate::forge::{self, Fault, Heard};
use crate::release::{Content, Draft};
use crate::setup::{Design, Merging, PULLS, Setup};
use crate::state::{Change, Late, Main, Pull, Queued, State, Status};

/// An action outside of the promoters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserAction {
    /// `commands/gate.rs`: reads the state of a pull request.
    GateLooks(u8),
    /// `commands/gate.rs`: posts the decision.
    GatePosts(u8, Fault),
    /// `commands/gate.rs`: reads the state of a commit of the merge queue.
    GateLooksQueued(u8),
    /// `commands/gate.rs`: posts the decision.
    GatePostsQueued(u8, Fault),
    /// A pull request is merged.
    Merge(u8),
    /// A pull request is added to the merge queue.
    Queue(Change),
    /// The merge queue merges.
    MergeQueued,
    /// Another pull request changes the sources on the base branch.
    BaseMoves,
    /// New commits are pushed to a pull request. Artifacts of the old ones remain.
    Push(u8),
    /// Its workflow is re-run, and produces other bytes from the same sources.
    RunAgain(u8),
    /// Its artifacts are deleted.
    DeleteArtifacts(u8),
    /// A file of a draft is replaced, or, without content, deleted.
    EditDraft(u8, u8, Option<Content>),
    /// A draft is deleted.
    DeleteDraft(u8),
    /// A writer creates a release of the tag by hand.
    PublishByHand,
    /// A file of the published release is replaced.
    EditRelease(u8),
    /// A writer sets the status.
    ForgeStatus(u8),
    /// A writer opens the head into a branch of their own in which the version is not raised, and the gate judges that
    /// pull request.
    OpenElsewhere(u8),
    /// A writer opens the head into a branch with an edited build workflow: the newest run of the head is then not its
    /// own.
    RunElsewhere(u8),
    /// A writer creates a release by hand, with a receipt that claims a promotion of a pull request.
    ForgeRelease(u8),
    /// A writer creates the tag, at another commit.
    MakeTag,
}

/// Lists the possible actions in a state.
pub fn user_actions(state: &State, setup: &Setup, user_actions: &mut Vec<UserAction>) {
    for pull in (0..).take(PULLS) {
        gate_actions(state, setup, pull, user_actions);
        if may_merge(state, setup, pull) {
            user_actions.push(UserAction::Merge(pull));
        }
    }
    if setup.rules.merging.queues() {
        queue_actions(state, setup, user_actions);
    }
    // Not an attack: it happens every day.
    if state.main == Main::Before && !state.base_moved {
        user_actions.push(UserAction::BaseMoves);
    }
    if state.adversary == 0 {
        return;
    }
    for pull in (0..).take(PULLS) {
        let now = state.pull(pull);
        if state.main == Main::Before && now.head < pushed(state) {
            user_actions.push(UserAction::Push(pull));
        }
        if now.attempt == 0 {
            user_actions.push(UserAction::RunAgain(pull));
        }
        if !now.gone {
            user_actions.push(UserAction::DeleteArtifacts(pull));
        }
        if state.main == Main::Before {
            if !setup.rules.status_is_bound {
                user_actions.push(UserAction::ForgeStatus(pull));
            }
            user_actions.push(UserAction::OpenElsewhere(pull));
            if !now.foreign_run {
                user_actions.push(UserAction::RunElsewhere(pull));
            }
        }
    }
    for (slot, draft) in (0..).zip(state.slots) {
        if draft.exists() && !draft.published() {
            user_actions.push(UserAction::DeleteDraft(slot));
            for file in 0..2 {
                user_actions.push(UserAction::EditDraft(slot, file, Some(Content::JUNK)));
                if draft.file(file) != Content::ABSENT {
                    user_actions.push(UserAction::EditDraft(slot, file, None));
                }
            }
        }
    }
    if !setup.rules.tags_are_reserved && state.release().is_none() {
        user_actions.push(UserAction::PublishByHand);
        user_actions.extend((0..).take(PULLS).map(UserAction::ForgeRelease));
        if !state.tag_elsewhere {
            user_actions.push(UserAction::MakeTag);
        }
    }
    if let Some((slot, _)) = state
        .release()
        .filter(|_| !setup.rules.releases_are_immutable)
    {
        user_actions.push(UserAction::EditRelease(slot));
    }
}

fn gate_actions(state: &State, setup: &Setup, pull: u8, user_actions: &mut Vec<UserAction>) {
    if state.main != Main::Before {
        return;
    }
    match state.pull(pull).gate {
        None if verdict(state, setup, pull) != state.pull(pull).status => {
            user_actions.push(UserAction::GateLooks(pull));
        }
        None => {}
        Some(_) => posting(state, |fault| {
            user_actions.push(UserAction::GatePosts(pull, fault))
        }),
    }
}

fn posting(state: &State, mut add: impl FnMut(Fault)) {
    add(Fault::Fine);
    if state.faults > 0 {
        for fault in [Fault::Unanswered, Fault::Lost, Fault::Late] {
            add(fault);
        }
    }
}

/// Any change can be queued at any time; only the gate on the queue's own commits protects main. The first raises the
/// version; alone, or with one more behind it, it covers all the harm that a queue can do.
fn queue_actions(state: &State, setup: &Setup, user_actions: &mut Vec<UserAction>) {
    if state.main != Main::Before {
        return;
    }
    let queued = |change| state.queue.iter().flatten().any(|it| it.change == change);
    if state.queue.iter().any(Option::is_none) {
        let raises = (0..).take(PULLS).map(Change::Raise);
        let after_first = state.base_moved && state.queue.iter().any(Option::is_some);
        let all = raises.chain(after_first.then_some(Change::TakeBack));
        user_actions.extend(all.filter(|change| !queued(*change)).map(UserAction::Queue));
    }
    for (at, commit) in (0..).zip(state.queue.iter().flatten()) {
        match commit.gate {
            None if verdict_queued(state, setup, at) != commit.status => {
                user_actions.push(UserAction::GateLooksQueued(at));
            }
            None => {}
            Some(_) => posting(state, |fault| {
                user_actions.push(UserAction::GatePostsQueued(at, fault))
            }),
        }
    }
    if may_merge_queued(state, setup) {
        user_actions.push(UserAction::MergeQueued);
    }
}

/// `core::gate::decide`: green only if the sources that a merge would give now are published completely.
fn verdict(state: &State, setup: &Setup, pull: u8) -> Status {
    green_for(state, setup, state.merge_of(pull))
}

/// `core::gate::decide` for a commit that already is the merge.
fn verdict_queued(state: &State, setup: &Setup, at: u8) -> Status {
    let sources = match state.queued(at) {
        Main::Sources(sources) => Some(sources),
        Main::Before | Main::Other => None,
    };
    green_for(state, setup, sources)
}

fn green_for(state: &State, setup: &Setup, sources: Option<u8>) -> Status {
    let green = state.release().is_some_and(|(_, release)| {
        release.looks_whole(setup.design) && Some(release.file(1).sources()) == sources
    });
    if green { Status::Green } else { Status::Red }
}

fn counts(setup: &Setup, status: Status) -> bool {
    status == Status::Green || (status == Status::Forged && !setup.rules.status_is_bound)
}

fn may_merge(state: &State, setup: &Setup, pull: u8) -> bool {
    let fits = match setup.rules.merging {
        Merging::UpToDate => state.merge_of(pull).is_some(),
        Merging::Lagging => true,
        Merging::Queue | Merging::QueueOfGroups | Merging::QueueOfHeads => false,
    };
    state.main == Main::Before && fits && counts(setup, state.pull(pull).status)
}

fn may_merge_queued(state: &State, setup: &Setup) -> bool {
    let mut queue = state.queue.iter().flatten();
    let green = |commit: &Queued| counts(setup, commit.status);
    match setup.rules.merging {
        Merging::UpToDate | Merging::Lagging => false,
        Merging::Queue => queue.next().is_some_and(green),
        Merging::QueueOfGroups => queue.next_back().is_some_and(green),
        Merging::QueueOfHeads => queue.next().is_some_and(|commit| match commit.change {
            Change::Raise(pull) => counts(setup, state.pull(pull).status),
            Change::TakeBack => true,
        }),
    }
}

fn pushed(state: &State) -> u8 {
    if state.base_moved { 2 } else { 1 }
}

/// Performs an action.
pub fn act(state: &State, setup: &Setup, user_action: UserAction) -> Option<State> {
    let mut next = state.clone();
    let adversary = !matches!(
        user_action,
        UserAction::GateLooks(_)
            | UserAction::GatePosts(..)
            | UserAction::GateLooksQueued(_)
            | UserAction::GatePostsQueued(..)
            | UserAction::Merge(_)
            | UserAction::Queue(_)
            | UserAction::MergeQueued
            | UserAction::BaseMoves
    );
    if adversary {
        next.adversary = next.adversary.checked_sub(1)?;
    }
    match user_action {
        UserAction::GateLooks(pull) => {
            let seen = verdict(state, setup, pull);
            change(&mut next, pull, |pull| pull.gate = Some(seen));
        }
        UserAction::GatePosts(pull, fault) => posts(&mut next, pull, fault)?,
        UserAction::Merge(pull) => {
            next.main = state.merge_of(pull).map_or(Main::Other, Main::Sources);
        }
        UserAction::GateLooksQueued(at) => {
            let seen = verdict_queued(state, setup, at);
            next.queue.get_mut(usize::from(at))?.as_mut()?.gate = Some(seen);
        }
        UserAction::GatePostsQueued(at, fault) => posts_queued(&mut next, at, fault)?,
        UserAction::Queue(change) => {
            let free = next.queue.iter_mut().find(|queued| queued.is_none())?;
            *free = Some(Queued {
                change,
                status: Status::Red,
                gate: None,
            });
        }
        UserAction::MergeQueued => {
            // Whatever reaches main with it is based on this commit, which is then on main as well.
            next.main = state.queued(0);
            forge::drop_queued(&mut next, 0);
        }
        UserAction::BaseMoves => {
            next.base_moved = true;
            forge::drop_queued(&mut next, 0);
        }
        UserAction::Push(pull) => {
            let head = pushed(state);
            // The new head has no status, and those of the old one no longer matter.
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
            let raise = Change::Raise(pull);
            let mut queue = next.queue.iter();
            if let Some(at) = queue.position(|it| it.is_some_and(|it| it.change == raise)) {
                forge::drop_queued(&mut next, at);
            }
        }
        UserAction::RunAgain(pull) => change(&mut next, pull, |pull| {
            (pull.attempt, pull.gone) = (1, false);
        }),
        UserAction::DeleteArtifacts(pull) => change(&mut next, pull, |pull| pull.gone = true),
        UserAction::EditDraft(slot, file, content) => {
            let draft = next.slot_mut(slot)?;
            draft.put(file, content.unwrap_or(Content::ABSENT));
            if draft.asked() {
                draft.edit_in_the_gap();
            }
        }
        UserAction::DeleteDraft(slot) => {
            *next.slots.get_mut(usize::from(slot))? = Draft::default();
        }
        UserAction::PublishByHand => {
            let slot = forge::create(&mut next);
            let draft = next.slot_mut(slot)?;
            draft.put(0, Content::JUNK);
            draft.publish();
        }
        UserAction::EditRelease(slot) => next.slot_mut(slot)?.put(0, Content::JUNK),
        UserAction::ForgeStatus(pull) => {
            change(&mut next, pull, |pull| pull.status = Status::Forged)
        }
        UserAction::OpenElsewhere(pull) => {
            // Lockgate's status names the base that it was decided for: the one for main does not change.
            if setup.design == Design::ShareStatuses {
                forge::post(&mut next, pull, Status::Green);
            }
        }
        UserAction::RunElsewhere(pull) => change(&mut next, pull, |pull| pull.foreign_run = true),
        UserAction::ForgeRelease(pull) => {
            let now = state.pull(pull);
            let claimed = Content::candidate(pull, now.head, now.attempt);
            let slot = forge::create(&mut next);
            let draft = next.slot_mut(slot)?;
            draft.put(0, claimed);
            draft.put(1, claimed);
            draft.forge();
            forge::publish(&mut next, slot);
        }
        UserAction::MakeTag => next.tag_elsewhere = true,
    }
    Some(next)
}

fn posts_queued(next: &mut State, at: u8, fault: Fault) -> Option<()> {
    pay(next, fault)?;
    let queued = next.queue.get_mut(usize::from(at))?.as_mut()?;
    let status = queued.gate.take()?;
    let late = Late::PostQueued { at, status };
    let _: Heard = forge::call(next, fault, Some(late), |state| {
        forge::post_queued(state, at, status)
    });
    Some(())
}

fn pay(next: &mut State, fault: Fault) -> Option<()> {
    if fault != Fault::Fine {
        next.faults = next.faults.checked_sub(1)?;
    }
    Some(())
}

fn posts(next: &mut State, pull: u8, fault: Fault) -> Option<()> {
    let status = next.pull(pull).gate?;
    pay(next, fault)?;
    change(next, pull, |pull| pull.gate = None);
    let late = Late::Post { pull, status };
    // Without a response the gate is run again: it reads first.
    let _: Heard = forge::call(next, fault, Some(late), |state| {
        forge::post(state, pull, status)
    });
    Some(())
}

fn change(state: &mut State, pull: u8, change: impl FnOnce(&mut Pull)) {
    if let Some(pull) = state.pulls.get_mut(usize::from(pull)) {
        change(pull);
    }
}
