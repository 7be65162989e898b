//! A checkout that differs from its commit is refused before anything is built, with a next step that is executed here.

use std::path::{Path, PathBuf};

use super::{clone, ends, git, lockgate};

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:\
    53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3\nsize 1234567\n";

/// Creates a clone whose build produces no output.
fn quick(workspace: &Path) -> PathBuf {
    let dir = clone(workspace);
    std::fs::write(dir.join("build.py"), "print('ran')\n").unwrap();
    std::fs::write(dir.join(".gitignore"), "lockgate-out/\n").unwrap();
    std::fs::write(dir.join("hello/more.c"), "int more;\n").unwrap();
    git(&dir, &["add", "--all"]);
    git(
        &dir,
        &["commit", "--quiet", "-m", "a build that does nothing"],
    );
    dir
}

/// Asserts that a build is refused with these words, and that nothing has run.
fn refused(dir: &Path, words: &[&str]) {
    let output = lockgate(dir, &["build", "--variant", "amd64", "--repo", "o/r"]);
    ends(&output, 3, "build.not-checked-out");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("ran\n"), "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word} is not in:\n{stderr}");
    }
    let part = std::fs::read_to_string(dir.join("lockgate-out/amd64/part.json")).unwrap();
    assert!(part.contains("build.not-checked-out"), "{part}");
}

fn built(dir: &Path) {
    let output = lockgate(dir, &["build", "--variant", "amd64", "--repo", "o/r"]);
    ends(&output, 3, "build.no-output");
}

#[test]
fn what_git_overlooks_is_refused_until_it_looks_again() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = quick(workspace.path());
    built(&dir);

    git(
        &dir,
        &[
            "sparse-checkout",
            "set",
            "--no-cone",
            "/*",
            "!/hello/more.c",
        ],
    );
    assert!(!dir.join("hello/more.c").exists());
    refused(
        &dir,
        &[
            "\"hello/more.c\" (left out by a sparse",
            "next: run `git sparse-checkout disable`;",
        ],
    );
    git(&dir, &["sparse-checkout", "disable"]);
    built(&dir);

    for mark in ["skip-worktree", "assume-unchanged"] {
        git(
            &dir,
            &["update-index", &format!("--{mark}"), "hello/more.c"],
        );
        std::fs::write(dir.join("hello/more.c"), "int other;\n").unwrap();
        let next = format!("next: run `git update-index --no-{mark} hello/more.c`;");
        refused(&dir, &[&format!("\"hello/more.c\" (marked {mark}"), &next]);
        git(
            &dir,
            &["update-index", &format!("--no-{mark}"), "hello/more.c"],
        );
        let output = lockgate(&dir, &["build", "--variant", "amd64", "--repo", "o/r"]);
        ends(&output, 3, "build.dirty");
        // The pull request's comment is made from the parts.
        let part = std::fs::read_to_string(dir.join("lockgate-out/amd64/part.json")).unwrap();
        assert!(
            part.contains("build.dirty") && part.contains("more.c"),
            "{part}"
        );
        git(&dir, &["checkout", "--quiet", "hello/more.c"]);
        built(&dir);
    }
    // Files that are not sources may be missing.
    std::fs::write(dir.join("elsewhere"), "x").unwrap();
    git(&dir, &["add", "--all"]);
    git(&dir, &["commit", "--quiet", "-m", "a file elsewhere"]);
    git(
        &dir,
        &["sparse-checkout", "set", "--no-cone", "/*", "!/elsewhere"],
    );
    built(&dir);
}

#[test]
fn a_submodule_that_was_not_fetched_is_refused_until_it_is() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = quick(workspace.path());
    // With a submodule of its own.
    let [inner, lib] = ["inner", "lib"].map(|name| workspace.path().join(name));
    for library in [&inner, &lib] {
        git(
            workspace.path(),
            &["init", "--quiet", library.to_str().unwrap()],
        );
        std::fs::write(library.join("lib.c"), "int lib;\n").unwrap();
        git(library, &["add", "."]);
        git(library, &["commit", "--quiet", "-m", "one"]);
    }
    let add = [
        "submodule",
        "--quiet",
        "add",
        inner.to_str().unwrap(),
        "in ner",
    ];
    git(&lib, &add);
    git(&lib, &["commit", "--quiet", "-m", "two"]);
    git(
        &dir,
        &[
            "submodule",
            "--quiet",
            "add",
            lib.to_str().unwrap(),
            "hello/lib",
        ],
    );
    git(&dir, &["commit", "--quiet", "-m", "a library"]);
    let all = ["submodule", "--quiet", "update", "--init", "--recursive"];
    git(&dir, &all);
    built(&dir);
    git(&dir, &["push", "--quiet", "origin", "HEAD:main"]);
    git(
        workspace.path(),
        &["clone", "--quiet", "origin.git", "--branch=main", "fresh"],
    );
    let fresh = workspace.path().join("fresh");
    let next = "next: run `git submodule update --init --recursive`; in the build workflow";
    refused(
        &fresh,
        &["\"hello/lib\" (a submodule that was not fetched)", next],
    );
    git(&fresh, &["submodule", "--quiet", "update", "--init"]);
    refused(&fresh, &["\"hello/lib\" (a submodule", next]);
    git(&fresh, &all);
    built(&fresh);
    git(
        &fresh,
        &["submodule", "--quiet", "deinit", "--all", "--force"],
    );
    refused(&fresh, &["hello/lib"]);

    let config = std::fs::read_to_string(fresh.join("lockgate.toml")).unwrap();
    let rows = config.lines().filter(|row| !row.starts_with("exclude"));
    let config: Vec<&str> = rows.collect();
    let config = config
        .join("\n")
        .replacen("\ntag", "\nexclude = [\"hello/lib/**\"]\ntag", 1);
    std::fs::write(fresh.join("lockgate.toml"), config).unwrap();
    git(
        &fresh,
        &["commit", "--quiet", "-am", "the library is for tests"],
    );
    built(&fresh);
}

#[test]
fn a_pointer_of_git_lfs_is_refused_where_its_file_belongs_to_it() {
    let workspace = tempfile::tempdir().unwrap();
    let dir = quick(workspace.path());
    std::fs::write(dir.join("hello/model.bin"), POINTER).unwrap();
    git(&dir, &["add", "--all"]);
    git(
        &dir,
        &["commit", "--quiet", "-m", "such a text, for a test"],
    );
    built(&dir);
    std::fs::write(dir.join(".gitattributes"), "*.bin filter=lfs\n").unwrap();
    git(&dir, &["add", "--all"]);
    git(&dir, &["commit", "--quiet", "-m", "LFS"]);
    refused(
        &dir,
        &[
            "\"hello/model.bin\" (a pointer of Git LFS",
            "next: run `git lfs pull`; in the build",
        ],
    );
}
