//! All that is remembered, in a few dozen bytes, and always in the same order: equal situations are equal states.

use crate::release::{Content, Draft, sources};
use crate::setup::{Design, PROMOTERS, PULLS};

/// How many drafts a state has room for. More is an error of the model, and ends the search.
pub const SLOTS: usize = 8;
/// How many calls can be under way at once: one for each fault.
pub const LATE: usize = 4;
/// No draft.
pub const NONE: u8 = 0xF;

/// Where a promoter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum At {
    /// Not running: not begun, or crashed.
    #[default]
    Down,
    /// `Effect::CreateDraft`.
    Creating,
    /// `Effect::Send`, the executables.
    SendingExecutables,
    /// `Effect::Send`, the receipt.
    SendingReceipt,
    /// Rejected design: looking at what became of a file whose upload had no answer. The number is the file's.
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
    Unsure,
    /// `Effect::ReadPublic`.
    Confirming,
    /// `settle::published`: the gate's status.
    Settling,
    /// `End::Published`.
    Published,
    /// `Verdict::Done` and `End::Already`.
    Already,
    /// A refusal or a wait that says what it is and claims nothing about the release.
    Stopped,
    /// It said that this promotion published nothing, after it had asked to.
    SaidNothingHappened,
}

/// One promoter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Promoter {
    /// Where it is.
    pub at: At,
    /// Its draft, or [`NONE`].
    pub slot: u8,
    /// How many drafts it has begun.
    pub drafts: u8,
    /// The candidate that its plan is bound to; [`Content::ABSENT`] while it has none.
    pub bound: Content,
}

/// A pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Pull {
    /// Its head: 0 as it was opened, 1 pushed again, 2 pushed with the moved base merged in.
    pub head: u8,
    /// The newest attempt of the head's run.
    pub attempt: u8,
    /// Whether the run's artifacts were deleted.
    pub gone: bool,
    /// Whether its newest run used the workflow of another base branch.
    pub foreign_run: bool,
    /// The status on its head.
    pub status: Status,
    /// What the gate has decided and not yet posted.
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
    /// Green, by somebody else.
    Forged,
}

/// How many commits the merge queue can have made.
pub const QUEUED: usize = 2;

/// A commit that the merge queue has made: the one before it, or the tip of the base branch, and one pull request more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Queued {
    /// What is in it.
    pub change: Change,
    /// The status on it.
    pub status: Status,
    /// What the gate has decided and not yet posted.
    pub gate: Option<Status>,
}

/// What a queued pull request changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// It raises the version: one of those that promoters promote.
    Raise(u8),
    /// It takes back what has moved the base branch.
    TakeBack,
}

/// A call whose effect is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Late {
    /// A file for a draft.
    Upload {
        /// Which draft.
        slot: u8,
        /// Which file.
        file: u8,
        /// What is in it.
        content: Content,
    },
    /// Publishing a draft.
    Publish {
        /// Which.
        slot: u8,
    },
    /// A status on the present head of a pull request.
    Post {
        /// Which pull request.
        pull: u8,
        /// Which status.
        status: Status,
    },
    /// A status on a commit of the merge queue.
    PostQueued {
        /// Which of them.
        at: u8,
        /// Which status.
        status: Status,
    },
    /// Rejected design: deleting a file of a draft.
    Delete {
        /// Which draft.
        slot: u8,
        /// Which file.
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

/// What the base branch holds under the version that everybody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Main {
    /// It still names the version before.
    #[default]
    Before,
    /// These sources.
    Sources(u8),
    /// Sources that nobody built: a merge with what the head did not have.
    Other,
}

