//! Many processes, some of them killed, that share a cache, through the real command.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod download;

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use download::{Stop, Workspace};

/// Starts `size` processes, and expects each to run the file that it fetched and to print the expected path.
fn crowd(size: usize, mut command: impl FnMut() -> Command, expected: &str) {
    let children: Vec<_> = (0..size)
        .map(|_| {
            let mut command = command();
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let ended = children.into_iter().map(|one| one.wait_with_output());
    let mut bad = Vec::new();
    for output in ended {
        let output = output.unwrap();
        if !output.status.success() || output.stdout != expected.as_bytes() {
            bad.push(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    assert!(bad.is_empty(), "{} of {size}: {}", bad.len(), bad[0]);
}

#[test]
fn two_hundred_processes_download_an_uncached_file_once_and_each_runs_it() {
    const CROWD: usize = 200;
    let workspace = Workspace::new(1 << 20);
    // No bytes are sent before every process has asked: the withdrawal is requested before the file.
    workspace.server.hold_until(CROWD);
    crowd(CROWD, || workspace.fetch_and_run(&[]), &workspace.entry());
    assert_eq!(
        workspace.server.downloads(),
        [None],
        "one, from the first byte"
    );
    workspace.is_clean();
}

#[test]
fn a_fetch_of_a_named_repository_starts_no_git() {
    let workspace = Workspace::new(1 << 10);
    let folder = tempfile::tempdir().unwrap();
    let (git, started) = (folder.path().join("git"), folder.path().join("started"));
    let script = format!("#!/bin/sh\n: > '{}'\n", started.display());
    std::fs::write(&git, script).unwrap();
    std::fs::set_permissions(&git, Permissions::from_mode(0o755)).unwrap();
    let output = workspace.fetch().env("PATH", folder.path()).output();
    let output = output.unwrap();
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{messages}");
    assert_eq!(output.stdout.trim_ascii(), workspace.entry().as_bytes());
    assert!(!started.exists(), "it costs 4 ms of each start");
}

/// `LOCKGATE_FETCH_ROUNDS` makes it longer; `make soak` sets it.
#[test]
fn processes_that_write_into_one_folder_run_what_is_there() {
    let named = std::env::var("LOCKGATE_FETCH_ROUNDS").ok();
    let rounds = named.map_or(6, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds {
        let workspace = Workspace::new(1 << 18);
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().to_str().unwrap();
        let expected = format!("{into}/hello-amd64-v1");
        crowd(8, || workspace.fetch_and_run(&["--into", into]), &expected);
        assert_eq!(workspace.server.downloads(), [None]);
        assert_eq!(std::fs::read_dir(into).unwrap().count(), 1, "nothing else");
        workspace.is_clean();
    }
}

#[test]
fn a_process_that_is_killed_at_any_byte_leaves_nothing_but_a_beginning() {
    let size = 3 << 20;
    for at in [
        Stop::BeforeTheHead,
        Stop::After(0),
        Stop::After(1),
        Stop::After(size / 2),
        Stop::After(size - 1),
    ] {
        let workspace = Workspace::new(size);
        workspace.server.stop(at);
        let mut child = workspace.fetch().stderr(Stdio::null()).spawn().unwrap();
        workspace.server.wait_until_stopped();
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(!Path::new(&workspace.entry()).exists(), "{at:?}");
        workspace.server.stop(Stop::Never);
        workspace.succeeds();
        // It resumed where the killed one ended, or started again if nothing had been written.
        assert_eq!(workspace.server.downloads().len(), 2, "{at:?}");
        workspace.is_clean();
    }
}

#[test]
fn the_files_of_a_cache_are_those_that_the_documentation_names() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fetch.md");
    let page = std::fs::read_to_string(page).unwrap();
    let workspace = Workspace::new(1 << 20);
    workspace.server.stop(Stop::After(1000));
    let mut child = workspace.fetch().stderr(Stdio::null()).spawn().unwrap();
    workspace.server.wait_until_stopped();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut files = workspace.all_files();
    workspace.server.stop(Stop::Never);
    workspace.succeeds();
    files.extend(workspace.all_files());
    let entry = workspace.entry();
    let digest = Path::new(&entry).parent().unwrap().file_name().unwrap();
    let digest = digest.to_str().unwrap();
    let mut rows = Vec::new();
    for file in files {
        let file = file.replace(digest, "DIGEST");
        let part = file.starts_with("incomplete/DIGEST.") && file.ends_with(".part");
        let asked = file.strip_prefix("withdrawals/");
        let name = match (part, asked) {
            (true, _) => "incomplete/DIGEST.UNIQUE.part".to_owned(),
            (false, Some(server)) => {
                let (_, rest) = server.split_once('/').unwrap();
                let rest = rest.replace("o/r/hello-v1", "OWNER/NAME/TAG");
                format!("withdrawals/SERVER/{rest}")
            }
            (false, None) => file.replace("hello-amd64-v1", "ASSET"),
        };
        assert!(page.contains(&format!("\n| `{name}` | ")), "{name}");
        rows.push(name);
    }
    rows.sort();
    rows.dedup();
    let all = [
        "incomplete/DIGEST.UNIQUE.part",
        "incomplete/DIGEST.lock",
        "sha256/DIGEST/ASSET",
        "withdrawals/SERVER/OWNER/NAME/TAG.asked",
    ];
    assert_eq!(rows, all);
}

#[test]
fn a_process_that_is_killed_while_it_ends_leaves_a_whole_file_or_a_beginning() {
    // The server has sent everything; the next steps of the process cannot be observed from outside.
    for turn in 0..12 {
        let workspace = Workspace::new(2 << 20);
        let mut child = workspace
            .fetch()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        workspace.server.wait_until_sent();
        (0..turn * 2000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        workspace.succeeds();
        workspace.is_clean();
    }
}

#[test]
fn whoever_waits_for_a_process_that_dies_goes_on_itself() {
    let size = 2 << 20;
    let workspace = Workspace::new(size);
    workspace.server.stop(Stop::After(size / 2));
    let mut first = workspace.fetch().stderr(Stdio::null()).spawn().unwrap();
    workspace.server.wait_until_stopped();
    let mut waiting = workspace.fetch();
    let waiting = waiting
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    workspace.server.wait_until_asked(2);
    workspace.server.stop(Stop::Never);
    first.kill().unwrap();
    first.wait().unwrap();
    let output = waiting.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(workspace.server.downloads().len(), 2, "{stderr}");
    workspace.is_clean();
}

#[test]
fn into_a_folder_needs_no_home() {
    let workspace = Workspace::new(1 << 20);
    // No path, an impossible one, and one that cannot be printed.
    let not_text = OsStr::from_bytes(b"/nowhere/\xff");
    for home in [None, Some(OsStr::new("/dev/null/home")), Some(not_text)] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut command = workspace.fetch_into(&out);
        command.envs(home.map(|home| ("HOME", home)));
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let path = String::from_utf8(output.stdout).unwrap();
        assert!(Path::new(path.trim_end()).is_file());
        assert_eq!(std::fs::read_dir(out).unwrap().count(), 1, "nothing else");
    }
    // An explicit but unusable cache must not be replaced by another.
    let folder = tempfile::tempdir().unwrap();
    let mut command = workspace.fetch_into(folder.path());
    let output = command.env("LOCKGATE_CACHE", "/dev/null/cache").output();
    assert_eq!(output.unwrap().status.code(), Some(1));
    let mut command = workspace.fetch_into(folder.path());
    let output = command.env("LOCKGATE_CACHE", not_text).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("LOCKGATE_CACHE") && stderr.contains("UTF-8"),
        "{stderr}"
    );
}

#[test]
fn a_cache_that_cannot_be_used_is_named_and_a_folder_stands_in_for_it() {
    let workspace = Workspace::new(1 << 20);
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join(".cache/lockgate");
    std::fs::create_dir_all(&cache).unwrap();
    // Owned by another account if this one may give it away, as root may; else not writable.
    let why = match std::os::unix::fs::chown(&cache, Some(54_321), None) {
        Ok(()) => "it belongs to another account",
        Err(_) => {
            std::fs::set_permissions(&cache, Permissions::from_mode(0o555)).unwrap();
            "Permission denied"
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let mut into = workspace.fetch_into(&folder.path().join("out"));
    let mut mirror = workspace.mirror(&folder.path().join("mirror"));
    for command in [&mut into, &mut mirror] {
        let output = command.env("HOME", home.path()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let word = format!("the cache {} is not used: {why}", cache.display());
        assert!(stderr.contains(&word), "{stderr}");
    }
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0);
    std::fs::set_permissions(&cache, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_mirror_needs_no_cache_and_can_be_served_whatever_the_umask() {
    let workspace = Workspace::new(1 << 20);
    let folder = tempfile::tempdir().unwrap();
    let mirror = folder.path().join("new/mirror");
    for new in [1, 0] {
        let output = workspace.mirror(&mirror).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let reported = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            reported,
            format!("hello-v1: 1 executables, {new} of them new\n")
        );
    }
    let mode = |path: &str| {
        let found = std::fs::metadata(folder.path().join(path)).unwrap();
        found.permissions().mode() & 0o7777
    };
    let tag = "new/mirror/hello-v1";
    for folder in ["new", "new/mirror", tag] {
        assert_eq!(mode(folder), 0o755, "{folder}");
    }
    for file in ["hello-amd64-v1", "SHA256SUMS"] {
        assert_eq!(mode(&format!("{tag}/{file}")), 0o644, "{file}");
    }
    let left = std::fs::read_dir(&mirror).unwrap().count();
    assert_eq!(left, 1, "the cache for the call is gone");
}

/// In a separate mount namespace, so that it needs no privileges; the refusal itself has a test in the client that
/// needs none.
#[test]
fn a_disk_on_which_nothing_may_be_executed_is_refused_unless_the_file_goes_elsewhere() {
    if !download::may_have_own_disks() {
        eprintln!("this machine lets nobody mount a disk of his own: not tried");
        return;
    }
    let workspace = Workspace::new(1 << 20);
    let elsewhere = tempfile::tempdir().unwrap();
    let script = "\"$@\"; test $? = 1 && \"$@\"; test $? = 1 && \"$@\" --into \"$CACHE/in\"; test $? = 1 \
                  && \"$@\" --into \"$ELSEWHERE\" && test -x \"$ELSEWHERE\"/*";
    let mut command = workspace.with_a_disk_without_execution(script);
    let output = command.env("ELSEWHERE", elsewhere.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let refused = "cannot be executed: its file system is mounted noexec";
    assert_eq!(
        stderr.matches("error (fetch.noexec): ").count(),
        3,
        "{stderr}"
    );
    assert_eq!(stderr.matches(refused).count(), 3, "{stderr}");
    assert!(
        stderr.contains("--cache DIR") && stderr.contains("--into DIR"),
        "{stderr}"
    );
    let reported = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        reported.lines().count(),
        1,
        "only the last one gives a path: {reported}"
    );
    assert_eq!(
        workspace.server.downloads(),
        [None],
        "what is here is not downloaded again"
    );
}

#[test]
fn a_file_that_may_not_grow_is_said_and_is_not_left() {
    let workspace = Workspace::new(1 << 20);
    let output = workspace.fetch_with_file_limit("100").output().unwrap();
    stopped_by_the_disk(&output, "File too large");
    assert_eq!(workspace.files(), Vec::<String>::new());
    workspace.succeeds();
    workspace.is_clean();
}

/// In a separate mount namespace, so that it needs no privileges; if the machine allows none, the limit above has to
/// do.
#[test]
fn a_full_disk_is_said_and_is_not_left_full() {
    if !download::may_have_own_disks() {
        eprintln!("this machine lets nobody mount a disk of his own: not tried");
        return;
    }
    let workspace = Workspace::new(1 << 20);
    let output = workspace.fetch_onto_a_disk_of(400 << 10).output().unwrap();
    stopped_by_the_disk(&output, "No space left on device");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "",
        "files are left"
    );
    workspace.succeeds();
    workspace.is_clean();
}

fn stopped_by_the_disk(output: &Output, why: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("error (fetch.cache): cannot write to") && stderr.contains(why),
        "{stderr}"
    );
    assert!(
        stderr.contains("next: check the permissions and the free space"),
        "{stderr}"
    );
}
