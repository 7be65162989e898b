//! Checks the world after each step against the model's promises, and against a few that only the code can break.

use lockgate_core::Digest;
use lockgate_core::config::SUMS_ASSET;
use lockgate_core::document::Manifest;
use lockgate_core::promote::{PullState, ReleaseFacts, ReleaseOrigin};
use lockgate_forge_embedded::state::releases::Release;
use lockgate_forge_embedded::state::statuses::Verdict;
use lockgate_forge_embedded::{PullNumber, Repository as _};
use lockgate_model::promises::{
    ALWAYS, AT_BASIC, Built, COMMITS, GATE, Held, MAIN, Observation, Public, Report, SUCCESS,
};

use crate::gate;
use crate::observe;
use crate::promoter::{Ended, Promoter};
use crate::template::Template;
use crate::users;
use crate::world::{Kept, World, digest};

/// Returns the first promise that the world breaks now.
pub fn broken(world: &World<'_>, promoters: &[Promoter]) -> Option<&'static str> {
    let own = promoters.iter().find_map(|promoter| promoter.fault);
    own.or(world.fault)
        .or_else(|| promise(world, &observation(world, promoters)))
        .or_else(|| by_a_stranger(world).then_some("only a maintainer's promotion is published"))
        .or_else(|| described(world))
        .or_else(|| renamed(world))
}

/// Checks the model's promises. At the basic level a writer can publish by hand: [`AT_BASIC`] lists what holds for a
/// release that no promoter asked for. If a published release can be changed, earlier reports promise nothing about
/// later states.
fn promise(world: &World<'_>, seen: &Observation) -> Option<&'static str> {
    let by_hand = !world.reserved && seen.release.is_some_and(|release| !release.asked);
    let holds = |name: &str| match name {
        GATE | MAIN | SUCCESS if world.altered => false,
        _ if world.altered || by_hand => AT_BASIC.contains(&name),
        _ => true,
    };
    let mut broken = ALWAYS.iter().filter(|(_, keeps)| !keeps(seen));
    broken.find(|(name, _)| holds(name)).map(|(name, _)| *name)
}

/// Returns a release of a promoter.
fn ours<'w>(world: &'w World<'_>) -> Option<&'w Release> {
    let release = world.state.release_by_tag(world.tag()).ok();
    release.filter(|release| world.asked.contains_key(&release.id))
}

/// Title and notes are sent again when the release is published, whatever a writer made of the draft's.
fn described(world: &World<'_>) -> Option<&'static str> {
    let release = ours(world)?;
    let (title, notes) = world.asked.get(&release.id)?;
    let same = release.name.as_ref() == Some(title) && release.body.as_ref() == Some(notes);
    (!same).then_some("what is published is described as it was promoted")
}

/// Checks pull requests that rename what users follow without raising the version.
fn renamed(world: &World<'_>) -> Option<&'static str> {
    let context = world.template.package.gate_context();
    let is_wrong = |number: &PullNumber| {
        let pull = world.state.pull(*number).ok();
        pull.is_some_and(|pull| {
            let light = gate::newest_of(world, &pull.head_sha, &context);
            pull.is_open() && light == Some(Verdict::Success)
        })
    };
    let mut pulls = world.renames.iter();
    pulls
        .any(is_wrong)
        .then_some("a pull request that raises nothing renames nothing that users follow")
}

/// Returns whether the published release is exactly one honest candidate.
pub fn is_whole(world: &World<'_>) -> bool {
    let release = world.state.release_by_tag(world.tag()).ok();
    release.is_some_and(|release| whole(world, release).is_some())
}

fn by_a_stranger(world: &World<'_>) -> bool {
    let receipt = ours(world).and_then(|release| observe::receipt_of(world, release));
    receipt.is_some_and(|kept| {
        !observe::role(world, kept.receipt.promoter.login.as_str()).may_promote()
    })
}

/// Returns the observation in the model's terms.
fn observation(world: &World<'_>, promoters: &[Promoter]) -> Observation {
    let tag = world.tag();
    let all = world.state.releases(&world.template.automation);
    let public = all
        .iter()
        .filter(|release| !release.draft && release.tag_name == tag);
    let mut reports = [Report::Nothing; 3];
    for (report, promoter) in reports.iter_mut().zip(promoters) {
        *report = says(world, promoter);
    }
    Observation {
        releases: public.count(),
        release: world.state.release_by_tag(tag).ok().map(|release| Public {
            whole: whole(world, release),
            asked: world.asked.contains_key(&release.id),
            edited_in_the_gap: world.edited_in_the_gap.contains(&release.id),
        }),
        reports,
        greens: greens(world),
        main: held(world),
    }
}

/// Covers the heads of open pull requests, and the commits of a merge queue.
fn greens(world: &World<'_>) -> [Held; COMMITS] {
    let open = |number| world.state.pull(number).ok().filter(|pull| pull.is_open());
    let heads = Template::PULLS.map(|number| Some(open(number)?.head_sha.clone()));
    let groups = Template::PULLS.map(|number| world.queued(number));
    let context = world.template.package.gate_context();
    let mut greens = [Held::Nothing; COMMITS];
    let commits = heads.into_iter().chain(groups);
    for (green, commit) in greens.iter_mut().zip(commits) {
        let light = |commit: &_| gate::newest_of(world, commit, &context);
        let is_green = |commit: &_| light(commit) == Some(Verdict::Success);
        if let Some(commit) = commit.filter(is_green) {
            let tree = world.template.tree(&world.git, commit.as_str());
            *green = tree.map_or(Held::Unbuilt, |tree| Held::Sources(tree.sources));
        }
    }
    greens
}

fn held(world: &World<'_>) -> Held {
    // The version reaches main only by a merge.
    if !users::landed(world) {
        return Held::Nothing;
    }
    let main = world.git.resolve("refs/heads/main").ok().flatten();
    let tree = main.and_then(|main| world.template.tree(&world.git, main.as_str()));
    tree.map_or(Held::Unbuilt, |tree| Held::Sources(tree.sources))
}

/// Maps waits and refusals that say, or imply, that this promotion has published nothing.
fn says(world: &World<'_>, promoter: &Promoter) -> Report {
    match &promoter.end {
        None | Some(Ended::WrongBytes) => Report::Nothing,
        Some(Ended::Published(built)) => Report::Published(built.bytes),
        Some(Ended::Already(sources)) => Report::Already(*sources),
        Some(
            Ended::Waiting("promote.publish-unknown" | "promote.not-readable")
            | Ended::Refused("promote.release-broken"),
        ) => Report::Nothing,
        Some(Ended::Waiting(_) | Ended::Refused(_)) => Report::PublishedNothing {
            but_did: promoter.published_its_draft(world),
        },
    }
}

/// Returns the candidate that a release holds, if a run of the head made it with the workflow file of main: its
/// executables, their sums, the receipt, and nothing else, under a tag that points to its head.
///
/// An immutable release does not change, so the result is cached.
fn whole(world: &World<'_>, release: &Release) -> Option<Built> {
    if !release.immutable {
        return worked_out(world, release);
    }
    let known = world.frozen.get().filter(|(id, _)| *id == release.id);
    let (_, whole) = known.unwrap_or_else(|| (release.id, worked_out(world, release)));
    world.frozen.set(Some((release.id, whole)));
    whole
}

fn worked_out(world: &World<'_>, release: &Release) -> Option<Built> {
    let all = world
        .state
        .assets(&world.template.automation, release.id)
        .ok()?;
    let Kept {
        receipt,
        sums,
        built,
    } = observe::receipt_of(world, release)?;
    let manifest = &receipt.manifest;
    let added = all.len() != manifest.executables.len() + 2;
    let tagged = observe::tag_commit(world).as_ref() == Some(&receipt.origin.head);
    let honest = |run: &Manifest| {
        run == manifest
            && !world
                .foreign
                .contains(&lockgate_forge_embedded::RunId(run.run.0))
    };
    let built_so = world.manifests.values().any(honest) && manifest.commit == receipt.origin.head;
    if receipt.tag.as_str() != release.tag_name || added || !tagged || !built_so {
        return None;
    }
    let holds = |name: &str, sha256: Digest| {
        let mut named = all.iter().filter(|asset| asset.name == name);
        let blob = named.next().and_then(|asset| asset.blob.as_ref());
        blob.is_some_and(|blob| digest(blob) == sha256)
    };
    let mut executables = manifest.executables.iter();
    let complete = executables.all(|one| holds(one.name.as_str(), one.sha256));
    (complete && holds(SUMS_ASSET, *sums)).then_some(*built)
}

/// Returns whether it can be proven that a promotion published it.
pub fn is_proven(world: &World<'_>) -> bool {
    matches!(observe::release(world), ReleaseFacts::Published(release) if release.origin == ReleaseOrigin::Promotion)
}

/// Returns whether a pull request has to be mergeable: the result of the merge is published, and its head contains the
/// base branch unless a queue ensures that.
pub fn may_land(world: &World<'_>, number: PullNumber) -> bool {
    let ready = || {
        let pull = observe::pull(world, number, false)?;
        let head = lockgate_forge_embedded::CommitId::parse(pull.head.as_str())?;
        let base = world.git.resolve("refs/heads/main").ok()??;
        let fresh = world.git.is_ancestor(&base, &head).ok()?;
        let tree = world.template.merged(&world.git, &base, &head)?;
        let release = world.state.release_by_tag(world.tag()).ok()?;
        let built = whole(world, release)?;
        let same = built.sources == tree.sources;
        let open = pull.state == PullState::Open && pull.base.as_str() == "main";
        Some(open && (fresh || world.queues) && same && is_proven(world))
    };
    ready().unwrap_or(false)
}
