//! The committed parts of third-party packages are exactly what the scripts make of them, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a script on the package that scripts/setup.sh installs, with a separate output path.
fn made(script: &str, package: &str, output: &Path) {
    let package = root().join("target/tools/node").join(package);
    assert!(
        package.exists(),
        "run scripts/setup.sh test: it installs what {script} reads"
    );
    let done = Command::new("python3")
        .arg(root().join("scripts").join(script))
        .arg(package)
        .arg(output)
        .status();
    assert!(done.unwrap().success());
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    });
    all.collect()
}

#[test]
fn the_description_is_what_the_package_says() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("github.json");
    let package = "openapi/package/generated/api.github.com.json";
    made("openapi.py", package, &output);
    let committed = std::fs::read(root().join("proof/openapi/openapi/github.json")).unwrap();
    assert!(
        committed == std::fs::read(output).unwrap(),
        "scripts/openapi.py makes another file"
    );
    assert!(committed.len() < 300_000, "{}", committed.len());
}

#[test]
fn the_recordings_are_what_the_package_holds() {
    let folder = tempfile::tempdir().unwrap();
    made("recordings.py", "fixtures/package", folder.path());
    let committed = files(&root().join("crates/forge/src/github/tests/recordings"));
    assert!(
        committed == files(folder.path()),
        "scripts/recordings.py makes other files"
    );
    assert_eq!(committed.len(), 6);
}
