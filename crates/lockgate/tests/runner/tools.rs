//! Paths of the runner and its tools: scripts/setup.sh puts them into the checkout.
//!
//! This module does not know workflows.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the folder of these tests' files.
pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner")
}

/// Returns the workflow runner.
pub(crate) fn act() -> PathBuf {
    installed("bin/act")
}

/// Returns the folder that npm installed.
pub(crate) fn modules() -> PathBuf {
    installed("runner/node_modules")
}

/// Returns a command for a script of `npm/`, run by node.
pub(crate) fn script(name: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg(here().join("npm").join(name))
        .env("NODE_PATH", modules());
    command
}

/// Returns the output of a command; the test ends if it fails.
pub(crate) fn stderr(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let reporter = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {reporter}");
    String::from_utf8(output.stdout).unwrap()
}

fn installed(path: &str) -> PathBuf {
    let path = root().join("target/tools").join(path);
    assert!(
        path.exists(),
        "{} is missing: run `scripts/setup.sh test` first, which installs the workflow runner that these tests need",
        path.display()
    );
    path.canonicalize().unwrap()
}
