//! Executes the machine's effects on the fake's state, and falsifies results for a broken variant.
//!
//! Represents `crates/lockgate/src/flows/promote/apply.rs` and `stream.rs`: what they compare is compared here, by
//! digest.

use lockgate_core::promote::{
    Effect, Event, Fault, Item, Plan, ReleaseFacts, ReleaseOrigin, SeenAsset, SeenDraft,
    SeenRelease, Sent, UploadFault,
};
use lockgate_core::{Digest, ReleaseId};
use lockgate_forge_embedded::state::people::Actor;
use lockgate_forge_embedded::state::releases::{NewRelease, ReleaseEdit};
use lockgate_forge_embedded::{ArtifactId, Blob, ReleaseId as ForgeRelease};

use crate::luck::{Luck, fault};
use crate::observe;
use crate::promoter::Acting;
use crate::sabotage::Sabotage;
use crate::world::{World, Write, digest};

/// Executes an effect. `None` if the caller has crashed. A recheck is not done here.
pub(crate) fn perform(
    world: &mut World<'_>,
    luck: Luck,
    acting: &Acting,
    sabotage: Option<Sabotage>,
    author: &Actor,
) -> Option<Event> {
    let plan = acting.machine.plan();
    let last = plan.items.len().saturating_sub(1);
    match &acting.effect {
        Effect::CreateDraft => create(world, luck, plan, sabotage, author).map(Event::Created),
        Effect::Send { item, .. } if *item == last && sabotage == Some(Sabotage::PublishEarly) => {
            let sent = plan.items.get(*item).map(as_planned);
            Some(Event::Sent(sent.ok_or_else(|| source("no such item"))))
        }
        Effect::Send { draft, item } => {
            let item = plan.items.get(*item)?;
            send(world, luck, *draft, item, sabotage).map(Event::Sent)
        }
        Effect::ReadDraft(draft) => Some(Event::DraftRead(read_draft(
            world, luck, *draft, plan, sabotage,
        ))),
        Effect::Recheck => None,
        Effect::Publish(draft) => {
            let answer = world
                .write(luck, Write::Publish(ForgeRelease(draft.0), said(plan)))?
                .map(drop);
            Some(Event::Published(match (answer, sabotage) {
                (Err(Fault::Ambiguous(_)), Some(Sabotage::TrustPublish)) => Ok(()),
                (answer, _) => answer,
            }))
        }
        Effect::ReadRelease(_) => Some(Event::ReleaseRead(read_release(
            world, luck, plan, sabotage,
        ))),
        Effect::ReadPublic(_) => Some(Event::PublicRead(read_public(world, luck, plan, sabotage))),
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
    luck: Luck,
    plan: &Plan,
    sabotage: Option<Sabotage>,
    author: &Actor,
) -> Option<Result<ReleaseId, Fault>> {
    if sabotage == Some(Sabotage::AdoptDraft) {
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
    let made = world.write(luck, Write::Draft(author.clone(), order))?;
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
    luck: Luck,
    draft: ReleaseId,
    item: &Item,
    sabotage: Option<Sabotage>,
) -> Option<Result<Sent, UploadFault>> {
    let blob = match content(world, item, sabotage) {
        Ok(blob) => blob,
        Err(fault) => return Some(Err(fault)),
    };
    let id = ForgeRelease(draft.0);
    if sabotage == Some(Sabotage::AdoptDraft) {
        match there(world, id, item) {
            Some((_, true)) => return Some(Ok(as_planned(item))),
            Some((other, false)) => drop(world.write(Luck::Fine, Write::Delete(other))),
            None => {}
        }
    }
    if sabotage == Some(Sabotage::DeleteAndRetry) {
        match there(world, id, item) {
            Some((_, true)) => return Some(Ok(as_planned(item))),
            Some((other, false)) => {
                world.write(luck, Write::Delete(other))?.ok();
                return Some(Err(UploadFault::Forge(Fault::Ambiguous("again".into()))));
            }
            None => {}
        }
    }
    let call = Write::Upload(id, item.name().to_string(), blob.clone());
    let answer = world.write(luck, call)?;
    let sent = Sent {
        name: item.name().to_string(),
        size: blob.size,
        complete: true,
    };
    let answer = match (answer, sabotage) {
        (Err(_), Some(Sabotage::IgnoreStarter)) if luck == Luck::Starter => Ok(sent),
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
    sabotage: Option<Sabotage>,
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
            if right || sabotage == Some(Sabotage::SkipBytes) {
                return Ok(blob);
            }
            Err(UploadFault::WrongBytes(executable.name.as_str().into()))
        }
    }
}

fn read_draft(
    world: &World<'_>,
    luck: Luck,
    draft: ReleaseId,
    plan: &Plan,
    sabotage: Option<Sabotage>,
) -> Result<SeenDraft, Fault> {
    let lie = matches!(
        sabotage,
        Some(Sabotage::SkipReadBack | Sabotage::PublishEarly | Sabotage::SkipBytes)
    );
    if lie {
        let planned = |item: &Item| SeenAsset {
            name: item.name().to_string(),
            size: item.size(),
            complete: true,
            sha256: item.sha256(),
        };
        return Ok(SeenDraft {
            draft: true,
            tag: plan.tag.to_string(),
            target: plan.target.to_string(),
            title: plan.title.clone(),
            notes: plan.notes.clone(),
            prerelease: plan.prerelease,
            assets: plan.items.iter().map(planned).collect(),
        });
    }
    luck.read()?;
    let mut seen = observe::draft(world, draft).map_err(fault)?;
    if luck == Luck::Stale {
        seen.assets.pop();
    }
    if sabotage == Some(Sabotage::IgnoreStarter) {
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
    luck: Luck,
    plan: &Plan,
    sabotage: Option<Sabotage>,
) -> Result<ReleaseFacts, Fault> {
    luck.read()?;
    if luck == Luck::Stale {
        return Ok(ReleaseFacts::Absent);
    }
    let mut seen = observe::release(world);
    if let (Some(Sabotage::BelieveTheWinner), ReleaseFacts::Published(release)) =
        (sabotage, &mut seen)
    {
        release.origin = ReleaseOrigin::Promotion;
    }
    if let (Some(Sabotage::IgnoreOtherBytes), ReleaseFacts::Published(release)) =
        (sabotage, &mut seen)
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
    luck: Luck,
    plan: &Plan,
    sabotage: Option<Sabotage>,
) -> SeenRelease {
    let lie = matches!(
        sabotage,
        Some(Sabotage::SkipPublicRead | Sabotage::TrustPublish)
    );
    if lie {
        return SeenRelease::Right;
    }
    let not_yet = || SeenRelease::NotYet("404".to_owned());
    if luck.read().is_err() || luck == Luck::Stale {
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
            return SeenRelease::Wrong(item.name().clone());
        }
    }
    let looks = sabotage != Some(Sabotage::TrustTheTag);
    if looks && observe::tag_commit(world).as_ref() != Some(&plan.target) {
        return SeenRelease::Altered("its tag names another commit".to_owned());
    }
    let planned = |name: &str| plan.items.iter().any(|item| item.name().as_str() == name);
    if let ReleaseFacts::Published(release) = observe::release(world)
        && let Some(asset) = release.assets.iter().find(|it| !planned(it.name.as_str()))
    {
        return SeenRelease::Altered(format!("{} was not sent", asset.name));
    }
    SeenRelease::Right
}
