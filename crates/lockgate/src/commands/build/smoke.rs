//! Runs the smoke test of a built executable, directly or under emulation. Does not interpret its failure.

use std::path::{Path, PathBuf};

use lockgate_core::config::Variant;
use lockgate_core::document::{Smoke, SmokeResult};

use super::Source;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::subprocess;

/// Runs the config's smoke command, if there is one. The error contains the last lines of its output.
pub(super) fn smoke(
    context: &Context,
    source: &Source,
    variant: &Variant,
    path: &Path,
    vars: &[(&str, String)],
) -> Result<Option<Smoke>, (CommandError, Vec<String>)> {
    let Some(command) = &source.package.build.smoke else {
        return Ok(None);
    };
    let plain = |command_error| (command_error, Vec::new());
    make_executable(path)
        .map_err(|error| plain(CommandError::file("set the executable bit", &error)))?;
    let program = path.display().to_string();
    let mut words = source
        .package
        .command(command, variant, &source.version, &program);
    let emulator = emulator(context, &variant.arch).map_err(plain)?;
    if let Some(emulator) = &emulator
        && words.first() == Some(&program)
    {
        words.insert(0, emulator.clone());
    }
    context.reporter.say(&format!(
        "smoke test of {}{}",
        variant.name,
        emulator
            .as_ref()
            .map(|e| format!(", under {e}"))
            .unwrap_or_default()
    ));
    let ended = context
        .reporter
        .subprocess(&format!("smoke {}", variant.name), |print| {
            subprocess::run(&words, &source.top, vars, print)
        });
    let ended = ended.map_err(|error| {
        plain(CommandError::SmokeFailed {
            variant: variant.name.to_string(),
            status: error.to_string(),
        })
    })?;
    if !ended.status.success() {
        let command_error = CommandError::SmokeFailed {
            variant: variant.name.to_string(),
            status: subprocess::status(ended.status),
        };
        return Err((command_error, ended.tail));
    }
    Ok(Some(Smoke {
        result: SmokeResult::Passed,
        emulator,
    }))
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Returns the user-mode emulator for an architecture; `None` for the machine's own.
fn emulator(context: &Context, arch: &str) -> Result<Option<String>, CommandError> {
    const QEMU: [(&str, &str); 7] = [
        ("amd64", "x86_64"),
        ("arm64", "aarch64"),
        ("386", "i386"),
        ("arm", "arm"),
        ("riscv64", "riscv64"),
        ("ppc64le", "ppc64le"),
        ("s390x", "s390x"),
    ];
    let qemu = QEMU
        .iter()
        .find(|(name, _)| *name == arch)
        .map_or(arch, |(_, qemu)| qemu);
    let own = if std::env::consts::ARCH == "x86" {
        "i386"
    } else {
        std::env::consts::ARCH
    };
    if qemu == own {
        return Ok(None);
    }
    let folders: Vec<PathBuf> = context
        .env
        .var("PATH")
        .map(|path| std::env::split_paths(path).collect())
        .unwrap_or_default();
    let names = [format!("qemu-{qemu}-static"), format!("qemu-{qemu}")];
    let found = names
        .into_iter()
        .find(|name| folders.iter().any(|folder| folder.join(name).is_file()));
    found.map(Some).ok_or_else(|| CommandError::NoEmulator {
        arch: arch.to_owned(),
        host: own.to_owned(),
    })
}
