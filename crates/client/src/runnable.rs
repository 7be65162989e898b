//! Whether this account can execute a file: its mode, and the mount options of its file system.
//!
//! A cache on a file system that is mounted `noexec` stores and verifies as usual, so only running the file would show
//! the problem. The check runs no program.

use std::path::Path;

use crate::error::FetchError;

/// Returns an error for a file that this account cannot execute where it is.
pub(crate) fn check(path: &Path) -> Result<(), FetchError> {
    if may_execute(path) {
        return Ok(());
    }
    Err(FetchError::NoExec {
        path: path.to_owned(),
        noexec: is_mounted_noexec(path),
    })
}

/// Whether the system lets this account execute a file. A failed check counts as yes.
#[cfg(unix)]
pub(crate) fn may_execute(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(path, Access::EXEC_OK) != Err(rustix::io::Errno::ACCESS)
}

#[cfg(unix)]
fn is_mounted_noexec(path: &Path) -> bool {
    use rustix::fs::{StatVfsMountFlags, statvfs};
    statvfs(path).is_ok_and(|found| found.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

#[cfg(not(unix))]
pub(crate) fn may_execute(_: &Path) -> bool {
    true
}

#[cfg(not(unix))]
fn is_mounted_noexec(_: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_that_this_account_cannot_execute_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tool");
        fs::write(&path, b"#!/bin/sh\n").unwrap();
        // Root, too, cannot execute a file without an executable bit.
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let error = check(&path).unwrap_err();
        assert_eq!(error.code(), "fetch.noexec");
        let text = format!("{} cannot be executed", path.display());
        assert!(error.to_string().starts_with(&text), "{error}");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        check(&path).unwrap();
        // If the system cannot answer, the caller finds out when it runs the file.
        check(&folder.path().join("absent")).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_system_that_is_mounted_noexec_is_told_from_others() {
        let options = fs::read_to_string("/proc/self/mounts").unwrap();
        let noexec = |line: &&str| line.split(' ').nth(3).unwrap_or("").contains("noexec");
        // The last file system mounted at a folder is the visible one.
        let of = |folder: &str| {
            let of_folder = |line: &&str| line.split(' ').nth(1) == Some(folder);
            options.lines().rfind(of_folder).map(|line| noexec(&line))
        };
        for folder in ["/", "/proc", "/sys", "/dev", "/dev/shm"] {
            if let Some(expected) = of(folder) {
                assert_eq!(is_mounted_noexec(Path::new(folder)), expected, "{folder}");
            }
        }
    }
}
