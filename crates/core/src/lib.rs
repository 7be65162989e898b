//! The identifiers, documents and decisions of Lockgate.
//!
//! Everything in this crate is a value or a pure function over values. A flow of the command collects observations, passes
//! them to `decide` in this crate and applies the result, so each decision can be tested as a table.
//!
//! This crate knows nothing about files, sockets, clocks, environment variables, randomness, threads or GitHub. The lint
//! configuration in `clippy.toml` and a test over the dependency list enforce this. Where a decision depends on the time of
//! day, the time is an argument.

pub mod audit;
pub mod checkout;
pub mod cleanup;
pub mod config;
pub mod detect;
pub mod doctor;
pub mod fingerprint;
pub mod gate;
pub mod identity;
pub mod ids;
pub mod pin;
pub mod promote;
pub mod reason;
pub mod render;
pub mod settings;
pub mod withdraw;

pub use lockgate_format::{document, escape, reasons, version};

pub use ids::*;
pub use lockgate_format::version::{Scheme, Version};
pub use reason::{Reason, Verdict};

/// Returns every code in this crate, for the page that documents them.
pub fn codes() -> Vec<&'static str> {
    [
        audit::Finding::CODES,
        config::ConfigProblem::CODES,
        detect::Refusal::CODES,
        doctor::Problem::CODES,
        document::DocumentProblem::CODES,
        document::JOIN_CODES,
        gate::CODES,
        pin::Refusal::CODES,
        promote::Refusal::CODES,
        promote::Wait::CODES,
        withdraw::Refusal::CODES,
    ]
    .concat()
}
