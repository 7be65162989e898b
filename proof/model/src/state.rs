//! The whole state, in a few dozen bytes and a canonical order: equal situations are equal states.

use crate::release::{Content, Draft, sources};
use crate::setup::{Design, PROMOTERS, PULLS};
use crate::shipped;

/// The most drafts in a state. More is an error of the model, and ends the search.
pub const SLOTS: usize = 8;
/// The most calls that can be delayed at once: one for each fault.
pub const LATE: usize = 4;
/// No draft.
pub const NONE: u8 = 0xF;

/// The position of a promoter in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum At {
    /// Not running: not started, crashed, or ended without a claim that can be wrong.
    #[default]
    Down,
    /// `Effect::CreateDraft`.
    Creating,
    /// `Effect::Send` for the executables.
    SendingExecutables,
    /// `Effect::Send` for the receipt.
    SendingReceipt,
    /// Rejected design: checking a file whose upload had no response. The number is the file's.
    LookingAt(u8),
    /// Rejected design: deleting that file.
    Deleting(u8),
    /// `Effect::ReadDraft`.
    ReadingDraft,
    /// `Effect::Recheck`.
    Rechecking,
    /// `Effect::Publish`.
    Publishing,
    /// `Effect::ReadRelease`.
    ReadingRelease,
    /// `Effect::ReadPublic`.
    Confirming,
    /// `promote/finalize.rs`: the gate's status.
    Settling,
    /// `End::Published`.
    Published,
    /// `Verdict::Done` and `End::Already`.
    Already,
    /// It reported that this promotion published nothing, after it had asked to publish.
    SaidNothingHappened,
}

/// One promoter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Promoter {
    /// The position in the protocol.
    pub at: At,
    /// The shipped machine that decides for it, while it runs.
    pub machine: shipped::Id,
    /// Its draft, or [`NONE`].
    pub slot: u8,
    /// The number of drafts it has asked for.
    pub drafts: u8,
    /// The candidate that its plan is bound to; [`Content::ABSENT`] without a plan.
    pub bound: Content,
}

impl Promoter {
    /// A promoter that is not running.
    pub const DOWN: Self = Self {
        at: At::Down,
        machine: shipped::Id::NONE,
        slot: NONE,
        drafts: 0,
        bound: Content::ABSENT,
    };
}

/// A pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Pull {
    /// The head: 0 as opened, 1 pushed again, 2 pushed with the moved base merged in.
    pub head: u8,
    /// The newest attempt of the head's run.
    pub attempt: u8,
    /// Whether the run's artifacts were deleted.
    pub gone: bool,
    /// Whether its newest run used the workflow of another base branch.
    pub foreign_run: bool,
    /// The status of its head.
    pub status: Status,
    /// The gate's decision that is not posted yet.
    pub gate: Option<Status>,
}

/// A commit status. Pending and failure alike are not green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Status {
    /// Not green.
    #[default]
    Red,
    /// Green, by Lockgate.
    Green,
    /// Green, set by a writer.
    Forged,
}

/// The most commits of the merge queue.
pub const QUEUED: usize = 2;

/// A commit of the merge queue: one more pull request on top of the previous commit, or of the tip of the base branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Queued {
    /// The change in it.
    pub change: Change,
    /// The status of it.
    pub status: Status,
    /// The gate's decision that is not posted yet.
    pub gate: Option<Status>,
}

/// The change of a queued pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Raises the version, like the pull requests of promoters.
    Raise(u8),
    /// Reverts the change that moved the base branch.
    TakeBack,
}

/// A call with a delayed effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Late {
    /// A file for a draft.
    Upload {
        /// The draft.
        slot: u8,
        /// The file.
        file: u8,
        /// Its content.
        content: Content,
    },
    /// Publishing a draft.
    Publish {
        /// The draft.
        slot: u8,
    },
    /// A status on the current head of a pull request.
    Post {
        /// The pull request.
        pull: u8,
        /// The status.
        status: Status,
    },
    /// A status on a commit of the merge queue.
    PostQueued {
        /// The commit.
        at: u8,
        /// The status.
        status: Status,
    },
    /// Rejected design: deleting a file of a draft.
    Delete {
        /// The draft.
        slot: u8,
        /// The file.
        file: u8,
    },
}

impl Late {
    fn slot(&mut self) -> Option<&mut u8> {
        match self {
            Self::Upload { slot, .. } | Self::Publish { slot } | Self::Delete { slot, .. } => {
                Some(slot)
            }
            Self::Post { .. } | Self::PostQueued { .. } => None,
        }
    }
}

/// The content of the base branch for the contested version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Main {
    /// The previous version.
    #[default]
    Before,
    /// These sources.
    Sources(u8),
    /// Sources that were never built: a merge with changes that the head did not have.
    Other,
}

