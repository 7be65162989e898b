//! Tests the client with small servers on this machine: one test for each outcome.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests are tests, but the lint sees only functions marked as such"
)]

mod cache;
mod connections;
mod fetch;
mod fetch_spec;
mod framing;
mod hostile;
mod login;
mod network;
mod pages;
mod parallel;
mod places;
mod proxy;
mod prune;
mod ranges;
mod real;
mod release;
mod server;
mod stop;
mod tls;
mod trust;
mod verify;
mod withdrawn;
