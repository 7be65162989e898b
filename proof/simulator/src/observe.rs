//! Reads from the fake's state what the flows read from GitHub: the same facts for the same decisions.
//!
//! Represents `crates/lockgate/src/{observe,candidate,remote}.rs` and the adapter's conversions. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lockgate_core::config::{Package, RECEIPT_ASSET};
use lockgate_core::detect::{self, Decision, Merged, Snapshot, VersionOwner};
use lockgate_core::document::{Candidate, Receipt};
use lockgate_core::gate::context;
use lockgate_core::identity;
use lockgate_core::promote::{
    self, ArtifactFacts, CandidateFacts, ObservedAsset, ObservedDraft, PublishedAsset,
    PublishedRelease, PullFacts, PullState, ReleaseFacts, ReleaseOrigin, RunFacts, RunOutcome,
    WorkflowFacts, origin,
    runs::{BaseHistory, OtherPull},
};
use lockgate_core::settings::{Branches, Environment, Reading, Reviewer};
use lockgate_core::{
    ArtifactId, Attempt, CommitId, Digest, Fingerprint, Login, ReleaseId, RepositoryId, Role,
    RunId, Timestamp, Version, WorkflowId,
};
use lockgate_forge_embedded::Repository as _;
use lockgate_forge_embedded::state::pulls::{HeadRepository, PullRequest, PullState as ForgePull};
use lockgate_forge_embedded::state::refusal::Refusal;
use lockgate_forge_embedded::state::releases::Release;
use lockgate_forge_embedded::state::settings::BranchPolicy;
use lockgate_forge_embedded::{PullNumber, ReleaseId as ForgeRelease};

use crate::mutant::Mutant;
use crate::template::{PROMOTION, Tree, WORKFLOW};
use crate::world::{Kept, World, digest};

/// A pull request's base, head and merge, and the result of detect for them.
#[derive(Debug, Clone)]
pub struct View {
    /// The tip of the base branch.
    pub base_commit: CommitId,
    /// The result of detect.
    pub detected: Decision,
    /// The fingerprint of the head.
    pub head: Fingerprint,
    /// The fingerprint of the merge.
    pub merged: Option<Fingerprint>,
    /// The build workflow.
    pub workflow: WorkflowFacts,
    /// Whether the tag exists.
    pub tagged: bool,
}

/// The version at which both pull requests left the base branch.
pub const FORK: Version = Version::Integer(1);

/// Returns the role of an account.
pub fn role(world: &World<'_>, login: &str) -> Role {
    world
        .state
        .person(login)
        .map_or(Role::None, |person| Role::from_name(person.role.name()))
}

/// Returns the rules of the promotion environment.
pub fn environment(world: &World<'_>) -> Reading<Environment> {
    let Ok(found) = world.state.environment(promote::ENVIRONMENT) else {
        return Reading::NotFound;
    };
    Reading::Read(Environment {
        reviewers: found.reviewers.iter().map(|_| Reviewer::Team).collect(),
        branches: match &found.branches {
            None => Branches::All,
            Some(BranchPolicy::Protected) => Branches::Protected,
            Some(BranchPolicy::Named(names)) => Branches::Listed(names.clone()),
        },
        self_review: !found.prevent_self_review,
        admins_bypass: None,
    })
}

/// Returns the repository's id.
pub fn repository(world: &World<'_>) -> RepositoryId {
    RepositoryId(world.state.repository().id.0)
}

/// Returns a pull request now, or as it was before the last push.
pub fn pull(world: &World<'_>, number: PullNumber, stale: bool) -> Option<PullFacts> {
    if stale && let Some(old) = world.before.get(&number.0) {
        return Some(old.clone());
    }
    world
        .state
        .pull(number)
        .ok()
        .and_then(|pull| facts(world, pull))
}

