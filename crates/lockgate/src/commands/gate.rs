//! `lockgate gate`: one commit status per package, on every head and every merge group. Runs in the trusted half: it reads
//! git objects and the API, and never runs anything of the pull request.

mod which;

pub use which::{number_of_run, pull_of_run, pulls_of_event, pulls_of_run};

use std::collections::BTreeSet;

use lockgate_core::config::Package;
use lockgate_core::detect::{self, Decision};
use lockgate_core::document::Sums;
use lockgate_core::gate::{self, Build, Facts, Pins, Published as Release, Status};
use lockgate_core::promote::{self, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{BranchName, CommitId, PackageName, PullNumber, Verdict, Version};
use lockgate_forge::Forge as _;
use serde_json::json;

use self::which::{Group, Subjects};
use super::Context;
use crate::candidate::{Progress, Which};
use crate::cli;
use crate::command_error::CommandError;
use crate::event::Event;
use crate::exit::Failure;
use crate::observe::{PackageObservation, Published as _, Tree, Trees};
use crate::release_origin::release;
use crate::remote::{PublicReceipt, Remote, View};

/// Runs the flow. Of several subjects all are judged, whatever becomes of one: the exit is that of the worst.
pub fn run(context: &Context, args: &cli::Gate) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let event = context.env.event()?.unwrap_or_default();
    let mut done = Done::default();
    match which::subjects(&remote, &event, args)? {
        Subjects::Group(group) => of_group(context, &remote, &event, args, &group, &mut done)?,
        Subjects::Pulls(pulls) => {
            for pull in pulls {
                let number = pull.facts.number;
                let judged = remote
                    .view_of(pull)
                    .and_then(|view| of_pull(context, &remote, &view, args, &mut done));
                if let Err(failure) = judged {
                    done.failed(format!("pull request #{number}"), failure);
                }
            }
        }
    }
    render(context, &done.posted)?;
    context.reporter.output("pulls", &done.to_report(&event))?;
    done.end(context)
}

/// What came of all subjects.
#[derive(Default)]
struct Done {
    posted: Vec<Posted>,
    failures: Vec<(String, Failure)>,
}

impl Done {
    /// The pull requests whose comment is due, with commas between them. Where a branch moved: only those whose status is another
    /// now, because every look costs calls.
    fn to_report(&self, event: &Event) -> String {
        let moved = event.reference.is_some();
        let due = self.posted.iter().filter(|it| it.written || !moved);
        let numbers: BTreeSet<u64> = due.filter_map(|it| Some(it.pull?.0)).collect();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        numbers.join(",")
    }

    fn failed(&mut self, what: String, failure: Failure) {
        self.failures.push((what, failure));
    }

    /// The worst failure; the others are told before it.
    fn end(mut self, context: &Context) -> Result<(), Failure> {
        self.failures
            .sort_by_key(|(_, failure)| failure.exit.severity());
        let Some((what, worst)) = self.failures.pop() else {
            return Ok(());
        };
        for (what, failure) in &self.failures {
            context.reporter.say(&format!(
                "could not judge {what} ({}): {}",
                failure.code, failure.message
            ));
        }
        let message = match self.failures.len() + self.posted.len() {
            0 => worst.message,
            _ => format!("{what}: {}", worst.message),
        };
        Err(Failure { message, ..worst })
    }
}

fn of_group(
    context: &Context,
    remote: &Remote<'_>,
    event: &Event,
    args: &cli::Gate,
    group: &Group,
    done: &mut Done,
) -> Result<(), Failure> {
    let Group {
        branch,
        base,
        head,
        pull,
    } = group;
    let default = remote.default_branch(event)?;
    let git = &remote.git;
    let wanted = [(head.as_str(), head), (base.as_str(), base)];
    git.fetch(&context.env.remote, &wanted)?;
    let head_of = pull.map(|pull| remote.head(pull)).transpose()?.flatten();
    let trees = Trees::of_merge(git, base, head, head_of.as_ref())?;
    let chosen = args.target.package.as_deref();
    for name in trees.names() {
        if chosen.is_some_and(|chosen| chosen != name.as_str()) {
            continue;
        }
        let Some(posted_as) = remote.context(&name, branch, &default)? else {
            say_ungated(
                context,
                &format!("the merge group {}", head.short()),
                branch,
            );
            break;
        };
        let posted = of_merge_group(remote, &trees, &name)
            .and_then(|status| post(remote, head, &name, &posted_as, &status, None));
        match posted {
            Ok(posted) => done.posted.push(posted),
            Err(failure) => done.failed(format!("package {name}"), failure),
        }
    }
    Ok(())
}

