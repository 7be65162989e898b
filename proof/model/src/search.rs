//! Searches all states with `stateright`: the possible actions in a state, and the search itself.

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::decision::{self, Look};
use crate::forge::{self, Fault};
use crate::promises::{self, ALWAYS, SOMETIMES};
use crate::promoter;
use crate::setup::Setup;
use crate::state::{At, LATE, State};
use crate::users::{self, UserAction};

/// One step of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A promoter starts, or starts again after it ended.
    Start(u8, Look),
    /// A promoter makes its next call.
    Step(u8, Fault, Look),
    /// A promoter is killed between two calls.
    Kill(u8),
    /// A delayed call takes effect.
    Land(u8),
    /// Any other action.
    UserAction(UserAction),
}

impl Model for Setup {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.faults, self.adversary)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (who, _) in (0..).zip(&self.promoters) {
            promoter_actions(state, who, actions);
        }
        let under_way = (0..).zip(state.late).filter(|(_, late)| late.is_some());
        actions.extend(under_way.map(|(at, _)| Action::Land(at)));
        let mut user_actions = Vec::new();
        users::user_actions(state, self, &mut user_actions);
        actions.extend(user_actions.into_iter().map(Action::UserAction));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = match action {
            Action::Start(who, look) => decision::start(state, self, who, look)?,
            Action::Step(who, fault, look) => promoter::step(state, self, who, fault, look)?,
            Action::Kill(who) => {
                let mut next = state.clone();
                next.faults = next.faults.checked_sub(1)?;
                promoter::die(&mut next, who);
                next
            }
            Action::Land(at) => {
                let mut next = state.clone();
                let late = next.late.get_mut(usize::from(at))?.take()?;
                forge::land(&mut next, self.rules, late);
                next
            }
            Action::UserAction(user_action) => users::act(state, self, user_action)?,
        };
        next.tidy(self.design);
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let promises: [fn(&Self, &State) -> bool; 7] = [
            keeps::<0>, keeps::<1>, keeps::<2>, keeps::<3>, keeps::<4>, keeps::<5>, keeps::<6>,
        ];
        let always = ALWAYS.iter().zip(promises);
        let always = always.map(|((name, _), keeps)| Property::always(name, keeps));
        let sometimes = SOMETIMES.map(|(name, shows)| Property::sometimes(name, shows));
        let room = Property::always(ROOM, |_: &Self, state: &State| !state.overflow);
        let own = Property::always(OWN, |_: &Self, state: &State| !state.stray);
        always.chain(sometimes).chain([room, own]).collect()
    }
}

/// Not a promise: whether the model is large enough.
const ROOM: &str = "the model has room for all drafts and late calls";
/// What the model relies on: it knows only one draft of each promoter.
const OWN: &str = "a promoter names no draft but the newest that it created";

fn keeps<const PROMISE: usize>(_: &Setup, state: &State) -> bool {
    ALWAYS
        .get(PROMISE)
        .is_none_or(|(_, keeps)| keeps(&promises::observe(state)))
}

fn promoter_actions(state: &State, who: u8, actions: &mut Vec<Action>) {
    use Action::{Kill, Start, Step};
    let at = state.promoter(who).at;
    if matches!(at, At::Down | At::Published | At::Already) {
        actions.extend([Start(who, Look::Fresh), Start(who, Look::Stale)]);
        return;
    }
    // The worst case is that the report is believed: the promotion is not started again.
    if at == At::SaidNothingHappened {
        return;
    }
    actions.push(Step(who, Fault::Fine, Look::Fresh));
    if promoter::can_be_stale(at) {
        actions.push(Step(who, Fault::Fine, Look::Stale));
    }
    if state.faults == 0 {
        return;
    }
    actions.push(Kill(who));
    let known = promoter::known_failures(state.promoter(who));
    actions.extend(known.map(|fault| Step(who, fault, Look::Fresh)));
    if !promoter::reads(at) && state.late.iter().flatten().count() < LATE {
        actions.extend(Fault::WRITES.map(|fault| Step(who, fault, Look::Fresh)));
        if matches!(at, At::SendingExecutables | At::SendingReceipt) {
            actions.push(Step(who, Fault::Starter, Look::Fresh));
        }
    }
}

/// The result of a complete search.
#[derive(Debug, Clone)]
pub struct Found {
    /// The number of different states; all of them, unless a promise was violated.
    pub states: usize,
    /// The duration.
    pub time: Duration,
    /// The violated promises.
    pub broken: Vec<&'static str>,
    /// The outcomes that should be possible, but are not.
    pub impossible: Vec<&'static str>,
}

/// Searches all states, even after a violation of other promises than these; returns which of these are violated.
pub fn search_for(
    setup: Setup,
    threads: usize,
    promises: &[&'static str],
) -> (usize, Vec<&'static str>) {
    let checker = setup
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AllOf(
            promises.iter().copied().chain([ROOM, OWN]).collect(),
        ))
        .spawn_bfs()
        .join();
    let discovered = checker.discoveries();
    let all = promises.iter().copied().chain([ROOM, OWN]);
    let broken = all.filter(|name| discovered.contains_key(name)).collect();
    (checker.unique_state_count(), broken)
}

/// Searches all states; stops at a violated promise.
pub fn search(setup: Setup, threads: usize) -> Found {
    let begun = Instant::now();
    let checker = setup
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let discovered = checker.discoveries();
    let promises = ALWAYS.iter().map(|(name, _)| *name).chain([ROOM, OWN]);
    let possible = SOMETIMES.iter().map(|(name, _)| *name);
    Found {
        states: checker.unique_state_count(),
        time: begun.elapsed(),
        broken: promises
            .filter(|name| discovered.contains_key(name))
            .collect(),
        impossible: possible
            .filter(|name| !discovered.contains_key(name))
            .collect(),
    }
}

/// Returns the shortest way to violate a promise, up to a number of steps: the actions, and the final state.
pub fn shortest(setup: &Setup, promise: &'static str, most: usize) -> Option<(Vec<Action>, State)> {
    (2..=most + 2).find_map(|depth| {
        let checker = setup
            .clone()
            .checker()
            .target_max_depth(depth)
            .finish_when(HasDiscoveries::AllOf([promise].into()))
            .spawn_bfs()
            .join();
        let path = checker.discovery(promise)?;
        Some((path.clone().into_actions(), path.last_state().clone()))
    })
}