fn facts(world: &World<'_>, pull: &PullRequest) -> Option<PullFacts> {
    Some(PullFacts {
        number: lockgate_core::PullNumber(pull.number.0),
        state: match pull.state {
            ForgePull::Open => PullState::Open,
            ForgePull::Closed { .. } => PullState::Closed,
            ForgePull::Merged { .. } => PullState::Merged,
        },
        head: pull.head_sha.as_str().parse().ok()?,
        head_branch: pull.head_branch.clone(),
        head_repository: repository_of(world, &pull.head_repository),
        base: pull.base_branch.parse().ok()?,
    })
}

fn repository_of(world: &World<'_>, head: &HeadRepository) -> Option<RepositoryId> {
    match head {
        HeadRepository::Here => Some(repository(world)),
        HeadRepository::Fork { id, .. } => Some(RepositoryId(id.0)),
        HeadRepository::Deleted => None,
    }
}

/// Returns the context of the status for pull requests into a branch; `None` if the branch has no gate.
pub fn context_of(world: &World<'_>, base: &str) -> Option<String> {
    let package = &world.template.package;
    if world.mutant == Some(Mutant::ShareStatuses) {
        return Some(package.gate_context());
    }
    let (base, default) = (base.parse().ok()?, "main".parse().ok()?);
    context(&package.name, &base, &default, &world.template.branches)
}

/// Returns the git state of a pull request, and the result of detect for it.
pub fn view(world: &World<'_>, pull: &PullFacts) -> Option<View> {
    let (git, template) = (&world.git, world.template);
    let base_id = git.resolve(&format!("refs/heads/{}", pull.base)).ok()??;
    let head_id = lockgate_forge_embedded::CommitId::parse(pull.head.as_str())?;
    let base = template.tree(git, base_id.as_str())?;
    let head = template.tree(git, head_id.as_str())?;
    let merged = template.merged(git, &base_id, &head_id);
    let tagged = tagged(world)?;
    let trees = (&base, &head, merged.as_ref());
    Some(View {
        base_commit: base_id.as_str().parse().ok()?,
        detected: detected(world, trees, tagged, Some(FORK)),
        head: head.digests.fingerprint,
        merged: merged.map(|tree| tree.digests.fingerprint),
        workflow: WorkflowFacts {
            path: WORKFLOW.to_owned(),
            in_head: head.workflow.clone(),
            in_base: base.workflow.clone(),
            changed: Vec::new(),
        },
        tagged,
    })
}

/// A merge queue's commit for a pull request.
#[derive(Debug)]
pub struct Group {
    /// The commit, which is a merge itself.
    pub commit: CommitId,
    /// The result of detect.
    pub detected: Decision,
    /// The fingerprint of the commit.
    pub merged: Fingerprint,
}

/// Returns the git state of a merge queue's commit, and the result of detect for it.
pub fn group(world: &World<'_>, number: PullNumber, fork: Option<Version>) -> Option<Group> {
    let git = &world.git;
    let id = world.queued(number)?;
    let on = git.commit(&id).ok()??.parents.first()?.clone();
    let base = world.template.tree(git, on.as_str())?;
    let head = world.template.tree(git, id.as_str())?;
    Some(Group {
        commit: id.as_str().parse().ok()?,
        detected: detected(world, (&base, &head, Some(&head)), tagged(world)?, fork),
        merged: head.digests.fingerprint,
    })
}

/// Returns the commit that the tag points to.
pub fn tag_commit(world: &World<'_>) -> Option<CommitId> {
    let tag = format!("refs/tags/{}", world.tag());
    world.git.resolve(&tag).ok()??.as_str().parse().ok()
}

/// Returns the author of a release.
fn author(world: &World<'_>, release: &Release, receipt: &Receipt) -> origin::Author {
    let app = app(world);
    let author = release.author.parse().ok();
    origin::author(author.as_ref(), &receipt.promoter.login, app.as_ref())
}

/// Returns the account that promotions publish with, if no other workflow has it.
pub fn app(world: &World<'_>) -> Option<Login> {
    origin::WORKFLOWS.parse().ok().filter(|_| world.reserved)
}

