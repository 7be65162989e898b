//! Placeholder until the story is written.
use crate::cli;
use crate::exit::Failure;
use crate::flows::Context;
/// Runs.
pub fn run(_context: &Context, _args: &cli::Rehearse) -> Result<(), Failure> {
    Ok(())
}
