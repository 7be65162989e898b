//! The executor of the promotion: executes one effect and returns its result. Decides nothing.

use std::collections::BTreeMap;
use std::io::Read as _;

use lockgate_client::Expectation;
use lockgate_core::promote::{
    Effect, Event, Fault, Item, ObservedAsset, ObservedDraft, ObservedRelease, Plan, Recheck,
    Rechecked, ReleaseFacts, Sent, UploadFault,
};
use lockgate_core::{AssetName, Digest, ReleaseId};
use lockgate_forge::{Asset, ErrorKind, Forge as _, ForgeError, NewRelease, Release};
use sha2::{Digest as _, Sha256};

use super::Observed;
use crate::commands::Context;
use crate::exit::Failure;
use crate::inspect_output::requirements;
use crate::observe::Published as _;
use crate::observe::public_receipt::PublicReceipt;
use crate::observe::release_origin::{listed, origin, tag_below};
use crate::observe::remote::Remote;
use crate::output::progress::Bar;
use crate::stream::{VerifyingReader, Wanted};

/// Executes effects.
pub(super) struct EffectExecutor<'h, 'a> {
    context: &'h Context,
    remote: &'h mut Remote<'a>,
    observed: &'h Observed,
    drafts: BTreeMap<ReleaseId, Release>,
    /// The release from the response to the publish call.
    published: Option<Release>,
}

impl<'h, 'a> EffectExecutor<'h, 'a> {
    /// Creates the executor for one promotion.
    pub(super) fn new(
        context: &'h Context,
        remote: &'h mut Remote<'a>,
        observed: &'h Observed,
    ) -> Self {
        Self {
            context,
            remote,
            observed,
            drafts: BTreeMap::new(),
            published: None,
        }
    }

    /// Executes an effect and returns its result. An error ends the process: git or the disk failed.
    pub(super) fn perform(&mut self, plan: &Plan, effect: &Effect) -> Result<Event, Failure> {
        Ok(match effect {
            Effect::CreateDraft => Event::Created(self.create(plan)),
            Effect::Send { draft, item } => Event::Sent(self.send(plan, *draft, *item)),
            Effect::ReadDraft(draft) => Event::DraftRead(self.read_draft(*draft)),
            Effect::Recheck => Event::Rechecked(match self.recheck(plan) {
                Ok(rechecked) => Ok(rechecked),
                Err(Unread::Fault(fault)) => Err(fault),
                Err(Unread::Failure(failure)) => return Err(failure),
            }),
            Effect::Publish(draft) => {
                self.context
                    .reporter
                    .say(&format!("publishing {}", plan.tag));
                Event::Published(self.publish(plan, *draft))
            }
            Effect::ReadRelease(n) => Event::ReleaseRead(self.read_release(plan, *n)),
            Effect::ReadPublic(n) => Event::PublicRead(self.read_public(plan, *n)),
        })
    }

    /// Publishes the draft with its title and notes, which stay editable: they are sent again in case they were lost. Nothing
    /// depends on them.
    fn publish(&mut self, plan: &Plan, draft: ReleaseId) -> Result<(), Fault> {
        let forge = &self.remote.forge;
        let release = forge
            .publish_as(draft, &order(plan))
            .map_err(ForgeError::into_fault)?;
        let lost = release.title != plan.title || release.notes.trim().is_empty();
        if lost && let Err(error) = forge.describe_release(draft, &plan.title, &plan.notes) {
            self.context.reporter.say(&error.to_string());
        }
        self.published = Some(release);
        Ok(())
    }

    fn create(&mut self, plan: &Plan) -> Result<ReleaseId, Fault> {
        let release = self
            .remote
            .forge
            .create_draft(&order(plan))
            .map_err(ForgeError::into_fault)?;
        self.context
            .reporter
            .say(&format!("created the draft {} of {}", release.id, plan.tag));
        let id = release.id;
        self.drafts.insert(id, release);
        Ok(id)
    }

