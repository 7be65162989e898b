//! The gate's observation of one package of a pull request or of a merge group, and the resulting status.

use lockgate_core::config::Package;
use lockgate_core::detect::{self, Decision};
use lockgate_core::document::{LARGEST, Receipt, Sums};
use lockgate_core::gate::{self, Build, Facts, Pins, Published as Release, Status};
use lockgate_core::promote::{self, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{PackageName, Verdict, Version};

use super::candidate::{Progress, Which};
use super::public_receipt::PublicReceipt;
use super::release_origin::release;
use super::remote::{Remote, View};
use super::{PackageObservation, Published as _, Tree, Trees};
use crate::exit::Failure;

/// Returns the named package of base or head, or all of them; an error if neither side has a readable config.
pub fn packages(view: &View, named: Option<&str>) -> Result<Vec<PackageName>, Failure> {
    if view.trees.names().is_empty() {
        // The config of the head explains why.
        let number = view.pull.facts.number;
        view.trees.head.config(&format!("pull request #{number}"))?;
    }
    view.trees.choose(named)
}

/// Everything that the gate found about one package of a pull request.
pub struct GateObservation {
    /// The decision, if the config can be read or is itself the problem; `None` if the package is removed.
    pub decision: Option<Decision>,
    /// The package in the three trees; `None` if the head removes it, or if its config cannot be read.
    pub seen: Option<PackageObservation>,
    /// The build of the head.
    pub progress: Progress,
    /// The resulting status.
    pub status: Status,
}

/// Whether a release whose publisher cannot be determined is vouched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// It is not.
    ByNobody,
    /// The running promotion vouches for it: it has found the exact bytes of its candidate, and stores the receipt with its run.
    ByThisPromotion,
}

/// Observes and decides. If the pull request raises nothing, nothing is read from the API.
pub fn of_package(
    remote: &Remote<'_>,
    view: &View,
    name: &PackageName,
    vouched: Vouched,
) -> Result<GateObservation, Failure> {
    if let Err(failure) = config_of(&view.trees.head) {
        let (decision, status) = unreadable(&failure);
        return Ok(GateObservation {
            decision: Some(decision),
            seen: None,
            progress: Progress::none(),
            status,
        });
    }
    let Some(seen) = remote.see(view, name)? else {
        let removal = view.trees.removal(name).map(Verdict::Refuse);
        return Ok(GateObservation {
            status: removal.as_ref().map_or_else(gate::removed, undecided),
            decision: removal,
            seen: None,
            progress: Progress::none(),
        });
    };
    let progress = match &seen.decision {
        Verdict::Proceed(plan) => Progress::read(
            &remote.forge,
            &seen.package,
            &view.pull.facts,
            Some(&plan.version),
            Which::Any,
            remote.ended()?.as_ref(),
        )?,
        Verdict::Done(_) | Verdict::Refuse(_) | Verdict::Wait(_) => Progress::none(),
    };
    let merged = view.trees.merged.as_ref();
    let build = (progress.build(), unpromotable(view, &seen));
    let status = gate::decide(&facts(remote, &seen, merged, build, vouched)?);
    Ok(GateObservation {
        decision: Some(seen.decision.clone()),
        seen: Some(seen),
        progress,
        status,
    })
}

/// Returns the refusal that every promotion of the head's candidate would get, from any account. Reads nothing.
///
/// A fork is not such a refusal: the status belongs to head and base, and the same head may be a pull request of this repository
/// too. The comment reports the fork.
fn unpromotable(view: &View, seen: &PackageObservation) -> Option<promote::Refusal> {
    promote::workflow(&view.trees.workflow(&seen.package)).err()
}

/// Returns the status of a package in a merge group.
pub fn of_merge_group(
    remote: &Remote<'_>,
    trees: &Trees,
    name: &PackageName,
) -> Result<Status, Failure> {
    if let Err(failure) = config_of(&trees.head) {
        return Ok(unreadable(&failure).1);
    }
    let seen = trees.see(&remote.git, name, remote)?;
    // Nothing is built for a merge group: an unpublished version cannot be merged this way.
    let removed = || match trees.removal(name).map(Verdict::Refuse) {
        Some(decision) => undecided(&decision),
        None => gate::removed(),
    };
    seen.map_or_else(
        || Ok(removed()),
        |seen| {
            Ok(gate::decide(&facts(
                remote,
                &seen,
                trees.merged.as_ref(),
                (Build::Succeeded, None),
                Vouched::ByNobody,
            )?))
        },
    )
}

