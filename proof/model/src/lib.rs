//! The protocol as a model: promoters, GitHub, gate, users and an adversary, small enough to search every state.
//!
//! The promoters follow the shipped state machine, [`lockgate_core::promote::Machine`]. The rest is written again, and knows
//! nothing of bytes, files and networks: each action names the part of the code that it represents. The simulator checks what
//! the rest of the code does under the same faults.
//!
//! | file | content |
//! | --- | --- |
//! | [`cache`] | another model: the cache of the client, and those who share it |
//! | [`setup`] | the number of promoters and faults; the rules of the repository; the rejected designs |
//! | [`state`], [`release`] | the whole state, in a few dozen bytes |
//! | [`forge`] | the effect of a call, and the ways in which it can go wrong |
//! | [`shipped`], [`plans`] | the shipped machine behind small numbers, and the plans that it is given |
//! | [`decision`], [`promoter`] | one promotion: its start, and what each of the machine's effects does |
//! | [`users`] | the gate, merges, and users with write access |
//! | [`promises`] | what must hold in every state |
//! | [`search`](mod@search) | searches all states |
//! | [`wrong`] | designs and repositories in which the search must find a violation |
//! | [`describe`] | prints a sequence of actions |

pub mod cache;
pub mod decision;
pub mod describe;
pub mod forge;
pub mod plans;
pub mod promises;
pub mod promoter;
pub mod release;
pub mod search;
pub mod setup;
pub mod shipped;
pub mod state;
pub mod users;
pub mod wrong;

pub use search::{Action, Found, search, search_for, shortest};
pub use setup::{Design, Rules, Setup};
