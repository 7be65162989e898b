//! Reads the work tree on disk: its root, its config, its workflows. [`super::Tree`] reads committed content.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lockgate_core::Version;
use lockgate_core::config::{Config, FILE, Package, WORKFLOWS};
use lockgate_core::detect::{self, VersionFile};
use lockgate_core::escape::quoted;

use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::{Exit, Failure};

/// The largest accepted workflow, in bytes.
const LARGEST: u64 = 1 << 20;

/// Finds the nearest folder with a config, from here upwards, up to the root of the repository.
pub fn with_config(from: &Path) -> Option<PathBuf> {
    let from = std::path::absolute(from).ok()?;
    for folder in from.ancestors() {
        if folder.join(FILE).is_file() {
            return Some(folder.to_owned());
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// Returns the text of a folder's config, if it exists.
pub fn config_text(root: &Path) -> Result<Option<String>, Failure> {
    read(&root.join(FILE))
}

/// Parses a config.
pub fn parse(text: &str) -> Result<Config, Failure> {
    Config::parse(text).map_err(|error| Failure::new(Exit::Refused, &error))
}

/// Returns the workflows of a folder, by their relative path.
pub fn workflows(root: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let folder = root.join(WORKFLOWS);
    let operation = || format!("list {}", folder.display());
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(CommandError::file(operation(), &error).into()),
    };
    let mut found = BTreeMap::new();
    for entry in entries {
        let path = entry
            .map_err(|error| CommandError::file(operation(), &error))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_workflow = name.ends_with(".yml") || name.ends_with(".yaml");
        if is_workflow
            && path.is_file()
            && let Some(text) = read(&path)?
        {
            found.insert(format!("{WORKFLOWS}/{name}"), text);
        }
    }
    Ok(found)
}

/// Returns a package of the work tree's config.
pub fn package(context: &Context, name: Option<&str>) -> Result<Package, Failure> {
    super::package(&config(context)?, name).cloned()
}

/// Returns the work tree's config: the user has a checkout, not necessarily a clone.
pub fn config(context: &Context) -> Result<Config, Failure> {
    let path = context
        .env
        .config
        .clone()
        .unwrap_or_else(|| context.env.dir.join(FILE));
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(CommandError::NoConfig {
                place: quoted(&shown),
            }
            .into());
        }
        Err(error) => return Err(CommandError::file(format!("read {shown}"), &error).into()),
    };
    parse(&text)
}

/// Returns the version that was named, else that of the work tree's version file.
pub fn version(
    context: &Context,
    package: &Package,
    named: Option<&str>,
) -> Result<Version, Failure> {
    if let Some(text) = named {
        let wrong = |_| CommandError::BadValue {
            name: "--version",
            value: quoted(text),
            expected: package.scheme.expected(),
        };
        return Ok(Version::parse(package.scheme, text).map_err(wrong)?);
    }
    let path = context.env.dir.join(package.version_file.as_str());
    let file = match std::fs::symlink_metadata(&path) {
        Err(_) => VersionFile::Absent,
        Ok(meta) if meta.is_symlink() => VersionFile::Symlink,
        Ok(meta) if !meta.is_file() => VersionFile::NotAFile,
        Ok(meta) if meta.len() > detect::LARGEST_VERSION_FILE => VersionFile::TooLarge(meta.len()),
        Ok(_) => VersionFile::Content(
            std::fs::read(&path)
                .map_err(|error| CommandError::file(format!("read {}", path.display()), &error))?,
        ),
    };
    detect::version_of(package, &file).map_err(|refusal| Failure::new(Exit::Refused, &refusal))
}

/// Reads a file as text, if it exists. Bytes that are not UTF-8 are replaced, so they are reported as a difference.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let operation = || format!("read {}", quoted(&path.display().to_string()));
    let command_error =
        |error: &std::io::Error| Failure::from(CommandError::file(operation(), error));
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(command_error(&error)),
        Ok(meta) if meta.len() > LARGEST => {
            let error = std::io::Error::other(format!("it has more than {LARGEST} bytes"));
            return Err(command_error(&error));
        }
        Ok(_) => {}
    }
    let bytes = std::fs::read(path).map_err(|error| command_error(&error))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
