//! The shipped state machine, `lockgate_core::promote::Machine`, behind small numbers.
//!
//! A promoter of the model holds the number of a machine. Each machine and each of its steps is computed once, by the shipped code,
//! and then looked up: a state of the model stays a few dozen bytes, and the search stays quick. The model decides nothing here: it
//! turns what a promoter saw into an [`Event`], and the machine's [`Effect`] into the promoter's next call.
//!
//! A machine that reads again after a read without a result gets the same result until it does something else. Nothing is lost by
//! that, because it treats all of these reads alike: the moment of the last one is any moment, and a test compares them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{LazyLock, Mutex, PoisonError};

use lockgate_core::ids::ReleaseId;
use lockgate_core::promote::{
    Effect, End, Event, Fault, Item, Machine, ObservedRelease, Plan, Rechecked, Refusal,
    ReleaseFacts, Sent, Step, UploadFault, Wait,
};

use crate::forge::Failure;
use crate::plans::{self, Now, Published};
use crate::release::Content;
use crate::state::At;

/// The number of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u16);

impl Id {
    /// No machine.
    pub const NONE: Self = Self(0);
}

/// What a promoter saw after a call, before it becomes an [`Event`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Seen {
    /// The call succeeded. A draft that was created has the given number.
    Done(u8),
    /// The call failed.
    Failed(Failure),
    /// The run's artifacts no longer exist.
    SourceGone,
    /// The contents of the draft's files, and whether it is still a draft.
    Draft([Content; 2], bool),
    /// What the plan is bound to, as it is now.
    Now(Now),
    /// What the plan is bound to has not changed. Only rejected designs claim it.
    Unchanged,
    /// There is no release.
    NoRelease {
        /// Whether the tag exists.
        tag: bool,
    },
    /// A published release, and its number if it is the promoter's own.
    Release(Published, Option<u8>),
    /// Every file of the release was read by an anonymous client.
    Public {
        /// Whether all are right.
        right: bool,
    },
}

/// The next step of a promoter, as its machine demands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Make a call. The number of the draft is 0 for calls that name none.
    Do {
        /// The machine from here on.
        machine: Id,
        /// The call.
        at: At,
        /// The draft that the call names.
        draft: u8,
    },
    /// The promotion has ended.
    End(Ending),
}

/// The end of a promotion, by what it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It published this draft.
    Published(u8),
    /// Another promotion had published from the same sources.
    Already,
    /// It published nothing.
    PublishedNothing,
    /// It does not know whether its draft is published, or what is wrong with the release.
    Unknown,
}

/// Starts the machine for the plan of a candidate.
pub fn start(bound: Content) -> Next {
    let mut table = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
    let known = table.starts.get(&bound).copied();
    known.unwrap_or_else(|| {
        let (machine, step) = Machine::start(plans::plan(bound));
        let next = table.record(machine, step, bound);
        table.starts.insert(bound, next);
        next
    })
}

/// Gives what was seen to a machine.
pub fn step(machine: Id, seen: Seen) -> Next {
    thread_local! {
        static KNOWN: RefCell<HashMap<(Id, Seen), Next, BuildHasherDefault<Quick>>> =
            RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        *known.entry((machine, seen)).or_insert_with(|| {
            let mut table = TABLE.lock().unwrap_or_else(PoisonError::into_inner);
            table.step(machine, seen)
        })
    })
}

/// A quick hash of small keys that no outsider chooses.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64((*byte).into()));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(word.into());
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word.cast_unsigned() as u64);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Table {
    machines: Vec<Known>,
    starts: HashMap<Content, Next>,
    steps: HashMap<(Id, Seen), Next>,
}

#[derive(Clone, PartialEq)]
struct Known {
    effect: Effect,
    bound: Content,
    machine: Machine,
}

/// More reads in a row than any machine makes.
const MANY: usize = 100;

