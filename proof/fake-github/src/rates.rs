//! The hourly rate limit of each caller. Calls are always counted; the limit applies only if the embedding program sets
//! one.

use std::collections::BTreeMap;

use crate::state::people::Actor;

/// The length of a window in seconds.
const WINDOW: i64 = 3600;

/// The state of a caller's rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) limit: u32,
    pub(crate) used: u32,
    /// The time of the reset, in seconds since 1970.
    pub(crate) reset: i64,
}

impl Rate {
    /// Returns the number of calls left.
    pub(crate) fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

/// The rate limits of all callers.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    budgets: BTreeMap<String, u32>,
    windows: BTreeMap<String, (i64, u32)>,
}

impl Rates {
    /// Limits callers with this label to a number of calls per hour; `None` removes the limit.
    pub(crate) fn set_budget(&mut self, label: &str, budget: Option<u32>) {
        match budget {
            Some(budget) => self.budgets.insert(label.to_owned(), budget),
            None => self.budgets.remove(label),
        };
    }

    /// Counts a call with its cost, and returns the new state. `Err` means that the limit was exceeded before.
    pub(crate) fn count(&mut self, actor: &Actor, now: i64, cost: u32) -> Result<Rate, Rate> {
        let label = actor.label();
        let (start, used) = self.windows.entry(label.to_owned()).or_insert((now, 0));
        if now >= *start + WINDOW {
            (*start, *used) = (now, 0);
        }
        let usual = match actor {
            Actor::Anonymous => 60,
            Actor::Known { bot: true, .. } => 1000,
            Actor::Known { .. } => 5000,
        };
        let budget = self.budgets.get(label).copied();
        let limit = budget.unwrap_or(usual);
        let spent = budget.is_some_and(|budget| *used >= budget && cost > 0);
        if !spent {
            *used = used.saturating_add(cost);
        }
        // Without a limit no caller is told to wait, however many calls it made.
        let shown = budget.unwrap_or(limit - 1);
        let rate = Rate {
            limit,
            used: (*used).min(shown),
            reset: *start + WINDOW,
        };
        if spent { Err(rate) } else { Ok(rate) }
    }

    /// Undoes a count: a response of 304 is free.
    pub(crate) fn refund(&mut self, actor: &Actor) {
        if let Some((_, used)) = self.windows.get_mut(actor.label()) {
            *used = used.saturating_sub(1);
        }
    }
}
