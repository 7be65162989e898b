//! The decision: from facts to a plan or a reason. The order of the checks is the order of the answers, from the top.

use super::candidate::{artifacts, detect_version, manifest};
use super::plan::{Done, Plan};
use super::planning::plan;
use super::runs::{self, EVENTS};
use super::{
    CandidateFacts, Decision, Facts, PublishedRelease, PullState, Refusal, ReleaseFacts,
    ReleaseOrigin, RunFacts, RunOutcome, Wait, WorkflowFacts, approval,
};
use crate::config::EnvironmentCheck;
use crate::detect;
use crate::document::{Candidate, Manifest, failures};
use crate::escape::{quoted, shell_word};
use crate::ids::{Fingerprint, ObjectId, RunId};
use crate::reason::Verdict;
use crate::settings::Reading;

/// Decides whether a candidate may be promoted, and how.
pub fn decide(facts: &Facts) -> Decision {
    match check(facts) {
        Ok(CheckResult::Plan(plan)) => Verdict::Proceed(plan),
        Ok(CheckResult::Done(done)) => Verdict::Done(done),
        Err(Stop::Refuse(refusal)) => Verdict::Refuse(refusal),
        Err(Stop::Wait(wait)) => Verdict::Wait(wait),
    }
}

enum CheckResult {
    Plan(Box<Plan>),
    Done(Done),
}