impl Table {
    /// Gives what was seen to a machine until it makes another call.
    fn step(&mut self, id: Id, seen: Seen) -> Next {
        let mut next = self.step_once(id, seen);
        for _ in 0..MANY {
            match (self.call(id), next) {
                (Some(before), Next::Do { machine, at, .. }) if at == before && machine != id => {
                    next = self.step_once(machine, seen);
                }
                _ => break,
            }
        }
        next
    }

    fn call(&self, id: Id) -> Option<At> {
        let known = self.machines.get(usize::from(id.0).wrapping_sub(1))?;
        let at = call(&known.effect).0;
        matches!(at, At::ReadingRelease | At::Confirming).then_some(at)
    }

    fn step_once(&mut self, id: Id, seen: Seen) -> Next {
        if let Some(next) = self.steps.get(&(id, seen)) {
            return *next;
        }
        let Some(known) = self.machines.get(usize::from(id.0).wrapping_sub(1)) else {
            return Next::End(Ending::Unknown);
        };
        let mut known = known.clone();
        let event = event(&known, seen);
        let step = known.machine.step(event);
        let next = self.record(known.machine, step, known.bound);
        self.steps.insert((id, seen), next);
        next
    }

    fn record(&mut self, machine: Machine, step: Step, bound: Content) -> Next {
        let effect = match step {
            Step::Do(effect) => effect,
            Step::End(end) => return Next::End(ending(&end)),
        };
        let (at, draft) = call(&effect);
        let new = Known {
            effect,
            bound,
            machine,
        };
        let found = self.machines.iter().position(|known| *known == new);
        let place = found.unwrap_or_else(|| {
            self.machines.push(new);
            self.machines.len() - 1
        });
        Next::Do {
            machine: Id(u16::try_from(place + 1).unwrap_or(0)),
            at,
            draft,
        }
    }
}

fn call(effect: &Effect) -> (At, u8) {
    let number = |draft: &ReleaseId| u8::try_from(draft.0).unwrap_or(u8::MAX);
    match effect {
        Effect::CreateDraft => (At::Creating, 0),
        Effect::Send { draft, item: 0 } => (At::SendingExecutables, number(draft)),
        Effect::Send { draft, .. } => (At::SendingReceipt, number(draft)),
        Effect::ReadDraft(draft) => (At::ReadingDraft, number(draft)),
        Effect::Recheck => (At::Rechecking, 0),
        Effect::Publish(draft) => (At::Publishing, number(draft)),
        Effect::ReadRelease(_) => (At::ReadingRelease, 0),
        Effect::ReadPublic(_) => (At::Confirming, 0),
    }
}

fn ending(end: &End) -> Ending {
    match end {
        End::Published(draft) => Ending::Published(u8::try_from(draft.0).unwrap_or(u8::MAX)),
        End::Already(_) => Ending::Already,
        End::Refused(Refusal::ReleaseBroken { .. } | Refusal::ReleaseForeign { .. })
        | End::Waiting(Wait::PublishUnknown { .. } | Wait::NotReadable { .. })
        | End::WrongBytes(_) => Ending::Unknown,
        // Each of the others says that nothing was published.
        End::Refused(_) | End::Waiting(_) => Ending::PublishedNothing,
    }
}

