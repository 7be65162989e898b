//! Everything that leaves Lockgate for people and programs: messages, results, comments, statuses. Decides nothing.

pub mod comment;
pub mod document;
pub mod progress;
pub mod reporter;
pub mod status;
