//! The protocol as a model: promoters, forge, gate, people and an adversary, small enough to look at every state.
//!
//! It knows nothing of bytes, files and networks, and shares no code with what it is a model of: each action says which part
//! of the code it stands for. What the code itself does under the same faults, the simulator checks.
//!
//! | file | what |
//! | --- | --- |
//! | [`setup`] | how many promoters and faults; the rules of the repository; the designs that were rejected |
//! | [`state`], [`release`] | all that is remembered, in a few dozen bytes |
//! | [`forge`] | what a call does, and the ways in which it can go wrong |
//! | [`decision`], [`promoter`] | one promotion, step by step |
//! | [`people`] | the gate, merges, and whoever has write access |
//! | [`promises`] | what must hold in every state |
//! | [`search`](mod@search) | looking at all of them |
//! | [`wrong`] | what must be found wrong |
//! | [`words`] | a way through the model, for people |

pub mod decision;
pub mod forge;
pub mod people;
pub mod promises;
pub mod promoter;
pub mod release;
pub mod search;
pub mod setup;
pub mod state;
pub mod words;
pub mod wrong;

pub use search::{Action, Found, search, search_for, shortest};
pub use setup::{Design, Rules, Setup};
