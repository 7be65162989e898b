//! What must hold in every state, and what must be possible at all.
//!
//! Each is a plain function of a state, with the name under which the documentation lists it.

use crate::setup::Setup;
use crate::state::{At, Late, Main, State, Status};

/// A promise: its name, and whether a state keeps it.
pub type Promise = (&'static str, fn(&Setup, &State) -> bool);

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
pub const SOMETIMES: [Promise; 8] = [
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

fn any(state: &State, at: At) -> bool {
    state.promoters.iter().any(|promoter| promoter.at == at)
}

/// Except where somebody changed the draft between the read-back and the publish call: no forge lets one ask for "publish, if
/// it is still this". Then nobody reports success and no gate is green, which the promises below check without exception.
fn whole(_: &Setup, state: &State) -> bool {
    state
        .release()
        .is_none_or(|(_, release)| release.whole() || release.edited_in_the_gap())
}

fn asked(_: &Setup, state: &State) -> bool {
    state.release().is_none_or(|(_, release)| release.asked())
}

fn once(_: &Setup, state: &State) -> bool {
    state.slots.iter().filter(|slot| slot.published()).count() <= 1 && !state.overflow
}

fn success(_: &Setup, state: &State) -> bool {
    let public = state.release().filter(|(_, release)| release.whole());
    state.promoters.iter().all(|promoter| {
        let published = matches!(promoter.at, At::Settling | At::Published);
        let right = public.is_some_and(|(_, release)| release.file(0) == promoter.bound);
        (!published || right) && (promoter.at != At::Already || public.is_some())
    })
}

fn nothing(_: &Setup, state: &State) -> bool {
    state.promoters.iter().all(|promoter| {
        let published = state
            .slot(promoter.slot)
            .is_some_and(|draft| draft.published());
        promoter.at != At::SaidNothingHappened || !published
    })
}

fn gate(_: &Setup, state: &State) -> bool {
    (0..).zip(state.pulls).all(|(number, pull)| {
        let sources = crate::release::sources(number, pull.head);
        let kept = state
            .release()
            .is_some_and(|(_, release)| release.whole() && release.file(1).sources() == sources);
        pull.status != Status::Green || kept
    })
}

fn main(_: &Setup, state: &State) -> bool {
    let published = state
        .release()
        .filter(|(_, release)| release.whole())
        .map(|(_, release)| release.file(1).sources());
    match state.main {
        Main::Before => true,
        Main::Sources(sources) => published == Some(sources),
        Main::Other => false,
    }
}
