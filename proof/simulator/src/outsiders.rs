//! Attacks found by external reviewers: the same head in another base, a fork of it, tags and releases by hand, other
//! names for what users follow, and an edited draft.
//!
//! At the hardened level only the App can create the package's tags and releases, so these two are not tried there.

use lockgate_core::Digest;
use lockgate_core::config::{RECEIPT_ASSET, SUMS_ASSET};
use lockgate_core::document::{Document as _, Manifest, Origin, Promoter, Receipt};
use lockgate_core::promote::PullState;
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::pulls::{HeadRepository, NewPull};
use lockgate_forge_embedded::state::releases::{NewRelease, ReleaseEdit};
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::{
    Blob, CommitId, Files, PullNumber, ReleaseId, Repository as _, RepositoryId,
};

use crate::observe;
use crate::rng::Rng;
use crate::template::{CONFIG, CONFIG_FILE, PROMOTION, SIDE, START, Template, WORKFLOW};
use crate::users;
use crate::world::{World, asset};

/// Performs one of the actions.
pub fn adversary(world: &mut World<'_>, rng: &mut Rng) {
    let number = rng.pick(&Template::PULLS).unwrap_or(PullNumber(1));
    let what = match rng.below(14) {
        0 | 1 => open_elsewhere(world, number, rng),
        2 | 3 => retarget(world, number, rng),
        4 => open_from_fork(world, number),
        5 => close(world, rng),
        6 | 7 => make_tag(world),
        8 | 9 => describe_draft(world, rng),
        10 => rename(world, rng),
        11 => alter_release(world, rng),
        _ => publish_by_hand(world, number, rng),
    };
    if let Some(what) = what {
        world.tell(|| format!("somebody {what}"));
    }
}

/// Ends the attacks: moves the pull requests back to their original base.
pub fn put_back(world: &mut World<'_>) {
    for number in Template::PULLS {
        let away = world.state.pull(number);
        if away.is_ok_and(|pull| pull.is_open() && pull.base_branch != "main") {
            // If that is impossible, later checks show it.
            let _ = world.state.retarget(world.now, &world.git, number, "main");
        }
    }
}

fn tip(world: &World<'_>, branch: &str) -> Option<CommitId> {
    world.git.resolve(&format!("refs/heads/{branch}")).ok()?
}

/// Creates a branch with open push access: with another build workflow, or with everything that a pull request would
/// bring, or both.
fn make_side(world: &mut World<'_>, number: PullNumber, rng: &mut Rng) -> Option<()> {
    let head = world.state.pull(number).ok()?.head_sha.clone();
    let main = tip(world, "main")?;
    let kind = rng.below(3);
    let mut files = world.git.files(if kind == 0 { &main } else { &head })?;
    if kind < 2 {
        files.insert(WORKFLOW.into(), b"on: pull_request # and more".to_vec());
    }
    let name = format!("refs/heads/{SIDE}");
    world.git.set_reference(&name, &main).ok()?;
    world.git.commit_files(SIDE, files, "side", START);
    Some(())
}

fn new_pull(base: &str, head: &str) -> NewPull {
    NewPull {
        title: format!("{head} into {base}"),
        body: None,
        author: "developer".into(),
        base: base.into(),
        head: head.into(),
        head_repository: HeadRepository::Here,
        fork_head: None,
        draft: false,
    }
}

/// Opens the same head into another base.
fn open_elsewhere(world: &mut World<'_>, number: PullNumber, rng: &mut Rng) -> Option<String> {
    make_side(world, number, rng)?;
    let (now, actor) = (world.now, &world.template.writer);
    world.state.sync(now, &world.git).ok()?;
    let branch = world.state.pull(number).ok()?.head_branch.clone();
    let order = new_pull(SIDE, &branch);
    let opened = world.state.request_pull(actor, now, &world.git, order);
    let opened = opened.ok()?;
    // Its build may come at once, or with all others.
    if rng.once_in(2) {
        users::build_all(world);
    }
    Some(format!("opens {opened}: {branch} into {SIDE}"))
}

