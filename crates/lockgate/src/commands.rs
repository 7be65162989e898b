//! The commands. Each runs the same four steps in this order: observe, decide, apply, render.

pub mod audit;
pub mod build;
pub mod check;
pub mod cleanup;
pub mod detect;
pub mod doctor;
pub mod fetch;
pub mod gate;
pub mod init;
pub mod mirror;
pub mod pin;
pub mod promote;
pub mod report;
pub mod verify;
pub mod withdraw;

use crate::output::reporter::Reporter;
use crate::process_env::ProcessEnv;

/// The context of every command.
pub struct Context {
    /// The environment of the process.
    pub env: ProcessEnv,
    /// The output for results and messages.
    pub reporter: Reporter,
}
