//! The rejected designs, and repositories that lack a rule: the search must find a violation in each. If one of these
//! passed, the search would prove nothing.

use crate::promises::{ASKED, GATE, MAIN, NOTHING, SUCCESS, WHOLE};
use crate::setup::{Design, Merging, Rules, Setup};

/// A design or repository that must fail.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// A short description.
    pub name: &'static str,
    /// The search parameters.
    pub setup: Setup,
    /// The promise that is violated.
    pub promise: &'static str,
    /// The smallest number of steps to violate it.
    pub steps: usize,
}

/// Returns all of them.
pub fn all() -> Vec<Wrong> {
    let rules = Rules::default();
    vec![
        design("drafts are adopted", Design::AdoptDrafts, (0, 0), WHOLE, 10),
        design(
            "files are deleted and sent again",
            Design::DeleteAndRetry,
            (2, 0),
            WHOLE,
            14,
        ),
        design(
            "what is absent did not happen",
            Design::ConcludeFromAbsence,
            (1, 0),
            NOTHING,
            8,
        ),
        design(
            "the draft is not read back",
            Design::TrustTheDraft,
            (0, 1),
            WHOLE,
            7,
        ),
        design(
            "the draft is published before all its files are sent",
            Design::PublishEarly,
            (0, 0),
            ASKED,
            4,
        ),
        design(
            "what was published is not read back",
            Design::TrustThePublish,
            (0, 1),
            SUCCESS,
            8,
        ),
        design(
            "any whole release of the tag counts as the promoter's own",
            Design::BelieveTheWinner,
            (0, 0),
            SUCCESS,
            14,
        ),
        design(
            "a status is shared by the base branches of its commit",
            Design::ShareStatuses,
            (0, 1),
            GATE,
            1,
        ),
        design(
            "the newest run of a head is taken",
            Design::TakeNewestRun,
            (0, 1),
            WHOLE,
            8,
        ),
        at_basic(
            "a receipt is believed, whoever published it",
            Design::BelieveReceipts,
            GATE,
            3,
        ),
        at_basic(
            "where the tag points to is not looked at",
            Design::TrustTheTag,
            SUCCESS,
            9,
        ),
        lacking(
            "anybody can make the package's tags",
            Rules {
                tags_are_reserved: false,
                ..rules
            },
            WHOLE,
            1,
        ),
        lacking(
            "published releases can be edited",
            Rules {
                releases_are_immutable: false,
                ..rules
            },
            WHOLE,
            8,
        ),
        lacking(
            "anybody's status counts",
            Rules {
                status_is_bound: false,
                ..rules
            },
            MAIN,
            2,
        ),
        lacking(
            "a head is merged that lags behind its base",
            Rules {
                merging: Merging::Lagging,
                ..rules
            },
            MAIN,
            11,
        ),
        lacking(
            "a merge queue asks for the status of the head only",
            Rules {
                merging: Merging::QueueOfHeads,
                ..rules
            },
            MAIN,
            12,
        ),
        lacking(
            "a merge queue asks for the status of a group's last commit only",
            Rules {
                merging: Merging::QueueOfGroups,
                ..rules
            },
            MAIN,
            13,
        ),
    ]
}

fn design(
    name: &'static str,
    design: Design,
    (faults, adversary): (u8, u8),
    promise: &'static str,
    steps: usize,
) -> Wrong {
    let setup = Setup {
        design,
        faults,
        adversary,
        ..Setup::small()
    };
    Wrong {
        name,
        setup,
        promise,
        steps,
    }
}

/// A wrong design at the basic level.
fn at_basic(name: &'static str, design: Design, promise: &'static str, steps: usize) -> Wrong {
    let setup = Setup {
        design,
        faults: 0,
        ..Setup::basic()
    };
    Wrong {
        name,
        setup,
        promise,
        steps,
    }
}

fn lacking(name: &'static str, rules: Rules, promise: &'static str, steps: usize) -> Wrong {
    let setup = Setup {
        rules,
        faults: 0,
        adversary: 1,
        ..Setup::small()
    };
    Wrong {
        name,
        setup,
        promise,
        steps,
    }
}
