//! `lockgate gate`: one commit status per package, on every head and every merge group. Runs in the trusted half: it reads
//! git objects and the API, and never runs anything of the pull request.

use lockgate_core::config::Package;
use lockgate_core::detect::{self, Decision};
use lockgate_core::document::Sums;
use lockgate_core::gate::{self, Build, Facts, Pins, Published as Release, Status};
use lockgate_core::promote::{PublishedAsset, PublishedRelease};
use lockgate_core::{CommitId, PackageName, PullNumber, RunId, Tag, Verdict, Version};
use lockgate_forge::Forge as _;
use serde_json::json;

use super::Context;
use crate::candidate::Progress;
use crate::cli;
use crate::event::{Event, EventRun, queue_branch};
use crate::exit::Failure;
use crate::observe::{Published as _, Seen, Tree, Trees};
use crate::remote::{Remote, View};
use crate::trouble::Trouble;

/// Runs the flow.
pub fn run(context: &Context, args: &cli::Gate) -> Result<(), Failure> {
    let remote = Remote::open(&context.around)?;
    let event = context.around.event()?.unwrap_or_default();
    let mut lines = Vec::new();
    let named = args.target.pr.is_some() || args.target.run.is_some() || args.all_open.is_some();
    let group = group(&remote, &event)?.filter(|_| !named);
    if let Some(Group { base, head, pull }) = group {
        let git = &remote.git;
        let wanted = [(head.as_str(), &head), (base.as_str(), &base)];
        git.fetch(&context.around.remote, &wanted)?;
        let head_of = pull.map(|pull| remote.head(pull)).transpose()?.flatten();
        let trees = Trees::of_merge(git, &base, &head, head_of.as_ref())?;
        for name in trees.names() {
            let chosen = args.target.package.as_deref();
            if chosen.is_some_and(|chosen| chosen != name.as_str()) {
                continue;
            }
            let status = of_merge_group(&remote, &trees, &name)?;
            lines.push(post(&remote, &head, &name, &status, None)?);
        }
    } else if let Some(branch) = moved(args, event.reference.as_deref())? {
        for pull in remote.forge.open_pulls(&branch)? {
            lines.extend(of_pull(&remote, &remote.view_of(pull)?, args)?);
        }
    } else {
        let number = super::report::target(&remote, &args.target, &event)?;
        lines.extend(of_pull(&remote, &remote.view(number)?, args)?);
    }
    render(context, &lines)
}

/// One posted status.
pub struct Posted {
    package: PackageName,
    commit: CommitId,
    status: Status,
    written: bool,
}

/// A merge group: what the branch is, and what it would become with a pull request more.
struct Group {
    base: CommitId,
    head: CommitId,
    /// Which, if the name of the queue's branch tells.
    pull: Option<PullNumber>,
}

/// The merge group that the event is about: its own event, or the end of a run that a group started. The run does not tell the
/// base; then it is what the branch is now.
fn group(remote: &Remote<'_>, event: &Event) -> Result<Option<Group>, Failure> {
    if let Some(group) = &event.merge_group {
        let told = group.head_ref.as_deref().and_then(queue_branch);
        return Ok(Some(Group {
            base: group.base_sha.clone(),
            head: group.head_sha.clone(),
            pull: told.map(|(_, pull)| pull),
        }));
    }
    let run = event.workflow_run.as_ref();
    let Some((head, told)) = run.and_then(EventRun::merge_group) else {
        return Ok(None);
    };
    let (branch, pull) = told.unzip();
    let branch = branch.or_else(|| event.default_branch().cloned());
    let branch = branch.ok_or(Trouble::Unsaid {
        what: "which branch the merge group is for",
        how: "let the event name the repository's default branch",
    })?;
    Ok(Some(Group {
        base: remote.branch(&branch)?,
        head: head.clone(),
        pull,
    }))
}

