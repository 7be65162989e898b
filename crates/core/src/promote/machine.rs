//! The promotion itself, as a sans-io state machine: each step takes the result of the last effect and returns the next one.
//!
//! The rules, and why they hold:
//! - A draft is ours only if the call that created it returned its id. A draft is never adopted, and nothing inside one is
//!   deleted: an ambiguous result, or an asset left as `starter`, makes us abandon the draft and create another.
//! - Publishing is the one commit point. It is requested at most once by a machine.
//! - After an inconclusive response, re-read; never infer. "Absent" after a lost response does not mean "did not happen": the
//!   call may take effect later. So the end is then [`Wait::PublishUnknown`], and the next promotion reads first.
//! - A promotion that finds the tag published by another compares bytes: equal bytes are a success, others end it.
//!
//! Knows no clock: the caller decides how long a pause is.

use super::decide::{promoted, same_executables};
use super::{Done, Plan, PublishedRelease, Rechecked, Refusal, ReleaseFacts, Wait};
use crate::escape::quoted;
use crate::ids::{AssetName, Digest, ReleaseId};

/// The largest number of drafts that one promotion creates.
const DRAFTS: u32 = 3;
/// The number of reads after an ambiguous publish, and of anonymous reads.
const READS: u32 = 5;

/// The next action for the caller. One at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Create a draft release according to the plan.
    CreateDraft,
    /// Send an item of the plan to our draft, checking its bytes on the way.
    Send {
        /// The id of our draft.
        draft: ReleaseId,
        /// The index in [`Plan::items`].
        item: usize,
    },
    /// Read our draft back. Where GitHub reports no digest, download and hash.
    ReadDraft(ReleaseId),
    /// Read again everything that the plan is bound to.
    Recheck,
    /// Publish our draft. Requested at most once.
    Publish(ReleaseId),
    /// Wait a little, then read the release under the tag; the number counts the reads so far.
    ReadRelease(u32),
    /// Read every file of the release as an anonymous client would, and compare; the number counts the reads so far.
    ReadPublic(u32),
}

/// The result of the last effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The result of [`Effect::CreateDraft`].
    Created(Result<ReleaseId, Fault>),
    /// The result of [`Effect::Send`].
    Sent(Result<Sent, UploadFault>),
    /// The result of [`Effect::ReadDraft`].
    DraftRead(Result<ObservedDraft, Fault>),
    /// The result of [`Effect::Recheck`].
    Rechecked(Result<Rechecked, Fault>),
    /// The result of [`Effect::Publish`].
    Published(Result<(), Fault>),
    /// The result of [`Effect::ReadRelease`].
    ReleaseRead(Result<ReleaseFacts, Fault>),
    /// The result of [`Effect::ReadPublic`].
    PublicRead(ObservedRelease),
}

/// A call that did not simply succeed. Classified for the decision, not for the log: the text is only shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// GitHub reports that it does not exist.
    NotFound(String),
    /// GitHub reports that it exists already, or is immutable.
    Conflict(String),
    /// GitHub denies access.
    Denied(String),
    /// Rate limited; nothing happened.
    RateLimited(String),
    /// It certainly did not happen.
    Unavailable(String),
    /// It may or may not have happened, or may still happen.
    Ambiguous(String),
}

impl Fault {
    /// Returns the text of the error.
    pub fn text(&self) -> String {
        let (Self::NotFound(text)
        | Self::Conflict(text)
        | Self::Denied(text)
        | Self::RateLimited(text)
        | Self::Unavailable(text)
        | Self::Ambiguous(text)) = self;
        text.clone()
    }
}

/// A failure to send an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadFault {
    /// A fault on GitHub's side.
    Forge(Fault),
    /// The artifact could not be read.
    Source(Fault),
    /// The artifact was read, and differs from the manifest or the variant's row. Nothing of it is published.
    WrongBytes(WrongContent),
}

/// The problem with some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongContent {
    /// The problem as one sentence.
    pub problem: String,
    /// What to do about it, if more is known than that the bytes differ.
    pub next: Option<String>,
}

impl<T: Into<String>> From<T> for WrongContent {
    fn from(problem: T) -> Self {
        Self {
            problem: problem.into(),
            next: None,
        }
    }
}

/// GitHub's description of the received asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The name of the asset.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// Whether it is in the state `uploaded`.
    pub complete: bool,
}

/// A draft as it was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedDraft {
    /// Whether it is still a draft.
    pub draft: bool,
    /// The tag it would get.
    pub tag: String,
    /// The commit at which the tag would be created.
    pub target: String,
    /// The title.
    pub title: String,
    /// The notes.
    pub notes: String,
    /// Whether it is marked as a pre-release.
    pub prerelease: bool,
    /// The assets.
    pub assets: Vec<ObservedAsset>,
}

