//! One promotion: what each effect of the shipped machine does to GitHub, and what the machine is told of it.
//!
//! The rejected designs are changes to an effect, to what is seen, or to an end, around the same machine.

use crate::decision::Look;
use crate::forge::{self, Failure, Fault, Heard};
use crate::plans::{Now, Published};
use crate::release::Content;
use crate::setup::{Design, Setup};
use crate::shipped::{self, Ending, Next, Seen};
use crate::state::{At, Late, NONE, Promoter, State, Status};

/// What follows a call.
enum After {
    /// The machine is told this.
    Tell(Seen),
    /// A rejected design does this first.
    Detour(At),
    /// The process is dead, or has ended its promotion by itself.
    End(At),
}

/// Returns whether a call only reads.
pub fn reads(at: At) -> bool {
    matches!(at, At::LookingAt(_) | At::Rechecking) || can_be_stale(at)
}

/// Returns whether a call can return the state before the last change.
pub fn can_be_stale(at: At) -> bool {
    matches!(
        at,
        At::ReadingDraft | At::Rechecking | At::ReadingRelease | At::Confirming
    )
}

/// Lists the known failures of the next call that have different consequences: the same consequence is not searched twice.
pub fn known_failures(me: Promoter) -> impl Iterator<Item = Fault> {
    let follows = move |failure| shipped::step(me.machine, Seen::Failed(failure));
    let all = Fault::KNOWN.into_iter().enumerate();
    let different = all.filter(move |(at, (_, failure))| {
        let mut earlier = Fault::KNOWN.iter().take(*at);
        earlier.all(|(_, other)| follows(*other) != follows(*failure))
    });
    different.map(|(_, (fault, _))| fault)
}

/// Makes the next call of a promotion. `None` if that outcome does not apply to it, or changes nothing.
pub fn step(state: &State, setup: &Setup, who: u8, fault: Fault, look: Look) -> Option<State> {
    let mut next = state.clone();
    if fault != Fault::Fine {
        next.faults = next.faults.checked_sub(1)?;
    }
    let stale = look == Look::Stale;
    let me = state.promoter(who);
    let after = match failed_read(me.at, fault) {
        Some(failure) => After::Tell(Seen::Failed(failure)),
        None => match me.at {
            At::Creating => creating(&mut next, setup, who, fault),
            At::SendingExecutables => sending(&mut next, setup, who, 0, fault),
            At::SendingReceipt if setup.design == Design::PublishEarly => {
                publishing(&mut next, who, fault)
            }
            At::SendingReceipt => sending(&mut next, setup, who, 1, fault),
            At::LookingAt(file) => looking(&next, me, file),
            At::Deleting(file) => deleting(&mut next, setup, who, file, fault),
            At::ReadingDraft => reading_draft(&mut next, me, stale)?,
            At::Rechecking => rechecking(&next, setup, me, stale)?,
            At::Publishing => publishing(&mut next, who, fault),
            At::ReadingRelease => reading_release(&next, setup, me, stale)?,
            At::Confirming => confirming(&next, setup, me, stale)?,
            At::Settling => settling(&mut next, setup, who, fault),
            At::Down | At::Published | At::Already | At::SaidNothingHappened => {
                return None;
            }
        },
    };
    match after {
        After::Tell(seen) => tell(&mut next, setup, who, seen),
        After::Detour(at) => next.change(who, |promoter| promoter.at = at),
        After::End(at) => end(&mut next, who, at),
    }
    Some(next)
}

/// Kills the process, which loses its memory.
pub fn die(state: &mut State, who: u8) {
    end(state, who, At::Down);
}

fn end(state: &mut State, who: u8, at: At) {
    state.change(who, |promoter| {
        let success = matches!(at, At::Published | At::Already);
        *promoter = Promoter {
            at,
            bound: if success {
                promoter.bound
            } else {
                Content::ABSENT
            },
            ..Promoter::DOWN
        };
    });
}

/// Tells the machine what was seen, and follows its answer.
fn tell(state: &mut State, setup: &Setup, who: u8, seen: Seen) {
    let me = state.promoter(who);
    let absent = matches!(seen, Seen::NoRelease { .. });
    if setup.design == Design::ConcludeFromAbsence && absent {
        return follow(state, who, Next::End(Ending::PublishedNothing));
    }
    follow(state, who, shipped::step(me.machine, seen));
    let me = state.promoter(who);
    let unread = match (setup.design, me.at) {
        (Design::TrustTheDraft, At::ReadingDraft) => Seen::Draft([me.bound; 2], true),
        (Design::TrustThePublish, At::Confirming) => Seen::Public { right: true },
        _ => return,
    };
    follow(state, who, shipped::step(me.machine, unread));
}

