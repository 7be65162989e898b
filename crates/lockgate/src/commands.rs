//! The flows, each with the same four steps in one order: observe, decide, apply, render.

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

/// What every flow gets.
pub struct Context {
    /// What the process was started in.
    pub env: ProcessEnv,
    /// Where words go.
    pub reporter: Reporter,
}
