//! Checks the promise of the binding from outside: each part of it held at some time between the read-back of the draft
//! and the call that publishes it. The promoter reads the parts one after the other, so each may have its own time.

use lockgate_core::promote::Plan;
use lockgate_forge_embedded::PullNumber;

use crate::observe;
use crate::world::World;

/// The parts that were observed to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bound {
    watching: bool,
    pull: bool,
    run: bool,
    artifacts: bool,
    merge: bool,
}

impl Bound {
    /// Starts at the read-back.
    pub fn begin() -> Self {
        Self {
            watching: true,
            ..Self::default()
        }
    }

    /// Checks the world as it is now.
    pub fn watch(&mut self, world: &World<'_>, plan: &Plan) {
        if !self.watching || self.held() {
            return;
        }
        let binding = &plan.binding;
        let pull = observe::pull(world, PullNumber(binding.pull.0), false);
        if let Some(pull) =
            pull.filter(|pull| (&pull.head, &pull.base) == (&binding.head, &binding.base))
        {
            self.pull = true;
            self.merge |= observe::merged(world, &pull) == Some(binding.merged);
        }
        if let Some(run) = observe::run(world, binding.run) {
            self.run |= run.attempt == binding.attempt;
            let listed = observe::artifacts(world, &run);
            self.artifacts |= binding.artifacts.iter().all(|bound| {
                let mut of = listed
                    .iter()
                    .filter(|one| one.id == bound.id && !one.expired);
                of.next().is_some()
            });
        }
    }

    /// Records that the promoter received a stale response, which is not its own fault.
    pub fn excuse(&mut self) {
        (self.pull, self.merge) = (true, true);
    }

    /// Returns whether all parts held.
    pub fn held(&self) -> bool {
        self.pull && self.run && self.artifacts && self.merge
    }
}