/// A branch that nobody listed has no gate: whatever was said there would be read by nobody, or as something else.
fn say_ungated(context: &Context, what: &str, branch: &BranchName) {
    context.reporter.say(&format!(
        "no status for {what}: {} is neither the default branch nor listed as `branches` in lockgate.toml",
        lockgate_core::escape::quoted(branch.as_str())
    ));
}

/// One posted status.
pub struct Posted {
    /// The pull request, if it is the status of one's head.
    pull: Option<PullNumber>,
    package: PackageName,
    context: String,
    commit: CommitId,
    status: Status,
    written: bool,
}

/// Every package of a pull request; what fails for one is no reason to leave the others out.
fn of_pull(
    context: &Context,
    remote: &Remote<'_>,
    view: &View,
    args: &cli::Gate,
    done: &mut Done,
) -> Result<(), Failure> {
    let facts = &view.pull.facts;
    for name in wanted(view, args.target.package.as_deref())? {
        let Some(posted_as) = remote.context_of(&view.pull, &name)? else {
            let what = format!("pull request #{}", facts.number);
            say_ungated(context, &what, &facts.base);
            return Ok(());
        };
        let posted = look(remote, view, &name).and_then(|observation| {
            let url = Some(view.pull.url.as_str());
            let posted = post(
                remote,
                &facts.head,
                &name,
                &posted_as,
                &observation.status,
                url,
            )?;
            let pull = Some(facts.number);
            Ok(Posted { pull, ..posted })
        });
        match posted {
            Ok(posted) => done.posted.push(posted),
            Err(failure) => {
                done.failed(format!("{name} of pull request #{}", facts.number), failure)
            }
        }
    }
    Ok(())
}

/// The packages of base and head, or the one that was named.
pub fn wanted(view: &View, named: Option<&str>) -> Result<Vec<PackageName>, Failure> {
    let names = view.trees.names();
    if names.is_empty() {
        // Neither side has a config that can be read: that of the head says why.
        view.trees
            .head
            .config(&format!("pull request #{}", view.pull.facts.number))?;
    }
    let known = names
        .iter()
        .map(PackageName::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    let found: Vec<_> = names
        .into_iter()
        .filter(|name| named.is_none_or(|named| named == name.as_str()))
        .collect();
    match named {
        Some(name) if found.is_empty() => Err(CommandError::UnknownPackage {
            name: lockgate_core::escape::quoted(name),
            known,
        }
        .into()),
        Some(_) | None => Ok(found),
    }
}

/// Everything that the gate found about one package of a pull request.
pub struct GateObservation {
    /// What is decided, where the config can be read or is what is wrong; `None` where the package is removed.
    pub decision: Option<Decision>,
    /// The package in the three trees; `None` where the head removes it, or has a config that cannot be read.
    pub seen: Option<PackageObservation>,
    /// The build of the head.
    pub progress: Progress,
    /// The status that it deserves.
    pub status: Status,
}

/// Observes and decides. Where nothing is raised, nothing is read from the API.
pub fn look(
    remote: &Remote<'_>,
    view: &View,
    name: &PackageName,
) -> Result<GateObservation, Failure> {
    look_as(remote, view, name, Vouched::ByNobody)
}

/// Whether somebody answers for a release of which nobody can tell who published it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// Nobody does.
    ByNobody,
    /// The promotion does that is running: it has found the very bytes of its candidate, and keeps the receipt with its run.
    ByThisPromotion,
}