fn moved(
    args: &cli::Gate,
    reference: Option<&str>,
) -> Result<Option<lockgate_core::BranchName>, Failure> {
    let name = match (&args.all_open, reference) {
        (Some(branch), _) => branch.as_str(),
        (None, Some(reference)) if args.target.pr.is_none() && args.target.run.is_none() => {
            match reference.strip_prefix("refs/heads/") {
                Some(branch) => branch,
                None => return Ok(None),
            }
        }
        (None, _) => return Ok(None),
    };
    let wrong = |_| Trouble::BadValue {
        name: "--all-open",
        value: lockgate_core::escape::quoted(name),
        expected: "the name of a branch",
    };
    Ok(Some(name.parse().map_err(wrong)?))
}

fn of_pull(remote: &Remote<'_>, view: &View, args: &cli::Gate) -> Result<Vec<Posted>, Failure> {
    let mut posted = Vec::new();
    for name in wanted(view, args.target.package.as_deref())? {
        let looked = look(remote, view, &name)?;
        posted.push(post(
            remote,
            &view.pull.facts.head,
            &name,
            &looked.status,
            Some(&view.pull.url),
        )?);
    }
    Ok(posted)
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
        Some(name) if found.is_empty() => Err(Trouble::UnknownPackage {
            name: lockgate_core::escape::quoted(name),
            known,
        }
        .into()),
        Some(_) | None => Ok(found),
    }
}

/// Everything that the gate found about one package of a pull request.
pub struct Looked {
    /// What is decided, where the config can be read or is what is wrong; `None` where the package is removed.
    pub decision: Option<Decision>,
    /// The package in the three trees; `None` where the head removes it, or has a config that cannot be read.
    pub seen: Option<Seen>,
    /// The build of the head.
    pub progress: Progress,
    /// The status that it deserves.
    pub status: Status,
}

