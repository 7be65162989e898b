//! Tries every hint: a command is refused, its next step is taken, and then it works. `table.txt` names for each code where.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod build;
mod config;
mod detect;
mod executables;
mod process_env;
mod rehearse;
mod repository;
mod setup;
mod table;
mod workflows;
