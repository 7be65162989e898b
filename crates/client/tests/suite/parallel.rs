//! Many threads and processes fetch at once: each gets the executable, and can run it at once.
//!
//! `LOCKGATE_FETCH_ROUNDS` makes it longer; `make soak` sets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lockgate_client::{Client, Digest, Options, Request, Source, Trust, install};

use crate::release::*;
use crate::server::Answer;

const AT_ONCE: usize = 8;
const SERVER: &str = "LOCKGATE_TEST_SERVER";
const CACHE: &str = "LOCKGATE_TEST_CACHE";

fn rounds(usual: usize) -> usize {
    let named = std::env::var("LOCKGATE_FETCH_ROUNDS").ok();
    named.map_or(usual, |rounds| rounds.parse().unwrap())
}

/// A program that ends at once, and is long enough that other fetches start while it is downloaded.
fn program() -> Vec<u8> {
    [b"#!/bin/sh\nexit 0\n".to_vec(), vec![b'#'; 1 << 19]].concat()
}

fn published() -> Release {
    let release = Release::published();
    release.set(ASSET, Answer::ranged(program(), "\"a\""));
    release
}

fn request(server: &str) -> Request {
    let pins = format!("{}  {ASSET}\n", Digest::of(&program()));
    Request {
        source: Source::new(server, "o/n", TAG).unwrap(),
        asset: ASSET.parse().unwrap(),
        trust: Trust::pins(&pins).unwrap(),
        check_withdrawn: false,
    }
}

fn client(release: &Release, cache: &Path) -> Client {
    Client::new(Options {
        cache: Some(cache.to_owned()),
        ..release.options()
    })
    .unwrap()
}

/// Runs the program; returns the system's error.
fn run(path: &Path) -> Result<(), String> {
    match Command::new(path).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Calls `act` among threads that keep starting processes.
fn among_others(act: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // A working directory makes it fork, and delays the moment at which the child executes the program.
                    let mut child = Command::new("true");
                    child.current_dir("/").stdout(Stdio::null());
                    child.status().unwrap();
                }
            });
        }
        act();
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn threads_fetch_and_run_while_others_start_processes() {
    let release = published();
    let bad = AtomicUsize::new(0);
    among_others(|| {
        for _ in 0..rounds(15) {
            let cache = tempfile::tempdir().unwrap();
            let client = client(&release, cache.path());
            std::thread::scope(|scope| {
                for _ in 0..AT_ONCE {
                    scope.spawn(|| {
                        let fetched = client.fetch(&request(&release.server.url())).unwrap();
                        bad.fetch_add(run(&fetched.path).is_err().into(), Ordering::Relaxed);
                    });
                }
            });
            assert_eq!(
                files_in(&cache.path().join("incomplete")),
                [""; 0].map(PathBuf::from)
            );
        }
    });
    assert_eq!(bad.into_inner(), 0, "of {}", rounds(15) * AT_ONCE);
}

#[test]
fn threads_install_into_one_folder_and_run_it() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("bin/tool"));
    std::fs::write(&from, program()).unwrap();
    let bad = AtomicUsize::new(0);
    among_others(|| {
        for _ in 0..rounds(8) {
            std::thread::scope(|scope| {
                for _ in 0..AT_ONCE {
                    scope.spawn(|| {
                        install(&from, &to, Digest::of(&program()), 0o755).unwrap();
                        bad.fetch_add(run(&to).is_err().into(), Ordering::Relaxed);
                    });
                }
            });
        }
    });
    assert_eq!(bad.into_inner(), 0, "of {}", rounds(8) * AT_ONCE);
    assert_eq!(
        files_in(folder.path()),
        ["bin/tool", "from"].map(PathBuf::from)
    );
    let error = install(&from, &to, Digest::of(b"other"), 0o755).unwrap_err();
    assert_eq!(error.code(), "fetch.cache");
    assert_eq!(std::fs::read(&to).unwrap(), program());
}

/// One process: started alone, or by the next test.
#[test]
fn a_process_fetches_and_runs() {
    let release = published();
    let here = tempfile::tempdir().unwrap();
    let server = std::env::var(SERVER).unwrap_or_else(|_| release.server.url());
    let cache = std::env::var_os(CACHE).map_or_else(|| here.path().to_owned(), PathBuf::from);
    let fetched = client(&release, &cache).fetch(&request(&server)).unwrap();
    assert_eq!(run(&fetched.path), Ok(()));
}

#[test]
fn processes_fetch_and_run() {
    let release = published();
    let mut bad = 0;
    for _ in 0..rounds(8) {
        let cache = tempfile::tempdir().unwrap();
        let start = |_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "parallel::a_process_fetches_and_runs"])
                .env(SERVER, release.server.url())
                .env(CACHE, cache.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let started: Vec<_> = (0..AT_ONCE).map(start).collect();
        for mut process in started {
            bad += usize::from(!process.wait().unwrap().success());
        }
        assert_eq!(files_in(cache.path()).len(), 1);
    }
    assert_eq!(bad, 0, "of {}", rounds(8) * AT_ONCE);
    assert_eq!(
        release.server.count(ASSET),
        rounds(8),
        "one download for each cache"
    );
}
