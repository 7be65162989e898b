#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! - [`ids`]: names, numbers and digests as types, parsed once at the border.
//! - [`version`]: the grammar and the order of versions.
//! - [`template`]: names with placeholders, such as `tool-v{version}`.
//! - [`document`]: part, candidate, receipt, withdrawal, `SHA256SUMS`.
//! - [`reason`]: reasons with stable codes.
//! - [`escape`]: untrusted text made safe to show.

pub mod document;
pub mod escape;
pub mod ids;
pub mod reason;
pub mod template;
pub mod version;
