//! The actions of users: they build, merge, push, re-run, delete, edit, and forge.

use lockgate_core::document::{Executable, HeaderRanges, Manifest};
use lockgate_core::promote::{ENVIRONMENT, PullState as Seen};
use lockgate_core::{Attempt, Digest, RunId, Version};
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::merging::MergeRequest;
use lockgate_forge_embedded::state::people::Actor;
use lockgate_forge_embedded::state::pulls::{HeadRepository, PullRequest, PullState};
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::state::settings::{BranchPolicy, Environment};
use lockgate_forge_embedded::state::statuses::{NewStatus, Verdict};
use lockgate_forge_embedded::{
    Blob, Merge, MergeMethod, PullNumber, Repository as _, RunId as ForgeRun, Signature,
};

use crate::gate;
use crate::observe;
use crate::rng::Rng;
use crate::template::{START, Template, WORKFLOW};
use crate::world::World;

/// Builds every head that has no run yet.
pub fn build_all(world: &mut World<'_>) {
    let all: Vec<_> = world.state.pulls().into_iter().cloned().collect();
    for pull in all.iter().rev() {
        let Ok(workflow) = world.state.workflow(WORKFLOW).map(|workflow| workflow.id) else {
            continue;
        };
        let (number, head_sha) = (pull.number, pull.head_sha.clone());
        if !world
            .built
            .insert((number, head_sha.clone(), pull.base_changes.len()))
        {
            continue;
        }
        let order = NewRun {
            workflow,
            event: "pull_request".into(),
            head_sha,
            head_branch: Some(pull.head_branch.clone()),
            actor: "developer".into(),
            pull: Some(number),
        };
        if let Ok(run) = world.state.start_run(world.now, order) {
            if !is_honest(world, pull) {
                world.foreign.insert(run);
            }
            build(world, run);
        }
    }
}

/// Returns whether a run of a pull request executes the workflow file of main: no head edits it here, so the base's is
/// the merge's.
fn is_honest(world: &World<'_>, pull: &PullRequest) -> bool {
    let base = world
        .git
        .resolve(&format!("refs/heads/{}", pull.base_branch));
    let base = base.ok().flatten();
    let tree = base.and_then(|base| world.template.tree(&world.git, base.as_str()));
    let same = tree.is_some_and(|tree| tree.workflow == world.template.workflow);
    same && pull.head_repository == HeadRepository::Here
}

/// Starts the build of a branch by hand.
pub fn dispatch(world: &mut World<'_>, number: PullNumber) -> Option<()> {
    let pull = world.state.pull(number).ok()?;
    let order = NewRun {
        workflow: world.state.workflow(WORKFLOW).ok()?.id,
        event: "workflow_dispatch".into(),
        head_sha: pull.head_sha.clone(),
        head_branch: Some(pull.head_branch.clone()),
        actor: "maintainer".into(),
        pull: None,
    };
    let run = world.state.start_run(world.now, order).ok()?;
    world.tell(|| format!("somebody starts the build of {number} by hand"));
    build(world, run)
}

/// Adds the artifacts of a run's newest attempt. Two attempts give different bytes from the same sources.
fn build(world: &mut World<'_>, id: ForgeRun) -> Option<()> {
    let run = observe::run(world, RunId(id.0))?;
    let (template, now, version) = (world.template, world.now, Version::Integer(2));
    let tree = template.tree(&world.git, run.head.as_str())?;
    let fingerprint = tree.digests.fingerprint;
    let old: Vec<_> = world
        .state
        .artifacts_of(id)
        .iter()
        .map(|artifact| artifact.id)
        .collect();
    for artifact in old {
        world
            .state
            .delete_artifact(&template.writer, artifact)
            .ok()?;
    }
    let mut executables = Vec::new();
    for variant in &template.package.variants {
        let name = template.package.asset(variant, &version);
        let bytes = format!("{fingerprint} {} {id} {}", variant.name, run.attempt);
        let blob = Blob::of(bytes.as_bytes());
        executables.push(Executable {
            variant: variant.name.clone(),
            name: name.clone(),
            size: blob.size,
            sha256: Digest::of(bytes.as_bytes()),
            headers: "simulated".to_owned(),
            header_ranges: HeaderRanges::default(),
            smoke: None,
            build_seconds: 1,
            attempt: None,
        });
        let form = ArtifactForm::Plain;
        world
            .state
            .register_artifact(now, id, name.as_str(), form, blob, 90)
            .ok()?;
    }
    let manifest = Manifest {
        package: template.package.name.clone(),
        package_version: version.clone(),
        fingerprint,
        commit: run.head,
        run: run.id,
        attempt: run.attempt,
        executables,
    };
    let name = template
        .package
        .candidate_artifact(&version, Attempt(run.attempt.0));
    let blob = Blob::of(name.as_bytes());
    let artifact = world
        .state
        .register_artifact(now, id, &name, ArtifactForm::Plain, blob, 90);
    world.manifests.insert(artifact.ok()?.0, manifest);
    world
        .state
        .set_run(now, id, "completed", Some("success"))
        .ok()
}

