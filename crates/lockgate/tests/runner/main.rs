//! Executes the workflow files with a real workflow runner and the fake GitHub. The simulated parts are listed in
//! docs/contributing/runner.md.
//!
//! It needs the tools of `scripts/setup.sh test`, so a plain `cargo test` omits it:
//! `cargo test -p lockgate --test runner`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on stops"
)]

mod events;
mod fixture;
mod github;
mod runner;
mod scenes;
mod see;
mod tools;
mod workflows;
