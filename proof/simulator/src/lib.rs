//! Simulates the real code of promotion and gate: `core::promote`, `core::gate`, `core::detect` against the fake
//! GitHub's pure state, under one seeded scheduler. No threads, no sockets, no waiting.
//!
//! Parts that are not the product's own code represent something else: [`observe`] and [`executor`] the command's reads
//! and effects, [`fault_kind`] the network and the adapter, [`users`] the users. The promises are the model's.

pub mod audit;
pub mod bound;
pub mod check;
pub mod executor;
pub mod fault_kind;
pub mod gate;
pub mod mutant;
pub mod observe;
pub mod outsiders;
pub mod promoter;
pub mod reads;
pub mod rng;
pub mod schedule;
pub mod template;
pub mod users;
pub mod world;

pub use mutant::Mutant;
pub use schedule::{Mode, Outcome, play};
pub use template::Template;