    fn send(&self, plan: &Plan, draft: ReleaseId, at: usize) -> Result<Sent, UploadFault> {
        let gone = || UploadFault::Forge(Fault::NotFound("the draft was never created".to_owned()));
        let release = self.drafts.get(&draft).ok_or_else(gone)?;
        let item = plan.items.get(at).ok_or_else(gone)?;
        self.context.reporter.say(&format!(
            "sending {} ({})",
            item.name(),
            lockgate_core::render::size(item.size())
        ));
        let asset = match item {
            Item::Document { name, bytes } => {
                let sent = self.remote.forge.upload(
                    release,
                    name.as_str(),
                    item.size(),
                    &mut bytes.as_slice(),
                );
                sent.map_err(|error| UploadFault::Forge(error.into_fault()))?
            }
            Item::Executable {
                executable,
                artifact,
                stored_sha256,
                ..
            } => {
                let body = self
                    .remote
                    .forge
                    .open_artifact(*artifact)
                    .map_err(|error| UploadFault::Source(error.into_fault()))?;
                let variant = self.observed.facts.package.variant(&executable.variant);
                let wanted = Wanted {
                    executable,
                    stored_sha256: *stored_sha256,
                    requirements: variant.and_then(requirements),
                };
                let bar = Bar::new(
                    &self.context.reporter,
                    executable.name.as_str(),
                    executable.size,
                );
                std::thread::scope(|scope| {
                    let mut content = VerifyingReader::begin(scope, body, wanted);
                    let sent = self.remote.forge.upload(
                        release,
                        executable.name.as_str(),
                        executable.size,
                        &mut bar.watch(&mut content),
                    );
                    match (sent, content.fault.take()) {
                        (_, Some(fault)) => Err(fault),
                        (Ok(asset), None) => Ok(asset),
                        (Err(error), None) => Err(UploadFault::Forge(error.into_fault())),
                    }
                })?
            }
        };
        Ok(Sent {
            name: asset.name,
            size: asset.size,
            complete: asset.complete,
        })
    }

    fn read_draft(&self, draft: ReleaseId) -> Result<ObservedDraft, Fault> {
        let release = self
            .remote
            .forge
            .release(draft)
            .map_err(ForgeError::into_fault)?;
        let assets = release
            .assets
            .iter()
            .map(|asset| self.seen(asset))
            .collect::<Result<_, _>>()?;
        Ok(ObservedDraft {
            draft: release.draft,
            tag: release.tag,
            target: release.target,
            title: release.title,
            notes: release.notes,
            prerelease: release.prerelease,
            assets,
        })
    }

    /// Returns the observed state of a file of the draft; without a digest from GitHub, its bytes are read.
    fn seen(&self, asset: &Asset) -> Result<ObservedAsset, Fault> {
        let sha256 = match asset.sha256 {
            Some(digest) => digest,
            None if !asset.complete => Digest::of(b""),
            None => {
                let mut body = self
                    .remote
                    .forge
                    .open_asset(asset.id)
                    .map_err(ForgeError::into_fault)?;
                let mut hash = Sha256::new();
                let mut buffer = vec![0; 128 * 1024];
                loop {
                    match body.reader.read(&mut buffer) {
                        Ok(0) => break,
                        Ok(count) => hash.update(buffer.get(..count).unwrap_or_default()),
                        Err(error) => {
                            return Err(Fault::Unavailable(format!(
                                "{} broke off: {error}",
                                asset.id
                            )));
                        }
                    }
                }
                Digest::new(hash.finalize().into())
            }
        };
        Ok(ObservedAsset {
            name: asset.name.clone(),
            size: asset.size,
            complete: asset.complete,
            sha256,
        })
    }

    /// Reads again everything that the plan is bound to: the pull request, the run, the artifacts, and with git the base, the merge
    /// and the workflow.
    fn recheck(&mut self, plan: &Plan) -> Result<Rechecked, Unread> {
        self.remote.refresh();
        let pull = match self.remote.forge.pull(plan.binding.pull) {
            Ok(pull) => pull,
            Err(error) if error.kind == ErrorKind::NotFound => {
                return Ok(Rechecked::Gone("pull request"));
            }
            Err(error) => return Err(error.into()),
        };
        let run = match self.remote.forge.run(plan.binding.run) {
            Ok(run) => run.facts,
            Err(error) if error.kind == ErrorKind::NotFound => {
                return Ok(Rechecked::Gone("run"));
            }
            Err(error) => return Err(error.into()),
        };
        let artifacts = self.remote.forge.artifacts(plan.binding.run)?;
        let view = self.remote.view_of(pull)?;
        let Some(seen) = self.remote.see(&view, &self.observed.facts.package.name)? else {
            return Ok(Rechecked::Gone("package"));
        };
        Ok(plan.binding.recheck(Recheck {
            repository_id: view.pull.repository.id,
            pull: view.pull.facts.clone(),
            run,
            artifacts: artifacts
                .into_iter()
                .map(|artifact| artifact.facts)
                .collect(),
            workflow: view.trees.workflow(&seen.package),
            merged: seen.merged_fingerprint(),
            tagged: self.remote.tag_commit(&plan.tag)?.is_some(),
            blocked: tag_below(self.remote.refs()?, &plan.tag),
        }))
    }

