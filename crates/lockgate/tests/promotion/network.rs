//! Injects every network fault at each call: the process succeeds or ends with a documented code, and the next one,
//! without the fault, succeeds. There is never a second release, and never a partial one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use lockgate_forge_embedded::PullNumber;

use crate::fixture::{Fixture, ended};
use crate::message::Message;
use crate::relay::{Fault, Relay};
use crate::verdict::{gate, has_a_stable_code, is_published, public, releases};

const ALL: [Fault; 16] = [
    Fault::ResetAtOnce,
    Fault::Reset,
    Fault::Stalled,
    Fault::Noise,
    Fault::Overstated,
    Fault::ResetMidway,
    Fault::Portal,
    Fault::HalfClosed,
    Fault::Trickled,
    Fault::Understated,
    Fault::StalledUnsent,
    Fault::OtherJson,
    Fault::HalfClosedMidway,
    Fault::Dripped,
    Fault::ResetUnsent,
    Fault::Torn,
];

/// The number of faults to try at each read in a usual test run, in turn.
const OF_READS: usize = 3;

/// A call of a command without faults.
#[derive(Debug, Clone)]
struct Call {
    name: String,
    nth: usize,
}

impl Call {
    fn writes(&self) -> bool {
        !self.name.starts_with("GET ")
    }

    fn is_file(&self) -> bool {
        self.name.contains("/_storage/") || self.name.contains("/assets?")
    }

    /// Returns whether a fault has a distinct effect here.
    fn can_meet(&self, fault: Fault) -> bool {
        // Bytes may take as long as they keep arriving; and redirects have only a head.
        let redirect = self.name.ends_with("/zip") || self.name.contains("/releases/download/");
        match fault {
            Fault::Torn | Fault::ResetUnsent => self.writes(),
            Fault::Trickled => !self.is_file() && !redirect,
            Fault::Understated => !redirect,
            Fault::ResetAtOnce
            | Fault::StalledUnsent
            | Fault::Portal
            | Fault::Reset
            | Fault::ResetMidway
            | Fault::Stalled
            | Fault::HalfClosed
            | Fault::HalfClosedMidway
            | Fault::Dripped
            | Fault::Noise
            | Fault::OtherJson
            | Fault::Overstated => true,
        }
    }
}

/// A pull request that is built, and the digests of its artifacts.
struct Built {
    fixture: Fixture,
    pull: PullNumber,
    candidate: BTreeMap<String, String>,
}

impl Built {
    fn new() -> Self {
        let fixture = Fixture::set(&["hello"]);
        let pull = fixture.open("raise", &["hello"]);
        let candidate = fixture.build(pull, "hello");
        fixture.checkout("job");
        Self {
            fixture,
            pull,
            candidate,
        }
    }

    /// Returns the calls of a command through a relay without faults.
    fn calls(&self, command: &str) -> Vec<Call> {
        let play = Play::set(self);
        let (code, stderr) = play.run(command, "20");
        assert_eq!(code, Some(0), "{stderr}");
        let mut counts = BTreeMap::new();
        let asked = play.relay.asked();
        asked
            .iter()
            .map(|request| {
                let name = request.name();
                let nth = counts.entry(name.clone()).or_default();
                *nth += 1;
                Call { name, nth: *nth }
            })
            .collect()
    }
}

/// A separate fixture for one fault.
struct Play<'b> {
    built: &'b Built,
    fixture: Fixture,
    relay: Relay,
    wrong: Arc<Mutex<Vec<String>>>,
}

impl<'b> Play<'b> {
    fn set(built: &'b Built) -> Self {
        let fixture = built.fixture.copy();
        let wrong = Arc::<Mutex<Vec<_>>>::default();
        let (handle, candidate) = (fixture.server.handle(), built.candidate.clone());
        let found = Arc::clone(&wrong);
        let asked = Mutex::new(false);
        let watch = move |name: &str, answer: Option<&Message>| {
            let mut asked = asked.lock().unwrap();
            *asked |= name.starts_with("PATCH ") && name.contains("/releases/");
            if answer.is_some() {
                match public(&handle, "hello-v2", &candidate) {
                    None => {}
                    Some(Ok(_)) if *asked => {}
                    Some(seen) => found.lock().unwrap().push(format!("{name}: {seen:?}")),
                }
            }
        };
        let relay = Relay::start(fixture.server.addr(), Box::new(watch));
        Self {
            built,
            fixture,
            relay,
            wrong,
        }
    }

    fn run(&self, command: &str, timeout: &str) -> (Option<i32>, String) {
        let pull = self.built.pull.to_string();
        let words = [command, "--pr", &pull];
        let mut command = self.fixture.lockgate(&self.relay.url(), "job", &words);
        let output = command.env("LOCKGATE_TIMEOUT", timeout).output();
        let (code, stderr) = ended(&output.unwrap());
        assert!(!stderr.contains("panicked"), "{stderr}");
        (code, stderr)
    }

    fn is_published(&self) {
        let Built {
            pull, candidate, ..
        } = self.built;
        is_published(&self.fixture, *pull, "hello", candidate);
        let all = releases(&self.fixture.server);
        assert_eq!(all.iter().filter(|one| !one.draft).count(), 1);
    }