/// An asset of a draft as it was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedAsset {
    /// The name of the asset.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// Whether it is in the state `uploaded`.
    pub complete: bool,
    /// The digest of its bytes.
    pub sha256: Digest,
}

/// The result of an anonymous read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObservedRelease {
    /// Every file is present with the right bytes.
    Right,
    /// A file has wrong bytes under a right name.
    Wrong(AssetName),
    /// Not all files are available yet.
    NotYet(String),
    /// The release contains more than was sent, or its tag points to another commit; with the difference.
    Altered(String),
}

/// The end of a promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Published by this promotion, and read back as an anonymous client.
    Published(ReleaseId),
    /// Another promotion published it first, from the same sources.
    Already(Done),
    /// A person must change something first.
    Refused(Refusal),
    /// Run again later.
    Waiting(Wait),
    /// Some bytes were wrong; contains the problem. Exit status 5.
    WrongBytes(WrongContent),
}

/// The next step of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Apply this effect, and return with the result.
    Do(Effect),
    /// The promotion has ended.
    End(Box<End>),
}

/// The state of one promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    drafts: u32,
    state: State,
    plan: Plan,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Creating,
    Sending {
        draft: ReleaseId,
        item: usize,
    },
    ReadingDraft {
        draft: ReleaseId,
    },
    Rechecking {
        draft: ReleaseId,
    },
    Publishing {
        draft: ReleaseId,
    },
    /// The tag exists, and publishing was not requested.
    Overtaken {
        reads: u32,
    },
    /// Publishing was requested, and the response was inconclusive.
    Unsure {
        draft: ReleaseId,
        reads: u32,
    },
    /// Published by us; being confirmed.
    Confirming {
        draft: ReleaseId,
        reads: u32,
    },
    Ended,
}

impl Machine {
    /// Starts a promotion.
    pub fn start(plan: Plan) -> (Self, Step) {
        (
            Self {
                plan,
                drafts: 1,
                state: State::Creating,
            },
            Step::Do(Effect::CreateDraft),
        )
    }

    /// Returns the plan that it carries out.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes the result of the last effect and returns the next step.
    ///
    /// A result of another effect is a caller's mistake; the promotion then ends without publishing.
    pub fn step(&mut self, event: Event) -> Step {
        match (self.state, event) {
            (State::Creating, Event::Created(answer)) => self.created(answer),
            (State::Sending { draft, item }, Event::Sent(answer)) => self.sent(draft, item, answer),
            (State::ReadingDraft { draft }, Event::DraftRead(answer)) => {
                self.draft_read(draft, answer)
            }
            (State::Rechecking { draft }, Event::Rechecked(answer)) => {
                self.rechecked(draft, answer)
            }
            (State::Publishing { draft }, Event::Published(answer)) => {
                self.published(draft, answer)
            }
            (State::Unsure { draft, reads }, Event::ReleaseRead(answer)) => {
                self.release_read(draft, reads, answer)
            }
            (State::Overtaken { reads }, Event::ReleaseRead(answer)) => {
                self.overtaken(reads, answer)
            }
            (State::Confirming { draft, reads }, Event::PublicRead(seen)) => {
                self.public_read(draft, reads, seen)
            }
            (state, event) => self.end(End::Waiting(Wait::Unavailable {
                what: format!("an answer out of turn ({event:?} in {state:?})"),
            })),
        }
    }

    fn created(&mut self, answer: Result<ReleaseId, Fault>) -> Step {
        match answer {
            Ok(draft) => self.send(draft, 0),
            // A draft may exist now whose id we do not know. It is not ours, and does no harm.
            Err(Fault::Ambiguous(what)) => self.another_draft(&what),
            Err(fault) => self.stop(fault),
        }
    }

    fn send(&mut self, draft: ReleaseId, item: usize) -> Step {
        if item < self.plan.items.len() {
            self.go(State::Sending { draft, item }, Effect::Send { draft, item })
        } else {
            self.go(State::ReadingDraft { draft }, Effect::ReadDraft(draft))
        }
    }

    fn sent(&mut self, draft: ReleaseId, item: usize, answer: Result<Sent, UploadFault>) -> Step {
        let expected = self
            .plan
            .items
            .get(item)
            .map(|item| (item.name().as_str().to_owned(), item.size()));
        match answer {
            Ok(sent) if sent.complete && expected == Some((sent.name.clone(), sent.size)) => {
                self.send(draft, item + 1)
            }
            Ok(sent) => {
                self.another_draft(&format!("the forge stored {} as something else", sent.name))
            }
            Err(UploadFault::WrongBytes(what)) => self.end(End::WrongBytes(what)),
            Err(UploadFault::Source(Fault::NotFound(_))) => {
                self.end(End::Refused(Refusal::Moved {
                    what: "set of workflow artifacts",
                }))
            }
            Err(
                UploadFault::Source(Fault::RateLimited(what))
                | UploadFault::Forge(Fault::RateLimited(what)),
            ) => self.end(End::Waiting(Wait::RateLimited { what })),
            Err(
                UploadFault::Source(Fault::Denied(what)) | UploadFault::Forge(Fault::Denied(what)),
            ) => self.end(End::Refused(Refusal::Denied { what })),
            // The transfer broke, or the name is taken by an earlier attempt's upload: this draft is unusable.
            Err(UploadFault::Source(fault) | UploadFault::Forge(fault)) => {
                self.another_draft(&fault.text())
            }
        }
    }