/// Does what the machine demands.
pub fn follow(state: &mut State, who: u8, next: Next) {
    let me = state.promoter(who);
    match next {
        Next::Do { machine, at, draft } => {
            state.stray |= draft != 0 && draft != me.drafts;
            state.change(who, |promoter| {
                (promoter.machine, promoter.at) = (machine, at);
                if at == At::Creating {
                    (promoter.slot, promoter.drafts) = (NONE, me.drafts + 1);
                }
            });
        }
        Next::End(Ending::Published(draft)) => {
            state.stray |= draft != me.drafts;
            state.change(who, |promoter| {
                (promoter.machine, promoter.at) = (shipped::Id::NONE, At::Settling);
            });
        }
        Next::End(Ending::Already) => end(state, who, At::Already),
        Next::End(Ending::PublishedNothing) if can_be_published(state, me.slot) => {
            state.change(who, |promoter| {
                (promoter.machine, promoter.at) = (shipped::Id::NONE, At::SaidNothingHappened);
            });
        }
        Next::End(Ending::PublishedNothing | Ending::Unknown) => die(state, who),
    }
}

/// Returns whether a draft is published, or will be without another call. No other draft has to be remembered.
fn can_be_published(state: &State, slot: u8) -> bool {
    let mut late = state.late.iter().flatten();
    state.slot(slot).is_some_and(|draft| draft.published())
        || late.any(|late| matches!(late, Late::Publish { slot: of } if *of == slot))
}

/// A read that fails returns nothing, and changes nothing.
fn failed_read(at: At, fault: Fault) -> Option<Failure> {
    if !reads(at) {
        return None;
    }
    match fault {
        Fault::Fine => None,
        Fault::RateLimited => Some(Failure::RateLimited),
        Fault::Denied => Some(Failure::Denied),
        Fault::Unavailable
        | Fault::Unanswered
        | Fault::Lost
        | Fault::Late
        | Fault::Starter
        | Fault::ThenDies
        | Fault::LateAndDies => Some(Failure::Unavailable),
    }
}

fn heard(heard: Heard) -> After {
    match heard {
        Heard::Done => After::Tell(Seen::Done(0)),
        Heard::Failed(failure) => After::Tell(Seen::Failed(failure)),
        Heard::Dead => After::End(At::Down),
    }
}

fn creating(next: &mut State, setup: &Setup, who: u8, fault: Fault) -> After {
    let created = Seen::Done(next.promoter(who).drafts);
    if setup.design == Design::AdoptDrafts {
        let mut slots = (0..).zip(next.slots);
        let found = slots.find(|(_, slot)| slot.exists() && !slot.published());
        if let Some((slot, _)) = found {
            next.change(who, |promoter| promoter.slot = slot);
            return After::Tell(created);
        }
    }
    let mut made = NONE;
    let answer = forge::call(next, fault, None, |state| {
        made = forge::create(state);
        Heard::Done
    });
    if answer == Heard::Done {
        next.change(who, |promoter| promoter.slot = made);
        return After::Tell(created);
    }
    heard(answer)
}

fn sending(next: &mut State, setup: &Setup, who: u8, file: u8, fault: Fault) -> After {
    let me = next.promoter(who);
    let pull = setup.promoters.get(usize::from(who)).copied().unwrap_or(0);
    let (.., attempt) = me.bound.built_from();
    // The executables are read from the run's artifacts; the receipt is in memory.
    if file == 0 && next.pull(pull).gone && next.pull(pull).attempt == attempt {
        return After::Tell(Seen::SourceGone);
    }
    let rules = setup.rules;
    let adopts = setup.design == Design::AdoptDrafts;
    let found = |state: &State| state.slot(me.slot).map(|draft| draft.file(file));
    let published = next.slot(me.slot).is_some_and(|draft| draft.published());
    if adopts && !published && found(next).is_some_and(|found| found != me.bound) {
        forge::delete_file(next, rules, me.slot, file);
    }
    let late = Late::Upload {
        slot: me.slot,
        file,
        content: me.bound,
    };
    let answer = if fault == Fault::Starter {
        forge::upload(next, rules, me.slot, file, Content::STARTER);
        Heard::Failed(Failure::Ambiguous)
    } else {
        forge::call(next, fault, Some(late), |state| {
            forge::upload(state, rules, me.slot, file, me.bound)
        })
    };
    match answer {
        Heard::Failed(Failure::Conflict) if adopts && found(next) == Some(me.bound) => {
            heard(Heard::Done)
        }
        Heard::Failed(Failure::Conflict | Failure::Ambiguous)
            if setup.design == Design::DeleteAndRetry =>
        {
            After::Detour(At::LookingAt(file))
        }
        answer @ (Heard::Done | Heard::Failed(_) | Heard::Dead) => heard(answer),
    }
}

/// Rejected design: checks whether the file exists after all.
fn looking(next: &State, me: Promoter, file: u8) -> After {
    match next.slot(me.slot).map(|draft| draft.file(file)) {
        None => After::Tell(Seen::Failed(Failure::NotFound)),
        Some(found) if found == me.bound => After::Tell(Seen::Done(0)),
        Some(Content::ABSENT) if file == 0 => After::Detour(At::SendingExecutables),
        Some(Content::ABSENT) => After::Detour(At::SendingReceipt),
        Some(_) => After::Detour(At::Deleting(file)),
    }
}

