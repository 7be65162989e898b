//! Simulates the real code of promotion and gate: `core::promote`, `core::gate`, `core::detect` against the fake
//! GitHub's pure state, under one seeded scheduler. No threads, no sockets, no waiting.
//!
//! Parts that are not the product's own code represent something else: [`observe`] and [`hands`] the command's reads
//! and effects, [`luck`] the network and the adapter, [`people`] users. The promises are the model's.

pub mod audit;
pub mod bound;
pub mod chance;
pub mod check;
pub mod gate;
pub mod hands;
pub mod luck;
pub mod observe;
pub mod outsiders;
pub mod people;
pub mod promoter;
pub mod reads;
pub mod sabotage;
pub mod schedule;
pub mod template;
pub mod world;

pub use sabotage::Sabotage;
pub use schedule::{Mode, Outcome, play};
pub use template::Template;