fn event(known: &Known, seen: Seen) -> Event {
    let plan = known.machine.plan();
    match (&known.effect, seen) {
        (Effect::CreateDraft, Seen::Done(number)) => Event::Created(Ok(ReleaseId(number.into()))),
        (Effect::CreateDraft, _) => Event::Created(Err(fault(seen))),
        (Effect::Send { item, .. }, Seen::Done(_)) => Event::Sent(Ok(sent(plan, *item))),
        (Effect::Send { .. }, Seen::SourceGone) => {
            Event::Sent(Err(UploadFault::Source(Fault::NotFound(String::new()))))
        }
        (Effect::Send { .. }, _) => Event::Sent(Err(UploadFault::Forge(fault(seen)))),
        (Effect::ReadDraft(_), Seen::Draft(files, draft)) => {
            Event::DraftRead(Ok(plans::draft(plan, files, draft)))
        }
        (Effect::ReadDraft(_), _) => Event::DraftRead(Err(fault(seen))),
        (Effect::Recheck, Seen::Now(now)) => {
            let now = plans::recheck(known.bound, now);
            Event::Rechecked(Ok(plan.binding.recheck(now)))
        }
        (Effect::Recheck, Seen::Unchanged) => {
            Event::Rechecked(Ok(Rechecked::Read(Box::new(plan.binding.clone()))))
        }
        (Effect::Recheck, _) => Event::Rechecked(Err(fault(seen))),
        (Effect::Publish(_), Seen::Done(_)) => Event::Published(Ok(())),
        (Effect::Publish(_), _) => Event::Published(Err(fault(seen))),
        (Effect::ReadRelease(_), Seen::NoRelease { tag: true }) => {
            Event::ReleaseRead(Ok(ReleaseFacts::TagOnly))
        }
        (Effect::ReadRelease(_), Seen::NoRelease { tag: false }) => {
            Event::ReleaseRead(Ok(ReleaseFacts::Absent))
        }
        (Effect::ReadRelease(_), Seen::Release(release, draft)) => {
            let id = ReleaseId(draft.map_or(u64::MAX, u64::from));
            Event::ReleaseRead(Ok(plans::release(release, id)))
        }
        (Effect::ReadRelease(_), _) => Event::ReleaseRead(Err(fault(seen))),
        (Effect::ReadPublic(_), Seen::Public { right: true }) => {
            Event::PublicRead(ObservedRelease::Right)
        }
        (Effect::ReadPublic(_), Seen::Public { right: false }) => {
            Event::PublicRead(ObservedRelease::Altered(String::new()))
        }
        (Effect::ReadPublic(_), _) => Event::PublicRead(ObservedRelease::NotYet(String::new())),
    }
}

fn sent(plan: &Plan, item: usize) -> Sent {
    let item = plan.items.get(item);
    Sent {
        name: item.map_or_else(String::new, |item| item.name().to_string()),
        size: item.map_or(0, Item::size),
        complete: true,
    }
}

