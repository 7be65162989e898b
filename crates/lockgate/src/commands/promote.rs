//! `lockgate promote`: publishes exactly the bytes of a candidate as a release. Decision and protocol are in `lockgate-core`; this
//! module observes for the decision and executes the protocol's effects.

mod apply;
mod finalize;
mod render;

use lockgate_core::config::Package;

use lockgate_core::escape::quoted;
use lockgate_core::promote::runs::{self, BaseHistory, OtherPull};
use lockgate_core::promote::{
    self, ActorFacts, Changes, End, Facts, Machine, Plan, ReleaseFacts, Step,
};
use lockgate_core::{CommitId, PullNumber, RunId, Verdict, Version};
use lockgate_forge::{Forge as _, Run};

use self::render::{keep, planned, render, render_plan};
use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::observe::candidate::{Progress, Which};
use crate::observe::pulls::pull_of_run;
use crate::observe::release_origin::{release, tag_below};
use crate::observe::remote::{Remote, Roles, View};
use crate::observe::{PackageObservation, Published as _, unknown_package, which_package};

/// Runs the command.
pub fn run(context: &Context, args: &cli::Promote) -> Result<(), Failure> {
    let mut remote = Remote::open(&context.env)?;
    let observed = observe(&remote, args)?;
    match promote::decide(&observed.facts) {
        Verdict::Refuse(refusal) => Err(refused(&refusal)),
        Verdict::Wait(wait) => Err(Failure::new(Exit::Waiting, &wait)),
        Verdict::Done(done) => {
            context
                .reporter
                .say(&format!("{} is published already: nothing to do", done.tag));
            if args.dry_run {
                planned(context, &observed, promote::PUBLISHED)?;
            } else {
                keep(context, &observed, &done.receipt)?;
                finalize::done(&mut remote, &observed).map_err(not_finalized)?;
            }
            render(context, &observed, true, &done.receipt, done.same_bytes)
        }
        Verdict::Proceed(plan) if args.dry_run => render_plan(context, &observed, &plan),
        Verdict::Proceed(plan) => {
            if !approved(context, args, &plan) {
                let tag = plan.tag;
                return Err(refused(&promote::Refusal::NotApproved { tag }));
            }
            let end = carry_out(context, &mut remote, &observed, *plan.clone())?;
            finish(context, &mut remote, &observed, &plan, end)
        }
    }
}

/// The observed state.
pub struct Observed {
    /// The facts for the decision.
    pub facts: Facts,
    /// The pull request and its trees.
    pub view: View,
    /// The package in these trees.
    pub seen: PackageObservation,
    /// The progress of the build.
    pub progress: Progress,
}