    fn gate(&self) -> String {
        gate(&self.fixture.server, self.built.pull, "hello")
    }
}

/// Returns the idle time limit of the affected process, in seconds.
fn retry_budget(fault: Fault) -> &'static str {
    let slow = [Fault::Stalled, Fault::StalledUnsent, Fault::Trickled];
    if slow.contains(&fault) { "1" } else { "60" }
}

/// Returns whether the affected process itself succeeds: after slow responses, and after interrupted reads, which are
/// repeated.
fn passes(call: &Call, fault: Fault) -> bool {
    let cut = [
        Fault::ResetAtOnce,
        Fault::Reset,
        Fault::ResetMidway,
        Fault::Stalled,
        Fault::StalledUnsent,
        Fault::Trickled,
        Fault::HalfClosed,
        Fault::HalfClosedMidway,
        Fault::Noise,
    ];
    // The size of a file is known: a response that announces more is another file.
    let cut = cut.contains(&fault) || (fault == Fault::Overstated && !call.is_file());
    fault == Fault::Dripped || (!call.writes() && cut)
}

/// Injects one fault at one call of `command`; returns how the affected process ended.
fn meets(built: &Built, command: &str, call: &Call, fault: Fault) -> Option<i32> {
    let play = Play::set(built);
    play.relay.arm(&call.name, call.nth, fault);
    let (code, stderr) = play.run(command, retry_budget(fault));
    assert!(play.relay.disarm(), "it did not strike: {stderr}");
    match (code, command) {
        // A reported success is true.
        (Some(0), "promote") => play.is_published(),
        // Bytes that are not the candidate, whatever the reason, may turn it red until the next run.
        (Some(0), _) => assert!(["pending", "failure"].contains(&play.gate().as_str())),
        _ => has_a_stable_code(code, &stderr),
    }
    assert!(!passes(call, fault) || code == Some(0), "{stderr}");
    if code == Some(5) {
        // It names the exact file.
        let mut files = built.candidate.keys();
        let file = files.find(|name| call.name.ends_with(name.as_str()));
        let file = file.map_or("", String::as_str);
        let reported = format!("(promote.wrong-bytes): {file}");
        assert!(stderr.contains(&reported), "{reported}: {stderr}");
    }
    if command == "gate" {
        assert_ne!(play.gate(), "success");
        assert_eq!(releases(&play.fixture.server).len(), 0);
    }
    let (again, stderr) = play.run(command, "60");
    assert_eq!(again, Some(0), "{stderr}");
    if command == "promote" {
        play.is_published();
    } else {
        assert_eq!(play.gate(), "pending");
    }
    let wrong = play.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{wrong:?}");
    code
}

/// Returns all cases: writes get every fault, reads a few in turn. `make soak`, which asks for more cases, uses all of
/// them.
fn tries(calls: &[Call]) -> Vec<(Call, Fault)> {
    let thorough = std::env::var_os("PROPTEST_CASES").is_some();
    let (mut turn, mut tries) = (0, Vec::new());
    for call in calls {
        let can: Vec<Fault> = ALL.into_iter().filter(|one| call.can_meet(*one)).collect();
        let all = thorough || call.writes();
        let count = if all { can.len() } else { OF_READS };
        tries.extend((turn..turn + count).map(|at| (call.clone(), can[at % can.len()])));
        turn += if all { 0 } else { count };
    }
    tries
}

/// Injects every fault at the calls of a command; returns how many processes ended with which code.
fn storm(command: &str) -> BTreeMap<Option<i32>, usize> {
    let built = Built::new();
    let calls = built.calls(command);
    let tries = tries(&calls);
    let met: BTreeSet<Fault> = tries.iter().map(|(_, fault)| *fault).collect();
    assert_eq!(met.len(), ALL.len());
    let (waiting, codes) = (Mutex::new(tries), Mutex::new(BTreeMap::new()));
    // More than there are cores: the stalled ones only wait.
    let workers = 2 * std::thread::available_parallelism().map_or(2, |count| count.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().pop();
                    let Some((call, fault)) = next else {
                        break;
                    };
                    // A failure is reported with this name.
                    let name = format!("{command}: {fault:?} at {} {}", call.name, call.nth);
                    let one = std::thread::Builder::new().name(name);
                    let code = std::thread::scope(|scope| {
                        let meets = || meets(&built, command, &call, fault);
                        one.spawn_scoped(scope, meets).unwrap().join().unwrap()
                    });
                    *codes.lock().unwrap().entry(code).or_default() += 1;
                }
            });
        }
    });
    codes.into_inner().unwrap()
}

#[test]
fn whatever_the_network_does_to_a_promotion_the_next_one_is_done() {
    let codes = storm("promote");
    // Most succeed by themselves; and each way to end occurs, so that the others are known to be distinguished.
    let done = codes[&Some(0)];
    assert!(done > codes.values().sum::<usize>() / 2, "{codes:?}");
    for code in [1, 4, 5] {
        assert!(codes.contains_key(&Some(code)), "{codes:?}");
    }
}

#[test]
fn whatever_the_network_does_to_a_gate_it_is_never_green_too_early() {
    let codes = storm("gate");
    let met: Vec<Option<i32>> = codes.keys().copied().collect();
    assert_eq!(met, [Some(0), Some(1)]);
}