fn fault(seen: Seen) -> Fault {
    let fault = match seen {
        Seen::Failed(Failure::Conflict) => Fault::Conflict,
        Seen::Failed(Failure::NotFound) => Fault::NotFound,
        Seen::Failed(Failure::Denied) => Fault::Denied,
        Seen::Failed(Failure::RateLimited) => Fault::RateLimited,
        Seen::Failed(Failure::Unavailable) => Fault::Unavailable,
        Seen::Failed(Failure::Ambiguous)
        | Seen::Done(_)
        | Seen::SourceGone
        | Seen::Draft(..)
        | Seen::Now(_)
        | Seen::Unchanged
        | Seen::NoRelease { .. }
        | Seen::Release(..)
        | Seen::Public { .. } => Fault::Ambiguous,
    };
    fault(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURES: [Failure; 6] = [
        Failure::Conflict,
        Failure::NotFound,
        Failure::Denied,
        Failure::RateLimited,
        Failure::Unavailable,
        Failure::Ambiguous,
    ];

    /// Everything that a read of the release can give, but for the absence of a result.
    fn releases() -> Vec<Seen> {
        let contents = || (0..16).map(Content);
        let files = contents().flat_map(|one| contents().map(move |other| [one, other]));
        let releases = files.flat_map(|files| {
            [(false, false), (true, false), (false, true)].map(|(forged, tagged_elsewhere)| {
                Published {
                    files,
                    forged,
                    tagged_elsewhere,
                }
            })
        });
        releases
            .flat_map(|release| [Some(1), None].map(|own| Seen::Release(release, own)))
            .collect()
    }

    fn machine(next: Next, expected: At) -> Id {
        match next {
            Next::Do { machine, at, .. } if at == expected => machine,
            Next::Do { .. } | Next::End(_) => panic!("{next:?} instead of {expected:?}"),
        }
    }

    /// The machines of a promotion up to a call.
    fn until(table: &mut Table, bound: Content, last: At, how: &[(At, Seen)]) -> Id {
        let (machine_of_plan, step) = Machine::start(plans::plan(bound));
        let mut next = table.record(machine_of_plan, step, bound);
        for (at, seen) in how {
            let id = machine(next, *at);
            next = table.step_once(id, *seen);
        }
        machine(next, last)
    }

    fn reading(
        table: &mut Table,
        bound: Content,
        tagged: bool,
        published: Seen,
        last: At,
    ) -> Vec<Id> {
        let (_, head, attempt) = bound.built_from();
        let now = Now {
            head,
            attempt,
            gone: false,
            merged: Some(bound.sources()),
            tagged,
        };
        let mut how = vec![
            (At::Creating, Seen::Done(1)),
            (At::SendingExecutables, Seen::Done(0)),
            (At::SendingReceipt, Seen::Done(0)),
            (At::ReadingDraft, Seen::Draft([bound; 2], true)),
            (At::Rechecking, Seen::Now(now)),
        ];
        if !tagged {
            how.push((At::Publishing, published));
        }
        let mut ids = vec![until(table, bound, last, &how)];
        let nothing = if last == At::Confirming {
            Seen::Failed(Failure::Unavailable)
        } else {
            Seen::NoRelease { tag: false }
        };
        while let Some(Next::Do { machine, at, .. }) =
            ids.last().map(|id| table.step_once(*id, nothing))
        {
            assert_eq!(at, last);
            ids.push(machine);
        }
        ids
    }

    #[test]
    fn the_shipped_machine_treats_each_read_after_an_inconclusive_one_alike() {
        let mut table = Table::default();
        let bound = Content::candidate(0, 0, 0);
        let lost = Seen::Failed(Failure::Ambiguous);
        let unsure = reading(&mut table, bound, false, lost, At::ReadingRelease);
        let overtaken = reading(&mut table, bound, true, lost, At::ReadingRelease);
        let confirming = reading(&mut table, bound, false, Seen::Done(0), At::Confirming);
        for ids in [&unsure, &overtaken, &confirming] {
            assert!(ids.len() > 2, "{ids:?}");
        }
        let found = releases();
        let publics = [true, false].map(|right| Seen::Public { right });
        for (ids, results) in [
            (unsure, &found[..]),
            (overtaken, &found),
            (confirming, &publics),
        ] {
            for seen in results {
                let first = table.step_once(ids[0], *seen);
                assert!(
                    ids.iter().all(|id| table.step_once(*id, *seen) == first),
                    "{seen:?}"
                );
            }
        }
    }

    #[test]
    fn no_machine_publishes_more_than_once_whatever_it_is_told() {
        let mut table = Table::default();
        let bound = Content::candidate(1, 0, 0);
        let (machine, step) = Machine::start(plans::plan(bound));
        let mut open = vec![(table.record(machine, step, bound), false)];
        let mut visited = Vec::new();
        let now = Now {
            head: 0,
            attempt: 0,
            gone: false,
            merged: Some(bound.sources()),
            tagged: false,
        };
        let mut all = releases();
        all.retain(|seen| matches!(seen, Seen::Release(it, _) if it.files == [bound; 2]));
        all.extend(FAILURES.map(Seen::Failed));
        all.extend([Seen::Now(now), Seen::Draft([bound; 2], true)]);
        all.extend([Seen::NoRelease { tag: false }, Seen::SourceGone]);
        let mut drafts = 0;
        let mut publishes = 0;
        while let Some((next, published)) = open.pop() {
            let Next::Do { machine, at, .. } = next else {
                continue;
            };
            assert!(!(published && at == At::Publishing));
            if visited.contains(&(machine, published)) {
                continue;
            }
            visited.push((machine, published));
            drafts += u8::from(at == At::Creating);
            publishes += u8::from(at == At::Publishing);
            let published = published || at == At::Publishing;
            let done = Seen::Done(drafts);
            for seen in all.iter().chain([&done]) {
                open.push((table.step_once(machine, *seen), published));
            }
        }
        assert!(drafts > 1 && publishes > 1, "{drafts}, {publishes}");
    }
}
