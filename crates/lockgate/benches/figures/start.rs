//! Measures the start-up time and the size of the command.

use std::path::Path;
use std::process::Stdio;

use crate::program::{LOCKGATE, command};
use crate::table::{Table, median, megabytes, milliseconds};

pub(crate) fn up(table: &mut Table) {
    let here = Path::new(".");
    let run = |program: &str, args: &[&str]| {
        let mut command = command(program, here);
        assert!(
            command
                .args(args)
                .stdout(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
    };
    let nothing = median(50, || run("true", &[]));
    let version = median(50, || run(LOCKGATE, &["--version"]));
    table.at_most(
        "start-up: lockgate --version, median of 50",
        version,
        0.010,
        milliseconds,
    );
    table.reported(
        "  of that, starting any process (true)",
        milliseconds(nothing),
    );
}

pub(crate) fn size(table: &mut Table) {
    let size = std::fs::metadata(LOCKGATE).unwrap().len();
    table.at_most(
        "size of the release executable",
        size as f64,
        15e6,
        megabytes,
    );
}