/// Represents `origin` in `crates/lockgate/src/release_origin.rs`.
fn origin_of(world: &World<'_>, release: &Release, receipt: &Receipt) -> ReleaseOrigin {
    if world.mutant == Some(Mutant::BelieveReceipts) {
        return ReleaseOrigin::Promotion;
    }
    match author(world, release, receipt) {
        origin::Author::App => ReleaseOrigin::Promotion,
        origin::Author::Foreign(who) => ReleaseOrigin::Foreign(who),
        origin::Author::OtherApp(app) => ReleaseOrigin::Unproven(format!("{app} published it")),
        origin::Author::Promoter(login) => match role(world, login.as_str()).may_promote() {
            true => ReleaseOrigin::Promotion,
            false => ReleaseOrigin::Foreign(format!("{login} may not promote")),
        },
        origin::Author::Workflow => match kept(world, release, receipt).unwrap_or(false) {
            true => ReleaseOrigin::Promotion,
            false => ReleaseOrigin::Unproven("no run has kept its receipt".to_owned()),
        },
    }
}

/// Returns whether a promotion's run has kept this receipt.
fn kept(world: &World<'_>, release: &Release, receipt: &Receipt) -> Option<bool> {
    let version = &receipt.manifest.package_version;
    let name = world.template.package.receipt_artifact(version);
    let (default, repository) = ("main".parse().ok()?, repository(world));
    let automation = &world.template.automation;
    let files = world.state.assets(automation, release.id).ok()?;
    let stored = files.into_iter().find(|it| it.name == RECEIPT_ASSET)?;
    let all = world.state.artifacts().into_iter();
    let mut runs = all.filter(|it| it.name == name).filter_map(|artifact| {
        let run = run(world, RunId(artifact.run.0))?;
        let listed = artifacts(world, &run);
        let listed = listed.into_iter().find(|it| it.id.0 == artifact.id.0)?;
        origin::may_be_of_promotion(&listed, &default, repository).then_some((artifact, run))
    });
    Some(runs.any(|(artifact, run)| {
        let same = Some(&artifact.blob) == stored.blob.as_ref();
        origin::is_promotion(&run, PROMOTION, &default, repository)
            && (same || artifact.expired(world.now))
    }))
}

fn tagged(world: &World<'_>) -> Option<bool> {
    let tag = format!("refs/tags/{}", world.tag());
    Some(world.git.reference(&tag).ok()?.is_some())
}

/// Runs detect for base, head and merge.
fn detected(
    world: &World<'_>,
    (base, head, merged): (&Rc<Tree>, &Rc<Tree>, Option<&Rc<Tree>>),
    tagged: bool,
    fork: Option<Version>,
) -> Decision {
    let two = Version::Integer(2);
    let main = &world.template.package;
    let of = |tree: &Rc<Tree>| tree.renamed.clone().unwrap_or_else(|| Rc::clone(main));
    let after = merged.unwrap_or(head);
    let renamed = base.renamed.is_some() || after.renamed.is_some();
    let identity = match renamed && world.mutant != Some(Mutant::IgnoreNames) {
        true => identity::changes(&of(base), &of(after), true),
        false => Vec::new(),
    };
    // The head determines the names; the base determines which changes of them are allowed.
    let package = Package {
        policy: of(base).policy,
        ..(*of(head)).clone()
    };
    // Nothing is published under another tag.
    let tagged = tagged && package.tag == main.tag;
    let facts = detect::Facts {
        base: Some(snapshot(base)),
        head: snapshot(head),
        merged: merged.map_or(Merged::Conflict, |tree| Merged::Clean(snapshot(tree))),
        taken: tagged.then_some(two).into_iter().collect::<BTreeSet<_>>(),
        blocked: BTreeMap::new(),
        holder: if tagged {
            holder(world)
        } else {
            VersionOwner::Nobody
        },
        fork,
        identity,
    };
    detect::decide(&package, &facts)
}

fn snapshot(tree: &Rc<Tree>) -> Snapshot {
    Snapshot {
        scheme: lockgate_core::version::Scheme::Integer,
        version_file: tree.version.clone(),
        digests: tree.digests,
    }
}

