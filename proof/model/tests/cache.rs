//! Every state of a few processes that share a cache, and the designs that must be found wrong.

use lockgate_model::cache::{Design, First, Locks, MOVES, RIGHT, RUNS, Setup, THERE, search};

fn every_state_keeps_every_promise(setup: Setup) -> usize {
    let found = search(setup, 2);
    assert!(
        found.broken.is_empty(),
        "{setup:?}: {:?} {:?}",
        found.broken,
        found.way
    );
    assert!(found.all_are_given, "{setup:?}: it never goes well");
    found.states
}

#[test]
fn two_processes_a_kill_a_child_wrong_bytes_and_a_pruner_keep_every_promise() {
    let mut states = 0;
    for locks in [Locks::Work, Locks::DoNothing] {
        for first in [First::Nothing, First::Old, First::Damaged] {
            let setup = Setup {
                first,
                locks,
                ..Setup::rough(2)
            };
            states += every_state_keeps_every_promise(setup);
        }
    }
    assert!(states >= 10_000, "only {states} states");
}

#[test]
fn three_processes_share_a_cache() {
    for locks in [Locks::Work, Locks::DoNothing] {
        let setup = Setup {
            locks,
            ..Setup::calm(3)
        };
        every_state_keeps_every_promise(setup);
    }
}

#[test]
fn designs_that_were_given_up_are_found_wrong() {
    use Design::*;
    let fork = Setup {
        forks: 1,
        ..Setup::calm(1)
    };
    let orphan = Setup {
        kills: 1,
        forks: 1,
        ..Setup::calm(2)
    };
    let wrong = Setup {
        locks: Locks::DoNothing,
        wrong_bytes: 1,
        ..Setup::calm(2)
    };
    let pruned = Setup {
        first: First::Old,
        prunes: 1,
        ..Setup::calm(1)
    };
    for (design, setup, promise) in [
        (LockIsData, Setup::calm(2), RUNS),
        (LockIsData, wrong, RIGHT),
        (LockIsData, orphan, MOVES),
        (NoBarrier, fork, RUNS),
        (PublishBeforeClose, Setup::calm(2), RUNS),
        (SharedPart, wrong, RIGHT),
        (NoWaitForPruner, pruned, THERE),
        (PruneWithoutLock, pruned, THERE),
        (EndlessWait, orphan, MOVES),
    ] {
        let found = search(Setup { design, ..setup }, 1);
        assert!(
            found.broken.contains(&promise),
            "{design:?}: {:?}",
            found.broken
        );
        // It is the design: as shipped, the same setup keeps its promises.
        every_state_keeps_every_promise(setup);
    }
}
