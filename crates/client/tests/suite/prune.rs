//! Pruning: what is removed, and what a living process keeps.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use lockgate_client::{Origin, Pruned};

use crate::release::*;

const DAY: Duration = Duration::from_secs(86_400);

fn used(release: &Release, ago: Duration) {
    let file = File::options().append(true).open(release.entry()).unwrap();
    file.set_modified(SystemTime::now() - ago).unwrap();
}

#[test]
fn what_nobody_used_for_long_goes_and_the_rest_stays() {
    let release = Release::published();
    let size = release.fetch(pins()).unwrap().size;
    used(&release, 40 * DAY);
    let left = Pruned {
        left: 1,
        ..Pruned::default()
    };
    assert_eq!(release.client().prune(41 * DAY).unwrap(), left);
    // A use counts, no matter how old the file is.
    assert_eq!(release.fetch(pins()).unwrap().origin, Origin::Cache);
    assert_eq!(release.client().prune(30 * DAY).unwrap(), left);
    used(&release, 40 * DAY);
    let gone = Pruned {
        removed: 1,
        freed: size,
        left: 0,
    };
    assert_eq!(release.client().prune(30 * DAY).unwrap(), gone);
    assert!(files_in(release.cache.path()).is_empty());
    assert!(!release.entry().parent().unwrap().exists());
    assert_eq!(release.client().prune(30 * DAY).unwrap(), Pruned::default());
    assert!(matches!(
        release.fetch(pins()).unwrap().origin,
        Origin::Release(_)
    ));
}

#[test]
fn what_a_living_process_holds_is_not_touched() {
    let release = Release::published();
    release.fetch(pins()).unwrap();
    let incomplete = release.cache.path().join("incomplete");
    fs::write(incomplete.join("0".repeat(64)), b"half").unwrap();
    fs::write(incomplete.join("1".repeat(64)), b"dead").unwrap();
    let living = File::open(incomplete.join("0".repeat(64))).unwrap();
    living.lock().unwrap();
    let entry = File::open(release.entry()).unwrap();
    entry.lock_shared().unwrap();
    let pruned = release.client().prune(Duration::ZERO).unwrap();
    assert_eq!((pruned.removed, pruned.left), (1, 2));
    // Explicitly: a child that another test starts may hold copies.
    living.unlock().unwrap();
    entry.unlock().unwrap();
    let pruned = release.client().prune(Duration::ZERO).unwrap();
    assert_eq!((pruned.removed, pruned.left), (2, 0));
}

#[test]
fn a_beginning_that_nobody_went_on_with_for_a_day_is_swept_by_the_next_download() {
    let release = Release::published();
    let incomplete = release.cache.path().join("incomplete");
    fs::create_dir_all(&incomplete).unwrap();
    for (name, ago) in [("2".repeat(64), 2 * DAY), ("3".repeat(64), DAY / 2)] {
        fs::write(incomplete.join(&name), b"half").unwrap();
        let file = File::options().append(true).open(incomplete.join(&name));
        let then = SystemTime::now() - ago;
        file.unwrap().set_modified(then).unwrap();
    }
    release.fetch(pins()).unwrap();
    let left: Vec<_> = files_in(&incomplete);
    assert_eq!(left, [std::path::PathBuf::from("3".repeat(64))]);
}
