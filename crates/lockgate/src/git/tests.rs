use super::*;
use std::os::unix::ffi::OsStrExt as _;

/// Runs git in a folder, and returns its output.
pub(super) fn git(dir: &Path, args: &[&str]) -> String {
    let git = base(dir)
        .args(["-c", "user.name=x", "-c", "user.email=x@x"])
        .args(args)
        .output()
        .unwrap();
    assert!(git.status.success(), "{args:?}: {git:?}");
    String::from_utf8(git.stdout).unwrap()
}

pub(super) fn repository() -> (tempfile::TempDir, CommitId) {
    let workspace = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| git(workspace.path(), args);
    git(&["init", "--quiet", "--initial-branch", "main"]);
    std::fs::write(workspace.path().join("VERSION"), "1\n").unwrap();
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "one"]);
    let head = git(&["rev-parse", "HEAD"]).trim_end().parse().unwrap();
    (workspace, head)
}

#[test]
fn a_ref_whose_name_is_no_text_is_not_there() {
    let (workspace, head) = repository();
    let name = OsStr::from_bytes(b"refs/heads/caf\xe9");
    let made = base(workspace.path())
        .arg("update-ref")
        .arg(name)
        .arg(head.as_str())
        .status();
    assert!(made.unwrap().success());
    let refs = Git::open(workspace.path())
        .unwrap()
        .remote_refs(".")
        .unwrap();
    let names: Vec<&str> = refs.keys().map(String::as_str).collect();
    assert_eq!(names, ["HEAD", "refs/heads/main"]);
}

#[test]
fn a_path_with_a_space_or_an_umlaut_is_told_as_it_is() {
    let (workspace, _) = repository();
    for name in ["two words", "straße", "quote\"d"] {
        std::fs::write(workspace.path().join(name), "x").unwrap();
    }
    let mut changes = Git::open(workspace.path()).unwrap().changes().unwrap();
    changes.sort();
    assert_eq!(changes, ["quote\"d", "straße", "two words"]);
}

#[test]
fn a_replaced_object_does_not_change_what_a_commit_holds() {
    let (workspace, head) = repository();
    let git = |args: &[&str]| git(workspace.path(), args);
    std::fs::write(workspace.path().join("VERSION"), "99\n").unwrap();
    git(&["commit", "--quiet", "--all", "--message", "evil"]);
    git(&["replace", head.as_str(), "HEAD"]);
    let clone = Git::open(workspace.path()).unwrap();
    let tree = clone.tree(head.as_str()).unwrap();
    let (bytes, _) = clone.blob(&tree[0].object, 100).unwrap();
    assert_eq!(bytes, b"1\n");
}

#[test]
fn commits_that_share_nothing_are_unrelated_and_not_a_failure() {
    let (workspace, head) = repository();
    let git = |args: &[&str]| git(workspace.path(), args);
    git(&["checkout", "--quiet", "--orphan", "lost"]);
    git(&["commit", "--quiet", "--message", "another beginning"]);
    let clone = Git::open(workspace.path()).unwrap();
    let lost = clone.commit("lost").unwrap();
    assert_eq!(clone.merge(&head, &lost).unwrap(), Merge::Unrelated);
}
