//! The beginning of a promotion: what `commands/promote.rs` observes and what `core::promote::decide` decides.

use crate::promoter;
use crate::release::{Content, sources};
use crate::setup::{Design, Setup};
use crate::shipped;
use crate::state::{At, Main, Promoter, State};

/// The result of a read that may be out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// The current state.
    Fresh,
    /// The state before the last change, which the storage behind the call has not seen yet.
    Stale,
}

/// Starts `lockgate promote`: the reads of `observe` and the decision of `decide`. A stale read misses the release.
pub fn start(state: &State, setup: &Setup, who: u8, look: Look) -> Option<State> {
    let pull = setup.promoters.get(usize::from(who)).copied()?;
    let mut next = state.clone();
    let now = state.pull(pull);
    let built = Content::candidate(pull, now.head, now.attempt);
    let design = setup.design;
    let candidate = match (now.foreign_run, design) {
        (true, Design::TakeNewestRun) => Content::FOREIGN,
        _ => built,
    };
    let mut end = |at| {
        let bound = if at == At::Already {
            built
        } else {
            Content::ABSENT
        };
        next.change(who, |promoter| {
            *promoter = Promoter {
                at,
                bound,
                ..Promoter::DOWN
            };
        });
        Some(next.clone())
    };
    if look == Look::Fresh
        && let Some((_, release)) = state.release()
    {
        // `decide.rs`: published_already.
        let same = release.file(1).is_candidate()
            && release.looks_whole(design)
            && (release.file(1).sources() == sources(pull, state.pull(pull).head)
                || Some(release.file(1).sources()) == state.merge_of(pull));
        return end(if same { At::Already } else { At::Down });
    }
    if look == Look::Stale && state.release().is_none() {
        return None;
    }
    // `decide.rs`: wanted, run, artifacts. If the version was merged from elsewhere, detect refuses.
    let built = state.merge_of(pull).is_some() && !now.gone;
    // A head that was also opened into another base: no run shows which workflow it executed. And the tag must be free.
    let ambiguous = now.foreign_run && design != Design::TakeNewestRun;
    let tagged = state.tag_elsewhere && design != Design::TrustTheTag;
    let free = match state.main {
        Main::Before => true,
        Main::Sources(merged) => Some(merged) == state.merge_of(pull),
        Main::Other => false,
    };
    if !built || !free || ambiguous || tagged {
        return end(At::Down);
    }
    next.change(who, |promoter| {
        *promoter = Promoter {
            bound: candidate,
            ..Promoter::DOWN
        };
    });
    promoter::follow(&mut next, who, shipped::start(candidate));
    Some(next)
}
