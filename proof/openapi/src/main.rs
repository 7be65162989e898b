//! `lockgate-openapi FILE`: validates a journal, as `lockgate rehearse --journal FILE` writes it, against GitHub's
//! description.

use std::io::{Write as _, stdout};
use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    let mut out = stdout().lock();
    let Some(file) = std::env::args_os().nth(1) else {
        writeln!(out, "usage: lockgate-openapi FILE")?;
        return Ok(ExitCode::from(2));
    };
    let journal = std::fs::read_to_string(file)?;
    let findings = match lockgate_openapi::findings_in(&journal) {
        Ok(findings) => findings,
        Err(error) => {
            writeln!(out, "{error}")?;
            return Ok(ExitCode::FAILURE);
        }
    };
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    let exchanges = journal.lines().count();
    writeln!(out, "{exchanges} exchanges, {} findings", findings.len())?;
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
