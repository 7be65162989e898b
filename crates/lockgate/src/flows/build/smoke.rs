//! The smoke test of what was built: run here, or under emulation. Does not know what makes it fail.

use std::path::{Path, PathBuf};

use lockgate_core::config::Variant;
use lockgate_core::document::{Smoke, SmokeResult};

use super::Source;
use crate::flows::Context;
use crate::foreign;
use crate::trouble::Trouble;

/// Runs the command of the config, if there is one. The error comes with the last lines that the command printed.
pub(super) fn smoke(
    context: &Context,
    source: &Source,
    variant: &Variant,
    path: &Path,
    vars: &[(&str, String)],
) -> Result<Option<Smoke>, (Trouble, Vec<String>)> {
    let Some(command) = &source.package.build.smoke else {
        return Ok(None);
    };
    let plain = |trouble| (trouble, Vec::new());
    make_executable(path)
        .map_err(|error| plain(Trouble::file("set the executable bit", &error)))?;
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
    context.talk.say(&format!(
        "smoke test of {}{}",
        variant.name,
        emulator
            .as_ref()
            .map(|e| format!(", under {e}"))
            .unwrap_or_default()
    ));
    let ended = context
        .talk
        .foreign(&format!("smoke {}", variant.name), |print| {
            foreign::run(&words, &source.top, vars, print)
        });
    let ended = ended.map_err(|error| {
        plain(Trouble::SmokeFailed {
            variant: variant.name.to_string(),
            status: error.to_string(),
        })
    })?;
    if !ended.status.success() {
        let trouble = Trouble::SmokeFailed {
            variant: variant.name.to_string(),
            status: foreign::status(ended.status),
        };
        return Err((trouble, ended.tail));
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

/// The user-mode emulator for an architecture; `None` where it is the machine's own.
fn emulator(context: &Context, arch: &str) -> Result<Option<String>, Trouble> {
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
        .around
        .var("PATH")
        .map(|path| std::env::split_paths(path).collect())
        .unwrap_or_default();
    let names = [format!("qemu-{qemu}-static"), format!("qemu-{qemu}")];
    let found = names
        .into_iter()
        .find(|name| folders.iter().any(|folder| folder.join(name).is_file()));
    found.map(Some).ok_or_else(|| Trouble::NoEmulator {
        arch: arch.to_owned(),
        host: own.to_owned(),
    })
}
