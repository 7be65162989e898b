//! The world of one schedule: the fake's state, a repository in memory, a controlled clock, and the delayed calls. Also
//! the facts that only the simulator knows: what a release really holds, and who changed it when.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lockgate_core::Digest;
use lockgate_core::document::{Document as _, Manifest, Receipt};
use lockgate_core::promote::PullFacts;
use lockgate_forge_embedded::state::State;
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::assets::NewAsset;
use lockgate_forge_embedded::state::people::Actor;
use lockgate_forge_embedded::state::publishing::MakeLatest;
use lockgate_forge_embedded::state::refusal::Refusal;
use lockgate_forge_embedded::state::releases::{NewRelease, ReleaseEdit};
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::state::statuses::NewStatus;
use lockgate_forge_embedded::{
    AssetId, Blob, CommitId, MemoryRepository, PullNumber, ReleaseId, Repository as _, RunId,
};

use lockgate_model::promises::Built;

use crate::fault_kind::FaultKind;
use crate::mutant::Mutant;
use crate::template::{PROMOTION, START, Template};

/// The world of one schedule.
#[derive(Debug)]
pub struct World<'t> {
    /// The constant part.
    pub template: &'t Template,
    /// The state of the fake GitHub.
    pub state: State,
    /// The repository.
    pub git: MemoryRepository,
    /// Whether the base branch has a merge queue.
    pub queues: bool,
    /// Whether the package's tags are reserved, and an App publishes: the hardened level. At the basic one any writer
    /// can create a tag and a release.
    pub reserved: bool,
    /// The broken variant, which falsifies facts that all flows read.
    pub mutant: Option<Mutant>,
    /// Seconds since 1970.
    pub now: i64,
    /// The number of steps so far.
    pub step: u64,
    /// The candidates' manifests, by the id of their artifact.
    pub manifests: BTreeMap<u64, Manifest>,
    /// The builds so far: a pull request, its head, and how often its base branch had been changed.
    pub built: BTreeSet<(PullNumber, CommitId, usize)>,
    /// Runs that executed another workflow file than main's, or belong to a fork.
    pub foreign: BTreeSet<RunId>,
    /// Uploaded receipts, by the digest of their bytes.
    pub receipts: BTreeMap<String, Rc<Kept>>,
    /// Drafts that their promoter asked to publish, with title and notes.
    pub asked: BTreeMap<ReleaseId, (String, String)>,
    /// Drafts that their promoter has read back.
    pub read_back: BTreeSet<ReleaseId>,
    /// Drafts that a writer has changed, at any time.
    pub edited: BTreeSet<ReleaseId>,
    /// Drafts that a writer changed after the read-back, or just before a read-back that did not show it.
    pub edited_in_the_gap: BTreeSet<ReleaseId>,
    /// Pull requests that rename what users follow without raising the version.
    pub renames: Vec<PullNumber>,
    /// Whether a writer has changed the published release, which is possible only if it is mutable.
    pub altered: bool,
    /// Whether the published release is complete, once it is immutable.
    pub frozen: Cell<Option<(ReleaseId, Option<Built>)>>,
    /// A wrong decision that the state of the world would not show.
    pub fault: Option<&'static str>,
    /// Each pull request as it was before the last push, for stale reads.
    pub before: BTreeMap<u64, PullFacts>,
    /// A description of each step, if requested.
    pub trace: Option<Vec<String>>,
    late: Vec<(u64, Write)>,
}

/// An uploaded receipt, and what follows from it.
#[derive(Debug)]
pub struct Kept {
    /// The receipt.
    pub receipt: Receipt,
    /// The digest of its `SHA256SUMS`.
    pub sums: Digest,
    /// The candidate that it lists.
    pub built: Built,
}

/// Converts a candidate for the model: sources and bytes are numbered by the start of their digests.
pub fn built(manifest: &Manifest) -> Built {
    let all = manifest
        .executables
        .iter()
        .map(|one| one.sha256.to_string());
    Built {
        sources: number_of(manifest.fingerprint.0),
        bytes: number_of(Digest::of(all.collect::<String>().as_bytes())),
    }
}

/// Returns the start of a digest.
pub fn number_of(digest: Digest) -> u32 {
    let text = digest.to_string();
    u32::from_str_radix(text.get(..8).unwrap_or_default(), 16).unwrap_or(0)
}

/// A write that was sent.
#[derive(Debug, Clone)]
pub enum Write {
    /// Creates a draft as this account.
    Draft(Actor, NewRelease),
    /// Uploads a file to a draft.
    Upload(ReleaseId, String, Blob),
    /// Completes an upload that has begun, which is a `starter` until then.
    Finish(AssetId, Blob),
    /// Publishes a draft, and sends its content again.
    Publish(ReleaseId, Box<ReleaseEdit>),
    /// Posts a status.
    Status(String, NewStatus),
    /// Stores a receipt with a promotion's run, as an artifact with this name.
    Keep(String, Blob),
    /// Deletes a file; only a broken variant of the code does this.
    Delete(AssetId),
}

impl<'t> World<'t> {
    /// Creates the world from the template.
    pub fn new(template: &'t Template, tell: bool) -> Self {
        Self {
            template,
            state: template.state.clone(),
            git: template.git.clone(),
            queues: false,
            reserved: true,
            mutant: None,
            now: START,
            step: 0,
            manifests: template.manifests.clone(),
            built: template.built.clone(),
            foreign: BTreeSet::new(),
            receipts: BTreeMap::new(),
            asked: BTreeMap::new(),
            read_back: BTreeSet::new(),
            edited: BTreeSet::new(),
            edited_in_the_gap: BTreeSet::new(),
            renames: Vec::new(),
            altered: false,
            frozen: Cell::new(None),
            fault: None,
            before: BTreeMap::new(),
            trace: tell.then(Vec::new),
            late: Vec::new(),
        }
    }