/// Rejected design: deletes the file. Without a response, it checks again.
fn deleting(next: &mut State, setup: &Setup, who: u8, file: u8, fault: Fault) -> After {
    let slot = next.promoter(who).slot;
    let late = Late::Delete { slot, file };
    let answer = forge::call(next, fault, Some(late), |state| {
        forge::delete_file(state, setup.rules, slot, file)
    });
    match answer {
        Heard::Dead => After::End(At::Down),
        Heard::Done | Heard::Failed(_) => After::Detour(At::LookingAt(file)),
    }
}

fn reading_draft(next: &mut State, me: Promoter, stale: bool) -> Option<After> {
    let found = next.slot(me.slot);
    let files = found.map(|draft| [draft.file(0), draft.file(1)]);
    let is_draft = found.is_some_and(|draft| !draft.published());
    let planned = is_draft && files == Some([me.bound; 2]);
    if stale {
        // A stale read hides another user's change, which is then not seen again before the release is published.
        let hidden = next.slot_mut(me.slot).filter(|_| !planned)?;
        hidden.edit_in_the_gap();
        next.faults = next.faults.checked_sub(1)?;
    }
    if planned || stale {
        next.slot_mut(me.slot)?.ask();
        return Some(After::Tell(Seen::Draft([me.bound; 2], true)));
    }
    Some(After::Tell(match files {
        Some(files) => Seen::Draft(files, is_draft),
        None => Seen::Failed(Failure::NotFound),
    }))
}

/// A stale read does not see the tag yet.
fn rechecking(next: &State, setup: &Setup, me: Promoter, stale: bool) -> Option<After> {
    let moved_tag = next.tag_elsewhere && setup.design != Design::TrustTheTag;
    let tagged = next.release().is_some() || moved_tag;
    if stale && !tagged {
        return None;
    }
    let tagged = tagged && !stale;
    let (pull, ..) = me.bound.built_from();
    let now = next.pull(pull);
    // The rejected design is bound to that run, and finds it unchanged.
    let foreign = me.bound == Content::FOREIGN && !tagged;
    Some(After::Tell(if foreign {
        Seen::Unchanged
    } else {
        Seen::Now(Now {
            head: now.head,
            attempt: now.attempt,
            gone: now.gone,
            merged: next.merge_of(pull),
            tagged,
        })
    }))
}

fn publishing(next: &mut State, who: u8, fault: Fault) -> After {
    let slot = next.promoter(who).slot;
    heard(forge::call(
        next,
        fault,
        Some(Late::Publish { slot }),
        |state| forge::publish(state, slot),
    ))
}

fn reading_release(next: &State, setup: &Setup, me: Promoter, stale: bool) -> Option<After> {
    let (design, tag) = (setup.design, next.tag_elsewhere);
    Some(After::Tell(match next.release() {
        None if stale => return None,
        Some(_) if stale => Seen::NoRelease { tag },
        None => Seen::NoRelease { tag },
        Some((slot, release)) => {
            let own = Some(me.drafts).filter(|_| slot == me.slot);
            let mut seen = Published {
                files: [release.file(0), release.file(1)],
                forged: release.forged() && design != Design::BelieveReceipts,
                tagged_elsewhere: release.tagged_elsewhere() && design != Design::TrustTheTag,
            };
            if design == Design::BelieveTheWinner && release.whole() {
                seen.files = [me.bound; 2];
            }
            Seen::Release(seen, own)
        }
    }))
}

fn confirming(next: &State, setup: &Setup, me: Promoter, stale: bool) -> Option<After> {
    let release = next.slot(me.slot).filter(|release| release.published());
    Some(After::Tell(match release {
        None if stale => return None,
        Some(release) if !stale => Seen::Public {
            right: release.looks_whole(setup.design) && release.file(0) == me.bound,
        },
        None | Some(_) => Seen::Failed(Failure::Unavailable),
    }))
}

/// `promote/finalize.rs`: posts the status on the head that the plan is bound to, without reading again.
fn settling(next: &mut State, setup: &Setup, who: u8, fault: Fault) -> After {
    let me = next.promoter(who);
    let pull = setup.promoters.get(usize::from(who)).copied().unwrap_or(0);
    let (_, head, _) = me.bound.built_from();
    let present = next.pull(pull).head == head;
    let post = Late::Post {
        pull,
        status: Status::Green,
    };
    let answer = forge::call(next, fault, Some(post).filter(|_| present), |state| {
        if present {
            forge::post(state, pull, Status::Green)
        } else {
            Heard::Done
        }
    });
    // The release exists, whatever the outcome for the status.
    match answer {
        Heard::Dead => After::End(At::Down),
        Heard::Done | Heard::Failed(_) => After::End(At::Published),
    }
}
