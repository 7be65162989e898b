//! Runs git for everything in a rehearsal that is not Lockgate.

use std::path::Path;

use super::rehearsal_failed;
use crate::exit::Failure;

/// Runs git with a fixed user and clock, so that the same rehearsal makes the same commits.
pub(super) fn git(dir: &Path, args: &[&str]) -> Result<String, Failure> {
    const DATE: &str = "1767225600 +0000";
    let mut command = std::process::Command::new("git");
    command
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(args)
        .current_dir(dir);
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_"))
    {
        command.env_remove(name);
    }
    command.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_AUTHOR_NAME", "Developer"),
        ("GIT_AUTHOR_EMAIL", "developer@example.invalid"),
        ("GIT_COMMITTER_NAME", "Developer"),
        ("GIT_COMMITTER_EMAIL", "developer@example.invalid"),
        ("GIT_AUTHOR_DATE", DATE),
        ("GIT_COMMITTER_DATE", DATE),
    ]);
    let output = command
        .output()
        .map_err(|error| rehearsal_failed(format!("git could not be started: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(rehearsal_failed(format!(
        "git {} failed: {}",
        args.first().unwrap_or(&""),
        lockgate_core::escape::line(said.trim_end())
    )))
}

/// Commits everything in a work tree, even without changes, and returns the commit's id.
pub(super) fn commit_all(dir: &Path, message: &str) -> Result<String, Failure> {
    git(dir, &["add", "--all"])?;
    git(dir, &["commit", "--quiet", "--allow-empty", "-m", message])?;
    Ok(git(dir, &["rev-parse", "HEAD"])?.trim_end().to_owned())
}
