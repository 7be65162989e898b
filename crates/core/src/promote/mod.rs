//! promote: publishes a candidate as a release, with exactly the same bytes.
//!
//! [`decide()`] turns everything that was read into a [`Plan`] or a reason; [`Machine`] carries a plan out, one effect at a
//! time, and handles each response and each missing response. Neither does any I/O: the same code runs against GitHub, the
//! rehearsal's fake GitHub and a simulator.

mod approval;
mod candidate;
mod decide;
mod effect;
mod facts;
mod machine;
pub mod origin;
mod plan;
mod planning;
mod reasons;
mod recheck;
pub mod runs;

pub use approval::{Approved, Changes, PUBLISHED};
pub use decide::{decide, workflow};
pub use effect::{
    Effect, End, Event, Fault, ObservedAsset, ObservedDraft, ObservedRelease, Sent, Step,
    UploadFault, WrongContent,
};
pub use facts::{
    ActorFacts, ArtifactFacts, CandidateFacts, ENVIRONMENT, Facts, PublishedAsset,
    PublishedRelease, PullFacts, PullState, ReleaseDefect, ReleaseFacts, ReleaseOrigin, RunFacts,
    RunOutcome, WorkflowFacts,
};
pub use machine::Machine;
pub use plan::{Binding, BoundArtifact, Done, Item, Plan, Rechecked};
pub use reasons::{Refusal, Wait};
pub use recheck::Recheck;

/// The decision of promote.
pub type Decision = crate::Verdict<Done, Box<Plan>, Wait, Refusal>;

#[cfg(test)]
pub(crate) mod tests;