/// Merges a pull request if its status, bound to the gate's account, allows it and its head contains the base branch.
pub fn merge(world: &mut World<'_>, number: PullNumber) -> bool {
    let Some(pull) = observe::pull(world, number, false) else {
        return false;
    };
    let head = lockgate_forge_embedded::CommitId::parse(pull.head.as_str());
    let base = world.git.resolve("refs/heads/main").ok().flatten();
    let (Some(head), Some(base)) = (head, base) else {
        return false;
    };
    let fresh = world.git.is_ancestor(&base, &head).unwrap_or(false);
    let context = world.template.package.gate_context();
    let green = gate::newest(world, &pull.head, &context) == Some(Verdict::Success);
    if pull.state != Seen::Open || pull.base.as_str() != "main" || !fresh || !green {
        return false;
    }
    let order = MergeRequest::new(number, MergeMethod::Squash);
    let actor = world.template.writer.clone();
    let merged = world
        .state
        .merge_pull(&actor, world.now, &world.git, &order)
        .is_ok();
    if merged {
        world.tell(|| format!("pull request {number} is merged"));
    }
    merged
}

/// Adds a pull request to the merge queue, or merges a queued one if the status of the queue's commit allows it.
pub fn merge_by_queue(world: &mut World<'_>, number: PullNumber) -> bool {
    let elsewhere = |it: &PullRequest| it.base_branch != "main";
    if world.state.pull(number).is_ok_and(elsewhere) {
        return false;
    }
    let Some(commit) = world.queued(number) else {
        if world.state.enqueue(world.now, &world.git, number).is_ok() {
            world.tell(|| format!("pull request {number} goes into the merge queue"));
        }
        return false;
    };
    let context = world.template.package.gate_context();
    if gate::newest_of(world, &commit, &context) != Some(Verdict::Success) {
        return false;
    }
    let landed = world
        .state
        .land_queued(world.now, &world.git, number)
        .is_ok();
    if landed {
        world.tell(|| format!("the merge queue merges pull request {number}"));
    }
    landed
}

/// Returns whether the version is already on main.
pub fn landed(world: &World<'_>) -> bool {
    let merged = |state: &PullState| matches!(state, PullState::Merged { .. });
    let mut all = Template::PULLS
        .iter()
        .filter_map(|number| world.state.pull(*number).ok());
    all.any(|pull| merged(&pull.state))
}

/// Returns the correct promotion environment.
pub fn guard() -> Environment {
    Environment {
        reviewers: vec!["admin".to_owned()],
        branches: Some(BranchPolicy::Named(vec!["main".to_owned()])),
        ..Environment::default()
    }
}

/// Returns whether the promotion environment requires a review.
pub fn is_guarded(world: &World<'_>) -> bool {
    let found = world.state.environment(ENVIRONMENT);
    found.is_ok_and(|it| !it.reviewers.is_empty() && it.branches.is_some())
}

/// A user with write access attacks, or an administrator makes a mistake.
pub fn adversary(world: &mut World<'_>, rng: &mut Rng) {
    let number = rng.pick(&Template::PULLS).unwrap_or(PullNumber(1));
    let writer = world.template.writer.clone();
    let what = match rng.below(13) {
        0 => base_moves(world),
        1 | 2 => push(world, number, rng.once_in(2)),
        3 => run_again(world, number),
        4 => delete_artifact(world, number, &writer, rng),
        5..=8 => edit_draft(world, &writer, rng),
        9 => forge_status(world, number, &writer),
        10 => tamper_artifact(world, number, rng),
        11 => set_environment(world, rng),
        _ => months_pass(world, rng),
    };
    if let Some(what) = what {
        world.tell(|| format!("somebody {what}"));
    }
}

fn base_moves(world: &mut World<'_>) -> Option<String> {
    if landed(world) {
        return None;
    }
    let main = world.git.resolve("refs/heads/main").ok()??;
    let mut files = world.git.files(&main)?;
    files.insert(
        "hello/three.c".into(),
        format!("{}", world.step).into_bytes(),
    );
    world.git.commit_files("main", files, "others", START);
    world.state.sync(world.now, &world.git).ok()?;
    Some("changes the sources on main".to_owned())
}

/// Pushes the merged base branch, or only a change of the sources.
fn push(world: &mut World<'_>, number: PullNumber, update: bool) -> Option<String> {
    let before = observe::pull(world, number, false)?;
    if before.state != Seen::Open {
        return None;
    }
    let branch = world.state.pull(number).ok()?.head_branch.clone();
    let name = format!("refs/heads/{branch}");
    let head = world.git.resolve(&name).ok()??;
    if update {
        let main = world.git.resolve("refs/heads/main").ok()??;
        let order = Merge {
            base: head,
            head: main,
            method: MergeMethod::Merge,
            by: Signature {
                name: "developer".into(),
                email: String::new(),
                at: START,
            },
            message: "update".into(),
        };
        let merged = world.git.merge(&order).ok()??;
        world.git.set_reference(&name, &merged).ok()?;
    } else {
        let mut files = world.git.files(&head)?;
        let path = format!("hello/{branch}.c");
        files.insert(path, format!("{}", world.step).into_bytes());
        world.git.commit_files(&branch, files, "more", START);
    }
    world.before.insert(number.0, before);
    world.state.sync(world.now, &world.git).ok()?;
    Some(format!("pushes to {number}"))
}