/// The world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The releases, drafts or not.
    pub slots: [Draft; SLOTS],
    /// The promoters.
    pub promoters: [Promoter; PROMOTERS],
    /// Calls under way.
    pub late: [Option<Late>; LATE],
    /// The pull requests.
    pub pulls: [Pull; PULLS],
    /// What the merge queue has made. The first raises the version.
    pub queue: [Option<Queued>; QUEUED],
    /// Whether the base branch has other sources than the pull requests were opened against.
    pub base_moved: bool,
    /// Whether a writer has made the tag, at another commit.
    pub tag_elsewhere: bool,
    /// What was merged.
    pub main: Main,
    /// The faults that are left.
    pub faults: u8,
    /// The mischief that is left.
    pub mischief: u8,
    /// The model ran out of room: never.
    pub overflow: bool,
}

impl State {
    /// Nothing has happened.
    pub fn new(faults: u8, mischief: u8) -> Self {
        let promoter = Promoter {
            at: At::Down,
            slot: NONE,
            drafts: 0,
            bound: Content::ABSENT,
        };
        Self {
            slots: [Draft::default(); SLOTS],
            promoters: [promoter; PROMOTERS],
            late: [None; LATE],
            pulls: [Pull::default(); PULLS],
            queue: [None; QUEUED],
            base_moved: false,
            tag_elsewhere: false,
            main: Main::Before,
            faults,
            mischief,
            overflow: false,
        }
    }

    /// The release of a slot, if there is one.
    pub fn slot(&self, at: u8) -> Option<Draft> {
        self.slots
            .get(usize::from(at))
            .copied()
            .filter(|slot| slot.exists())
    }

    /// The same, to be changed.
    pub fn slot_mut(&mut self, at: u8) -> Option<&mut Draft> {
        self.slots
            .get_mut(usize::from(at))
            .filter(|slot| slot.exists())
    }

    /// The published release and its slot.
    pub fn release(&self) -> Option<(u8, Draft)> {
        (0..).zip(self.slots).find(|(_, slot)| slot.published())
    }

    /// A pull request. An unknown one is like a new one.
    pub fn pull(&self, pull: u8) -> Pull {
        self.pulls
            .get(usize::from(pull))
            .copied()
            .unwrap_or_default()
    }

    /// The sources that a merge of a pull request would have now; `None` where nobody built them.
    pub fn merge_of(&self, pull: u8) -> Option<u8> {
        self.merged(pull, self.base_moved)
    }

    fn merged(&self, pull: u8, base_moved: bool) -> Option<u8> {
        let head = self.pull(pull).head;
        let built_on_it = base_moved == (head == 2);
        built_on_it.then(|| sources(pull, head))
    }

    /// What a commit of the merge queue holds under the version.
    pub fn queued(&self, at: u8) -> Main {
        let (mut raised, mut moved) = (None, self.base_moved);
        for queued in self.queue.iter().flatten().take(usize::from(at) + 1) {
            match (queued.change, raised) {
                (Change::TakeBack, _) => moved = false,
                (Change::Raise(pull), None) => raised = Some(pull),
                // The sources of both.
                (Change::Raise(_), Some(_)) => return Main::Other,
            }
        }
        raised.map_or(Main::Before, |pull| {
            self.merged(pull, moved).map_or(Main::Other, Main::Sources)
        })
    }

    /// A promoter.
    pub fn promoter(&self, who: u8) -> Promoter {
        self.promoters
            .get(usize::from(who))
            .copied()
            .unwrap_or(Promoter {
                at: At::Down,
                slot: NONE,
                drafts: 0,
                bound: Content::ABSENT,
            })
    }

    /// A promoter, to be changed.
    pub fn change(&mut self, who: u8, change: impl FnOnce(&mut Promoter)) {
        if let Some(promoter) = self.promoters.get_mut(usize::from(who)) {
            change(promoter);
        }
    }

    /// Notes a call whose effect is still to come.
    pub fn delay(&mut self, call: Late) {
        match self.late.iter_mut().find(|late| late.is_none()) {
            Some(free) => *free = Some(call),
            None => self.overflow = true,
        }
    }

    /// Makes equal situations equal: drafts that nobody can ever look at again go, the others are numbered anew.
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
        // None sorts first: the order of what is under way means nothing.
        self.late.sort_unstable();
    }
}
