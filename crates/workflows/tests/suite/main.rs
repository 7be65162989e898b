//! Tests the promises of workflows for many configs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod drift;
mod lints;
mod promises;
mod support;
