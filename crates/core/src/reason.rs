//! The possible results of a decision, and its reasons.

pub use lockgate_format::reason::{Reason, reasons};

/// The decision of a flow, computed from its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<Done, Plan, Wait, Refusal> {
    /// Nothing to do: the desired state is already reached.
    Done(Done),
    /// Apply this plan. A plan leaves no meaningful choice to the code that applies it.
    Proceed(Plan),
    /// Not now; it may become possible without a change to the pull request.
    Wait(Wait),
    /// No; a person must change something first.
    Refuse(Refusal),
}
