//! The promises that must hold in every state, and the outcomes that must be possible.
//!
//! The promises are functions of an [`Observation`]: the model makes one from each of its states, the simulator one
//! from the real code's world after each step. Both are checked against the same seven sentences.

use crate::setup::{PROMOTERS, PULLS, Setup};
use crate::state::{At, Change, Late, Main, QUEUED, State, Status};

/// The observable state at one time, and what the promoters report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// The number of published releases of the version.
    pub releases: usize,
    /// The published release.
    pub release: Option<Public>,
    /// The report of each promoter that has ended.
    pub reports: [Report; PROMOTERS],
    /// What would reach main from each head, and each commit of a merge queue, with a green Lockgate status.
    pub greens: [Held; COMMITS],
    /// The content of main for the version.
    pub main: Held,
}

/// The number of commits with a status that matters.
pub const COMMITS: usize = PULLS + QUEUED;

/// A published release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Public {
    /// The candidate that it holds completely and exclusively; `None` for any other content.
    pub whole: Option<Built>,
    /// Whether its promoter read it back and asked to publish it.
    pub asked: bool,
    /// Whether it was changed after that, before it was published.
    pub edited_in_the_gap: bool,
}

/// A candidate: two candidates of the same sources can have different bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// The number of its sources.
    pub sources: u32,
    /// The number of its bytes.
    pub bytes: u32,
}

/// The final report of a promoter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// No report, or none about the release.
    Nothing,
    /// It published these bytes.
    Published(u32),
    /// Another promoter had published from these same sources.
    Already(u32),
    /// It published nothing.
    PublishedNothing {
        /// Whether its draft is published all the same.
        but_did: bool,
    },
}

/// The content of main, or of a commit that could become main, for the contested version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing yet.
    Nothing,
    /// These sources.
    Sources(u32),
    /// Sources that were never built.
    Unbuilt,
}

