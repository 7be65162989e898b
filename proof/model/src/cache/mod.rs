//! The cache of the client as a model: processes that fetch one executable, die, start children and share a folder with a pruner,
//! on file systems whose locks work or do nothing.
//!
//! It shares no code with the client. A look and what follows from it are two steps wherever the client has two, with one
//! exception: that a damaged executable still has its name, and its removal, are one.
//!
//! | file | what |
//! | --- | --- |
//! | [`files`] | names, files, open files, locks, children: what the system does |
//! | [`process`] | one fetch, step by step |
//! | `search` | looking at all states |
//! | this one | who does what when, and what must hold in every state |

pub mod files;
pub mod process;
mod search;

pub use search::{Found, search};

use stateright::{Model, Property};

use files::{Content, Files, Lock, PROCESSES, PRUNER, Role};
use process::{At, Process};

/// What is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// How many fetch, at most three.
    pub processes: u8,
    /// How many are killed.
    pub kills: u8,
    /// How many children are started.
    pub forks: u8,
    /// How often wrong bytes arrive.
    pub wrong_bytes: u8,
    /// How often something is pruned.
    pub prunes: u8,
    /// What the cache holds at first.
    pub first: First,
    /// What locks do.
    pub locks: Locks,
    /// How the client works.
    pub design: Design,
    /// How often a file is copied that a child has open or that lost its name, before it is published all the same: three
    /// times, as in the client.
    pub copies: u8,
}

/// What the cache holds at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Nothing.
    Nothing,
    /// The executable, not used for long.
    Old,
    /// A damaged file in its place.
    Damaged,
}

/// What locks do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locks {
    /// They exclude.
    Work,
    /// Everybody gets every lock, as on some network file systems.
    DoNothing,
}

/// How the client works: as it is, or in a way that was given up or would be easy to fall back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// As it is.
    Shipped,
    /// The first one: lock and data are one file, which waiters hold open for writing, and which becomes the executable.
    LockIsData,
    /// The file gets its name as soon as it is closed, whatever children have open.
    NoBarrier,
    /// The file gets its name before it is closed.
    PublishBeforeClose,
    /// A lock file, but one file of data for everybody who has the lock.
    SharedPart,
    /// Who finds the executable locked by the pruner hashes it all the same.
    NoWaitForPruner,
    /// The pruner asks for no lock.
    PruneWithoutLock,
    /// A process waits for the lock as long as anything holds it.
    EndlessWait,
}

/// A state of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// The disk.
    pub files: Files,
    /// The processes.
    pub processes: [Process; PROCESSES],
    /// What is left of kills, forks, wrong bytes and prunes.
    left: [u8; 4],
    pruner: Pruner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Pruner {
    Idle,
    /// Has seen something old, and opened it.
    Saw,
    /// Has looked again.
    Sure,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A process does its next step.
    Step(u8),
    /// A process waits no longer.
    LosePatience(u8),
    /// A process is killed. The system closes what it has open; its children live on.
    Kill(u8),
    /// A process starts a child, which has a copy of every descriptor.
    Fork(u8),
    /// A child executes something else, or ends.
    ChildEnds(u8),
    /// Wrong bytes arrive.
    WrongBytes(u8),
    /// The pruner does its next step with the executable.
    Prune,
    /// The pruner removes the beginning of a process, if nobody has it locked; with 3, the lock file.
    PruneBeginning(u8),
}

const KILLS: usize = 0;
const FORKS: usize = 1;
const WRONG: usize = 2;
const PRUNES: usize = 3;

impl Setup {
    /// So many processes, without anything that goes wrong.
    pub fn calm(processes: u8) -> Self {
        Self {
            processes,
            kills: 0,
            forks: 0,
            wrong_bytes: 0,
            prunes: 0,
            first: First::Nothing,
            locks: Locks::Work,
            design: Design::Shipped,
            copies: 3,
        }
    }

    /// The same with one of everything that goes wrong.
    pub fn rough(processes: u8) -> Self {
        Self {
            kills: 1,
            forks: 1,
            wrong_bytes: 1,
            prunes: 1,
            ..Self::calm(processes)
        }
    }
}

