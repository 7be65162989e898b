//! The bundled files: two sample repositories and the scripts.

use std::path::Path;

mod table {
    include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
}

/// Writes a sample repository to a folder; `None` if there is no sample with that name.
pub(super) fn write(name: &str, folder: &Path) -> Option<std::io::Result<()>> {
    let files = match name {
        "minimal" => table::MINIMAL,
        "tool-support" => table::TOOL_SUPPORT,
        _ => return None,
    };
    let write = || {
        for (path, bytes) in files {
            let path = folder.join(path);
            path.parent().map(std::fs::create_dir_all).transpose()?;
            std::fs::write(path, bytes)?;
        }
        Ok(())
    };
    Some(write())
}

/// Returns the scripts by name, each with its text.
pub(super) fn scripts() -> impl Iterator<Item = (String, &'static str)> {
    table::SCRIPTS.iter().filter_map(|(name, bytes)| {
        Some((
            name.strip_suffix(".txt")?.to_owned(),
            str::from_utf8(bytes).ok()?,
        ))
    })
}

/// Returns the build workflow of the small sample.
pub(super) fn build_workflow() -> &'static str {
    let found = table::MINIMAL
        .iter()
        .find(|(path, _)| *path == ".github/workflows/build-hello.yml");
    found
        .and_then(|(_, bytes)| str::from_utf8(bytes).ok())
        .unwrap_or_default()
}
