//! The very code of promotion and gate, simulated: `core::promote`, `core::gate`, `core::detect` against the rehearsal forge's
//! pure state, under one seeded scheduler. No threads, no sockets, no waiting.
//!
//! What is not the product's own code here stands for something: [`observe`] and [`hands`] for what the command reads and does
//! for the decisions, [`luck`] for the network and the adapter, [`people`] for people. The promises are the model's.

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
