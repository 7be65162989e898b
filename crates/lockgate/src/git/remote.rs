//! Reads the refs of a remote, and fetches commits from it.

use lockgate_core::CommitId;
use lockgate_core::escape::quoted;

use super::{Git, Refs, garbled};
use crate::command_error::CommandError;

impl Git {
    /// Returns the current refs of a remote.
    pub fn remote_refs(&self, remote: &str) -> Result<Refs, CommandError> {
        let operation = format!("list the refs of {}", quoted(remote));
        let bytes = self.run(
            &operation,
            &["ls-remote", "--quiet", "--end-of-options", remote],
        )?;
        let rows = bytes.split(|b| *b == b'\n').filter(|row| !row.is_empty());
        let mut refs = Refs::new();
        for row in rows {
            // Anyone with push access can create a ref whose name is not UTF-8. None of ours is like that, so it is ignored.
            let Ok(text) = str::from_utf8(row) else {
                continue;
            };
            let parsed = text
                .split_once('\t')
                .and_then(|(id, name)| Some((name.to_owned(), id.parse().ok()?)));
            let (name, id) = parsed.ok_or_else(|| garbled(&operation, row))?;
            refs.insert(name, id);
        }
        Ok(refs)
    }

    /// Fetches commits from a remote, if they are not in the clone yet.
    pub fn fetch(&self, remote: &str, wanted: &[(&str, &CommitId)]) -> Result<(), CommandError> {
        let absent: Vec<&str> = wanted
            .iter()
            .filter(|(_, id)| !self.has(id))
            .map(|(name, _)| *name)
            .collect();
        if absent.is_empty() {
            return Ok(());
        }
        let operation = format!("fetch {} from {}", absent.join(", "), quoted(remote));
        let fixed = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            "--end-of-options",
            remote,
        ];
        self.run(&operation, &[&fixed[..], &absent].concat())
            .map(drop)
    }
}
