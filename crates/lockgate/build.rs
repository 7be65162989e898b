//! Puts the sample repositories and the rehearsal scripts into the executable, so that `lockgate rehearse` needs nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    // Asked for at run time: a build script that was compiled for another checkout may serve this one.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&here).join("../..");
    let mut code = String::new();
    for (table, folder) in [
        ("MINIMAL", "examples/minimal"),
        ("TOOL_SUPPORT", "examples/tool-support"),
        ("SCRIPTS", "rehearsals"),
    ] {
        println!("cargo:rerun-if-changed={}", root.join(folder).display());
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files)?;
        files.sort();
        let _ = writeln!(code, "pub(super) const {table}: &[(&str, &[u8])] = &[");
        for file in files {
            println!("cargo:rerun-if-changed={}", file.display());
            let name = file
                .strip_prefix(root.join(folder))
                .unwrap_or(&file)
                .display()
                .to_string();
            let _ = writeln!(
                code,
                "    ({name:?}, include_bytes!({:?})),",
                file.display().to_string()
            );
        }
        code += "];\n";
    }
    let out = std::env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    std::fs::write(out.join("bundled.rs"), code)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        // What a build in the sample itself may have left.
        if matches!(name, "binaries" | "dist" | "__pycache__") {
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
