//! Puts the sample repositories and the rehearsal scripts into the executable, so that `lockgate rehearse` needs nothing else.
//!
//! `bundled/` links to the folders of the repository; a package has copies in their place.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, io};

fn main() -> io::Result<()> {
    if env::var_os("CARGO_FEATURE_REHEARSE").is_none() {
        return Ok(());
    }
    // Read at run time: a build script that was compiled for another checkout may serve this one.
    let root = variable("CARGO_MANIFEST_DIR")?.join("bundled");
    let mut code = String::new();
    for (table, name) in [
        ("MINIMAL", "minimal"),
        ("TOOL_SUPPORT", "tool-support"),
        ("SCRIPTS", "rehearsals"),
    ] {
        let folder = root.join(name);
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        collect(&folder, &mut files)?;
        files.sort();
        let _ = writeln!(code, "pub(super) const {table}: &[(&str, &[u8])] = &[");
        for file in files {
            println!("cargo:rerun-if-changed={}", file.display());
            let inside = file.strip_prefix(&folder).map_err(io::Error::other)?;
            let _ = writeln!(
                code,
                "    ({:?}, include_bytes!({:?})),",
                inside.display().to_string(),
                file.display().to_string()
            );
        }
        code += "];\n";
    }
    std::fs::write(variable("OUT_DIR")?.join("bundled.rs"), code)
}

/// Returns a variable that cargo sets for build scripts.
fn variable(name: &str) -> io::Result<PathBuf> {
    env::var_os(name)
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other(format!("{name} is not set")))
}

/// Collects the files below `folder`, without what a build in a sample may have left there.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let left_by_a_build = path.file_name().is_some_and(|name| {
            ["binaries", "dist", "__pycache__"]
                .iter()
                .any(|left| name == *left)
        });
        if left_by_a_build {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
