//! What the cache stores about withdrawals, below `withdrawals/{server}/{repository}`.
//!
//! `{tag}.json` is the withdrawal itself, as the release had it: it counts permanently. `{tag}.asked` holds when the
//! release last answered that there is no withdrawal, and when it last did not answer, in seconds since 1970. Both are
//! written elsewhere and renamed into place. A malformed file, or one with a time in the future, counts as absent. Does
//! not know what an age means for a fetch.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lockgate_format::document::LARGEST;

use super::Cache;
use super::memory::write;
use crate::names::Source;

const NOT_WITHDRAWN: &str = "not-withdrawn";
const UNANSWERED: &str = "unanswered";

/// How long ago a release was asked for its withdrawal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// When it last answered that there is no withdrawal.
    pub(crate) not_withdrawn: Option<Duration>,
    /// When it last did not answer, if it has not answered since.
    pub(crate) unanswered: Option<Duration>,
}

impl Cache {
    /// Returns the withdrawal of a release, if one is stored.
    pub(crate) fn withdrawal(&self, source: &Source) -> Option<Vec<u8>> {
        read(&self.withdrawals(source, "json"), LARGEST)
    }

    /// Stores a withdrawal.
    pub(crate) fn keep_withdrawal(&self, source: &Source, bytes: &[u8]) -> io::Result<()> {
        write(&self.withdrawals(source, "json"), bytes)
    }

    /// Returns when a release was asked.
    pub(crate) fn asked(&self, source: &Source, now: SystemTime) -> Asked {
        let bytes = read(&self.withdrawals(source, "asked"), 1000).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let age = |of: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(of))?;
            let at = Duration::from_secs(value.trim().parse().ok()?);
            now.duration_since(UNIX_EPOCH.checked_add(at)?).ok()
        };
        Asked {
            not_withdrawn: age(NOT_WITHDRAWN),
            unanswered: age(UNANSWERED),
        }
    }

    /// Stores when a release was asked.
    pub(crate) fn keep_asked(
        &self,
        source: &Source,
        asked: Asked,
        now: SystemTime,
    ) -> io::Result<()> {
        let line = |name: &str, age: Option<Duration>| {
            let at = age.and_then(|age| now.checked_sub(age));
            let at = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            at.map_or_else(String::new, |at| format!("{name} {}\n", at.as_secs()))
        };
        let mut text = line(NOT_WITHDRAWN, asked.not_withdrawn);
        text.push_str(&line(UNANSWERED, asked.unanswered));
        write(&self.withdrawals(source, "asked"), text.as_bytes())
    }

    fn withdrawals(&self, source: &Source, end: &str) -> PathBuf {
        let name = format!("{}.{end}", source.tag());
        self.below("withdrawals", source).join(name)
    }
}

/// Reads a plain file of at most this many bytes.
fn read(path: &Path, most: u64) -> Option<Vec<u8>> {
    let found = fs::symlink_metadata(path).ok()?;
    if !found.is_file() || found.len() > most {
        return None;
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).ok()?;
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
