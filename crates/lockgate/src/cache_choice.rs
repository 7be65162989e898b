//! Chooses the cache of a command: the one that was named, else the account's own, else one in the folder that it writes to.
//!
//! Does not depend on the content of the cache.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use tempfile::TempDir;

use crate::cli::Caching;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;
use crate::reading::cache_folder;

/// The cache of one call.
pub struct CacheChoice {
    /// The options that name the cache.
    pub caching: Caching,
    /// A temporary cache for this call alone, deleted when this is dropped.
    _scratch: Option<TempDir>,
}

/// The reason why the account's own cache cannot be used.
enum Problem {
    /// The folder cannot be created or written.
    Unwritable(io::Error),
    /// Another account owns the folder, and could change a file after it was verified.
    OfAnotherAccount,
}

impl CacheChoice {
    /// Chooses the cache. With a `folder` that the command writes to, a cache in it replaces one that cannot be used.
    ///
    /// # Errors
    /// A variable that is used is not UTF-8, or the folder cannot be written.
    pub fn new(
        context: &Context,
        caching: &Caching,
        folder: Option<&Path>,
    ) -> Result<Self, Failure> {
        let asked_for = Self {
            caching: caching.clone(),
            _scratch: None,
        };
        let variable = "LOCKGATE_CACHE";
        let env = &context.env;
        let named = env.var(variable).is_some() || env.not_text(variable).is_some();
        if named || caching.cache.is_some() {
            return Ok(asked_for);
        }
        // With a folder, a home that is not UTF-8 is ignored.
        let usual = match (cache_folder(env, caching), folder) {
            (Err(error), None) => return Err(error),
            (found, _) => found.ok().flatten(),
        };
        if let Some(usual) = &usual {
            let (problem, path) = (problem(usual), usual.display());
            match (problem, folder) {
                (None, _) | (Some(Problem::Unwritable(_)), None) => return Ok(asked_for),
                (Some(Problem::OfAnotherAccount), None) => {
                    context.reporter.say(&format!(
                        "the cache {path} belongs to another account, which can change a file after it was verified; `--cache DIR` names another"
                    ));
                    return Ok(asked_for);
                }
                (Some(Problem::Unwritable(error)), Some(_)) => context
                    .reporter
                    .say(&format!("the cache {path} is not used: {error}")),
                (Some(Problem::OfAnotherAccount), Some(_)) => context.reporter.say(&format!(
                    "the cache {path} is not used: it belongs to another account"
                )),
            }
        }
        folder.map_or(Ok(asked_for), Self::scratch)
    }

    fn scratch(folder: &Path) -> Result<Self, Failure> {
        let mut inside = tempfile::Builder::new();
        inside.prefix(".lockgate-");
        let made = fs::create_dir_all(folder).and_then(|()| inside.tempdir_in(folder));
        let made = made.map_err(|error| {
            CommandError::file(format!("write into {}", folder.display()), &error)
        })?;
        let caching = Caching {
            cache: Some(made.path().to_owned()),
        };
        Ok(Self {
            caching,
            _scratch: Some(made),
        })
    }
}

fn problem(cache: &Path) -> Option<Problem> {
    // Creating a file detects what permissions alone do not show: a read-only file system, a full one, and this process's account.
    let probe = || {
        fs::create_dir_all(cache)?;
        let file = tempfile::tempfile_in(cache)?;
        Ok(file.metadata()?.uid() == fs::metadata(cache)?.uid())
    };
    match probe() {
        Ok(true) => None,
        Ok(false) => Some(Problem::OfAnotherAccount),
        Err(error) => Some(Problem::Unwritable(error)),
    }
}
