//! Creates a large repository with `git fast-import` in a second.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::program::{command, git};

const FILES: usize = 2_500;
const COMMITS: usize = 7_500;

const CONFIG: &str = r#"
[package.tool]
version-file = "src/tool/VERSION"
sources = ["src/tool/**", "build.py"]
exclude = ["**/*.md", "**/tests/**"]
tag = "tool-v{version}"
asset = "tool-{variant}-v{version}"
[package.tool.build]
command = ["python3", "build.py", "--arch", "{arch}"]
output = "dist/{asset}"
[package.tool.variant.amd64]
[package.tool.variant.arm64]
"#;

/// Creates a bare repository with a branch `main` of 7,500 commits and 2,500 files and a branch `bump` that raises the
/// version and changes a source, and clones it. Returns the path of the clone.
pub(crate) fn large(folder: &Path) -> PathBuf {
    git(
        folder,
        &[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
            "origin.git",
        ],
    );
    let origin = folder.join("origin.git");
    let mut import = command("git", &origin);
    let mut child = import
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stream = std::io::BufWriter::new(child.stdin.take().unwrap());
    write(&mut stream).unwrap();
    drop(stream.into_inner().unwrap());
    assert!(child.wait().unwrap().success());
    assert_eq!(
        git(&origin, &["rev-list", "--count", "main"]).trim(),
        COMMITS.to_string()
    );
    assert_eq!(
        git(&origin, &["ls-tree", "-r", "--name-only", "main"])
            .lines()
            .count(),
        FILES
    );
    git(
        folder,
        &["clone", "--quiet", "--branch=bump", "origin.git", "clone"],
    );
    folder.join("clone")
}

fn write(stream: &mut impl std::io::Write) -> std::io::Result<()> {
    commit(stream, "main", 0, None)?;
    file(stream, "lockgate.toml", CONFIG)?;
    file(stream, "src/tool/VERSION", "7\n")?;
    for n in 2..FILES {
        file(stream, &path(n), &format!("file {n}\n"))?;
    }
    for n in 1..COMMITS {
        commit(stream, "main", n, None)?;
        // A stride without a common divisor visits every file.
        file(
            stream,
            &path(2 + n * 7 % (FILES - 2)),
            &format!("commit {n}\n"),
        )?;
    }
    commit(stream, "bump", COMMITS, Some("refs/heads/main"))?;
    file(stream, "src/tool/VERSION", "8\n")?;
    file(stream, &path(0), "changed\n")
}

/// Every fifth file is one of the tool's; folders are as deep as in practice.
fn path(n: usize) -> String {
    let top = if n.is_multiple_of(5) {
        "src/tool"
    } else {
        "src/other"
    };
    format!("{top}/part{}/unit{}/file{n}.py", n / 250, n / 25 % 10)
}

fn commit(
    stream: &mut impl std::io::Write,
    branch: &str,
    n: usize,
    from: Option<&str>,
) -> std::io::Result<()> {
    writeln!(
        stream,
        "commit refs/heads/{branch}\ncommitter Bench <bench@example.invalid> {} +0000",
        1_700_000_000 + n * 60
    )?;
    writeln!(stream, "data 7\nchange\n")?;
    from.map_or(Ok(()), |from| writeln!(stream, "from {from}"))
}

fn file(stream: &mut impl std::io::Write, path: &str, text: &str) -> std::io::Result<()> {
    writeln!(
        stream,
        "M 100644 inline {path}\ndata {}\n{text}",
        text.len()
    )
}
