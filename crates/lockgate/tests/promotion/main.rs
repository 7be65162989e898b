//! Tests `lockgate promote` and `lockgate gate` as real processes over real sockets: many at once, a bad network, an
//! App.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod app;
mod crowds;
mod fixture;
mod forged;
mod headers;
mod hints;
mod message;
mod network;
mod relay;
mod verdict;
