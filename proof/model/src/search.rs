//! Looking at all states: the actions that are possible in one, and the searching itself, by `stateright`.

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::decision::{self, Look};
use crate::forge::{self, Luck};
use crate::people::{self, Deed};
use crate::promises::{self, ALWAYS, SOMETIMES};
use crate::promoter;
use crate::setup::Setup;
use crate::state::{At, LATE, State};

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// A promoter is started; again, where it has ended.
    Start(u8, Look),
    /// A promoter makes its next call.
    Step(u8, Luck, Look),
    /// A promoter is killed between two calls.
    Kill(u8),
    /// A call that was under way arrives.
    Land(u8),
    /// Somebody else does something.
    Deed(Deed),
}

impl Model for Setup {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.faults, self.mischief)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (who, _) in (0..).zip(&self.promoters) {
            promoter_actions(state, who, actions);
        }
        let under_way = (0..).zip(state.late).filter(|(_, late)| late.is_some());
        actions.extend(under_way.map(|(at, _)| Action::Land(at)));
        let mut deeds = Vec::new();
        people::deeds(state, self, &mut deeds);
        actions.extend(deeds.into_iter().map(Action::Deed));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = match action {
            Action::Start(who, look) => decision::start(state, self, who, look)?,
            Action::Step(who, luck, look) => promoter::step(state, self, who, luck, look)?,
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
            Action::Deed(deed) => people::act(state, self, deed)?,
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
        always.chain(sometimes).chain([room]).collect()
    }
}

/// Not a promise: whether the model is large enough for itself.
const ROOM: &str = "the model has room for all drafts and late calls";

fn keeps<const PROMISE: usize>(_: &Setup, state: &State) -> bool {
    ALWAYS
        .get(PROMISE)
        .is_none_or(|(_, keeps)| keeps(&promises::observe(state)))
}

fn promoter_actions(state: &State, who: u8, actions: &mut Vec<Action>) {
    use Action::{Kill, Start, Step};
    let at = state.promoter(who).at;
    if matches!(at, At::Down | At::Published | At::Already | At::Stopped) {
        actions.extend([Start(who, Look::Fresh), Start(who, Look::Stale)]);
        return;
    }
    // The worst is that it is believed: nobody starts it again.
    if at == At::SaidNothingHappened {
        return;
    }
    actions.push(Step(who, Luck::Fine, Look::Fresh));
    actions.push(Step(who, Luck::Fine, Look::Stale));
    if state.faults == 0 {
        return;
    }
    actions.push(Kill(who));
    if state.late.iter().flatten().count() < LATE {
        actions.extend(Luck::WRITES.map(|luck| Step(who, luck, Look::Fresh)));
        actions.push(Step(who, Luck::Starter, Look::Fresh));
    }
}

/// What a search of everything found.
#[derive(Debug, Clone)]
pub struct Found {
    /// How many different states there are; all of them, unless a promise was found broken.
    pub states: usize,
    /// How long it took.
    pub time: Duration,
    /// The promises that are not kept.
    pub broken: Vec<&'static str>,
    /// What must be possible, and is not.
    pub impossible: Vec<&'static str>,
}

/// Looks at all states, even where other promises than these are broken; which of these are.
pub fn search_for(
    setup: Setup,
    threads: usize,
    promises: &[&'static str],
) -> (usize, Vec<&'static str>) {
    let checker = setup
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AllOf(
            promises.iter().copied().chain([ROOM]).collect(),
        ))
        .spawn_bfs()
        .join();
    let discovered = checker.discoveries();
    let all = promises.iter().copied().chain([ROOM]);
    let broken = all.filter(|name| discovered.contains_key(name)).collect();
    (checker.unique_state_count(), broken)
}

/// Looks at all states; stops where a promise is broken.
pub fn search(setup: Setup, threads: usize) -> Found {
    let begun = Instant::now();
    let checker = setup
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let discovered = checker.discoveries();
    let promises = ALWAYS.iter().map(|(name, _)| *name).chain([ROOM]);
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

/// The shortest way to break a promise, up to so many steps: what happens, and the state that it ends in.
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