    fn draft_read(&mut self, draft: ReleaseId, answer: Result<ObservedDraft, Fault>) -> Step {
        match answer {
            Ok(seen) if self.is_as_planned(&seen) => {
                self.go(State::Rechecking { draft }, Effect::Recheck)
            }
            Ok(_) => self.another_draft(
                "the draft differs from what was sent: another process may be changing it",
            ),
            Err(Fault::NotFound(_) | Fault::Conflict(_)) => {
                self.another_draft("the draft was deleted")
            }
            Err(fault) => self.stop(fault),
        }
    }

    fn is_as_planned(&self, seen: &ObservedDraft) -> bool {
        let mut found: Vec<_> = seen
            .assets
            .iter()
            .map(|a| (a.name.as_str(), a.size, a.sha256, a.complete))
            .collect();
        let mut planned: Vec<_> = self
            .plan
            .items
            .iter()
            .map(|i| (i.name().as_str(), i.size(), i.sha256(), true))
            .collect();
        found.sort();
        planned.sort();
        let plan = &self.plan;
        // GitHub may change line ends.
        let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
        seen.draft
            && seen.tag == plan.tag.as_str()
            && seen.target == plan.target.as_str()
            && seen.title == plan.title
            && plain(&seen.notes) == plain(&plan.notes)
            && seen.prerelease == plan.prerelease
            && found == planned
    }

    fn rechecked(&mut self, draft: ReleaseId, answer: Result<Rechecked, Fault>) -> Step {
        match answer {
            Ok(Rechecked::Read(now)) => match self.plan.binding.difference(&now) {
                None => self.go(State::Publishing { draft }, Effect::Publish(draft)),
                Some(what) => self.end(End::Refused(Refusal::Moved { what })),
            },
            Ok(Rechecked::Gone(what)) => self.end(End::Refused(Refusal::Moved { what })),
            // Another promotion may have been first: re-read, though publishing was not requested.
            Ok(Rechecked::Tagged) => self.go(State::Overtaken { reads: 0 }, Effect::ReadRelease(0)),
            // Publishing would fail without a reason.
            Ok(Rechecked::Blocked(below)) => {
                let tag = self.plan.tag.clone();
                let below = quoted(&below);
                self.end(End::Refused(Refusal::TagBlocked { tag, below }))
            }
            Err(fault) => self.stop(fault),
        }
    }

    fn published(&mut self, draft: ReleaseId, answer: Result<(), Fault>) -> Step {
        match answer {
            Ok(()) => self.confirm(draft, 0),
            Err(Fault::RateLimited(what)) => self.end(End::Waiting(Wait::RateLimited { what })),
            // A refusal may hide that another promotion was first, or that our own earlier request took effect after all: re-read.
            Err(
                Fault::Conflict(_)
                | Fault::Ambiguous(_)
                | Fault::Unavailable(_)
                | Fault::NotFound(_)
                | Fault::Denied(_),
            ) => self.look(draft, 0),
        }
    }

    fn look(&mut self, draft: ReleaseId, reads: u32) -> Step {
        self.go(State::Unsure { draft, reads }, Effect::ReadRelease(reads))
    }

    fn overtaken(&mut self, reads: u32, answer: Result<ReleaseFacts, Fault>) -> Step {
        match answer {
            Ok(ReleaseFacts::Published(release)) => self.published_by_another(*release),
            // There is a short delay between the tag and its release.
            Ok(ReleaseFacts::Absent | ReleaseFacts::TagOnly | ReleaseFacts::NotReadable(_))
            | Err(_)
                if reads + 1 < READS =>
            {
                let reads = reads + 1;
                self.go(State::Overtaken { reads }, Effect::ReadRelease(reads))
            }
            Ok(ReleaseFacts::Absent | ReleaseFacts::TagOnly) => {
                let tag = self.plan.tag.clone();
                self.end(End::Refused(Refusal::TagTaken { tag }))
            }
            Ok(ReleaseFacts::NotReadable(what)) => {
                let tag = self.plan.tag.clone();
                self.end(End::Waiting(Wait::NotReadable { tag, what }))
            }
            Err(fault) => self.stop(fault),
        }
    }