fn config_of(tree: &Tree) -> Result<(), Failure> {
    match &tree.config {
        Some(Err(failure)) => Err(failure.clone()),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn unreadable(failure: &Failure) -> (Decision, Status) {
    let refusal = detect::Refusal::Config {
        problem: failure.message.clone(),
        remedy: failure.hint.clone(),
    };
    let decision = Verdict::Refuse(refusal);
    let status = undecided(&decision);
    (decision, status)
}

/// Returns the status if only the decision is known.
fn undecided(decision: &Decision) -> Status {
    gate::decide(&Facts {
        decision: decision.clone(),
        merged: None,
        build: Build::None,
        unpromotable: None,
        published: Release::Nothing,
        pins: Pins::None,
    })
}

fn facts(
    remote: &Remote<'_>,
    seen: &PackageObservation,
    merged: Option<&Tree>,
    (build, unpromotable): (Build, Option<promote::Refusal>),
    vouched: Vouched,
) -> Result<Facts, Failure> {
    let (mut published, mut pins) = (Release::Nothing, Pins::None);
    if let Verdict::Done(detect::Done::AlreadyPublished { version, .. }) = &seen.decision {
        let release = release(remote, &seen.package, version)?;
        if let (ReleaseFacts::Published(release), Some(tree)) = (&release, merged)
            && let Ok(receipt) = &release.receipt
        {
            pins = pins_in(remote, seen, tree, receipt)?;
        }
        published = judge(remote, &seen.package, version, &release, vouched)?;
    }
    if let (
        Verdict::Done(
            detect::Done::Unchanged { version } | detect::Done::ChangedWithoutBump { version, .. },
        ),
        Some(tree),
        true,
    ) = (&seen.decision, merged, seen.pins_changed)
    {
        pins = changed_pins(remote, seen, tree, version)?;
    }
    let decision: Decision = seen.decision.clone();
    Ok(Facts {
        decision,
        merged: seen.merged_fingerprint(),
        build,
        unpromotable,
        published,
        pins,
    })
}

/// Compares pins that a pull request changes without raising the version with the public receipt: no call to the API.
fn changed_pins(
    remote: &Remote<'_>,
    seen: &PackageObservation,
    merged: &Tree,
    version: &Version,
) -> Result<Pins, Failure> {
    Ok(match remote.receipt(&seen.package.tag(version), None) {
        Ok(PublicReceipt::Read(receipt)) => pins_in(remote, seen, merged, &receipt)?,
        Ok(PublicReceipt::NotYet(why)) => Pins::Unchecked(why),
        Ok(PublicReceipt::Unusable(problem)) => {
            Pins::Differ(format!("there is nothing to compare them with: {problem}"))
        }
        Err(failure) => Pins::Unchecked(failure.message),
    })
}

fn judge(
    remote: &Remote<'_>,
    package: &Package,
    version: &Version,
    release: &ReleaseFacts,
    vouched: Vouched,
) -> Result<Release, Failure> {
    let withdrawal = package.withdrawal_tag(version);
    if remote
        .refs()?
        .contains_key(&format!("refs/tags/{withdrawal}"))
    {
        return Ok(Release::Withdrawn(format!("see {withdrawal}")));
    }
    let release = match release {
        ReleaseFacts::Absent | ReleaseFacts::TagOnly => return Ok(Release::Nothing),
        ReleaseFacts::NotReadable(why) => return Ok(Release::NotReadable(why.clone())),
        ReleaseFacts::Published(release) => release,
    };
    Ok(
        match (&release.origin, release.problem(), &release.receipt) {
            (ReleaseOrigin::Foreign(why), ..) => Release::Foreign(why.clone()),
            (_, Some(problem), _) => Release::Broken(problem),
            (ReleaseOrigin::Unproven(why), ..) if vouched == Vouched::ByNobody => {
                Release::Unproven(why.clone())
            }
            (ReleaseOrigin::Promotion | ReleaseOrigin::Unproven(_), None, Ok(receipt)) => {
                Release::Complete(receipt.manifest.fingerprint)
            }
            (ReleaseOrigin::Promotion | ReleaseOrigin::Unproven(_), None, Err(problem)) => {
                Release::Broken(problem.clone())
            }
        },
    )
}

/// Compares a tree's pins with a release.
pub fn pins_in(
    remote: &Remote<'_>,
    seen: &PackageObservation,
    merged: &Tree,
    receipt: &Receipt,
) -> Result<Pins, Failure> {
    let Some(path) = &seen.package.pins else {
        return Ok(Pins::None);
    };
    let Some(bytes) = merged.file(&remote.git, path.as_str(), LARGEST)? else {
        return Ok(Pins::Differ(format!("{path} is missing")));
    };
    Ok(match Sums::parse(&bytes) {
        Ok(sums) if sums == receipt.sums() => Pins::Agree,
        Ok(_) => Pins::Differ(format!("{path} lists other digests")),
        Err(problem) => Pins::Differ(problem.to_string()),
    })
}
