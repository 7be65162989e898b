//! Creates the initial repository: the origin, the developer's clone with the sample in it, the build workflows.

use std::path::Path;

use lockgate_core::config::{Config, FILE, Package};

use super::bundled;
use super::git::{commit_all, git};
use super::{io, rehearsal_failed};
use crate::exit::Failure;

/// The shared repository in the rehearsal's folder.
pub(super) const ORIGIN: &str = "origin.git";
/// The developer's clone of it.
pub(super) const DEVELOPER: &str = "developer";

/// The source of the rehearsed repository.
pub(super) enum Sample<'a> {
    /// A bundled sample repository.
    Bundled(&'a str),
    /// The user's own clone, with its committed content.
    Folder(&'a Path),
}

impl Sample<'_> {
    /// Returns the name of the repository on the fake GitHub.
    pub(super) fn name(&self) -> String {
        let own = match self {
            Self::Bundled(name) => return (*name).to_owned(),
            Self::Folder(path) => path.file_name().and_then(|name| name.to_str()),
        };
        own.unwrap_or("repository").to_owned()
    }
}

/// Creates origin and clone in an empty folder, with the content of the sample and a build workflow for each package on
/// `main`.
///
/// # Errors
/// If the sample does not exist, its config cannot be read, or git fails.
pub(super) fn put_up(folder: &Path, sample: &Sample<'_>) -> Result<Config, Failure> {
    let developer = folder.join(DEVELOPER);
    match sample {
        Sample::Bundled(name) => {
            empty_origin(folder)?;
            let written = bundled::write(name, &developer)
                .ok_or_else(|| rehearsal_failed(format!("there is no sample {name}")))?;
            written.map_err(io("write the sample repository"))?;
        }
        // A folder that is not a repository of its own is used as it is.
        Sample::Folder(path) if !path.join(".git").exists() => {
            empty_origin(folder)?;
            copy(path, &developer).map_err(io("copy the repository to rehearse with"))?;
        }
        Sample::Folder(path) => copied_origin(folder, path)?,
    }
    let config = config_in(&developer)?;
    for package in config.packages.values() {
        add_workflow(&developer, package)?;
    }
    git(&developer, &["switch", "--quiet", "-C", "main"])?;
    commit_all(&developer, "The repository as it was")?;
    git(&developer, &["push", "--quiet", "origin", "main"])?;
    Ok(config)
}

fn empty_origin(folder: &Path) -> Result<(), Failure> {
    let bare = ["init", "--quiet", "--bare", "--initial-branch=main", ORIGIN];
    git(folder, &bare)?;
    git(folder, &["clone", "--quiet", ORIGIN, DEVELOPER]).map(drop)
}

/// Whatever the name of its own default branch, here it is `main`.
fn copied_origin(folder: &Path, from: &Path) -> Result<(), Failure> {
    let (origin, from) = (folder.join(ORIGIN), from.display().to_string());
    git(folder, &["clone", "--quiet", "--bare", &from, ORIGIN])?;
    git(&origin, &["update-ref", "refs/heads/main", "HEAD"])?;
    git(&origin, &["symbolic-ref", "HEAD", "refs/heads/main"])?;
    git(folder, &["clone", "--quiet", ORIGIN, DEVELOPER]).map(drop)
}

fn config_in(dir: &Path) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(dir.join(FILE)).map_err(io("read lockgate.toml"))?;
    Config::parse(&text).map_err(|error| rehearsal_failed(format!("lockgate.toml: {error}")))
}

/// Adds the sample's build workflow under the package's name if the repository has none: promotion is bound to that
/// file.
fn add_workflow(dir: &Path, package: &Package) -> Result<(), Failure> {
    let path = dir.join(package.build_workflow());
    if path.exists() {
        return Ok(());
    }
    path.parent()
        .map(std::fs::create_dir_all)
        .transpose()
        .map_err(io("make the folder of the workflows"))?;
    let text = bundled::build_workflow().replace("hello", package.name.as_str());
    std::fs::write(&path, text).map_err(io("write a workflow"))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
