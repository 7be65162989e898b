//! Two writers of one executable, with any kind of locks; and descriptors that another process still holds.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockgate_format::ids::{AssetName, Digest};

use super::lock::{abandoned, nobody_holds};
use super::locks::before_next_lock;
use super::{Cache, CacheEntry, DownloadLock, LockOutcome, Locks, Patience};
use crate::transfer::Sink as _;

const SCRIPT: &[u8] = b"#!/bin/sh\nexit 0\n# and then some more bytes\n";
const LONG: Duration = Duration::from_secs(600);

fn digest() -> Digest {
    Digest::of(SCRIPT)
}

fn asset() -> AssetName {
    "tool".parse().unwrap()
}

fn cache(root: &tempfile::TempDir, locks: Locks) -> Cache {
    let root = root.path().to_owned();
    Cache { root, locks }
}

fn ask(cache: &Cache, idle: Duration, waiting: &mut dyn FnMut()) -> LockOutcome {
    let retry_budget = Patience {
        deadline: Instant::now() + LONG,
        idle,
    };
    let asset = asset();
    let asked = cache.lock((digest(), &asset), retry_budget, waiting, &|| false);
    asked.unwrap()
}

fn lock(cache: &Cache) -> DownloadLock {
    match ask(cache, LONG, &mut || ()) {
        LockOutcome::Ours(lock) => lock,
        LockOutcome::Look | LockOutcome::TooLong | LockOutcome::Stopped => {
            panic!("no process has the lock")
        }
    }
}

fn content(lock: &DownloadLock) -> Vec<u8> {
    fs::read(lock.path()).unwrap()
}

fn lock_path(cache: &Cache) -> PathBuf {
    cache.incomplete().join(format!("{}.lock", digest()))
}

/// Simulates another process that has the lock.
fn entry(cache: &Cache) -> File {
    fs::create_dir_all(cache.incomplete()).unwrap();
    let entry = File::create(lock_path(cache)).unwrap();
    entry.lock().unwrap();
    entry
}

#[test]
fn where_locks_do_nothing_the_file_under_its_name_is_the_one_that_was_verified() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::Nothing);
    let mut first = lock(&cache);
    first.file().write_all(&SCRIPT[..20]).unwrap();
    // The second treats the first as dead, and resumes from its file.
    let mut second = lock(&cache);
    assert_eq!(content(&second), SCRIPT[..20]);
    second.file().write_all(&SCRIPT[20..]).unwrap();
    // The first restarts, with wrong bytes.
    first.file().restart().unwrap();
    first.file().write_all(b"#!/bin/sh\necho wrong\n").unwrap();
    let path = second.keep(&cache, digest(), &asset()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), SCRIPT);
    first.file().write_all(b"and more of it").unwrap();
    assert_eq!(fs::read(&path).unwrap(), SCRIPT);
    // Then with the right bytes. Its name is gone; its content is what it wrote.
    first.file().restart().unwrap();
    first.file().write_all(SCRIPT).unwrap();
    fs::write(&path, b"somebody damages it").unwrap();
    let path = first.keep(&cache, digest(), &asset()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), SCRIPT);
    assert!(Command::new(&path).status().unwrap().success());
    let left = fs::read_dir(cache.incomplete()).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn bytes_that_change_under_a_copy_are_not_published() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::Nothing);
    let mut first = lock(&cache);
    first.file().write_all(SCRIPT).unwrap();
    fs::remove_file(first.path()).unwrap();
    first.file().restart().unwrap();
    first.file().write_all(b"wrong").unwrap();
    assert!(first.keep(&cache, digest(), &asset()).is_err());
    assert!(!cache.has(digest(), &asset()));
}

#[cfg(unix)]
#[test]
fn a_child_that_keeps_the_writing_descriptor_does_not_make_the_file_busy() {
    use std::os::unix::fs::MetadataExt as _;
    // A descriptor that is held for a moment, as between fork and exec, is waited for; for one that stays open the
    // bytes are copied.
    for (moment, same) in [(Duration::from_millis(30), true), (LONG, false)] {
        let root = tempfile::tempdir().unwrap();
        let cache = cache(&root, Locks::System);
        let mut lock = lock(&cache);
        lock.file().write_all(SCRIPT).unwrap();
        let inode = lock.file().metadata().unwrap().ino();
        // What a child inherits: the same open file, under another number.
        let inherited = lock.file().try_clone().unwrap();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let child = std::thread::spawn(move || {
            let _ = wait.recv_timeout(moment);
            drop(inherited);
        });
        let path = lock.keep(&cache, digest(), &asset()).unwrap();
        let ran = Command::new(&path).status();
        drop(done);
        child.join().unwrap();
        assert!(ran.unwrap().success(), "{moment:?}");
        assert_eq!(fs::metadata(&path).unwrap().ino() == inode, same);
        assert_eq!(fs::read(&path).unwrap(), SCRIPT);
    }
}

#[test]
fn a_child_that_keeps_the_lock_keeps_nobody_waiting() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::System);
    let first = lock(&cache);
    let inherited = first.lock.as_ref().unwrap().file.try_clone().unwrap();
    first.discard();
    // The process released it, so the next one has it at once.
    lock(&cache).discard();
    drop(inherited);
    // The process was killed, its child has the lock, and the executable is in the cache.
    let entry = entry(&cache);
    let path = cache.entry(digest(), &asset());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, SCRIPT).unwrap();
    let asked = ask(&cache, LONG, &mut || panic!("there is nothing to wait for"));
    assert!(matches!(asked, LockOutcome::Look));
    fs::remove_file(&path).unwrap();
    // It appears during the wait.
    let appears = || fs::write(&path, SCRIPT).unwrap();
    assert!(matches!(
        ask(&cache, LONG, &mut || appears()),
        LockOutcome::Look
    ));
    drop(entry);
}