/// Moves the pull request itself to another base, or back.
fn retarget(world: &mut World<'_>, number: PullNumber, rng: &mut Rng) -> Option<String> {
    let before = observe::pull(world, number, false)?;
    if before.state != PullState::Open {
        return None;
    }
    let base = if before.base.as_str() == "main" {
        make_side(world, number, rng)?;
        SIDE
    } else {
        "main"
    };
    let now = world.now;
    world.state.retarget(now, &world.git, number, base).ok()?;
    world.before.insert(number.0, before);
    if rng.once_in(2) {
        users::build_all(world);
    }
    Some(format!("makes {number} go into {base}"))
}

/// Opens a pull request from a branch of a fork with the same name, at the same commit.
fn open_from_fork(world: &mut World<'_>, number: PullNumber) -> Option<String> {
    let pull = world.state.pull(number).ok()?;
    let of_fork = |head: &HeadRepository| *head != HeadRepository::Here;
    let there = |other: &&_| -> bool {
        let other: &lockgate_forge_embedded::state::pulls::PullRequest = other;
        of_fork(&other.head_repository) && other.head_branch == pull.head_branch
    };
    if !pull.is_open() || world.state.pulls().iter().any(there) {
        return None;
    }
    let order = NewPull {
        author: "stranger".into(),
        head_repository: HeadRepository::Fork {
            id: RepositoryId(4242),
            owner: "stranger".into(),
            name: "tools".into(),
        },
        fork_head: Some(pull.head_sha.clone()),
        ..new_pull("main", &pull.head_branch)
    };
    let opened = world.state.open_pull(world.now, &world.git, order).ok()?;
    users::build_all(world);
    Some(format!(
        "opens {opened} from a fork, at the head of {number}"
    ))
}

/// Closes one of these pull requests. It remains known.
fn close(world: &mut World<'_>, rng: &mut Rng) -> Option<String> {
    let all = world.state.pulls().into_iter().map(|pull| pull.number);
    let all: Vec<_> = all.filter(|it| !Template::PULLS.contains(it)).collect();
    let one = rng.pick(&all)?;
    world.state.close_pull(world.now, one).ok()?;
    Some(format!("closes {one}"))
}

/// Creates the tag, at another commit than any head.
fn make_tag(world: &mut World<'_>) -> Option<String> {
    if world.reserved {
        return None;
    }
    let (name, to) = (format!("refs/tags/{}", world.tag()), tip(world, "main")?);
    let (git, actor, state) = (&world.git, &world.template.writer, &mut world.state);
    let made = state.create_reference(actor, git, &name, to.as_str());
    let made = made.is_ok();
    if !made {
        state
            .move_reference(actor, git, &name, to.as_str(), true)
            .ok()?;
    }
    edited_since_the_read_back(world);
    if !made && world.state.release_by_tag(world.tag()).is_ok() {
        world.altered = true;
    }
    Some("makes the tag at another commit".to_owned())
}

/// A draft that was read back can be published at any time, whatever happened to its tag.
fn edited_since_the_read_back(world: &mut World<'_>) {
    let drafts: Vec<ReleaseId> = world.read_back.iter().copied().collect();
    let actor = &world.template.writer;
    let is_draft = |id: &ReleaseId| world.state.release(actor, *id).is_ok_and(|it| it.draft);
    let drafts: Vec<_> = drafts.into_iter().filter(is_draft).collect();
    world.edited_in_the_gap.extend(drafts);
}

