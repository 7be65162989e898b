//! Turns checked facts into the plan: no decisions are made here.

use super::plan::{Binding, BoundArtifact, Item, Plan, documents};
use super::{ArtifactFacts, Facts, RunFacts, approval};
use crate::document::{HeaderRanges, Manifest, Origin, OriginArtifact, Promoter, Receipt};
use crate::ids::ObjectId;
use crate::render::release_notes;

/// Collects everything to publish, and everything that it is bound to.
pub(super) fn plan(
    facts: &Facts,
    run: &RunFacts,
    workflow_blob: ObjectId,
    manifest: Manifest,
    artifacts: &[&ArtifactFacts],
) -> Plan {
    let tag = facts.package.tag(&manifest.package_version);
    let mut bound: Vec<BoundArtifact> = artifacts
        .iter()
        .map(|artifact| BoundArtifact {
            name: artifact.name.clone(),
            id: artifact.id,
            sha256: artifact.sha256,
        })
        .collect();
    bound.sort();
    let binding = Binding {
        repository_id: facts.repository_id,
        pull: facts.pull.number,
        state: facts.pull.state,
        head: facts.pull.head.clone(),
        base: facts.pull.base.clone(),
        run: run.id,
        attempt: run.attempt,
        workflow_id: run.workflow_id,
        workflow_path: run.workflow_path.clone(),
        workflow_blob,
        artifacts: bound,
        merged: facts.head_fingerprint,
    };
    let executables = manifest.executables.clone().into_iter().zip(artifacts);
    let executables = executables.map(|(executable, artifact)| Item::Executable {
        executable,
        artifact: artifact.id,
        stored_sha256: artifact.sha256,
    });
    let receipt = receipt(facts, &binding, manifest);
    let documents = documents(&receipt).into_iter().filter_map(|(name, bytes)| {
        Some(Item::Document {
            name: name.parse().ok()?,
            bytes,
        })
    });
    let items = executables.chain(documents).collect();
    let title = format!(
        "{} {}",
        facts.package.name, receipt.manifest.package_version
    );
    let mut plan = Plan {
        title,
        notes: release_notes(&receipt),
        prerelease: receipt.manifest.package_version.is_prerelease(),
        target: facts.pull.head.clone(),
        binding,
        tag,
        items,
        receipt,
        shown: Vec::new(),
    };
    plan.shown = approval::shown(facts, &plan);
    plan
}

fn receipt(facts: &Facts, binding: &Binding, mut manifest: Manifest) -> Receipt {
    // The ranges serve the promotion itself: readers of a receipt have whole files.
    for executable in &mut manifest.executables {
        executable.header_ranges = HeaderRanges::default();
    }
    let origin = Origin {
        repository_id: facts.repository_id,
        repository: facts.repository.clone(),
        pull_request: binding.pull,
        head: binding.head.clone(),
        base: binding.base.clone(),
        base_commit: facts.base_commit.clone(),
        workflow_id: binding.workflow_id,
        workflow_path: binding.workflow_path.clone(),
        workflow_blob: binding.workflow_blob.clone(),
        artifacts: binding
            .artifacts
            .iter()
            .map(|bound| OriginArtifact {
                id: bound.id,
                name: bound.name.clone(),
                sha256: bound.sha256,
            })
            .collect(),
    };
    let promoter = Promoter {
        login: facts.actor.login.clone(),
        lockgate: facts.lockgate.clone(),
    };
    Receipt {
        tag: facts.package.tag(&manifest.package_version),
        manifest,
        origin,
        promoter,
        promoted_at: facts.now,
    }
}