#[test]
fn a_process_whose_file_does_not_grow_is_waited_for_a_while_only() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::System);
    let entry = entry(&cache);
    let reported = AtomicUsize::new(0);
    let mut waiting = || {
        reported.fetch_add(1, Ordering::Relaxed);
    };
    let LockOutcome::Ours(mut ours) = ask(&cache, Duration::from_millis(50), &mut waiting) else {
        panic!("it waits for good");
    };
    assert_eq!(reported.load(Ordering::Relaxed), 1);
    ours.file().write_all(SCRIPT).unwrap();
    ours.keep(&cache, digest(), &asset()).unwrap();
    // The lock still belongs to the other process.
    assert!(File::open(lock_path(&cache)).unwrap().try_lock().is_err());
    let mut text = Vec::new();
    let mut file = File::open(cache.entry(digest(), &asset())).unwrap();
    file.read_to_end(&mut text).unwrap();
    assert_eq!(text, SCRIPT);
    drop(entry);
}

#[test]
fn a_process_whose_file_grows_is_waited_for() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::System);
    let entry = entry(&cache);
    let path = cache.incomplete().join(format!("{}.x.part", digest()));
    let idle = Duration::from_millis(400);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut file = File::create(path).unwrap();
            while begun.elapsed() < 3 * idle {
                file.write_all(b"x").unwrap();
                std::thread::sleep(Duration::from_millis(10));
            }
            drop(entry);
        });
        assert!(matches!(
            ask(&cache, idle, &mut || ()),
            LockOutcome::Ours(DownloadLock { lock: Some(_), .. })
        ));
    });
    assert!(begun.elapsed() >= 3 * idle);
}

#[cfg(unix)]
#[test]
fn an_entry_that_is_pruned_while_it_is_hashed_is_not_handed_out() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::System);
    let mut lock = lock(&cache);
    lock.file().write_all(SCRIPT).unwrap();
    let path = lock.keep(&cache, digest(), &asset()).unwrap();
    let mut hashed = File::open(&path).unwrap();
    let hash = |file: &mut File| {
        file.rewind().unwrap();
        Cache::hashed(digest(), path.clone(), file).unwrap()
    };
    assert!(matches!(hash(&mut hashed), CacheEntry::Whole { .. }));
    fs::remove_file(&path).unwrap();
    assert!(matches!(hash(&mut hashed), CacheEntry::Nothing));
    // Another file has its name: it is not the one that was hashed.
    fs::write(&path, b"not hashed").unwrap();
    assert!(matches!(hash(&mut hashed), CacheEntry::Nothing));
    // A damaged file that another process has replaced meanwhile is not removed again.
    let mut damaged = File::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, SCRIPT).unwrap();
    assert!(matches!(hash(&mut damaged), CacheEntry::Damaged));
    assert_eq!(fs::read(&path).unwrap(), SCRIPT);
}

#[cfg(unix)]
#[test]
fn an_entry_that_a_pruner_has_locked_is_not_handed_out_before_it_lets_go() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::System);
    let mut lock = lock(&cache);
    lock.file().write_all(SCRIPT).unwrap();
    let path = lock.keep(&cache, digest(), &asset()).unwrap();
    // It is locked at the first check; by the second it is removed, or released.
    for removes in [false, true] {
        let pruner = File::open(&path).unwrap();
        pruner.lock().unwrap();
        let path = path.clone();
        before_next_lock(move || {
            before_next_lock(move || {
                if removes {
                    fs::remove_file(&path).unwrap();
                }
                pruner.unlock().unwrap();
            });
        });
        let entry = cache.get(digest(), &asset()).unwrap();
        assert_eq!(matches!(entry, CacheEntry::Nothing), removes);
    }
}

#[cfg(unix)]
#[test]
fn a_lock_on_a_file_that_was_renamed_away_counts_for_nothing() {
    let root = tempfile::tempdir().unwrap();
    let cache = cache(&root, Locks::System);
    fs::create_dir_all(cache.incomplete()).unwrap();
    let (path, away) = (lock_path(&cache), root.path().join("away"));
    before_next_lock({
        let path = path.clone();
        move || fs::rename(&path, &away).unwrap()
    });
    assert!(matches!(ask(&cache, LONG, &mut || ()), LockOutcome::Look));
    lock(&cache).discard();
    // A partial download, and a pruned file: another file has the name by the time the lock is taken.
    let (part, other) = (root.path().join("part"), root.path().join("other"));
    let replace = || {
        let (part, other) = (part.clone(), other.clone());
        fs::write(&part, b"old").unwrap();
        fs::write(&other, b"new").unwrap();
        before_next_lock(move || fs::rename(&other, &part).unwrap());
    };
    replace();
    assert!(abandoned(cache.locks, &part).is_none());
    assert!(abandoned(cache.locks, &part).is_some());
    replace();
    assert!(nobody_holds(cache.locks, &part).unwrap().is_none());
    assert!(nobody_holds(cache.locks, &part).unwrap().is_some());
}
