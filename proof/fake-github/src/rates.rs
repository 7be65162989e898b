//! The hourly budget of calls, by caller. Counted for all; kept to only where the embedding
//! program set one.

use std::collections::BTreeMap;

use crate::state::people::Actor;

/// A window's length in seconds.
const WINDOW: i64 = 3600;

/// Where a caller's budget stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) limit: u32,
    pub(crate) used: u32,
    /// When it is full again, in seconds since 1970.
    pub(crate) reset: i64,
}

impl Rate {
    /// How many calls are left.
    pub(crate) fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

/// The budgets of all callers.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    budgets: BTreeMap<String, u32>,
    windows: BTreeMap<String, (i64, u32)>,
}

impl Rates {
    /// Holds callers with this label to so many calls an hour; `None` lets them go.
    pub(crate) fn set_budget(&mut self, label: &str, budget: Option<u32>) {
        match budget {
            Some(budget) => self.budgets.insert(label.to_owned(), budget),
            None => self.budgets.remove(label),
        };
    }

    /// Where the budget stands after a call that costs so much. `Err` says that it was spent
    /// before.
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
        // Without a budget nobody is told to wait, however much was asked.
        let shown = budget.unwrap_or(limit - 1);
        let rate = Rate {
            limit,
            used: (*used).min(shown),
            reset: *start + WINDOW,
        };
        if spent { Err(rate) } else { Ok(rate) }
    }

    /// Takes a count back: an answer of 304 costs nothing.
    pub(crate) fn refund(&mut self, actor: &Actor) {
        if let Some((_, used)) = self.windows.get_mut(actor.label()) {
            *used = used.saturating_sub(1);
        }
    }
}