/// By its receipt alone: its origin is queried where it matters.
fn holder(world: &World<'_>) -> VersionOwner {
    let release = world.state.release_by_tag(world.tag()).ok();
    let receipt = release.and_then(|release| receipt_of(world, release));
    receipt.map_or(VersionOwner::Foreign, |kept| {
        let receipt = &kept.receipt;
        VersionOwner::Release(receipt.manifest.fingerprint, receipt.origin.pull_request)
    })
}

/// Returns the receipt of a release, if it can be read.
pub fn receipt_of<'w>(world: &'w World<'_>, release: &Release) -> Option<&'w Kept> {
    let all = world.state.assets(&world.template.automation, release.id);
    let asset = all.ok()?.into_iter().find(|it| it.name == RECEIPT_ASSET)?;
    let kept = world.receipts.get(&asset.blob.as_ref()?.sha256)?;
    Some(kept)
}

/// Returns the merge of a pull request's head into its base.
pub fn merged(world: &World<'_>, pull: &PullFacts) -> Option<Fingerprint> {
    let base = world.git.resolve(&format!("refs/heads/{}", pull.base));
    let head = lockgate_forge_embedded::CommitId::parse(pull.head.as_str())?;
    let merged = world.template.merged(&world.git, &base.ok()??, &head)?;
    Some(merged.digests.fingerprint)
}

/// Returns the release published under the tag, and its receipt as anonymous clients read it.
pub fn release(world: &World<'_>) -> ReleaseFacts {
    let tag = world.tag();
    let Ok(found) = world.state.release_by_tag(tag) else {
        return ReleaseFacts::Absent;
    };
    let Ok(tag_name) = tag.parse() else {
        return ReleaseFacts::Absent;
    };
    let mut assets = Vec::new();
    let mut receipt = Err("it has no receipt".to_owned());
    for asset in world
        .state
        .assets(&world.template.automation, found.id)
        .unwrap_or_default()
    {
        let Some(blob) = &asset.blob else { continue };
        if asset.name == RECEIPT_ASSET {
            let known = world.receipts.get(&blob.sha256);
            let known = known.map(|kept| kept.receipt.clone());
            receipt = known.ok_or_else(|| "its receipt cannot be read".to_owned());
        }
        if let Ok(name) = asset.name.parse() {
            assets.push(PublishedAsset {
                name,
                size: blob.size,
                sha256: Some(digest(blob)).filter(|_| !asset.hides_digest),
            });
        }
    }
    let origin = match &receipt {
        Ok(receipt) => origin_of(world, found, receipt),
        // Its defect is reported in another way.
        Err(_) => ReleaseOrigin::Promotion,
    };
    ReleaseFacts::Published(Box::new(PublishedRelease {
        id: ReleaseId(found.id.0),
        tag: tag_name,
        assets,
        receipt,
        others: Vec::new(),
        commit: tag_commit(world),
        origin,
    }))
}

/// Reads back a draft. If the API omits a digest, the bytes are hashed.
pub fn draft(world: &World<'_>, id: ReleaseId) -> Result<ObservedDraft, Refusal> {
    let (id, actor) = (ForgeRelease(id.0), &world.template.automation);
    let release = world.state.release(actor, id)?;
    let assets = world.state.assets(actor, id)?;
    Ok(ObservedDraft {
        draft: release.draft,
        tag: release.tag_name.clone(),
        target: release.target_commitish.clone(),
        title: release.name.clone().unwrap_or_default(),
        notes: release.body.clone().unwrap_or_default(),
        prerelease: release.prerelease,
        assets: assets
            .into_iter()
            .map(|asset| ObservedAsset {
                name: asset.name.clone(),
                size: asset.blob.as_ref().map_or(0, |blob| blob.size),
                complete: asset.blob.is_some(),
                sha256: asset.blob.as_ref().map_or_else(|| Digest::of(b""), digest),
            })
            .collect(),
    })
}

