//! Runs `git` with a clean environment.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::GitRepository;
use crate::repository::RepositoryError;

impl GitRepository {
    /// Returns the output of `git` as text; a failure is an error.
    pub(super) fn git(&self, args: &[&str]) -> Result<String, RepositoryError> {
        let output = self.run(args, None, &[])?;
        if !output.status.success() {
            return Err(failed(args, &output));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Returns the output of `git` as text; `None` if it fails.
    pub(super) fn try_git(&self, args: &[&str]) -> Result<Option<String>, RepositoryError> {
        let bytes = self.try_bytes(args)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Returns the output of `git`; `None` if it fails.
    pub(super) fn try_bytes(&self, args: &[&str]) -> Result<Option<Vec<u8>>, RepositoryError> {
        let output = self.run(args, None, &[])?;
        Ok(output.status.success().then_some(output.stdout))
    }

    /// Runs `git` and waits for it.
    pub(super) fn run(
        &self,
        args: &[&str],
        input: Option<&[u8]>,
        variables: &[(&str, &str)],
    ) -> Result<Output, RepositoryError> {
        let broken = |error: std::io::Error| RepositoryError {
            operation: format!("running git {}", args.join(" ")),
            detail: error.to_string(),
        };
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(&self.folder).args(args);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("LC_ALL", "C").envs(variables.iter().copied());
        command.stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(broken)?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            stdin.write_all(input).map_err(broken)?;
        }
        child.wait_with_output().map_err(broken)
    }
}

/// Returns the error for a failed command.
pub(super) fn failed(args: &[&str], output: &Output) -> RepositoryError {
    RepositoryError {
        operation: format!("running git {}", args.join(" ")),
        detail: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    }
}
