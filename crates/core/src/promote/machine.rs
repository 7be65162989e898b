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
use super::effect::{
    Effect, End, Event, Fault, ObservedDraft, ObservedRelease, Sent, Step, UploadFault,
};
use super::{Done, Plan, PublishedRelease, Rechecked, Refusal, ReleaseFacts, Wait};
use crate::escape::quoted;
use crate::ids::ReleaseId;

/// The largest number of drafts that one promotion creates.
const DRAFTS: u32 = 3;
/// The number of reads after an ambiguous publish, and of anonymous reads.
const READS: u32 = 5;

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
