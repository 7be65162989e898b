//! The workflows that run Lockgate: written from a config, compared with what is there, and linted.
//!
//! Three files for each package ([`build`], [`gate`], [`promote`]), each a typed description ([`workflow`]) that is printed by
//! one printer. What people add at the named [`places`] stays; anything else that differs is drift ([`files`]). The lints
//! ([`lint`]) look at every workflow of a repository.
//!
//! Does not know files, processes, the forge, or where the texts come from.

pub mod actions;
pub mod build;
pub mod files;
pub mod gate;
pub mod lint;
pub mod places;
pub mod promote;
pub mod runtime;
pub mod steps;
pub mod workflow;
pub mod yaml;