enum Stop {
    Refuse(Refusal),
    Wait(Wait),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

fn check(facts: &Facts) -> Result<CheckResult, Stop> {
    actor(facts)?;
    environment(facts)?;
    if facts.private {
        let repository = facts.repository.clone();
        return Err(Refusal::Private { repository }.into());
    }
    pull(facts)?;
    // An existing release settles everything else: an expired artifact must not fail a repeated promotion.
    if let Some(done) = published_already(facts)? {
        return Ok(CheckResult::Done(done));
    }
    let fingerprint = wanted(facts)?;
    room(facts)?;
    let workflow_blob = workflow(&facts.workflow)?;
    let run = run(facts)?;
    let manifest = manifest(facts, run, fingerprint)?;
    let artifacts = artifacts(facts, run, &manifest)?;
    let plan = plan(facts, run, workflow_blob, manifest, &artifacts);
    match (approval::is_approved(facts, &plan), facts.approved) {
        (false, Some(approved)) => Err(Refusal::PlanChanged {
            approved,
            now: plan.digest(),
            pull: facts.pull.number,
        }
        .into()),
        (true, _) | (_, None) => Ok(CheckResult::Plan(Box::new(plan))),
    }
}

fn actor(facts: &Facts) -> Result<(), Refusal> {
    let (login, role) = (facts.actor.login.clone(), facts.actor.role);
    if role.may_promote() {
        Ok(())
    } else {
        Err(Refusal::NotAMaintainer { login, role })
    }
}

/// Checks the environment. A job that names an unknown one creates it unprotected, so an unreadable one is refused like an open one.
fn environment(facts: &Facts) -> Result<(), Refusal> {
    let problem = match (facts.package.policy.environment, &facts.environment) {
        (EnvironmentCheck::Unchecked, _) | (_, None) => None,
        (_, Some(Reading::Read(found))) => found.problem(&facts.default_branch),
        (_, Some(Reading::NotFound)) => {
            Some("there is none, or the token may not see it".to_owned())
        }
        (_, Some(Reading::Denied)) => Some("the token may not read it".to_owned()),
    };
    problem.map_or(Ok(()), |problem| Err(Refusal::Environment { problem }))
}

fn pull(facts: &Facts) -> Result<(), Refusal> {
    if facts.pull.state == PullState::Closed {
        return Err(Refusal::PullClosed {
            pull: facts.pull.number,
        });
    }
    if facts.context.is_none() {
        return Err(Refusal::OtherBase {
            pull: facts.pull.number,
            base: facts.pull.base.clone(),
        });
    }
    match &facts.expect_head {
        Some(expected) if *expected != facts.pull.head => Err(Refusal::HeadMoved {
            expected: expected.clone(),
            found: facts.pull.head.clone(),
        }),
        Some(_) | None => Ok(()),
    }
}

fn published_already(facts: &Facts) -> Result<Option<Done>, Stop> {
    let release = match &facts.release {
        ReleaseFacts::Absent => return Ok(None),
        ReleaseFacts::TagOnly => {
            let tag = detect_version(facts).map(|version| facts.package.tag(&version));
            return tag.map_or(Ok(None), |tag| Err(Refusal::TagTaken { tag }.into()));
        }
        ReleaseFacts::NotReadable(what) => {
            let tag = detect_version(facts).map(|version| facts.package.tag(&version));
            return tag.map_or(Ok(None), |tag| {
                let what = what.clone();
                Err(Stop::Wait(Wait::NotReadable { tag, what }))
            });
        }
        ReleaseFacts::Published(release) => release,
    };
    let receipt = match (&release.receipt, release.problem()) {
        (Ok(receipt), None) => receipt,
        (Ok(_), Some(problem)) => {
            return Err(Refusal::ReleaseBroken {
                tag: release.tag.clone(),
                problem,
            }
            .into());
        }
        (Err(_), _) => {
            return Err(taken(facts, release, "an account other than Lockgate".to_owned()).into());
        }
    };
    let fingerprint = receipt.manifest.fingerprint;
    if fingerprint != facts.head_fingerprint && Some(fingerprint) != facts.merged_fingerprint {
        let by = format!(
            "pull request #{}, by {}, from other sources",
            receipt.origin.pull_request, receipt.promoter.login
        );
        return Err(taken(facts, release, by).into());
    }
    let ours = match &facts.candidate {
        CandidateFacts::Read(Candidate::Complete(manifest)) => Some(manifest),
        CandidateFacts::Read(Candidate::Failed { .. })
        | CandidateFacts::Absent
        | CandidateFacts::Unreadable(_) => None,
    };
    let accepted = accepted(facts, fingerprint);
    promoted(release, accepted.as_ref(), &receipt.manifest)?;
    let same_bytes = ours.is_some_and(|ours| same_executables(ours, &receipt.manifest));
    Ok(Some(Done {
        tag: release.tag.clone(),
        receipt: Box::new(receipt.clone()),
        same_bytes,
    }))
}

/// Returns the candidate if it would be published now: the output of an arbitrary run of the head is no evidence about a release.
fn accepted(facts: &Facts, fingerprint: Fingerprint) -> Option<Manifest> {
    workflow(&facts.workflow).ok()?;
    let run = run(facts).ok()?;
    manifest(facts, run, fingerprint).ok()
}

/// Checks whether a release was published by a promotion: any writer can create a release with a receipt, so a receipt alone is no proof.
pub(super) fn promoted(
    release: &PublishedRelease,
    ours: Option<&Manifest>,
    theirs: &Manifest,
) -> Result<(), Refusal> {
    match &release.origin {
        ReleaseOrigin::Promotion => Ok(()),
        // The publisher cannot be determined, but the release contains the very candidate that would be published now.
        ReleaseOrigin::Unproven(_) if ours.is_some_and(|ours| same_candidate(ours, theirs)) => {
            Ok(())
        }
        ReleaseOrigin::Unproven(why) | ReleaseOrigin::Foreign(why) => {
            Err(Refusal::ReleaseForeign {
                tag: release.tag.clone(),
                why: why.clone(),
            })
        }
    }
}

/// Returns whether two manifests list the same bytes, of the same commit and sources: a manifest can list the right bytes and claim
/// sources from which they were not built.
fn same_candidate(one: &Manifest, other: &Manifest) -> bool {
    (&one.commit, one.fingerprint) == (&other.commit, other.fingerprint)
        && same_executables(one, other)
}

fn taken(facts: &Facts, release: &PublishedRelease, by: String) -> Refusal {
    let free = match &facts.detected {
        Verdict::Refuse(detect::Refusal::Taken { free, .. }) => free.clone(),
        Verdict::Refuse(_) | Verdict::Done(_) | Verdict::Proceed(_) | Verdict::Wait(_) => {
            "the next free number".to_owned()
        }
    };
    Refusal::VersionTaken {
        tag: release.tag.clone(),
        by,
        free,
    }
}

/// Returns whether two manifests list the same bytes under the same names.
pub(super) fn same_executables(one: &Manifest, other: &Manifest) -> bool {
    let set = |manifest: &Manifest| {
        let mut list: Vec<_> = manifest
            .executables
            .iter()
            .map(|e| (e.name.clone(), e.size, e.sha256))
            .collect();
        list.sort();
        list
    };
    set(one) == set(other)
}

/// Returns the fingerprint to publish: that of the head and of the merge alike.
fn wanted(facts: &Facts) -> Result<Fingerprint, Refusal> {
    let plan = match &facts.detected {
        Verdict::Proceed(plan) => plan,
        // A merged pull request no longer raises anything, but its version may still lack its release.
        Verdict::Done(detect::Done::Unchanged { .. }) if facts.pull.state == PullState::Merged => {
            return match facts.merged_fingerprint {
                Some(merged) if merged == facts.head_fingerprint => Ok(merged),
                Some(_) | None => Err(Refusal::UpdateBranch {
                    pull: facts.pull.number,
                }),
            };
        }
        Verdict::Done(_) => {
            return Err(Refusal::NothingToPromote {
                why: facts.detected.summary(&facts.package.name),
            });
        }
        Verdict::Refuse(refusal) => {
            return Err(Refusal::Detected {
                refusal: refusal.clone(),
            });
        }
        Verdict::Wait(never) => match *never {},
    };
    if plan.behind || facts.merged_fingerprint != Some(facts.head_fingerprint) {
        return Err(Refusal::UpdateBranch {
            pull: facts.pull.number,
        });
    }
    Ok(facts.head_fingerprint)
}

/// Checks that the tag can be created. For a raised version, detect has checked it already; a merged pull request raises nothing.
fn room(facts: &Facts) -> Result<(), Refusal> {
    match (&facts.blocked, detect_version(facts)) {
        (Some(below), Some(version)) => Err(Refusal::TagBlocked {
            tag: facts.package.tag(&version),
            below: quoted(below),
        }),
        (None, _) | (_, None) => Ok(()),
    }
}

/// Returns the build workflow's object if head and base agree on it and on all others; otherwise no candidate of the head can be promoted.
///
/// # Errors
/// [`Refusal::EditedWorkflow`], [`Refusal::WorkflowsChanged`].
pub fn workflow(workflow: &WorkflowFacts) -> Result<ObjectId, Refusal> {
    let blob = match (&workflow.in_head, &workflow.in_base) {
        (Some(head), Some(base)) if head == base => head.clone(),
        _ => {
            return Err(Refusal::EditedWorkflow {
                path: workflow.path.clone(),
            });
        }
    };
    if workflow.changed.is_empty() {
        return Ok(blob);
    }
    let paths: Vec<_> = workflow
        .changed
        .iter()
        .take(3)
        .map(|path| quoted(path))
        .collect();
    Err(Refusal::WorkflowsChanged {
        paths: paths.join(", "),
    })
}

fn run(facts: &Facts) -> Result<&RunFacts, Stop> {
    let run = facts.run.as_ref().ok_or_else(|| {
        Stop::Wait(Wait::NoBuild {
            head: facts.pull.head.clone(),
        })
    })?;
    if run.workflow_path != facts.workflow.path {
        let (found, expected) = (quoted(&run.workflow_path), facts.workflow.path.clone());
        return Err(Refusal::OtherWorkflow {
            run: run.id,
            found,
            expected,
        }
        .into());
    }
    if !EVENTS.contains(&run.event.as_str()) {
        return Err(Refusal::OtherEvent {
            run: run.id,
            event: quoted(&run.event),
        }
        .into());
    }
    if run.head_repository != Some(facts.repository_id)
        || facts.pull.head_repository != Some(facts.repository_id)
    {
        return Err(Refusal::ForkRun { run: run.id }.into());
    }
    if run.head != facts.pull.head {
        return Err(Refusal::StaleRun {
            run: run.id,
            built: run.head.clone(),
            head: facts.pull.head.clone(),
        }
        .into());
    }
    if run.head_branch.as_deref() != Some(facts.pull.head_branch.as_str()) {
        return Err(Refusal::OtherBranch {
            run: run.id,
            found: quoted(run.head_branch.as_deref().unwrap_or_default()),
            branch: quoted(&facts.pull.head_branch),
        }
        .into());
    }
    if let Some(why) = runs::ambiguity(run, &facts.pull, &facts.history) {
        let path = &facts.workflow.path;
        return Err(Refusal::AmbiguousRun {
            run: run.id,
            why,
            file: path.rsplit('/').next().unwrap_or(path).to_owned(),
            branch: shell_word(&facts.pull.head_branch),
        }
        .into());
    }
    match &run.outcome {
        RunOutcome::Running => Err(Stop::Wait(Wait::Building { run: run.id })),
        RunOutcome::Succeeded => Ok(run),
        RunOutcome::Failed(word) => Err(build_failed(facts, run.id, word).into()),
    }
}

pub(super) fn build_failed(facts: &Facts, run: RunId, conclusion: &str) -> Refusal {
    let (what, next) = match &facts.candidate {
        CandidateFacts::Read(Candidate::Failed { failed, .. }) => failures(failed),
        CandidateFacts::Read(Candidate::Complete(_))
        | CandidateFacts::Absent
        | CandidateFacts::Unreadable(_) => (
            format!("it ended with {}", quoted(conclusion)),
            "fix the build and push, or choose \"Re-run failed jobs\" on the run's page where a job was cancelled or lost".to_owned(),
        ),
    };
    Refusal::BuildFailed { run, what, next }
}