/// The same, for a promotion that has found its work done.
pub fn look_as(
    remote: &Remote<'_>,
    view: &View,
    name: &PackageName,
    vouched: Vouched,
) -> Result<GateObservation, Failure> {
    if let Err(failure) = config_of(&view.trees.head) {
        let (decision, status) = unreadable(&failure);
        return Ok(GateObservation {
            decision: Some(decision),
            seen: None,
            progress: Progress::none(),
            status,
        });
    }
    let Some(seen) = remote.see(view, name)? else {
        let removal = view.trees.removal(name).map(Verdict::Refuse);
        return Ok(GateObservation {
            status: removal.as_ref().map_or_else(gate::removed, undecided),
            decision: removal,
            seen: None,
            progress: Progress::none(),
        });
    };
    let progress = match &seen.decision {
        Verdict::Proceed(plan) => Progress::read(
            &remote.forge,
            &seen.package,
            &view.pull.facts,
            Some(&plan.version),
            Which::Any,
            remote.ended()?.as_ref(),
        )?,
        Verdict::Done(_) | Verdict::Refuse(_) | Verdict::Wait(_) => Progress::none(),
    };
    let merged = view.trees.merged.as_ref();
    let build = (progress.build(), unpromotable(view, &seen));
    let status = gate::decide(&facts(remote, &seen, merged, build, vouched)?);
    Ok(GateObservation {
        decision: Some(seen.decision.clone()),
        seen: Some(seen),
        progress,
        status,
    })
}

/// What no promotion of the head's candidate gets past, whoever tries. Nothing is read for it.
///
/// That a pull request comes from a fork is none of it: the status is that of head and base, and the same head may be a pull request
/// of this repository too. The comment says it.
fn unpromotable(view: &View, seen: &PackageObservation) -> Option<promote::Refusal> {
    promote::workflow(&view.trees.workflow(&seen.package)).err()
}

fn of_merge_group(
    remote: &Remote<'_>,
    trees: &Trees,
    name: &PackageName,
) -> Result<Status, Failure> {
    if let Err(failure) = config_of(&trees.head) {
        return Ok(unreadable(&failure).1);
    }
    let seen = trees.see(&remote.git, name, remote)?;
    // Nothing is built from a merge group: what is not published yet cannot get in this way.
    let removed = || match trees.removal(name).map(Verdict::Refuse) {
        Some(decision) => undecided(&decision),
        None => gate::removed(),
    };
    seen.map_or_else(
        || Ok(removed()),
        |seen| {
            Ok(gate::decide(&facts(
                remote,
                &seen,
                trees.merged.as_ref(),
                (Build::Succeeded, None),
                Vouched::ByNobody,
            )?))
        },
    )
}