    fn read_release(&mut self, plan: &Plan, n: u32) -> Result<ReleaseFacts, Fault> {
        std::thread::sleep(self.context.env.pause(n));
        let found = self
            .remote
            .forge
            .release_of_tag(&plan.tag)
            .map_err(ForgeError::into_fault)?;
        let Some(release) = found else {
            return Ok(ReleaseFacts::Absent);
        };
        let receipt = self
            .remote
            .receipt(&plan.tag, Some(&release))
            .map_err(|failure| Fault::Unavailable(failure.message))?;
        let receipt = match receipt {
            PublicReceipt::Read(receipt) => Ok(*receipt),
            PublicReceipt::Unusable(problem) => Err(problem),
            // The receipt of our own release is known without reading it.
            PublicReceipt::NotYet(why) if self.drafts.contains_key(&release.id) => Err(why),
            PublicReceipt::NotYet(why) => return Ok(ReleaseFacts::NotReadable(why)),
        };
        let mut seen = listed(&release, &plan.tag, receipt);
        // This promotion did not draft the release, so its receipt proves nothing by itself.
        if !self.drafts.contains_key(&release.id) {
            self.remote.refresh();
            let unknown = |failure: Failure| Fault::Unavailable(failure.message);
            seen.commit = self.remote.tag_commit(&plan.tag).map_err(unknown)?;
            if let Ok(receipt) = &seen.receipt {
                let package = &self.observed.facts.package;
                seen.origin = origin(self.remote, package, &release, receipt).map_err(unknown)?;
            }
        }
        self.published = Some(release);
        Ok(ReleaseFacts::Published(Box::new(seen)))
    }

    /// Returns the difference between the release and what was sent, or a tag that points to another commit; `None` if all is as
    /// planned.
    fn altered(&mut self, plan: &Plan) -> Option<String> {
        self.remote.refresh();
        let commit = self.remote.tag_commit(&plan.tag).ok()??;
        if commit != plan.target {
            return Some(format!("its tag names {commit}, not {}", plan.target));
        }
        let release = self.published.as_ref()?;
        let planned = |name: &str| plan.items.iter().any(|item| item.name().as_str() == name);
        let subprocess = release.assets.iter().find(|asset| !planned(&asset.name));
        subprocess.map(|asset| {
            format!(
                "{} was not sent",
                lockgate_core::escape::quoted(&asset.name)
            )
        })
    }

    fn read_public(&mut self, plan: &Plan, n: u32) -> ObservedRelease {
        if n > 0 {
            std::thread::sleep(self.context.env.pause(n - 1));
        }
        let expect = Expectation {
            package: Some(plan.receipt.manifest.package.clone()),
            version: Some(plan.receipt.manifest.package_version.clone()),
            repository_id: Some(plan.binding.repository_id),
        };
        let source = match self.remote.source(&plan.tag) {
            Ok(source) => source,
            Err(failure) => return ObservedRelease::NotYet(failure.message),
        };
        // Finds the file of this name; for a file that is not in the plan, the first one is reported instead.
        let wrong = |name: &str| {
            let named = plan.items.iter().find(|item| item.name().as_str() == name);
            named.or(plan.items.first()).map_or_else(
                || ObservedRelease::NotYet(String::new()),
                |item| ObservedRelease::Wrong(item.name().clone()),
            )
        };
        match self.remote.client().verify_release(&source, &expect) {
            Ok(verified) => {
                let ours = |item: &&Item| matches!(item, Item::Executable { .. });
                let planned: BTreeMap<&AssetName, Digest> = plan
                    .items
                    .iter()
                    .filter(ours)
                    .map(|item| (item.name(), item.sha256()))
                    .collect();
                let found: BTreeMap<&AssetName, Digest> = verified
                    .assets()
                    .iter()
                    .map(|asset| (asset.name(), asset.sha256()))
                    .collect();
                let differs = planned
                    .iter()
                    .find(|(name, digest)| found.get(*name) != Some(digest))
                    .or_else(|| found.iter().find(|(name, _)| !planned.contains_key(*name)));
                match differs {
                    Some((name, _)) => wrong(name.as_str()),
                    None => self
                        .altered(plan)
                        .map_or(ObservedRelease::Right, ObservedRelease::Altered),
                }
            }
            Err(lockgate_client::FetchError::WrongBytes(error)) => {
                self.context.reporter.say(&error.to_string());
                wrong(&error.what)
            }
            Err(error) => ObservedRelease::NotYet(error.to_string()),
        }
    }
}

/// Returns the release that the plan requires.
fn order(plan: &Plan) -> NewRelease<'_> {
    NewRelease {
        tag: &plan.tag,
        target: &plan.target,
        title: &plan.title,
        notes: &plan.notes,
        prerelease: plan.prerelease,
    }
}

/// A reason why the recheck has no result: the machine decides about a fault, a failure ends the command.
enum Unread {
    Fault(Fault),
    Failure(Failure),
}

impl From<ForgeError> for Unread {
    fn from(error: ForgeError) -> Self {
        Self::Fault(error.into_fault())
    }
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
