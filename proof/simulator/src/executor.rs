//! Executes the machine's effects on the fake's state, and falsifies results for a broken variant.
//!
//! Represents `crates/lockgate/src/flows/promote/apply.rs` and `stream.rs`: what they compare is compared here, by
//! digest.

use lockgate_core::promote::{
    Effect, Event, Fault, Item, ObservedAsset, ObservedDraft, ObservedRelease, Plan, ReleaseFacts,
    ReleaseOrigin, Sent, UploadFault,
};
use lockgate_core::{Digest, ReleaseId};
use lockgate_forge_embedded::state::people::Actor;
use lockgate_forge_embedded::state::releases::{NewRelease, ReleaseEdit};
use lockgate_forge_embedded::{ArtifactId, Blob, ReleaseId as ForgeRelease};

use crate::fault_kind::{FaultKind, fault};
use crate::mutant::Mutant;
use crate::observe;
use crate::promoter::Acting;
use crate::world::{World, Write, digest};

/// Executes an effect. `None` if the caller has crashed. A recheck is not done here.
pub(crate) fn perform(
    world: &mut World<'_>,
    fault_kind: FaultKind,
    acting: &Acting,
    mutant: Option<Mutant>,
    author: &Actor,
) -> Option<Event> {
    let plan = acting.machine.plan();
    let last = plan.items.len().saturating_sub(1);
    match &acting.effect {
        Effect::CreateDraft => create(world, fault_kind, plan, mutant, author).map(Event::Created),
        Effect::Send { item, .. } if *item == last && mutant == Some(Mutant::PublishEarly) => {
            let sent = plan.items.get(*item).map(as_planned);
            Some(Event::Sent(sent.ok_or_else(|| source("no such item"))))
        }
        Effect::Send { draft, item } => {
            let item = plan.items.get(*item)?;
            send(world, fault_kind, *draft, item, mutant).map(Event::Sent)
        }
        Effect::ReadDraft(draft) => Some(Event::DraftRead(read_draft(
            world, fault_kind, *draft, plan, mutant,
        ))),
        Effect::Recheck => None,
        Effect::Publish(draft) => {
            let answer = world
                .write(
                    fault_kind,
                    Write::Publish(ForgeRelease(draft.0), said(plan)),
                )?
                .map(drop);
            Some(Event::Published(match (answer, mutant) {
                (Err(Fault::Ambiguous(_)), Some(Mutant::TrustPublish)) => Ok(()),
                (answer, _) => answer,
            }))
        }
        Effect::ReadRelease(_) => Some(Event::ReleaseRead(read_release(
            world, fault_kind, plan, mutant,
        ))),
        Effect::ReadPublic(_) => Some(Event::PublicRead(read_public(
            world, fault_kind, plan, mutant,
        ))),
    }
}

/// Everything is sent again, so that edits made since the draft was read are not frozen.
fn said(plan: &Plan) -> Box<ReleaseEdit> {
    Box::new(ReleaseEdit {
        tag_name: Some(plan.tag.to_string()),
        target_commitish: Some(plan.target.to_string()),
        name: Some(plan.title.clone()),
        body: Some(plan.notes.clone()),
        prerelease: Some(plan.prerelease),
        ..ReleaseEdit::default()
    })
}

fn create(
    world: &mut World<'_>,
    fault_kind: FaultKind,
    plan: &Plan,
    mutant: Option<Mutant>,
    author: &Actor,
) -> Option<Result<ReleaseId, Fault>> {
    if mutant == Some(Mutant::AdoptDraft) {
        let all = world.state.releases(&world.template.automation);
        let found = all
            .into_iter()
            .find(|release| release.draft && release.tag_name == plan.tag.as_str());
        if let Some(release) = found {
            return Some(Ok(ReleaseId(release.id.0)));
        }
    }
    let order = NewRelease {
        tag_name: plan.tag.to_string(),
        target_commitish: plan.target.to_string(),
        name: Some(plan.title.clone()),
        body: Some(plan.notes.clone()),
        draft: true,
        ..NewRelease::default()
    };
    let made = world.write(fault_kind, Write::Draft(author.clone(), order))?;
    Some(made.map(ReleaseId))
}

fn source(text: &str) -> UploadFault {
    UploadFault::Source(Fault::NotFound(text.to_owned()))
}

fn as_planned(item: &Item) -> Sent {
    Sent {
        name: item.name().to_string(),
        size: item.size(),
        complete: true,
    }
}

fn send(
    world: &mut World<'_>,
    fault_kind: FaultKind,
    draft: ReleaseId,
    item: &Item,
    mutant: Option<Mutant>,
) -> Option<Result<Sent, UploadFault>> {
    let blob = match content(world, item, mutant) {
        Ok(blob) => blob,
        Err(fault) => return Some(Err(fault)),
    };
    let id = ForgeRelease(draft.0);
    if mutant == Some(Mutant::AdoptDraft) {
        match there(world, id, item) {
            Some((_, true)) => return Some(Ok(as_planned(item))),
            Some((other, false)) => drop(world.write(FaultKind::Fine, Write::Delete(other))),
            None => {}
        }
    }
    if mutant == Some(Mutant::DeleteAndRetry) {
        match there(world, id, item) {
            Some((_, true)) => return Some(Ok(as_planned(item))),
            Some((other, false)) => {
                world.write(fault_kind, Write::Delete(other))?.ok();
                return Some(Err(UploadFault::Forge(Fault::Ambiguous("again".into()))));
            }
            None => {}
        }
    }
    let call = Write::Upload(id, item.name().to_string(), blob.clone());
    let answer = world.write(fault_kind, call)?;
    let sent = Sent {
        name: item.name().to_string(),
        size: blob.size,
        complete: true,
    };
    let answer = match (answer, mutant) {
        (Err(_), Some(Mutant::IgnoreStarter)) if fault_kind == FaultKind::Starter => Ok(sent),
        (answer, _) => answer.map(|_| sent),
    };
    Some(answer.map_err(UploadFault::Forge))
}

