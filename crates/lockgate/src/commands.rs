//! The flows, each with the same four steps in one order: observe, decide, apply, render.

pub mod audit;
pub mod build;
pub mod check;
pub mod cleanup;
pub mod detect;
pub mod doctor;
pub mod fetch;
pub mod gate;
pub mod init;
pub mod mirror;
pub mod pin;
pub mod promote;
pub mod report;
pub mod verify;
pub mod withdraw;

use lockgate_core::PackageName;
use lockgate_core::config::{Config, Package};
use lockgate_core::escape::quoted;

use crate::command_error::CommandError;
use crate::exit::Failure;
use crate::process_env::ProcessEnv;
use crate::reporter::Reporter;

/// What every flow gets.
pub struct Context {
    /// What the process was started in.
    pub env: ProcessEnv,
    /// Where words go.
    pub reporter: Reporter,
}

/// The package of that name, or the only one.
pub fn choose<'c>(config: &'c Config, name: Option<&str>) -> Result<&'c Package, Failure> {
    let known = || {
        config
            .packages
            .keys()
            .map(PackageName::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match name {
        Some(name) => {
            let package = config
                .packages
                .values()
                .find(|package| package.name.as_str() == name);
            package.ok_or_else(|| {
                CommandError::UnknownPackage {
                    name: quoted(name),
                    known: known(),
                }
                .into()
            })
        }
        None => {
            let mut packages = config.packages.values();
            match (packages.next(), packages.next()) {
                (Some(package), None) => Ok(package),
                _ => Err(CommandError::WhichPackage { known: known() }.into()),
            }
        }
    }
}