/// Observes and decides. Where nothing is raised, nothing is read from the API.
pub fn look(remote: &Remote<'_>, view: &View, name: &PackageName) -> Result<Looked, Failure> {
    if let Err(failure) = config_of(&view.trees.head) {
        let (decision, status) = unreadable(&failure);
        return Ok(Looked {
            decision: Some(decision),
            seen: None,
            progress: Progress::none(),
            status,
        });
    }
    let Some(seen) = remote.see(view, name)? else {
        return Ok(Looked {
            decision: None,
            seen: None,
            progress: Progress::none(),
            status: gate::removed(),
        });
    };
    let progress = match &seen.decision {
        Verdict::Proceed(plan) => Progress::read(
            &remote.forge,
            &seen.package,
            &view.pull.facts.head,
            Some(&plan.version),
        )?,
        Verdict::Done(_) | Verdict::Refuse(_) | Verdict::Wait(_) => Progress::none(),
    };
    let merged = view.trees.merged.as_ref();
    let status = gate::decide(&facts(remote, &seen, merged, progress.build())?);
    Ok(Looked {
        decision: Some(seen.decision.clone()),
        seen: Some(seen),
        progress,
        status,
    })
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
    seen.map_or_else(
        || Ok(gate::removed()),
        |seen| {
            Ok(gate::decide(&facts(
                remote,
                &seen,
                trees.merged.as_ref(),
                Build::Succeeded,
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
    let facts = Facts {
        decision: decision.clone(),
        merged: None,
        build: Build::None,
        published: Release::Nothing,
        pins: Pins::None,
    };
    (decision, gate::decide(&facts))
}

fn facts(
    remote: &Remote<'_>,
    seen: &Seen,
    merged: Option<&Tree>,
    build: Build,
) -> Result<Facts, Failure> {
    let (mut published, mut pins) = (Release::Nothing, Pins::None);
    if let Verdict::Done(detect::Done::AlreadyPublished { version, .. }) = &seen.decision {
        let release = release(remote, &seen.package, version)?;
        if let (Some(Ok(receipt)), Some(tree)) =
            (release.as_ref().map(|release| &release.receipt), merged)
        {
            pins = pins_in(remote, seen, tree, receipt)?;
        }
        published = judge(remote, &seen.package, version, release)?;
    }
    let decision: Decision = seen.decision.clone();
    Ok(Facts {
        decision,
        merged: seen.merged_fingerprint(),
        build,
        published,
        pins,
    })
}

/// The published release of a version: what the forge lists, and the receipt as an anonymous reader gets it.
pub fn release(
    remote: &Remote<'_>,
    package: &Package,
    version: &Version,
) -> Result<Option<PublishedRelease>, Failure> {
    let tag = package.tag(version);
    let Some(release) = remote.forge.release_of_tag(&tag)? else {
        return Ok(None);
    };
    let receipt = remote.receipt(&tag)?;
    Ok(Some(published_release(&release, &tag, receipt)))
}

/// A release of the forge, in the words of the decision. Files whose names are not ours cannot be in a receipt.
pub fn published_release(
    release: &lockgate_forge::Release,
    tag: &Tag,
    receipt: Result<lockgate_core::document::Receipt, String>,
) -> PublishedRelease {
    let complete = release.assets.iter().filter(|asset| asset.complete);
    let assets = complete.filter_map(|asset| {
        Some(PublishedAsset {
            name: asset.name.parse().ok()?,
            size: asset.size,
            sha256: asset.sha256,
        })
    });
    PublishedRelease {
        id: release.id,
        tag: tag.clone(),
        assets: assets.collect(),
        receipt,
    }
}

fn judge(
    remote: &Remote<'_>,
    package: &Package,
    version: &Version,
    release: Option<PublishedRelease>,
) -> Result<Release, Failure> {
    let withdrawal = package.withdrawal_tag(version);
    if remote
        .refs()?
        .contains_key(&format!("refs/tags/{withdrawal}"))
    {
        return Ok(Release::Withdrawn(format!("see {withdrawal}")));
    }
    Ok(match release {
        None => Release::Nothing,
        Some(release) => match (release.problem(), &release.receipt) {
            (None, Ok(receipt)) => Release::Complete(receipt.manifest.fingerprint),
            (problem, _) => Release::Broken(problem.unwrap_or_default()),
        },
    })
}

/// What the pins of a tree say about a release.
pub fn pins_in(
    remote: &Remote<'_>,
    seen: &Seen,
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
    status: &Status,
    url: Option<&str>,
) -> Result<Posted, Failure> {
    let context = format!("lockgate/{name}");
    let newest = remote.forge.status(commit, &context)?;
    let same = newest.is_some_and(|posted| {
        posted.state == status.state.as_str() && posted.description == status.description
    });
    if !same {
        remote.forge.post_status(commit, &context, status, url)?;
    }
    Ok(Posted {
        package: name.clone(),
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
                "lockgate/{} on {}: {} ({})",
                p.package,
                p.commit.short(),
                p.status.state.as_str(),
                p.status.description
            )
        })
        .collect();
    let objects: Vec<_> = posted
        .iter()
        .map(|p| json!({ "package": p.package, "commit": p.commit, "state": p.status.state, "code": p.status.code, "description": p.status.description, "posted": p.written }))
        .collect();
    context.talk.summary(
        &text
            .iter()
            .map(|line| format!("- {}\n", lockgate_core::render::markdown::sentence(line)))
            .collect::<String>(),
    )?;
    context
        .talk
        .result("gate", &text.join("\n"), json!({ "statuses": objects }));
    Ok(())
}

/// The pull request of a run: by the run's own branch and repository, because the forge lists none for forks.
pub fn pull_of_run(
    remote: &Remote<'_>,
    id: RunId,
) -> Result<(lockgate_forge::Run, lockgate_forge::Pull), Failure> {
    let run = remote.forge.run(id)?;
    let none = || {
        Failure::from(Trouble::NoPull {
            run: id.to_string(),
        })
    };
    let branch = run
        .head_branch
        .as_deref()
        .and_then(|branch| branch.parse().ok())
        .ok_or_else(none)?;
    let owner = run.head_owner.as_deref().ok_or_else(none)?;
    let mut pulls = remote.forge.pulls_from(owner, &branch)?;
    pulls.retain(|pull| pull.facts.head_repository == run.facts.head_repository);
    // The one whose head the run built, else the newest: its head has moved on, and the decision will say so.
    pulls.sort_by_key(|pull| (pull.facts.head == run.facts.head, pull.facts.number));
    let pull = pulls.pop().ok_or_else(none)?;
    Ok((run, pull))
}

/// The number of a pull request, for those who only need that.
pub fn number_of_run(remote: &Remote<'_>, id: RunId) -> Result<PullNumber, Failure> {
    Ok(pull_of_run(remote, id)?.1.facts.number)
}
