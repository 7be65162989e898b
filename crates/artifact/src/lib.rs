//! Readers for untrusted bytes: strict zip, executable headers, digests.
//!
//! What a build job uploads was made by a pull request's own code. Everything here reads such bytes once, forward, with
//! bounded memory, and either reports precisely what they are or refuses them with a stable code. Nothing is ever
//! extracted.
//!
//! - [`zip`]: the one shape of zip that GitHub's artifact uploader writes, as a stream, and a writer of that shape.
//! - [`artifact`]: the same for an artifact that is a zip or a plain file.
//! - [`executable`]: the contents of an executable's headers, and whether they match a variant's requirements.
//! - [`digest`]: SHA-256 and size limits as stream adapters.
//!
//! This crate does not know the network, the file system, manifests, or what the bytes are used for.

pub mod artifact;
pub mod digest;
pub mod executable;
mod foreign;
pub mod zip;
