//! Writes several files, all or none: first as temporary files in the same folders, then all are renamed. If that fails half-way,
//! the previous contents are restored.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::command_error::CommandError;

/// Writes all files, below a folder.
///
/// # Errors
/// [`CommandError::File`]: nothing has changed, except that folders may have been created.
pub fn write(root: &Path, files: &[(&str, &str)]) -> Result<(), CommandError> {
    let mut ready = Vec::new();
    for (path, text) in files {
        let target = root.join(path);
        let aside = aside(&target, text)
            .map_err(|error| CommandError::file(format!("write {}", target.display()), &error))?;
        ready.push((target, aside));
    }
    let mut done: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
    for (target, aside) in ready {
        let before = std::fs::read(&target).ok();
        if let Err(error) = aside.persist(&target) {
            restore(&done);
            let operation = format!("put {} in its place", target.display());
            return Err(CommandError::file(operation, &error.error));
        }
        done.push((target, before));
    }
    Ok(())
}

fn aside(target: &Path, text: &str) -> std::io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".lockgate-")
        .permissions(mode(target))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Returns the mode of the existing file, else of any new file.
fn mode(target: &Path) -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(target).map_or_else(
        |_| std::fs::Permissions::from_mode(0o666),
        |meta| meta.permissions(),
    )
}

/// Restores the previous contents as far as possible: the first error is the one that is reported.
fn restore(done: &[(PathBuf, Option<Vec<u8>>)]) {
    for (target, before) in done {
        let _ = match before {
            Some(bytes) => std::fs::write(target, bytes),
            None => std::fs::remove_file(target),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(workspace: &Path) -> Vec<String> {
        let mut all: Vec<String> = std::fs::read_dir(workspace)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        all.sort();
        all
    }

    #[test]
    fn all_files_are_written_or_none() {
        let workspace = tempfile::tempdir().unwrap();
        std::fs::write(workspace.path().join("old"), "before").unwrap();
        // A rename cannot replace a folder.
        std::fs::create_dir_all(workspace.path().join("taken/x")).unwrap();
        let files = [("old", "after"), ("new", "n"), ("taken", "t")];
        assert!(write(workspace.path(), &files).is_err());
        let old = workspace.path().join("old");
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "before");
        assert_eq!(names(workspace.path()), ["old", "taken"]);
        write(workspace.path(), &files[..2]).unwrap();
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "after");
        assert_eq!(names(workspace.path()), ["new", "old", "taken"]);
    }
}
