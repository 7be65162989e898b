//! Generates, compares and lints the GitHub workflows that run Lockgate.
//!
//! Each package has three files ([`build`], [`gate`], [`promote`]), each a typed description ([`workflow`]) that one
//! printer turns into text. Custom blocks at the named [`custom_blocks`] are kept; any other difference is drift ([`files`]).
//! The lints ([`lint`]) check every workflow of a repository.
//!
//! This crate does not know files, processes, GitHub, or where the texts come from.

pub mod actions;
pub mod build;
pub mod custom_blocks;
pub mod files;
pub mod gate;
pub mod lint;
pub mod promote;
pub mod runtime;
pub mod steps;
pub mod workflow;
pub mod yaml;
