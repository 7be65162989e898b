//! Updates the status and the comment after the release is published. Idempotent.

use lockgate_core::gate::{self, Build, Facts, Pins, Published};
use lockgate_core::promote::{CandidateFacts, Plan};
use lockgate_core::{Verdict, detect};
use lockgate_forge::Forge as _;

use super::Observed;
use crate::exit::Failure;
use crate::observe::gate::{GateObservation, Vouched, of_package, pins_in};
use crate::observe::remote::Remote;
use crate::output::comment;
use crate::output::status::post;

/// Finalizes a promotion by this process, which knows what it published and has just read it back: nothing is read again.
pub(super) fn published(
    remote: &mut Remote<'_>,
    observed: &Observed,
    plan: &Plan,
) -> Result<(), Failure> {
    let (version, fingerprint) = (
        plan.receipt.manifest.package_version.clone(),
        plan.receipt.manifest.fingerprint,
    );
    let decision = Verdict::Done(detect::Done::AlreadyPublished {
        version,
        fingerprint,
    });
    let pins = match (&observed.seen.package.pins, &observed.view.trees.merged) {
        (Some(_), Some(tree)) => pins_in(remote, &observed.seen, tree, &plan.receipt)?,
        (Some(_), None) | (None, _) => Pins::None,
    };
    let facts = Facts {
        decision: decision.clone(),
        merged: Some(plan.binding.merged),
        build: Build::Succeeded,
        unpromotable: None,
        published: Published::Complete(fingerprint),
        pins,
    };
    let status = gate::decide(&facts);
    let name = &observed.facts.package.name;
    // A promotion into a branch without a gate is refused earlier.
    let context = observed.facts.context.as_deref().unwrap_or_default();
    remote.forge.post_status(
        &plan.binding.head,
        context,
        &status,
        Some(&observed.view.pull.url),
    )?;
    let mut seen = observed.seen.clone();
    seen.decision = decision;
    let progress = observed.progress.clone();
    let observation = GateObservation {
        decision: Some(seen.decision.clone()),
        seen: Some(seen),
        progress,
        status,
    };
    if let Some(text) = comment::text(remote, &observed.view, name, &observation)? {
        comment::write(remote, plan.binding.pull, name, &text)?;
    }
    Ok(())
}

/// Finalizes an earlier promotion: reads everything again, and writes only what differs.
pub(super) fn done(remote: &mut Remote<'_>, observed: &Observed) -> Result<(), Failure> {
    remote.refresh();
    let name = &observed.facts.package.name;
    let view = remote.view(observed.view.pull.facts.number)?;
    let mut observation = of_package(remote, &view, name, Vouched::ByThisPromotion)?;
    let Some(context) = remote.context_of(&view.pull, name)? else {
        return Ok(());
    };
    post(
        remote,
        &view.pull.facts.head,
        name,
        &context,
        &observation.status,
        Some(&view.pull.url),
    )?;
    observation.progress = observed.progress.clone();
    // Without the manifest, a new comment would contain less than the existing one.
    let readable = matches!(observation.progress.candidate, CandidateFacts::Read(_));
    if readable && let Some(text) = comment::text(remote, &view, name, &observation)? {
        comment::write(remote, view.pull.facts.number, name, &text)?;
    }
    Ok(())
}
