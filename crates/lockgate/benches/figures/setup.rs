//! Measures writing the workflows of a repository, and comparing and linting them.

use std::path::Path;
use std::process::Stdio;

use crate::program::{LOCKGATE, command};
use crate::table::{Table, median, milliseconds};

const INIT: &[&str] = &[
    "init",
    "--package",
    "tool",
    "--version-file",
    "VERSION",
    "--first-version",
    "1",
    "--sources",
    "src/**",
    "--build-command",
    "make",
    "--allow-missing",
    "--dry-run",
];

pub(crate) fn figures(table: &mut Table) {
    let workspace = tempfile::tempdir().unwrap();
    let run = |dir: &Path, program: &str, args: &[&str]| {
        let mut command = command(program, dir);
        command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "{args:?}");
    };
    run(workspace.path(), "git", &["init", "--quiet"]);
    // Everything except the renames: the next run finds the same repository.
    let init = median(30, || run(workspace.path(), LOCKGATE, INIT));
    table.at_most(
        "init: a new package, median of 30",
        init,
        0.050,
        milliseconds,
    );
    let real: Vec<&str> = INIT
        .iter()
        .copied()
        .filter(|word| *word != "--dry-run")
        .collect();
    run(workspace.path(), LOCKGATE, &real);
    let check = median(30, || run(workspace.path(), LOCKGATE, &["check"]));
    table.at_most(
        "check: three workflows, median of 30",
        check,
        0.050,
        milliseconds,
    );
}