fn observe(remote: &Remote<'_>, args: &cli::Promote) -> Result<Observed, Failure> {
    let env = remote.env;
    let expect_head = args.expect_head.as_deref().filter(|head| !head.is_empty());
    let expect_head = expect_head.map(commit).transpose()?;
    let login = env.actor().map_or_else(|| remote.forge.viewer(), Ok)?;
    let role = remote.forge.role(&login)?;
    // A user at a terminal is limited by role and token; a workflow may have been started by a copy of itself.
    let environment = if env.in_actions() {
        Some(remote.environment(promote::ENVIRONMENT, Roles::UntilOneMayPromote)?)
    } else {
        None
    };
    let said = |number: Option<cli::Maybe>| number.and_then(|number| number.0);
    let (view, run) = match (said(args.pr), said(args.run)) {
        (Some(number), Some(id)) => {
            return Err(CommandError::Both {
                one: format!("--pr {number}"),
                other: format!("--run {id}"),
            }
            .into());
        }
        (None, Some(id)) => {
            let (run, pull) = pull_of_run(remote, RunId(id))?;
            (remote.view_of(pull)?, Some(run))
        }
        (Some(number), None) => (remote.view(PullNumber(number))?, None),
        (None, None) => {
            return Err(CommandError::Unsaid {
                what: "what to promote",
                how: "name a pull request with --pr or a run with --run",
            }
            .into());
        }
    };
    let seen = choose(remote, &view, args.package.as_deref())?;
    let version = seen.head_version();
    let (progress, history) = built(remote, &view, &seen.package, version.as_ref(), run)?;
    let published = match &version {
        Some(version)
            if remote
                .refs()?
                .contains_key(&format!("refs/tags/{}", seen.package.tag(version))) =>
        {
            release(remote, &seen.package, version)?
        }
        // A published release has its tag, and all tags were just read by git.
        Some(_) | None => ReleaseFacts::Absent,
    };
    let refs = remote.refs()?;
    let blocked = version
        .as_ref()
        .and_then(|version| tag_below(refs, &seen.package.tag(version)));
    let facts = Facts {
        expect_head,
        approved: args.expect_plan,
        changes: Changes {
            paths: seen.changed.clone(),
            config: seen.config_diff.clone(),
        },
        actor: ActorFacts { login, role },
        environment,
        package: seen.package.clone(),
        repository_id: view.pull.repository.id,
        repository: view.pull.repository.name.clone(),
        private: view.pull.repository.private,
        pull: view.pull.facts.clone(),
        default_branch: view.pull.repository.default_branch.clone(),
        context: remote.context_of(&view.pull, &seen.package.name)?,
        base_commit: view.base_commit.clone(),
        detected: seen.decision.clone(),
        head_fingerprint: seen.head_fingerprint(),
        merged_fingerprint: seen.merged_fingerprint(),
        workflow: view.trees.workflow(&seen.package),
        run: progress.run.as_ref().map(|run| run.facts.clone()),
        history,
        artifacts: progress
            .artifacts
            .iter()
            .map(|artifact| artifact.facts.clone())
            .collect(),
        candidate: progress.candidate.clone(),
        release: published,
        blocked,
        now: env.now(),
        lockgate: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok(Observed {
        facts,
        view,
        seen,
        progress,
    })
}

/// Reads the run that was named, else the newest; and which other bases could have provided its workflow file: two more calls, for
/// runs for which that can be determined. Otherwise a run that was started by hand is used instead, if there is one.
fn built(
    remote: &Remote<'_>,
    view: &View,
    package: &Package,
    version: Option<&Version>,
    named: Option<Run>,
) -> Result<(Progress, BaseHistory), Failure> {
    let (forge, pull) = (&remote.forge, &view.pull.facts);
    let is_named = named.is_some();
    let progress = match named {
        Some(run) => Progress::of_run(forge, package, run, version)?,
        None => Progress::read(forge, package, pull, version, Which::Any, None)?,
    };
    let run = progress.run.as_ref().map(|run| &run.facts);
    let Some(run) = run.filter(|run| runs::depends_on_base(run)) else {
        return Ok((progress, BaseHistory::default()));
    };
    // The refusal for a fork follows from the run itself.
    if run.head_repository != Some(view.pull.repository.id) {
        return Ok((progress, BaseHistory::default()));
    }
    let others = forge.pulls_ever_from(&pull.head_branch)?.into_iter();
    let history = BaseHistory {
        others: others
            .map(|other| OtherPull {
                number: other.facts.number,
                base: other.facts.base,
                opened: other.created,
            })
            .collect(),
        changed: forge.base_changes(pull.number)?,
    };
    if !is_named && runs::ambiguity(run, pull, &history).is_some() {
        let by_hand = Progress::read(forge, package, pull, version, Which::ByHand, None)?;
        if by_hand.run.is_some() {
            return Ok((by_hand, BaseHistory::default()));
        }
    }
    Ok((progress, history))
}

fn commit(text: &str) -> Result<CommitId, Failure> {
    let wrong = |_| CommandError::BadValue {
        name: "--expect-head",
        value: quoted(text),
        expected: "a full commit id",
    };
    Ok(text.parse().map_err(wrong)?)
}

/// Returns the package that was named, else the only one that the pull request raises, else the only one.
fn choose(
    remote: &Remote<'_>,
    view: &View,
    named: Option<&str>,
) -> Result<PackageObservation, Failure> {
    view.trees.head.config(&format!(
        "the head of pull request #{}",
        view.pull.facts.number
    ))?;
    let mut all = Vec::new();
    for name in view.trees.head.names() {
        if named.is_none_or(|named| named == name.as_str())
            && let Some(seen) = remote.see(view, name)?
        {
            all.push(seen);
        }
    }
    if let (Some(name), true) = (named, all.is_empty()) {
        return Err(unknown_package(name, view.trees.head.names()).into());
    }
    if all.len() > 1 {
        all.retain(|seen| matches!(seen.decision, Verdict::Proceed(_)));
    }
    match (all.pop(), all.is_empty()) {
        (Some(seen), true) => Ok(seen),
        _ => Err(which_package(view.trees.head.names()).into()),
    }
}

fn carry_out(
    context: &Context,
    remote: &mut Remote<'_>,
    observed: &Observed,
    plan: Plan,
) -> Result<End, Failure> {
    let (mut machine, mut step) = Machine::start(plan);
    let mut hands = apply::EffectExecutor::new(context, remote, observed);
    loop {
        match step {
            Step::End(end) => return Ok(*end),
            Step::Do(effect) => {
                let event = hands.perform(machine.plan(), &effect)?;
                step = machine.step(event);
            }
        }
    }
}

fn finish(
    context: &Context,
    remote: &mut Remote<'_>,
    observed: &Observed,
    plan: &Plan,
    end: End,
) -> Result<(), Failure> {
    match end {
        // The receipt first: the gate needs it even if posting the status or the comment fails.
        End::Published(_) => {
            keep(context, observed, &plan.receipt)?;
            finalize::published(remote, observed, plan).map_err(not_finalized)?;
            render(context, observed, false, &plan.receipt, true)
        }
        End::Already(done) => {
            keep(context, observed, &done.receipt)?;
            finalize::done(remote, observed).map_err(not_finalized)?;
            render(context, observed, true, &done.receipt, done.same_bytes)
        }
        End::Refused(refusal) => Err(refused(&refusal)),
        End::Waiting(wait) => Err(Failure::new(Exit::Waiting, &wait)),
        End::WrongBytes(wrong) => Err(Failure {
            exit: Exit::WrongBytes,
            code: "promote.wrong-bytes",
            message: wrong.problem,
            hint: wrong.next.unwrap_or_else(|| "do not publish it by other means; build again, and find out who could change the bytes".to_owned()),
        }),
    }
}

/// Describes a failure after the commit point, which can only concern the status or the comment.
fn not_finalized(failure: Failure) -> Failure {
    let hint = "the release itself is published; run the same command again to finish the gate and the comment".to_owned();
    Failure { hint, ..failure }
}

fn refused(refusal: &promote::Refusal) -> Failure {
    Failure {
        exit: Exit::Refused,
        code: refusal.full_code(),
        message: refusal.to_string(),
        hint: refusal.full_hint(),
    }
}

/// Shows the plan at a terminal and asks, unless it was approved before.
fn approved(context: &Context, args: &cli::Promote, plan: &Plan) -> bool {
    if args.yes || args.expect_plan.is_some() || !context.reporter.is_asked() {
        return true;
    }
    // The plan is part of the question, so that --quiet does not hide it.
    let question = format!("{}publish this? (yes, no)", plan.text());
    let answer = context.reporter.ask(&question, Some("no"));
    answer.is_some_and(|answer| answer == "yes" || answer == "y")
}
