//! The workflows of many configs: what they promise, whatever the config says.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod drift;
mod lints;
mod promises;
mod support;
