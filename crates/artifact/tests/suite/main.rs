//! One test binary for the whole crate: hostile zips, hostile executables, and real ones.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod artifact_forms;
mod attacks;
mod checks;
mod codes;
mod elf_facts;
mod elf_mutants;
mod elf_opinions;
mod elf_real;
mod elf_refuses;
mod elves;
mod opinions;
mod zip_accepts;
mod zip_heaps;
mod zip_limits;
mod zip_mutants;
mod zip_others;
mod zip_refuses;
mod zips;
