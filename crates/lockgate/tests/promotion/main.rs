//! Tests `lockgate promote` and `lockgate gate` as real processes over real sockets: many at once, a bad network, an
//! App, a proxy with an authority of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod app;
mod crowds;
mod fixture;
mod forged;
mod gateway;
mod headers;
mod hints;
mod message;
mod network;
mod proxied;
mod relay;
mod verdict;
