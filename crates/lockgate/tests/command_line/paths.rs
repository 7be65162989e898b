//! Paths with umlauts and spaces: of the clone, of the build's output, of `--out`.

use std::process::Command;

use super::{clone, ends, git, lockgate};

#[test]
fn a_path_with_an_umlaut_or_a_space_reaches_the_steps_outputs_as_it_is() {
    let workspace = tempfile::tempdir().unwrap();
    let workspace = workspace.path().join("José mit Raum");
    std::fs::create_dir(&workspace).unwrap();
    let dir = clone(&workspace);
    let config = std::fs::read_to_string(dir.join("lockgate.toml")).unwrap();
    let config = config.replace("\"dist/{asset}\"", "\"größe 日本/{asset}\"");
    assert!(config.contains("größe"), "{config}");
    std::fs::write(dir.join("lockgate.toml"), config).unwrap();
    git(&dir, &["commit", "--quiet", "-am", "names"]);
    let outputs = workspace.join("outputs");
    // The second finds the output of the first, and no change of its own.
    for variant in ["amd64", "arm64"] {
        let built = Command::new(env!("CARGO_BIN_EXE_lockgate"))
            .args(["build", "--variant", variant, "--out", "Ergebnis für dich"])
            .current_dir(&dir)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_REPOSITORY", "o/r")
            .env("GITHUB_OUTPUT", &outputs)
            .output()
            .unwrap();
        assert!(built.status.success(), "{built:?}");
    }
    let reported = std::fs::read_to_string(&outputs).unwrap();
    let made = dir
        .canonicalize()
        .unwrap()
        .join("größe 日本/hello-arm64-v2");
    let rows: Vec<&str> = reported.lines().collect();
    assert!(rows.contains(&made.to_str().unwrap()), "{reported}");
    assert!(
        rows.contains(&"Ergebnis für dich/arm64/part.json"),
        "{reported}"
    );
    assert!(made.is_file());
}

#[test]
fn an_output_that_nobody_sees_whole_is_refused_when_the_config_is_read() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = clone(workspace.path());
    let config = std::fs::read_to_string(dir.join("lockgate.toml")).unwrap();
    let config = config.replace("\"dist/{asset}\"", "\"di\u{200b}st/{asset}\"");
    std::fs::write(dir.join("lockgate.toml"), config).unwrap();
    git(&dir, &["commit", "--quiet", "-am", "names"]);
    let output = lockgate(&dir, &["build", "--variant", "amd64", "--repo", "o/r"]);
    ends(&output, 3, "config.bad-value");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("u{200b}") && stderr.contains("invisible character"),
        "{stderr}"
    );
}