/// The whole state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The releases, drafts or not.
    pub slots: [Draft; SLOTS],
    /// The promoters.
    pub promoters: [Promoter; PROMOTERS],
    /// The delayed calls.
    pub late: [Option<Late>; LATE],
    /// The pull requests.
    pub pulls: [Pull; PULLS],
    /// The commits of the merge queue. The first raises the version.
    pub queue: [Option<Queued>; QUEUED],
    /// Whether the base branch has other sources than the pull requests were opened against.
    pub base_moved: bool,
    /// Whether a writer has created the tag, at another commit.
    pub tag_elsewhere: bool,
    /// What was merged.
    pub main: Main,
    /// The number of faults left.
    pub faults: u8,
    /// The number of adversary's actions left.
    pub adversary: u8,
    /// Whether the model ran out of room, which must never happen.
    pub overflow: bool,
    /// Whether a machine named another draft than the newest that it created, which must never happen.
    pub stray: bool,
}

impl State {
    /// Creates the initial state.
    pub fn new(faults: u8, adversary: u8) -> Self {
        Self {
            slots: [Draft::default(); SLOTS],
            promoters: [Promoter::DOWN; PROMOTERS],
            late: [None; LATE],
            pulls: [Pull::default(); PULLS],
            queue: [None; QUEUED],
            base_moved: false,
            tag_elsewhere: false,
            main: Main::Before,
            faults,
            adversary,
            overflow: false,
            stray: false,
        }
    }

    /// Returns the release of a slot, if there is one.
    pub fn slot(&self, at: u8) -> Option<Draft> {
        self.slots
            .get(usize::from(at))
            .copied()
            .filter(|slot| slot.exists())
    }

    /// Returns the release of a slot for changing it.
    pub fn slot_mut(&mut self, at: u8) -> Option<&mut Draft> {
        self.slots
            .get_mut(usize::from(at))
            .filter(|slot| slot.exists())
    }

    /// Returns the published release and its slot.
    pub fn release(&self) -> Option<(u8, Draft)> {
        (0..).zip(self.slots).find(|(_, slot)| slot.published())
    }

    /// Returns a pull request. An unknown one is like a new one.
    pub fn pull(&self, pull: u8) -> Pull {
        self.pulls
            .get(usize::from(pull))
            .copied()
            .unwrap_or_default()
    }

    /// Returns the sources of a merge of a pull request now; `None` if they were never built.
    pub fn merge_of(&self, pull: u8) -> Option<u8> {
        self.merged(pull, self.base_moved)
    }

    fn merged(&self, pull: u8, base_moved: bool) -> Option<u8> {
        let head = self.pull(pull).head;
        let built_on_it = base_moved == (head == 2);
        built_on_it.then(|| sources(pull, head))
    }

    /// Returns the content of a commit of the merge queue for the version.
    pub fn queued(&self, at: u8) -> Main {
        let (mut raised, mut moved) = (None, self.base_moved);
        for queued in self.queue.iter().flatten().take(usize::from(at) + 1) {
            match (queued.change, raised) {
                (Change::TakeBack, _) => moved = false,
                (Change::Raise(pull), None) => raised = Some(pull),
                // Contains the sources of both.
                (Change::Raise(_), Some(_)) => return Main::Other,
            }
        }
        raised.map_or(Main::Before, |pull| {
            self.merged(pull, moved).map_or(Main::Other, Main::Sources)
        })
    }

    /// Returns a promoter.
    pub fn promoter(&self, who: u8) -> Promoter {
        self.promoters
            .get(usize::from(who))
            .copied()
            .unwrap_or(Promoter::DOWN)
    }

    /// Changes a promoter.
    pub fn change(&mut self, who: u8, change: impl FnOnce(&mut Promoter)) {
        if let Some(promoter) = self.promoters.get_mut(usize::from(who)) {
            change(promoter);
        }
    }

    /// Records a delayed call.
    pub fn delay(&mut self, call: Late) {
        match self.late.iter_mut().find(|late| late.is_none()) {
            Some(free) => *free = Some(call),
            None => self.overflow = true,
        }
    }

    /// Makes equal situations equal: removes drafts that can never be read again, and renumbers the others.
    pub fn tidy(&mut self, design: Design) {
        let old = self.slots;
        let mut names = [NONE; SLOTS];
        let mut next = 0_usize;
        self.slots = [Draft::default(); SLOTS];
        let mut keep = |slots: &mut [Draft; SLOTS], at: u8| {
            let from = usize::from(at);
            match (old.get(from), names.get_mut(from)) {
                (Some(draft), Some(name)) if draft.exists() => {
                    if *name == NONE {
                        *name = u8::try_from(next).unwrap_or(NONE);
                        if let Some(to) = slots.get_mut(next) {
                            *to = *draft;
                        }
                        next += 1;
                    }
                    *name
                }
                _ => NONE,
            }
        };
        for (at, draft) in (0..).zip(old) {
            if draft.published() || (design == Design::AdoptDrafts && draft.exists()) {
                keep(&mut self.slots, at);
            }
        }
        for promoter in &mut self.promoters {
            promoter.slot = keep(&mut self.slots, promoter.slot);
        }
        for late in &mut self.late {
            if let Some(slot) = late.as_mut().and_then(Late::slot) {
                *slot = keep(&mut self.slots, *slot);
                if *slot == NONE {
                    *late = None;
                }
            }
        }
        // `None` sorts first: the order of delayed calls has no meaning.
        self.late.sort_unstable();
    }
}
