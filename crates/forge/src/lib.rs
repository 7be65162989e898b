//! The forge port: what Lockgate asks of a forge, in Lockgate's words; a conformance suite that any forge must pass; and
//! the adapter that speaks GitHub's REST.
//!
//! Decides nothing: an error from the port is a kind that `lockgate-core` decides upon. Does not know git: trees, blobs and
//! refs are read by git itself.

pub mod conformance;
pub mod github;
mod port;
mod secret;
mod settings;

pub use port::*;
pub use secret::Token;
pub use settings::Settings;