impl Model for Setup {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let mut files = Files::default();
        let content = match self.first {
            First::Nothing => None,
            First::Old => Some(Content::Whole),
            First::Damaged => Some(Content::Wrong),
        };
        files.names.entry = content.map(|content| files.create(content));
        if let Some(entry) = files.names.entry {
            files.set_fresh(entry, false);
        }
        let process = |who: usize| Process {
            at: if who < usize::from(self.processes) {
                At::Look
            } else {
                At::Ended
            },
            hashed: Content::Empty,
            copies: 0,
        };
        vec![State {
            files,
            processes: [0, 1, 2].map(process),
            left: [self.kills, self.forks, self.wrong_bytes, self.prunes],
            pruner: Pruner::Idle,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for who in 0..self.processes {
            actions.extend([
                Action::Step(who),
                Action::LosePatience(who),
                Action::Kill(who),
                Action::Fork(who),
                Action::ChildEnds(who),
                Action::WrongBytes(who),
            ]);
        }
        if state.left[PRUNES] > 0 || state.pruner != Pruner::Idle {
            actions.push(Action::Prune);
            actions.extend((0..=3).map(Action::PruneBeginning));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = match action {
            Action::Step(who) => process::step(self, state, who)?,
            Action::LosePatience(who) => process::lose_patience(self, state, who)?,
            Action::Kill(who) => kill(state, who)?,
            Action::Fork(who) => fork(state, who)?,
            Action::ChildEnds(who) => {
                let mut next = *state;
                next.files.close_all(who + 3);
                next
            }
            Action::WrongBytes(who) => wrong_bytes(state, who)?,
            Action::Prune => prune(self, state)?,
            Action::PruneBeginning(which) => prune_beginning(self, state, which)?,
        };
        next.files.tidy();
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(RIGHT, |_, state: &State| {
                given(state, |files, entry| {
                    entry.is_none_or(|entry| files.content(entry) == Content::Whole)
                })
            }),
            Property::always(RUNS, |_, state: &State| {
                given(state, |files, entry| {
                    entry.is_none_or(|entry| !files.is_written(entry))
                })
            }),
            Property::always(THERE, |_, state: &State| {
                given(state, |_, entry| entry.is_some())
            }),
            Property::always(MOVES, moves),
            Property::always(ROOM, |_, state: &State| !state.files.overflow),
            Property::sometimes(ALL, |setup: &Self, state: &State| {
                let mut all = state.processes.iter().take(setup.processes.into());
                all.all(|process| process.at == At::Given)
            }),
        ]
    }
}

/// What is under the executable's name is complete and verified, whenever a process has been given the path.
pub const RIGHT: &str = "what a process was given has the right bytes";
/// It can be executed at once. Promised where locks work.
pub const RUNS: &str = "nobody writes what a process was given";
/// It has not been removed before it is run. Promised where locks work.
pub const THERE: &str = "what a process was given is there";
/// Every wait ends, whoever was killed and whatever a child holds.
pub const MOVES: &str = "no process waits for what does not come";
/// Not a promise: whether the model is large enough for itself.
const ROOM: &str = "the model has room for all files";
const ALL: &str = "all processes are given the path";

/// What is promised, by what locks do.
pub fn promises(locks: Locks) -> &'static [&'static str] {
    match locks {
        Locks::Work => &[RIGHT, RUNS, THERE, MOVES],
        Locks::DoNothing => &[RIGHT, MOVES],
    }
}

fn given(state: &State, holds: impl Fn(&Files, Option<u8>) -> bool) -> bool {
    let mut all = state.processes.iter();
    !all.any(|process| process.at == At::Given) || holds(&state.files, state.files.names.entry)
}

/// Whether something can go on, without anybody being killed and without a child that ends, if anybody has not ended.
fn moves(setup: &Setup, state: &State) -> bool {
    let ended = |process: &Process| matches!(process.at, At::Ended | At::Dead);
    let can = |who| {
        process::step(setup, state, who).is_some()
            || process::lose_patience(setup, state, who).is_some()
    };
    let busy = state.pruner != Pruner::Idle && prune(setup, state).is_some();
    state.processes.iter().all(ended) || busy || (0..setup.processes).any(can)
}

fn kill(state: &State, who: u8) -> Option<State> {
    let mut next = *state;
    next.left[KILLS] = next.left[KILLS].checked_sub(1)?;
    let process = next.processes.get_mut(usize::from(who))?;
    if matches!(process.at, At::Ended | At::Dead) {
        return None;
    }
    process.at = At::Dead;
    next.files.close_all(who);
    Some(next)
}

fn fork(state: &State, who: u8) -> Option<State> {
    let mut next = *state;
    next.left[FORKS] = next.left[FORKS].checked_sub(1)?;
    if next.files.has_child(who) {
        return None;
    }
    next.files.fork(who);
    // Without descriptors a child is nobody's business.
    next.files.has_child(who).then_some(next)
}

fn wrong_bytes(state: &State, who: u8) -> Option<State> {
    let mut next = *state;
    next.left[WRONG] = next.left[WRONG].checked_sub(1)?;
    let process = next.processes.get_mut(usize::from(who))?;
    let file = next.files.of(who, Role::Writer)?.file;
    if process.at != At::Write || process.hashed == Content::Whole {
        return None;
    }
    process.hashed = Content::Wrong;
    next.files.set_content(file, Content::Wrong);
    Some(next)
}

/// Removes the executable if nobody has used it for long: looks, locks and looks again, removes.
fn prune(setup: &Setup, state: &State) -> Option<State> {
    let mut next = *state;
    let files = &mut next.files;
    let granted = setup.locks == Locks::DoNothing || setup.design == Design::PruneWithoutLock;
    next.pruner = match state.pruner {
        Pruner::Idle => {
            let entry = files.names.entry.filter(|entry| !files.is_fresh(*entry))?;
            next.left[PRUNES] = next.left[PRUNES].checked_sub(1)?;
            files.open(PRUNER, entry, Role::Entry);
            Pruner::Saw
        }
        Pruner::Saw => {
            let entry = files.of(PRUNER, Role::Entry)?.file;
            let locked = files.try_lock(PRUNER, Role::Entry, Lock::Exclusive, granted);
            let same = files.names.entry == Some(entry);
            if locked && same && !files.is_fresh(entry) {
                Pruner::Sure
            } else {
                files.close_all(PRUNER);
                Pruner::Idle
            }
        }
        Pruner::Sure => {
            files.names.entry = None;
            files.close_all(PRUNER);
            Pruner::Idle
        }
    };
    Some(next)
}

fn prune_beginning(setup: &Setup, state: &State, which: u8) -> Option<State> {
    let mut next = *state;
    let files = &mut next.files;
    next.left[PRUNES] = next.left[PRUNES].checked_sub(1)?;
    let name = match which {
        3 => &mut files.names.lock,
        which => files.names.parts.get_mut(usize::from(which))?,
    };
    let file = name.take()?;
    let held = state.files.is_locked(file) && setup.locks == Locks::Work;
    (!held).then_some(next)
}