/// A promise: its name, and a function that checks it.
pub type Promise = (&'static str, fn(&Observation) -> bool);
/// An outcome that has to be possible: its name, and a function that detects it in a state.
pub type Possible = (&'static str, fn(&Setup, &State) -> bool);

/// The promises for every state.
pub const ALWAYS: [Promise; 7] = [
    (WHOLE, whole),
    (ASKED, asked),
    (ONCE, once),
    (SUCCESS, success),
    (NOTHING, nothing),
    (GATE, gate),
    (MAIN, main),
];

/// Outcomes for some state: without these the promises could hold because nothing ever happens.
pub const SOMETIMES: [Possible; 9] = [
    ("a promotion publishes and says so", |_, state| {
        any(state, At::Published)
    }),
    ("a promotion finds its work done", |_, state| {
        any(state, At::Already)
    }),
    ("a gate turns green", |_, state| {
        state.pulls.iter().any(|pull| pull.status == Status::Green)
    }),
    ("a pull request is merged", |_, state| {
        state.main != Main::Before
    }),
    (
        "the second pull request is merged",
        |_, state| matches!(state.main, Main::Sources(sources) if sources >= 3),
    ),
    (
        "what a merge queue makes of a green head was never built",
        |setup, state| !setup.rules.merging.queues() || has_outrun_its_head(state),
    ),
    ("a draft is abandoned for another", |_, state| {
        state.promoters.iter().any(|promoter| promoter.drafts > 1)
    }),
    ("a publish is still under way", |_, state| {
        state
            .late
            .iter()
            .any(|late| matches!(late, Some(Late::Publish { .. })))
    }),
    (
        "a promotion does not know it, and its draft is published all the same",
        |_, state| {
            state.release().is_some_and(|(slot, _)| {
                state
                    .promoters
                    .iter()
                    .all(|promoter| promoter.slot != slot && promoter.at == At::Down)
            })
        },
    ),
];

/// The promises that also hold at the basic level, at which a writer can publish by hand: that cannot be prevented, but
/// is noticed.
pub const AT_BASIC: [&str; 5] = [GATE, MAIN, SUCCESS, NOTHING, ONCE];

/// The name of a promise.
pub const WHOLE: &str = "what is public is one promoter's whole candidate";
/// The name of a promise.
pub const ASKED: &str = "nothing is public that was not read back and asked for";
/// The name of a promise.
pub const ONCE: &str = "at most one release is published";
/// The name of a promise.
pub const SUCCESS: &str = "who reports success is right";
/// The name of a promise.
pub const NOTHING: &str = "who reports that nothing was published is right";
/// The name of a promise.
pub const GATE: &str = "a green gate means that a whole release of the head's sources is public";
/// The name of a promise.
pub const MAIN: &str = "main holds the version only with the sources of its release";

fn has_outrun_its_head(state: &State) -> bool {
    let mut queue = (0..).zip(state.queue.iter().flatten());
    queue.any(|(at, queued)| {
        matches!(queued.change, Change::Raise(pull) if state.pull(pull).status == Status::Green)
            && state.queued(at) == Main::Other
    })
}

fn any(state: &State, at: At) -> bool {
    state.promoters.iter().any(|promoter| promoter.at == at)
}

/// Returns the first promise that an observation violates.
pub fn broken(seen: &Observation) -> Option<&'static str> {
    let found = ALWAYS.iter().find(|(_, keeps)| !keeps(seen));
    found.map(|(name, _)| *name)
}

/// Excludes a draft that was changed between the read-back and the publish call: GitHub has no call for "publish, if it
/// is still this". In that case no promoter reports success and no gate is green, which the promises below check
/// without exception.
fn whole(seen: &Observation) -> bool {
    seen.release
        .is_none_or(|release| release.whole.is_some() || release.edited_in_the_gap)
}

fn asked(seen: &Observation) -> bool {
    seen.release.is_none_or(|release| release.asked)
}

fn once(seen: &Observation) -> bool {
    seen.releases <= 1
}

fn public(seen: &Observation) -> Option<Built> {
    seen.release.and_then(|release| release.whole)
}

fn success(seen: &Observation) -> bool {
    seen.reports.iter().all(|report| match report {
        Report::Published(bytes) => public(seen).is_some_and(|built| built.bytes == *bytes),
        Report::Already(sources) => public(seen).is_some_and(|built| built.sources == *sources),
        Report::Nothing | Report::PublishedNothing { .. } => true,
    })
}

fn nothing(seen: &Observation) -> bool {
    let wrong = Report::PublishedNothing { but_did: true };
    !seen.reports.contains(&wrong)
}

fn gate(seen: &Observation) -> bool {
    seen.greens.iter().all(|held| is_released(seen, *held))
}

fn main(seen: &Observation) -> bool {
    is_released(seen, seen.main)
}

fn is_released(seen: &Observation, held: Held) -> bool {
    match held {
        Held::Nothing => true,
        Held::Sources(sources) => public(seen).is_some_and(|built| built.sources == sources),
        Held::Unbuilt => false,
    }
}

/// Returns the observation for a state of the model.
pub fn observe(state: &State) -> Observation {
    let release = state.release().map(|(_, release)| Public {
        whole: release.whole().then(|| Built {
            sources: release.file(1).sources().into(),
            bytes: release.file(1).0.into(),
        }),
        asked: release.asked(),
        edited_in_the_gap: release.edited_in_the_gap(),
    });
    let reports = state.promoters.map(|promoter| match promoter.at {
        At::Settling | At::Published => Report::Published(promoter.bound.0.into()),
        At::Already => Report::Already(promoter.bound.sources().into()),
        At::SaidNothingHappened => Report::PublishedNothing {
            but_did: state
                .slot(promoter.slot)
                .is_some_and(|draft| draft.published()),
        },
        At::Down
        | At::Creating
        | At::SendingExecutables
        | At::SendingReceipt
        | At::LookingAt(_)
        | At::Deleting(_)
        | At::ReadingDraft
        | At::Rechecking
        | At::Publishing
        | At::ReadingRelease
        | At::Confirming => Report::Nothing,
    });
    let heads = (0..).zip(state.pulls).map(|(number, pull)| {
        let sources = crate::release::sources(number, pull.head);
        (pull.status, Held::Sources(sources.into()))
    });
    let queue = (0..).zip(state.queue.iter().flatten());
    let queue = queue.map(|(at, queued)| (queued.status, holds(state.queued(at))));
    let mut greens = [Held::Nothing; COMMITS];
    for (green, (status, held)) in greens.iter_mut().zip(heads.chain(queue)) {
        if status == Status::Green {
            *green = held;
        }
    }
    Observation {
        releases: state.slots.iter().filter(|slot| slot.published()).count(),
        release,
        reports,
        greens,
        main: holds(state.main),
    }
}

fn holds(main: Main) -> Held {
    match main {
        Main::Before => Held::Nothing,
        Main::Sources(sources) => Held::Sources(sources.into()),
        Main::Other => Held::Unbuilt,
    }
}
