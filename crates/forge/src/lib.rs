//! The port to GitHub in Lockgate's own terms, a conformance suite that every implementation must pass, and the adapter
//! for GitHub's REST API.
//!
//! This crate decides nothing: each error of the port has a kind that `lockgate-core` decides upon. It does not know
//! git: trees, blobs and refs are read with git itself.

pub mod conformance;
pub mod github;
mod port;
mod secret;
mod settings;

pub use port::*;
pub use secret::Token;
pub use settings::Settings;