/// Returns a pull request's own newest run, or the newest that was started by hand.
pub fn run_of(world: &World<'_>, pull: &PullFacts, by_hand: bool) -> Option<RunFacts> {
    let runs = world
        .state
        .runs()
        .into_iter()
        .filter(|it| it.path == WORKFLOW);
    let mut runs = runs.filter_map(|it| run(world, RunId(it.id.0)));
    if world.mutant == Some(Mutant::TakeNewestRun) {
        return runs.find(|run| run.head == pull.head).map(|run| RunFacts {
            event: promote::runs::DISPATCH.to_owned(),
            head_branch: Some(pull.head_branch.clone()),
            head_repository: pull.head_repository,
            ..run
        });
    }
    runs.find(|run| {
        promote::runs::is_of(run, pull)
            && !promote::runs::is_skipped(run)
            && (!by_hand || !promote::runs::depends_on_base(run))
    })
}

/// Returns the other bases that a head may have been built against.
pub fn history(world: &World<'_>, pull: &PullFacts) -> BaseHistory {
    let all = world.state.pulls().into_iter();
    let others = all.filter(|other| {
        other.head_branch == pull.head_branch && other.head_repository == HeadRepository::Here
    });
    let changed = world.state.pull(PullNumber(pull.number.0));
    let changed = changed.map(|pull| pull.base_changes.as_slice());
    BaseHistory {
        others: others
            .filter_map(|other| {
                Some(OtherPull {
                    number: lockgate_core::PullNumber(other.number.0),
                    base: other.base_branch.parse().ok()?,
                    opened: moment(other.created_at),
                })
            })
            .collect(),
        changed: changed
            .unwrap_or_default()
            .iter()
            .filter_map(|change| moment(change.at))
            .collect(),
    }
}

fn moment(at: i64) -> Option<Timestamp> {
    lockgate_forge_embedded::rfc3339(at).parse().ok()
}

/// Returns a run by its id.
pub fn run(world: &World<'_>, id: RunId) -> Option<RunFacts> {
    let run = world.state.run(lockgate_forge_embedded::RunId(id.0)).ok()?;
    let attempt = run.attempt()?;
    Some(RunFacts {
        id,
        attempt: Attempt(run.attempt_number() as u64),
        outcome: match (attempt.status.as_str(), attempt.conclusion.as_deref()) {
            ("completed", Some("success")) => RunOutcome::Succeeded,
            ("completed", other) => RunOutcome::Failed(other.unwrap_or_default().to_owned()),
            _ => RunOutcome::Running,
        },
        event: run.event.clone(),
        head: run.head_sha.as_str().parse().ok()?,
        head_branch: run.head_branch.clone(),
        head_repository: repository_of(world, &run.head_repository),
        created: moment(run.created_at),
        workflow_id: WorkflowId(run.workflow.0),
        workflow_path: run.path.clone(),
    })
}

/// Returns the artifacts of a run.
pub fn artifacts(world: &World<'_>, run: &RunFacts) -> Vec<ArtifactFacts> {
    let all = world
        .state
        .artifacts_of(lockgate_forge_embedded::RunId(run.id.0));
    let facts = |artifact: &lockgate_forge_embedded::state::artifacts::Artifact| ArtifactFacts {
        id: ArtifactId(artifact.id.0),
        name: artifact.name.clone(),
        size: artifact.blob.size,
        sha256: Some(digest(&artifact.blob)).filter(|_| !artifact.hides_digest),
        expired: artifact.expired(world.now),
        run: Some(run.id),
        head_repository: run.head_repository,
        head_branch: run.head_branch.clone(),
        head: Some(run.head.clone()),
    };
    all.into_iter().map(facts).collect()
}

/// Returns the manifest of a run's newest attempt.
pub fn candidate(world: &World<'_>, run: &RunFacts, artifacts: &[ArtifactFacts]) -> CandidateFacts {
    let package = &world.template.package;
    let name = package.candidate_artifact(&Version::Integer(2), run.attempt);
    let mut named = artifacts
        .iter()
        .filter(|artifact| artifact.name == name && !artifact.expired);
    let found = named
        .next()
        .and_then(|artifact| world.manifests.get(&artifact.id.0));
    found.map_or(CandidateFacts::Absent, |manifest| {
        CandidateFacts::Read(Candidate::Complete(manifest.clone()))
    })
}
