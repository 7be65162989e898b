//! The workflow files, executed by a real workflow runner against the rehearsal forge. What is stood in for: docs/contributing/runner.md.
//!
//! Needs what `scripts/setup.sh test` installs, so a plain `cargo test` leaves it out: `cargo test -p lockgate --test runner`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod events;
mod github;
mod runner;
mod scenes;
mod see;
mod stage;
mod tools;
mod workflows;
