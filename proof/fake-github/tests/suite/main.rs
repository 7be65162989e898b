//! Tests the fake GitHub over HTTP and directly.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails has failed its test"
)]

mod actions;
mod apps;
mod clients;
mod downloads;
mod durable;
mod endpoints;
mod faults;
mod laws;
mod pulls;
mod releases;
mod results;
mod rules;
mod settings;
mod support;
mod uploads;
