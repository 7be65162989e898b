//! Readers for bytes that strangers built: strict zip, executable headers, digests.
//!
//! What a build job uploads was made by a pull request's own code. Everything here reads such bytes once, forward, with
//! bounded memory, and either says precisely what they are or refuses with a stable code. Nothing is ever extracted.
//!
//! - [`zip`]: the one shape of zip that the forge's uploader writes, as a stream, and a writer of that shape.
//! - [`artifact`]: the same for an artifact that may be zipped or plain.
//! - [`executable`]: what an executable's own headers say, and whether that is what a variant asks for.
//! - [`digest`]: SHA-256 and size limits as stream adapters.
//!
//! This crate does not know the network, the file system, manifests, or why somebody wants the bytes.

pub mod artifact;
pub mod digest;
pub mod executable;
mod foreign;
pub mod zip;