    fn published_by_another(&mut self, release: PublishedRelease) -> Step {
        let problem = release.problem();
        match (&release.receipt, problem) {
            (Ok(receipt), None) => {
                let end = self.lost_race(Box::new(receipt.clone()), &release);
                self.end(end)
            }
            (_, problem) => {
                let problem = problem.unwrap_or_default();
                self.end(End::Refused(Refusal::ReleaseBroken {
                    tag: release.tag,
                    problem,
                }))
            }
        }
    }

    fn release_read(
        &mut self,
        draft: ReleaseId,
        reads: u32,
        answer: Result<ReleaseFacts, Fault>,
    ) -> Step {
        match answer {
            Ok(ReleaseFacts::Published(release)) if release.id == draft => self.confirm(draft, 0),
            Ok(ReleaseFacts::Published(release)) => self.published_by_another(*release),
            // Absent: it may still appear. No response: ask again.
            Ok(ReleaseFacts::Absent | ReleaseFacts::TagOnly | ReleaseFacts::NotReadable(_))
            | Err(_)
                if reads + 1 < READS =>
            {
                self.look(draft, reads + 1)
            }
            Ok(ReleaseFacts::Absent | ReleaseFacts::TagOnly | ReleaseFacts::NotReadable(_))
            | Err(_) => self.end(End::Waiting(Wait::PublishUnknown {
                tag: self.plan.tag.clone(),
            })),
        }
    }

    fn lost_race(&self, receipt: Box<crate::document::Receipt>, release: &PublishedRelease) -> End {
        let tag = release.tag.clone();
        let (ours, theirs) = (&self.plan.receipt.manifest, &receipt.manifest);
        // As in the decision, the sources count: the gate would not be green for other sources, even with identical bytes.
        if ours.fingerprint == theirs.fingerprint {
            let same_bytes = same_executables(ours, theirs);
            // As in the decision: a promotion that kept a forged receipt with its run would confirm it.
            return match promoted(release, Some(ours), theirs) {
                Err(refusal) => End::Refused(refusal),
                Ok(()) => End::Already(Done {
                    tag,
                    receipt,
                    same_bytes,
                }),
            };
        }
        let by = format!(
            "pull request #{}, by {}",
            receipt.origin.pull_request, receipt.promoter.login
        );
        let free = ours
            .package_version
            .successor()
            .map_or_else(|| "a higher number".to_owned(), |next| next.to_string());
        End::Refused(Refusal::VersionTaken { tag, by, free })
    }

    fn confirm(&mut self, draft: ReleaseId, reads: u32) -> Step {
        self.go(
            State::Confirming { draft, reads },
            Effect::ReadPublic(reads),
        )
    }

    fn public_read(&mut self, draft: ReleaseId, reads: u32, seen: ObservedRelease) -> Step {
        match seen {
            ObservedRelease::Right => self.end(End::Published(draft)),
            ObservedRelease::Wrong(name) => {
                let tag = &self.plan.tag;
                let problem =
                    format!("{name} of the published release {tag} has other bytes than were sent");
                self.end(End::WrongBytes(problem.into()))
            }
            ObservedRelease::Altered(problem) => self.end(End::Refused(Refusal::ReleaseBroken {
                tag: self.plan.tag.clone(),
                problem,
            })),
            ObservedRelease::NotYet(_) if reads + 1 < READS => self.confirm(draft, reads + 1),
            ObservedRelease::NotYet(what) => self.end(End::Waiting(Wait::NotReadable {
                tag: self.plan.tag.clone(),
                what,
            })),
        }
    }

    /// Leaves the draft as it is and begins another, unless too many were begun.
    fn another_draft(&mut self, why: &str) -> Step {
        if self.drafts == DRAFTS {
            return self.end(End::Waiting(Wait::Unavailable {
                what: format!("{DRAFTS} drafts were begun and abandoned, the last because {why}"),
            }));
        }
        self.drafts += 1;
        self.go(State::Creating, Effect::CreateDraft)
    }

    /// Ends on a fault of a call before the commit point.
    fn stop(&mut self, fault: Fault) -> Step {
        self.end(match fault {
            Fault::RateLimited(what) => End::Waiting(Wait::RateLimited { what }),
            Fault::Denied(what) | Fault::NotFound(what) => End::Refused(Refusal::Denied { what }),
            Fault::Unavailable(what) | Fault::Ambiguous(what) | Fault::Conflict(what) => {
                End::Waiting(Wait::Unavailable { what })
            }
        })
    }

    fn go(&mut self, state: State, effect: Effect) -> Step {
        self.state = state;
        Step::Do(effect)
    }

    fn end(&mut self, end: End) -> Step {
        self.state = State::Ended;
        Step::End(Box::new(end))
    }
}