fn config_of(tree: &Tree) -> Result<(), Failure> {
    match &tree.config {
        Some(Err(failure)) => Err(failure.clone()),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn unreadable(failure: &Failure) -> (Decision, Status) {
    let refusal = detect::Refusal::Config {
        problem: failure.message.clone(),
        remedy: failure.hint.clone(),
    };
    let decision = Verdict::Refuse(refusal);
    let status = undecided(&decision);
    (decision, status)
}

/// The status where nothing but the decision is known.
fn undecided(decision: &Decision) -> Status {
    gate::decide(&Facts {
        decision: decision.clone(),
        merged: None,
        build: Build::None,
        unpromotable: None,
        published: Release::Nothing,
        pins: Pins::None,
    })
}

fn facts(
    remote: &Remote<'_>,
    seen: &PackageObservation,
    merged: Option<&Tree>,
    (build, unpromotable): (Build, Option<promote::Refusal>),
    vouched: Vouched,
) -> Result<Facts, Failure> {
    let (mut published, mut pins) = (Release::Nothing, Pins::None);
    if let Verdict::Done(detect::Done::AlreadyPublished { version, .. }) = &seen.decision {
        let release = release(remote, &seen.package, version)?;
        if let (ReleaseFacts::Published(release), Some(tree)) = (&release, merged)
            && let Ok(receipt) = &release.receipt
        {
            pins = pins_in(remote, seen, tree, receipt)?;
        }
        published = judge(remote, &seen.package, version, &release, vouched)?;
    }
    if let (
        Verdict::Done(
            detect::Done::Unchanged { version } | detect::Done::ChangedWithoutBump { version, .. },
        ),
        Some(tree),
        true,
    ) = (&seen.decision, merged, seen.pins_changed)
    {
        pins = changed_pins(remote, seen, tree, version)?;
    }
    let decision: Decision = seen.decision.clone();
    Ok(Facts {
        decision,
        merged: seen.merged_fingerprint(),
        build,
        unpromotable,
        published,
        pins,
    })
}

/// Pins that a pull request changes without a raise, against the receipt as anybody reads it: no call to the API.
fn changed_pins(
    remote: &Remote<'_>,
    seen: &PackageObservation,
    merged: &Tree,
    version: &Version,
) -> Result<Pins, Failure> {
    Ok(match remote.receipt(&seen.package.tag(version), None) {
        Ok(PublicReceipt::Read(receipt)) => pins_in(remote, seen, merged, &receipt)?,
        Ok(PublicReceipt::NotYet(why)) => Pins::Unchecked(why),
        Ok(PublicReceipt::Unusable(problem)) => {
            Pins::Differ(format!("there is nothing to compare them with: {problem}"))
        }
        Err(failure) => Pins::Unchecked(failure.message),
    })
}

fn judge(
    remote: &Remote<'_>,
    package: &Package,
    version: &Version,
    release: &ReleaseFacts,
    vouched: Vouched,
) -> Result<Release, Failure> {
    let withdrawal = package.withdrawal_tag(version);
    if remote
        .refs()?
        .contains_key(&format!("refs/tags/{withdrawal}"))
    {
        return Ok(Release::Withdrawn(format!("see {withdrawal}")));
    }
    let release = match release {
        ReleaseFacts::Absent | ReleaseFacts::TagOnly => return Ok(Release::Nothing),
        ReleaseFacts::NotReadable(why) => return Ok(Release::NotReadable(why.clone())),
        ReleaseFacts::Published(release) => release,
    };
    Ok(
        match (&release.origin, release.problem(), &release.receipt) {
            (ReleaseOrigin::Foreign(why), ..) => Release::Foreign(why.clone()),
            (_, Some(problem), _) => Release::Broken(problem),
            (ReleaseOrigin::Unproven(why), ..) if vouched == Vouched::ByNobody => {
                Release::Unproven(why.clone())
            }
            (ReleaseOrigin::Promotion | ReleaseOrigin::Unproven(_), None, Ok(receipt)) => {
                Release::Complete(receipt.manifest.fingerprint)
            }
            (ReleaseOrigin::Promotion | ReleaseOrigin::Unproven(_), None, Err(problem)) => {
                Release::Broken(problem.clone())
            }
        },
    )
}

/// What the pins of a tree say about a release.
pub fn pins_in(
    remote: &Remote<'_>,
    seen: &PackageObservation,
    merged: &Tree,
    receipt: &lockgate_core::document::Receipt,
) -> Result<Pins, Failure> {
    let Some(path) = &seen.package.pins else {
        return Ok(Pins::None);
    };
    let Some(bytes) = merged.file(&remote.git, path.as_str(), lockgate_core::document::LARGEST)?
    else {
        return Ok(Pins::Differ(format!("{path} is missing")));
    };
    Ok(match Sums::parse(&bytes) {
        Ok(sums) if sums == receipt.sums() => Pins::Agree,
        Ok(_) => Pins::Differ(format!("{path} lists other digests")),
        Err(problem) => Pins::Differ(problem.to_string()),
    })
}

/// Posts a status, unless the newest one of the package already says just that: a commit has room for 1,000 only.
pub fn post(
    remote: &Remote<'_>,
    commit: &CommitId,
    name: &PackageName,
    context: &str,
    status: &Status,
    url: Option<&str>,
) -> Result<Posted, Failure> {
    let newest = remote.forge.status(commit, context)?;
    let same = newest.is_some_and(|posted| {
        posted.state == status.state.as_str() && posted.description == status.description
    });
    if !same {
        remote.forge.post_status(commit, context, status, url)?;
    }
    Ok(Posted {
        pull: None,
        package: name.clone(),
        context: context.to_owned(),
        commit: commit.clone(),
        status: status.clone(),
        written: !same,
    })
}

fn render(context: &Context, posted: &[Posted]) -> Result<(), Failure> {
    let text: Vec<String> = posted
        .iter()
        .map(|p| {
            format!(
                "{} on {}: {} ({})",
                p.context,
                p.commit.short(),
                p.status.state.as_str(),
                p.status.description
            )
        })
        .collect();
    let objects: Vec<_> = posted
        .iter()
        .map(|p| json!({ "package": p.package, "context": p.context, "commit": p.commit, "state": p.status.state, "code": p.status.code, "description": p.status.description, "posted": p.written }))
        .collect();
    context.reporter.summary(
        &text
            .iter()
            .map(|line| format!("- {}\n", lockgate_core::render::markdown::summary(line)))
            .collect::<String>(),
    )?;
    context
        .reporter
        .result("gate", &text.join("\n"), json!({ "statuses": objects }));
    Ok(())
}
