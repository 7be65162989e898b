//! Reads what decisions are made from: trees, the remote, builds, releases, the work tree. Decides nothing, writes nothing.

pub mod candidate;
pub mod finished_run;
pub mod gate;
pub mod history;
pub mod public_receipt;
pub mod pulls;
pub mod release_origin;
pub mod remote;
mod tree;
mod trees;
pub mod work_tree;

use lockgate_core::PackageName;
use lockgate_core::config::{Config, Package};
use lockgate_core::escape::quoted;

pub use self::tree::Tree;
pub use self::trees::{PackageObservation, Published, Trees};
use crate::command_error::CommandError;
use crate::exit::Failure;

/// Returns the package of that name, or the only one.
pub fn package<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c Package, Failure> {
    let packages = || config.packages.values();
    match name {
        Some(name) => packages()
            .find(|package| package.name.as_str() == name)
            .ok_or_else(|| unknown_package(name, config.packages.keys()).into()),
        None => match (packages().next(), config.packages.len()) {
            (Some(package), 1) => Ok(package),
            _ => Err(which_package(config.packages.keys()).into()),
        },
    }
}

/// Returns the package of that name, or all.
pub fn packages<'c>(config: &'c Config, name: Option<&str>) -> Result<Vec<&'c Package>, Failure> {
    match name {
        Some(_) => Ok(vec![package(config, name)?]),
        None => Ok(config.packages.values().collect()),
    }
}

/// Returns the error for a name that no package has.
pub fn unknown_package<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n PackageName>,
) -> CommandError {
    CommandError::UnknownPackage {
        name: quoted(name),
        known: list(known),
    }
}

/// Returns the error for a command that needs one package and could mean several.
pub fn which_package<'n>(known: impl IntoIterator<Item = &'n PackageName>) -> CommandError {
    CommandError::WhichPackage { known: list(known) }
}

fn list<'n>(names: impl IntoIterator<Item = &'n PackageName>) -> String {
    let names: Vec<&str> = names.into_iter().map(PackageName::as_str).collect();
    names.join(", ")
}
