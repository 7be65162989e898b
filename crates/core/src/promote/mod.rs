//! promote: a candidate -> a release, those very bytes.
//!
//! [`decide()`] looks at everything that was read and gives a [`Plan`] or says why not; [`Machine`] carries a plan out, one
//! effect at a time, and knows what each answer, and each missing answer, means. Neither does any I/O: the same code runs
//! against GitHub, the rehearsal forge and a simulator.

mod again;
mod approval;
mod decide;
mod facts;
mod machine;
pub mod origin;
mod plan;
mod planning;
mod reasons;
pub mod runs;

pub use again::Again;
pub use approval::{Approved, Changes, PUBLISHED};
pub use decide::{decide, workflow};
pub use facts::{
    ActorFacts, ArtifactFacts, CandidateFacts, ENVIRONMENT, Facts, Flaw, PublishedAsset,
    PublishedRelease, PullFacts, PullState, ReleaseFacts, ReleaseOrigin, RunFacts, RunOutcome,
    WorkflowFacts,
};
pub use machine::{
    Effect, End, Event, Fault, Machine, SeenAsset, SeenDraft, SeenRelease, Sent, Step, UploadFault,
    WrongContent,
};
pub use plan::{Binding, BoundArtifact, Done, Item, Plan, Rechecked};
pub use reasons::{Refusal, Wait};

/// What promote decides.
pub type Decision = crate::Verdict<Done, Box<Plan>, Wait, Refusal>;

#[cfg(test)]
mod tests;