/// Returns the file with that name, and whether it is the item.
fn there(
    world: &World<'_>,
    draft: ForgeRelease,
    item: &Item,
) -> Option<(lockgate_forge_embedded::AssetId, bool)> {
    let all = world.state.assets(&world.template.automation, draft).ok()?;
    let asset = all
        .into_iter()
        .find(|asset| asset.name == item.name().as_str())?;
    let right = asset
        .blob
        .as_ref()
        .is_some_and(|blob| digest(blob) == item.sha256());
    Some((asset.id, right))
}

/// Returns the bytes of an item: those of a document, or those of a workflow artifact if they match the manifest.
fn content(
    world: &mut World<'_>,
    item: &Item,
    mutant: Option<Mutant>,
) -> Result<Blob, UploadFault> {
    match item {
        Item::Document { bytes, .. } => Ok(world.keep(bytes)),
        Item::Executable {
            executable,
            artifact,
            ..
        } => {
            let (id, now) = (ArtifactId(artifact.0), world.now);
            let found = world
                .state
                .downloadable(&world.template.automation, now, id);
            let blob = found
                .map_err(|refusal| UploadFault::Source(fault(refusal)))?
                .blob
                .clone();
            let right = digest(&blob) == executable.sha256 && blob.size == executable.size;
            if right || mutant == Some(Mutant::SkipBytes) {
                return Ok(blob);
            }
            Err(UploadFault::WrongBytes(executable.name.as_str().into()))
        }
    }
}

fn read_draft(
    world: &World<'_>,
    fault_kind: FaultKind,
    draft: ReleaseId,
    plan: &Plan,
    mutant: Option<Mutant>,
) -> Result<ObservedDraft, Fault> {
    let lie = matches!(
        mutant,
        Some(Mutant::SkipReadBack | Mutant::PublishEarly | Mutant::SkipBytes)
    );
    if lie {
        let planned = |item: &Item| ObservedAsset {
            name: item.name().to_string(),
            size: item.size(),
            complete: true,
            sha256: item.sha256(),
        };
        return Ok(ObservedDraft {
            draft: true,
            tag: plan.tag.to_string(),
            target: plan.target.to_string(),
            title: plan.title.clone(),
            notes: plan.notes.clone(),
            prerelease: plan.prerelease,
            assets: plan.items.iter().map(planned).collect(),
        });
    }
    fault_kind.read()?;
    let mut seen = observe::draft(world, draft).map_err(fault)?;
    if fault_kind == FaultKind::Stale {
        seen.assets.pop();
    }
    if mutant == Some(Mutant::IgnoreStarter) {
        for asset in seen.assets.iter_mut().filter(|asset| !asset.complete) {
            let item = plan
                .items
                .iter()
                .find(|item| item.name().as_str() == asset.name);
            asset.complete = true;
            asset.size = item.map_or(0, Item::size);
            asset.sha256 = item.map_or_else(|| Digest::of(b""), Item::sha256);
        }
    }
    Ok(seen)
}

fn read_release(
    world: &World<'_>,
    fault_kind: FaultKind,
    plan: &Plan,
    mutant: Option<Mutant>,
) -> Result<ReleaseFacts, Fault> {
    fault_kind.read()?;
    if fault_kind == FaultKind::Stale {
        return Ok(ReleaseFacts::Absent);
    }
    let mut seen = observe::release(world);
    if let (Some(Mutant::BelieveTheWinner), ReleaseFacts::Published(release)) = (mutant, &mut seen)
    {
        release.origin = ReleaseOrigin::Promotion;
    }
    if let (Some(Mutant::IgnoreOtherBytes), ReleaseFacts::Published(release)) = (mutant, &mut seen)
        && let Ok(receipt) = &mut release.receipt
    {
        // As if the comparison always found no difference.
        receipt.manifest.fingerprint = plan.receipt.manifest.fingerprint;
    }
    Ok(seen)
}

/// Reads as an anonymous client: the receipt, and the bytes of every file that it lists.
fn read_public(
    world: &World<'_>,
    fault_kind: FaultKind,
    plan: &Plan,
    mutant: Option<Mutant>,
) -> ObservedRelease {
    let lie = matches!(mutant, Some(Mutant::SkipPublicRead | Mutant::TrustPublish));
    if lie {
        return ObservedRelease::Right;
    }
    let not_yet = || ObservedRelease::NotYet("404".to_owned());
    if fault_kind.read().is_err() || fault_kind == FaultKind::Stale {
        return not_yet();
    }
    let tag = world.tag();
    for item in &plan.items {
        let Ok(asset) = world.state.public_asset(tag, item.name().as_str()) else {
            return not_yet();
        };
        if asset
            .blob
            .as_ref()
            .is_none_or(|blob| digest(blob) != item.sha256())
        {
            return ObservedRelease::Wrong(item.name().clone());
        }
    }
    let looks = mutant != Some(Mutant::TrustTheTag);
    if looks && observe::tag_commit(world).as_ref() != Some(&plan.target) {
        return ObservedRelease::Altered("its tag names another commit".to_owned());
    }
    let planned = |name: &str| plan.items.iter().any(|item| item.name().as_str() == name);
    if let ReleaseFacts::Published(release) = observe::release(world)
        && let Some(asset) = release.assets.iter().find(|it| !planned(it.name.as_str()))
    {
        return ObservedRelease::Altered(format!("{} was not sent", asset.name));
    }
    ObservedRelease::Right
}