/// Changes the target, title, tag or notes of a draft. All of that is sent again at publish, so it is never an excuse.
fn describe_draft(world: &mut World<'_>, rng: &mut Rng) -> Option<String> {
    let actor = &world.template.writer;
    let all = world.state.releases(actor).into_iter();
    let drafts: Vec<_> = all.filter(|it| it.draft).map(|it| it.id).collect();
    let id = rng.pick(&drafts)?;
    let mut edit = ReleaseEdit::default();
    let text = Some("other".to_owned());
    let what = match rng.below(5) {
        0 => {
            edit.name = text;
            "title"
        }
        1 => {
            edit.body = text;
            "notes"
        }
        2 => {
            edit.prerelease = Some(true);
            "mark"
        }
        3 => {
            edit.tag_name = text;
            "tag"
        }
        _ => {
            edit.target_commitish = Some("main".to_owned());
            "target"
        }
    };
    let (now, git) = (world.now, &world.git);
    world.state.edit_release(actor, now, git, id, edit).ok()?;
    Some(format!("changes the {what} of the draft {id}"))
}

/// Opens a pull request that renames what users follow without raising the version.
fn rename(world: &mut World<'_>, rng: &mut Rng) -> Option<String> {
    if !world.renames.is_empty() {
        return None;
    }
    let (from, to) = rng.pick(&[
        ("\"hello-v{version}\"", "\"hello-r{version}\""),
        (
            "\"hello-{variant}-v{version}\"",
            "\"hi-{variant}-v{version}\"",
        ),
        ("variant.arm64", "variant.riscv64"),
        ("[package.hello.variant.arm64]\n", ""),
    ])?;
    let main = tip(world, "main")?;
    let mut files: Files = world.git.files(&main)?;
    files.insert(CONFIG_FILE.into(), CONFIG.replace(from, to).into_bytes());
    world.git.set_reference("refs/heads/names", &main).ok()?;
    world.git.commit_files("names", files, "names", START);
    let order = new_pull("main", "names");
    let opened = world.state.open_pull(world.now, &world.git, order).ok()?;
    world.renames.push(opened);
    Some(format!("opens {opened}, which has {to} for {from}"))
}

/// Adds, removes or replaces a file of the published release, unless it is immutable.
fn alter_release(world: &mut World<'_>, rng: &mut Rng) -> Option<String> {
    let (now, actor) = (world.now, &world.template.writer);
    let release = world.state.release_by_tag(world.tag()).ok()?.id;
    let files = world.state.assets(actor, release).ok()?;
    let files: Vec<_> = files.into_iter().map(|it| it.id).collect();
    let junk = Blob::of(b"junk beside an executable");
    let what = match rng.below(2) {
        0 => {
            let one = rng.pick(&files)?;
            let frozen = world.state.settings_mut().immutable_releases;
            (!frozen).then(|| world.state.delete_asset(actor, now, one).ok())??;
            "takes a file out of"
        }
        _ => {
            let state = &mut world.state;
            state
                .upload_asset(actor, now, release, asset("extra"), junk)
                .ok()?;
            "adds a file to"
        }
    };
    world.altered = true;
    Some(format!("{what} the published release"))
}

/// Publishes a release without a promotion, with a receipt that claims one: by a user, or by their own workflow, which
/// has the account of every workflow, and keeps the receipt with its own run. It holds other bytes, the candidate's, or
/// the candidate's under another head's name.
fn publish_by_hand(world: &mut World<'_>, number: PullNumber, rng: &mut Rng) -> Option<String> {
    if world.reserved || world.state.release_by_tag(world.tag()).is_ok() {
        return None;
    }
    let by_workflow = rng.once_in(2);
    let template = world.template;
    let actor = if by_workflow {
        &template.automation
    } else {
        &template.writer
    };
    let (receipt, executables) = forged(world, number, rng)?;
    let (name, now) = (
        template
            .package
            .receipt_artifact(&receipt.manifest.package_version),
        world.now,
    );
    let order = NewRelease {
        tag_name: world.tag().to_owned(),
        target_commitish: receipt.origin.head.to_string(),
        draft: true,
        ..NewRelease::default()
    };
    let kept = world.keep(receipt.to_json().as_bytes());
    let sums = Blob::of(receipt.sums().to_string().as_bytes());
    let documents = [(SUMS_ASSET, sums), (RECEIPT_ASSET, kept.clone())];
    let documents = documents.map(|(name, blob)| (name.to_owned(), blob));
    let id = world
        .state
        .create_release(actor, now, &world.git, order)
        .ok()?;
    for (name, blob) in executables.into_iter().chain(documents) {
        let state = &mut world.state;
        state
            .upload_asset(actor, now, id, asset(&name), blob)
            .ok()?;
    }
    let edit = ReleaseEdit {
        draft: Some(false),
        ..ReleaseEdit::default()
    };
    let git = &world.git;
    world.state.edit_release(actor, now, git, id, edit).ok()?;
    if by_workflow {
        keep_by_hand(world, &name, kept);
    }
    let who = if by_workflow {
        "a workflow"
    } else {
        "developer"
    };
    Some(format!("publishes {id} by hand, as {who}, for {number}"))
}

