//! Reads what `init` needs from a clone: its remotes, branches and files.

use lockgate_core::BranchName;

use super::{Git, command};
use crate::command_error::CommandError;

impl Git {
    /// Returns the names of the remotes.
    pub fn remotes(&self) -> Result<Vec<String>, CommandError> {
        let text = self.text("list the remotes", &["remote"])?;
        Ok(text.lines().map(ToOwned::to_owned).collect())
    }

    /// Returns the default branch of a remote, as of the last clone or fetch.
    pub fn default_branch(&self, remote: &str) -> Option<BranchName> {
        let name = format!("refs/remotes/{remote}/HEAD");
        let target = self.line(&["symbolic-ref", "--quiet", "--end-of-options", &name])?;
        target
            .strip_prefix(&format!("refs/remotes/{remote}/"))?
            .parse()
            .ok()
    }

    /// Returns the checked-out branch, even without a commit.
    pub fn current_branch(&self) -> Option<BranchName> {
        let target = self.line(&["symbolic-ref", "--quiet", "HEAD"])?;
        target.strip_prefix("refs/heads/")?.parse().ok()
    }

    /// Returns whether there is any commit.
    pub fn has_commits(&self) -> bool {
        self.commit("HEAD").is_ok()
    }

    /// Returns the files of the work tree that git tracks or would add, relative to its root.
    pub fn files(&self) -> Result<Vec<String>, CommandError> {
        let args = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let bytes = self.run("list the files", &args)?;
        let names = bytes.split(|b| *b == 0).filter(|name| !name.is_empty());
        Ok(names
            .filter_map(|name| String::from_utf8(name.to_vec()).ok())
            .collect())
    }

    fn line(&self, args: &[&str]) -> Option<String> {
        let output = command(&self.dir, args).ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim_end().to_owned())
    }
}
