//! `lockgate promote`: publishes exactly the bytes of a candidate as a release. Decision and protocol are in `lockgate-core`; this
//! module observes for the decision and executes the protocol's effects.

mod apply;
mod finalize;

use lockgate_core::config::{Package, RECEIPT_ASSET};
use lockgate_core::document::{Document as _, Receipt};
use std::borrow::Cow;
use std::path::PathBuf;

use lockgate_core::escape::quoted;
use lockgate_core::promote::runs::{self, BaseHistory, OtherPull};
use lockgate_core::promote::{
    self, ActorFacts, Changes, End, Facts, Machine, Plan, ReleaseFacts, Step,
};
use lockgate_core::render::markdown::block;
use lockgate_core::{CommitId, PullNumber, RepoPath, RunId, Tag, Verdict, Version};
use lockgate_forge::{Forge as _, Run};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::observe::candidate::{Progress, Which};
use crate::observe::pulls::pull_of_run;
use crate::observe::release_origin::{release, tag_below};
use crate::observe::remote::{Remote, Roles, View};
use crate::observe::{PackageObservation, Published as _, unknown_package, which_package};
use crate::output::document::File;

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

/// Writes the receipt to the place from which the workflow stores it with its run: the gate compares it with the published one.
fn keep(context: &Context, observed: &Observed, receipt: &Receipt) -> Result<(), Failure> {
    if !context.env.in_actions() {
        return Ok(());
    }
    let folder = context.env.var("RUNNER_TEMP").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| context.env.dir.join("target"));
    let path = folder.join(RECEIPT_ASSET);
    let operation = || format!("keep the receipt as {}", path.display());
    std::fs::create_dir_all(&folder).map_err(|error| CommandError::file(operation(), &error))?;
    let path =
        std::path::absolute(&path).map_err(|error| CommandError::file(operation(), &error))?;
    std::fs::write(&path, receipt.to_json())
        .map_err(|error| CommandError::file(operation(), &error))?;
    let version = &receipt.manifest.package_version;
    let name = observed.facts.package.receipt_artifact(version);
    context.reporter.output("receipt-artifact", &name)?;
    context
        .reporter
        .output("receipt-path", &path.display().to_string())?;
    Ok(())
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

/// Writes the outputs for the job that publishes after the approval: the plan that was reviewed.
fn planned(context: &Context, observed: &Observed, plan: &str) -> Result<(), Failure> {
    let head = observed.facts.pull.head.as_str();
    context.reporter.output("head", head)?;
    Ok(context.reporter.output("plan", plan)?)
}

/// Renders the plan: on the page of the workflow's run it is shown next to the button that approves it.
fn render_plan(context: &Context, observed: &Observed, plan: &Plan) -> Result<(), Failure> {
    let digest = plan.digest();
    planned(context, observed, &digest.to_string())?;
    let markdown = format!(
        "### To be published\n\n{}\nPlan `{digest}`.\n",
        block(&plan.shown)
    );
    context.reporter.summary(&markdown)?;
    let files = plan.items.iter().map(|item| File {
        name: item.name().to_string(),
        size: item.size(),
        sha256: item.sha256().to_string(),
    });
    let seen = &observed.seen;
    let changed = seen.changed.iter();
    let planned = Promoted::Planned {
        plan: digest.to_string(),
        tag: &plan.tag,
        target: &plan.target,
        files: files.collect(),
        changed: changed.map(|path| String::from_utf8_lossy(path)).collect(),
        config_diff: &seen.config_diff,
        machines: seen.package.other_machines(),
    };
    let text = format!("would publish:\n{}plan {digest}", plan.text());
    context.reporter.result(&text, &planned);
    Ok(())
}

/// The result of the command.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Promoted<'a> {
    Planned {
        plan: String,
        tag: &'a Tag,
        target: &'a CommitId,
        files: Vec<File>,
        /// The source files that the pull request changes.
        changed: Vec<Cow<'a, str>>,
        config_diff: &'a [String],
        /// The runners that are not GitHub's own.
        machines: Vec<String>,
    },
    Published(Published<'a>),
    AlreadyPublished(Published<'a>),
}

#[derive(Serialize)]
struct Published<'a> {
    tag: &'a Tag,
    url: String,
    /// Whether the release has the bytes of this candidate; else it was built from the same sources.
    same_bytes: bool,
    receipt: &'a Receipt,
    pins: Option<Pins<'a>>,
}

/// What the pins file is to hold.
#[derive(Serialize)]
struct Pins<'a> {
    path: &'a RepoPath,
    text: String,
}

fn render(
    context: &Context,
    observed: &Observed,
    already: bool,
    receipt: &Receipt,
    same_bytes: bool,
) -> Result<(), Failure> {
    let tag = &receipt.tag;
    let place = context.env.place()?;
    let url = format!(
        "{}/{}/releases/tag/{tag}",
        place.server_url, place.repository
    );
    let text = match (already, same_bytes) {
        (false, _) => format!("published {tag}: {url}"),
        (_, true) => format!("{tag} was published already, with the same bytes: {url}"),
        (_, false) => format!("{tag} was published already, from the same sources: {url}"),
    };
    context.reporter.output("tag", tag.as_str())?;
    context
        .reporter
        .summary(&lockgate_core::render::release_notes(receipt))?;
    // Uses the promotion's own result, without reading the published state again.
    let pins = observed.facts.package.pins.as_ref();
    let pins = pins.map(|path| (path, receipt.sums().to_string()));
    let text = match &pins {
        Some((path, sums)) => format!("{text}\n{path} is to hold:\n{}", sums.trim_end()),
        None => text,
    };
    let published = Published {
        tag,
        url,
        same_bytes,
        receipt,
        pins: pins.map(|(path, text)| Pins { path, text }),
    };
    let result = match already {
        true => Promoted::AlreadyPublished(published),
        false => Promoted::Published(published),
    };
    context.reporter.result(&text, &result);
    Ok(())
}