/// Returns a receipt that claims a promotion, and the executables that it lists.
fn forged(
    world: &World<'_>,
    number: PullNumber,
    rng: &mut Rng,
) -> Option<(Receipt, Vec<(String, Blob)>)> {
    let pull = observe::pull(world, number, false)?;
    let view = observe::view(world, &pull)?;
    let run = observe::run_of(world, &pull, false)?;
    let artifacts = observe::artifacts(world, &run);
    let of_run = |manifest: &&Manifest| (manifest.run, manifest.attempt) == (run.id, run.attempt);
    let mut manifest = world.manifests.values().find(of_run)?.clone();
    let mut blobs = Vec::new();
    let kind = rng.below(4);
    for executable in &mut manifest.executables {
        let name = executable.name.to_string();
        let id = artifacts.iter().find(|it| it.name == name)?.id.0;
        let artifact = world
            .state
            .artifact(lockgate_forge_embedded::ArtifactId(id));
        let mut blob = artifact.ok()?.blob.clone();
        if kind < 2 {
            let bytes = format!("forged {name} {}", world.step);
            blob = Blob::of(bytes.as_bytes());
            executable.sha256 = Digest::of(bytes.as_bytes());
            executable.size = blob.size;
        }
        blobs.push((name, blob));
    }
    if kind == 2 {
        manifest.fingerprint = view.merged?;
    }
    let promoter = rng.pick(&["maintainer", "developer"])?;
    let receipt = Receipt {
        tag: world.tag().parse().ok()?,
        origin: Origin {
            repository_id: observe::repository(world),
            repository: world.state.repository().full_name().parse().ok()?,
            pull_request: pull.number,
            head: manifest.commit.clone(),
            base: pull.base,
            base_commit: view.base_commit,
            workflow_id: run.workflow_id,
            workflow_path: run.workflow_path.clone(),
            workflow_blob: view.workflow.in_head?,
            artifacts: Vec::new(),
        },
        manifest,
        promoter: Promoter {
            login: promoter.parse().ok()?,
            lockgate: "0.0.0".to_owned(),
        },
        promoted_at: u64::try_from(world.now).ok()?,
    };
    Some((receipt, blobs))
}

/// A copy of the promotion's workflow, run on a user's branch, uploads an artifact with the name of a promotion's.
fn keep_by_hand(world: &mut World<'_>, name: &str, receipt: Blob) -> Option<()> {
    let order = NewRun {
        workflow: world.state.workflow(PROMOTION).ok()?.id,
        event: "workflow_dispatch".into(),
        head_sha: tip(world, "main")?,
        head_branch: Some("mine".into()),
        actor: "developer".into(),
        pull: None,
    };
    let (now, form) = (world.now, ArtifactForm::Plain);
    let run = world.state.start_run(now, order).ok()?;
    let state = &mut world.state;
    state
        .register_artifact(now, run, name, form, receipt, 90)
        .ok()?;
    Some(())
}
