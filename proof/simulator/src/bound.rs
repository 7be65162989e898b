//! The promise about the binding, watched from outside: each part of it was so, at some moment between the read-back of the
//! draft and the call that publishes it. The promoter reads the parts one after the other, so each may have its own moment.

use lockgate_core::promote::Plan;
use lockgate_forge_embedded::PullNumber;

use crate::observe;
use crate::world::World;

/// Which parts were seen to hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bound {
    watching: bool,
    pull: bool,
    run: bool,
    artifacts: bool,
    merge: bool,
}

impl Bound {
    /// From the read-back on.
    pub fn begin() -> Self {
        Self {
            watching: true,
            ..Self::default()
        }
    }

    /// Looks at the world as it is now.
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

    /// The promoter was shown something old: that is the forge's doing.
    pub fn excuse(&mut self) {
        (self.pull, self.merge) = (true, true);
    }

    /// Whether all of it held.
    pub fn held(&self) -> bool {
        self.pull && self.run && self.artifacts && self.merge
    }
}
