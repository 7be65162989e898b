//! Looking at every state, by `stateright`.

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use super::{ALL, Action, ROOM, Setup, promises};

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// How many different states there are; all of them, unless a promise is broken.
    pub states: usize,
    /// How long it took.
    pub time: Duration,
    /// What is promised and not kept.
    pub broken: Vec<&'static str>,
    /// Whether it ever goes well.
    pub all_are_given: bool,
    /// The way to the first promise that is broken.
    pub way: Vec<Action>,
}

/// Looks at all states, even where something is broken that is not promised.
pub fn search(setup: Setup, threads: usize) -> Found {
    let begun = Instant::now();
    let promised = promises(setup.locks).iter().copied().chain([ROOM]);
    let promised: Vec<_> = promised.collect();
    let checker = setup
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyOf(promised.iter().copied().collect()))
        .spawn_bfs()
        .join();
    let found = checker.discoveries();
    let broken: Vec<_> = promised
        .into_iter()
        .filter(|name| found.contains_key(name))
        .collect();
    let way = broken.first().and_then(|name| found.get(name).cloned());
    Found {
        states: checker.unique_state_count(),
        time: begun.elapsed(),
        all_are_given: found.contains_key(ALL),
        way: way.map_or_else(Vec::new, stateright::Path::into_actions),
        broken,
    }
}
