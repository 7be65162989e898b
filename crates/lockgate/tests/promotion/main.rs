//! `lockgate promote` and `lockgate gate` as real processes over real sockets: crowds of them, and a network at its worst.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod crowds;
mod message;
mod network;
mod relay;
mod stage;
mod verdict;