fn run_of(world: &World<'_>, number: PullNumber) -> Option<ForgeRun> {
    let pull = observe::pull(world, number, false)?;
    Some(ForgeRun(observe::run_of(world, &pull, false)?.id.0))
}

fn run_again(world: &mut World<'_>, number: PullNumber) -> Option<String> {
    let run = run_of(world, number)?;
    world.state.rerun(world.now, run, "developer").ok()?;
    build(world, run)?;
    Some(format!("runs the build of {number} again"))
}

fn delete_artifact(
    world: &mut World<'_>,
    number: PullNumber,
    writer: &Actor,
    rng: &mut Rng,
) -> Option<String> {
    let run = run_of(world, number)?;
    let all: Vec<_> = world
        .state
        .artifacts_of(run)
        .iter()
        .map(|artifact| artifact.id)
        .collect();
    let one = rng.pick(&all)?;
    world.state.delete_artifact(writer, one).ok()?;
    Some(format!("deletes artifact {one}"))
}

fn tamper_artifact(world: &mut World<'_>, number: PullNumber, rng: &mut Rng) -> Option<String> {
    let run = run_of(world, number)?;
    let all: Vec<_> = world
        .state
        .artifacts_of(run)
        .iter()
        .map(|artifact| artifact.id)
        .collect();
    let one = rng.pick(&all)?;
    let junk = Blob::of(b"junk in the place of an artifact");
    world
        .state
        .tamper_artifact(one, |artifact| artifact.blob = junk)
        .ok()?;
    Some(format!("replaces the bytes of artifact {one}"))
}

/// Deletes, replaces or adds a file of a draft, or deletes the draft.
fn edit_draft(world: &mut World<'_>, writer: &Actor, rng: &mut Rng) -> Option<String> {
    let all = world.state.releases(writer);
    let drafts: Vec<_> = all.iter().filter(|it| it.draft).map(|it| it.id).collect();
    let id = rng.pick(&drafts)?;
    let files: Vec<_> = world
        .state
        .assets(writer, id)
        .ok()?
        .iter()
        .map(|it| it.id)
        .collect();
    let junk = Blob::of(b"junk in the place of an executable");
    let what = match (rng.below(4), rng.pick(&files)) {
        (0, _) => {
            world.state.delete_release(writer, id).ok()?;
            "deletes"
        }
        (1, Some(file)) => {
            world.state.delete_asset(writer, world.now, file).ok()?;
            "takes a file out of"
        }
        (2, Some(file)) => {
            world.state.tamper_asset(file, junk).ok()?;
            "replaces a file of"
        }
        _ => {
            let order = lockgate_forge_embedded::state::assets::NewAsset {
                name: "extra".into(),
                ..Default::default()
            };
            world
                .state
                .upload_asset(writer, world.now, id, order, junk)
                .ok()?;
            "adds a file to"
        }
    };
    world.edited.insert(id);
    if world.read_back.contains(&id) {
        world.edited_in_the_gap.insert(id);
    }
    Some(format!("{what} the draft {id}"))
}

fn forge_status(world: &mut World<'_>, number: PullNumber, writer: &Actor) -> Option<String> {
    let head = observe::pull(world, number, false)?.head;
    let order = NewStatus {
        state: "success".into(),
        context: world.template.package.gate_context(),
        ..NewStatus::default()
    };
    let (now, git) = (world.now, &world.git);
    world
        .state
        .create_status(writer, now, git, head.as_str(), order)
        .ok()?;
    Some(format!("sets the status of {number}"))
}

/// An administrator opens the promotion environment, deletes it, or corrects it.
fn set_environment(world: &mut World<'_>, rng: &mut Rng) -> Option<String> {
    let (mut wanted, now) = (guard(), world.now);
    let what = match rng.below(4) {
        0 => {
            world
                .state
                .settings_mut()
                .environments
                .remove(ENVIRONMENT)?;
            return Some("deletes the environment".to_owned());
        }
        1 => {
            wanted.reviewers.clear();
            "asks nobody to approve promotions"
        }
        2 => {
            wanted.branches = None;
            "lets any branch into the environment"
        }
        _ => "puts the environment right",
    };
    world.state.set_environment(now, ENVIRONMENT, wanted);
    Some(what.to_owned())
}

fn months_pass(world: &mut World<'_>, rng: &mut Rng) -> Option<String> {
    if !rng.once_in(8) {
        return None;
    }
    world.now += 91 * 86_400;
    Some("lets three months pass".to_owned())
}
