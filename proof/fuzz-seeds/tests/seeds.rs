//! Runs each fuzz target over each of its committed seeds.
//!
//! A program of its own (`harness = false`), because targets share files with the tests of other crates, and those files bring tests
//! of their own where they are compiled as a test.

#![expect(clippy::duplicate_mod, reason = "two targets share a file")]

// The targets name the macro by the crate that defines it for the fuzzer; here this crate does.
extern crate self as libfuzzer_sys;

use std::panic::catch_unwind;
use std::path::Path;

mod as_function {
    /// Makes a function of a target.
    macro_rules! fuzz_target {
        (|$bytes:ident: &[u8]| $body:block) => {
            pub(crate) fn run($bytes: &[u8]) {
                $body
            }
        };
        (|$text:ident: &str| $body:block) => {
            pub(crate) fn run(bytes: &[u8]) {
                if let Ok($text) = std::str::from_utf8(bytes) {
                    $body
                }
            }
        };
    }
    pub(crate) use fuzz_target;
}
pub(crate) use as_function::fuzz_target;

macro_rules! targets {
    ($($name:ident = $path:literal),* $(,)?) => {
        $(
            #[expect(unused_attributes, reason = "a target is a program without main for the fuzzer")]
            #[path = $path]
            mod $name;
        )*

        /// The name of each target, and its function.
        const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::run)),*];
    };
}

targets! {
    config = "../../fuzz/fuzz_targets/config.rs",
    event = "../../fuzz/fuzz_targets/event.rs",
    executable = "../../fuzz/fuzz_targets/executable.rs",
    heaps = "../../fuzz/fuzz_targets/heaps.rs",
    manifest = "../../fuzz/fuzz_targets/manifest.rs",
    pins = "../../fuzz/fuzz_targets/pins.rs",
    receipt = "../../fuzz/fuzz_targets/receipt.rs",
    version = "../../fuzz/fuzz_targets/version.rs",
    zip = "../../fuzz/fuzz_targets/zip.rs",
}

// The changes of zips, shared with the tests of the reader, name each other from the root of their crate.
use heaps::{attacks, zips};

fn fuzz() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz"))
}

fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(fuzz().join(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn main() {
    every_target_is_here_and_is_a_program_of_the_fuzzer();
    every_target_holds_for_its_seeds();
}

fn every_target_holds_for_its_seeds() {
    for (name, run) in TARGETS {
        let mut count = 0;
        for entry in std::fs::read_dir(fuzz().join("corpus").join(name)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let held = catch_unwind(|| run(&bytes));
            assert!(held.is_ok(), "{name} does not hold for {}", path.display());
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
        println!("{name} holds for its {count} seeds");
    }
}

fn every_target_is_here_and_is_a_program_of_the_fuzzer() {
    let here: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names("fuzz_targets"), here);
    assert_eq!(names("corpus"), here);
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in here {
        let program = format!("[[bin]]\nname = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert!(manifest.contains(&program), "{name}");
    }
}
