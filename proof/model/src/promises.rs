//! What must hold in every state, and what must be possible at all.
//!
//! The promises are plain functions of an [`Observation`]: the model makes one of each of its states, the simulator one of the
//! real code's world after each step. Both are held to the same seven sentences.

use crate::setup::{PROMOTERS, PULLS, Setup};
use crate::state::{At, Change, Late, Main, QUEUED, State, Status};

/// What anybody could see of a moment, and what the promoters say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// How many releases of the version are public.
    pub releases: usize,
    /// The public one.
    pub release: Option<Public>,
    /// What each promoter that has ended says.
    pub reports: [Report; PROMOTERS],
    /// What each head, and each commit of a merge queue, on which Lockgate's status is green would bring to main.
    pub greens: [Held; COMMITS],
    /// What main holds under the version.
    pub main: Held,
}

/// How many commits can have a status that anybody looks at.
pub const COMMITS: usize = PULLS + QUEUED;

/// A public release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Public {
    /// The candidate that it holds all of, and nothing else; `None` where it holds anything else.
    pub whole: Option<Built>,
    /// Whether its promoter read it back and asked to publish it.
    pub asked: bool,
    /// Whether somebody changed it after that, before it was public.
    pub edited_in_the_gap: bool,
}

/// A candidate: two of the same sources can have other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// The number of its sources.
    pub sources: u32,
    /// The number of its bytes.
    pub bytes: u32,
}

/// What a promoter says at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// Nothing, or nothing that would be a claim about the release.
    Nothing,
    /// It published these bytes.
    Published(u32),
    /// Somebody else had published from these same sources.
    Already(u32),
    /// It published nothing; and whether its draft is public all the same.
    PublishedNothing {
        /// Whether it is.
        but_did: bool,
    },
}

/// What main, or what could become main, holds under the version that everybody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing yet.
    Nothing,
    /// These sources.
    Sources(u32),
    /// Sources that nobody built.
    Unbuilt,
}

/// A promise: its name, and whether a moment keeps it.
pub type Promise = (&'static str, fn(&Observation) -> bool);
/// Something that has to be possible: its name, and whether a state shows it.
pub type Possible = (&'static str, fn(&Setup, &State) -> bool);

/// In every state.
pub const ALWAYS: [Promise; 7] = [
    (WHOLE, whole),
    (ASKED, asked),
    (ONCE, once),
    (SUCCESS, success),
    (NOTHING, nothing),
    (GATE, gate),
    (MAIN, main),
];

/// In some state: without these the promises could hold because nothing ever happens.
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
        "a promoter dies, and its draft is published all the same",
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

/// What holds at the basic level too, where a writer can publish by hand: it is noticed, though it cannot be kept from happening.
pub const AT_BASIC: [&str; 5] = [GATE, MAIN, SUCCESS, NOTHING, ONCE];

/// The names of the promises.
pub const WHOLE: &str = "what is public is one promoter's whole candidate";
/// See [`WHOLE`].
pub const ASKED: &str = "nothing is public that was not read back and asked for";
/// See [`WHOLE`].
pub const ONCE: &str = "at most one release is published";
/// See [`WHOLE`].
pub const SUCCESS: &str = "who reports success is right";
/// See [`WHOLE`].
pub const NOTHING: &str = "who reports that nothing was published is right";
/// See [`WHOLE`].
pub const GATE: &str = "a green gate means that a whole release of the head's sources is public";
/// See [`WHOLE`].
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

/// The first promise that a moment breaks.
pub fn broken(seen: &Observation) -> Option<&'static str> {
    let found = ALWAYS.iter().find(|(_, keeps)| !keeps(seen));
    found.map(|(name, _)| *name)
}

/// Except where somebody changed the draft between the read-back and the publish call: no forge lets one ask for "publish, if
/// it is still this". Then nobody reports success and no gate is green, which the promises below check without exception.
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

/// What there is to be seen of a state of the model.
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
        | At::Unsure
        | At::Confirming
        | At::Stopped => Report::Nothing,
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