    /// Returns the merge queue's commit for a pull request, if it is queued.
    pub fn queued(&self, number: PullNumber) -> Option<CommitId> {
        let queued = || self.state.queued(&self.git, number).ok();
        self.queues.then(queued)?
    }

    /// Records a step.
    pub fn tell(&mut self, line: impl FnOnce() -> String) {
        let step = self.step;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{step:4} {}", line()));
        }
    }

    /// Makes a write. `None` if the caller has crashed.
    pub fn write(
        &mut self,
        fault_kind: FaultKind,
        call: Write,
    ) -> Option<Result<u64, lockgate_core::promote::Fault>> {
        let mut effect = None;
        if fault_kind.happens() {
            effect = Some(self.apply(call.clone()));
        }
        if let (FaultKind::Starter, Write::Upload(release, name, _)) = (fault_kind, &call) {
            let order = asset(name);
            let begun =
                self.state
                    .begin_upload(&self.template.automation, self.now, *release, order);
            effect = Some(begun.map(|id| id.0));
        }
        if let Some(steps) = fault_kind.later() {
            let late = self.begun(call, steps);
            self.late.push((self.step + steps, late));
        }
        (!fault_kind.dies()).then(|| fault_kind.heard(effect))
    }

    /// A late upload may have begun: its name is taken, and its bytes are still coming.
    fn begun(&mut self, call: Write, steps: u64) -> Write {
        if let (Write::Upload(release, name, blob), 0) = (&call, steps % 2) {
            let actor = &self.template.automation;
            let begun = self
                .state
                .begin_upload(actor, self.now, *release, asset(name));
            if let Ok(id) = begun {
                return Write::Finish(id, blob.clone());
            }
        }
        call
    }

    /// Advances the clock; delayed calls arrive.
    pub fn tick(&mut self) {
        self.step += 1;
        let step = self.step;
        let (due, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= step);
        self.late = rest;
        for (_, call) in due {
            self.tell(|| format!("arrives late: {}", name(&call)));
            // The response is not needed.
            let _ = self.apply(call);
        }
    }

    /// Returns whether a call is still delayed.
    pub fn is_pending(&self) -> bool {
        !self.late.is_empty()
    }

    fn apply(&mut self, call: Write) -> Result<u64, Refusal> {
        let (now, actor) = (self.now, &self.template.automation);
        match call {
            Write::Draft(actor, order) => {
                let made = self.state.create_release(&actor, now, &self.git, order);
                made.map(|id| id.0)
            }
            Write::Upload(release, name, blob) => {
                let sent = self
                    .state
                    .upload_asset(actor, now, release, asset(&name), blob);
                sent.map(|asset| asset.id.0)
            }
            Write::Finish(id, blob) => {
                let done = self.state.finish_upload(now, id, blob);
                done.map(|asset| asset.id.0)
            }
            Write::Publish(id, order) => {
                let edit = ReleaseEdit {
                    draft: Some(false),
                    make_latest: Some(MakeLatest::False),
                    ..*order
                };
                let done = self.state.edit_release(actor, now, &self.git, id, edit);
                done.map(|release| release.id.0)
            }
            Write::Status(commit, order) => {
                let done = self
                    .state
                    .create_status(actor, now, &self.git, &commit, order);
                done.map(|status| status.id.0)
            }
            Write::Keep(name, blob) => {
                let head_sha = self.git.resolve("refs/heads/main")?;
                let order = NewRun {
                    workflow: self.state.workflow(PROMOTION)?.id,
                    event: "workflow_dispatch".into(),
                    head_sha: head_sha.ok_or(Refusal::NotFound)?,
                    head_branch: Some("main".into()),
                    actor: "maintainer".into(),
                    pull: None,
                };
                let run = self.state.start_run(now, order)?;
                let form = ArtifactForm::Plain;
                let kept = self
                    .state
                    .register_artifact(now, run, &name, form, blob, 90);
                kept.map(|id| id.0)
            }
            Write::Delete(id) => self.state.delete_asset(actor, now, id).map(|()| id.0),
        }
    }

    /// Stores the text of a receipt, so that it can be read by the digest in the fake's state.
    pub fn keep(&mut self, bytes: &[u8]) -> Blob {
        let blob = Blob::of(bytes);
        if !self.receipts.contains_key(&blob.sha256)
            && let Ok(receipt) = Receipt::from_json(bytes)
        {
            let kept = Kept {
                sums: Digest::of(receipt.sums().to_string().as_bytes()),
                built: built(&receipt.manifest),
                receipt,
            };
            self.receipts.insert(blob.sha256.clone(), Rc::new(kept));
        }
        blob
    }

    /// Returns the contested tag.
    pub fn tag(&self) -> &'static str {
        "hello-v2"
    }
}

/// Converts a stored digest.
pub fn digest(blob: &Blob) -> Digest {
    blob.sha256.parse().unwrap_or_else(|_| Digest::of(b""))
}

pub(crate) fn asset(name: &str) -> NewAsset {
    NewAsset {
        name: name.to_owned(),
        label: None,
        content_type: "application/octet-stream".into(),
    }
}

/// Describes a call briefly.
pub fn name(call: &Write) -> String {
    match call {
        Write::Draft(..) => "create a draft".to_owned(),
        Write::Upload(release, name, _) => format!("upload {name} to {release}"),
        Write::Finish(id, _) => format!("the end of the upload {id}"),
        Write::Publish(release, _) => format!("publish {release}"),
        Write::Status(commit, order) => format!("status {} on {commit:.7}", order.state),
        Write::Keep(..) => "keep the receipt".to_owned(),
        Write::Delete(id) => format!("delete file {id}"),
    }
}
