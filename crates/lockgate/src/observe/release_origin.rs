//! Reads a published release from GitHub and as an anonymous client, and determines its publisher. Judges nothing itself.

use lockgate_core::config::{Package, RECEIPT_ASSET};
use lockgate_core::document::Receipt;
use lockgate_core::promote::origin::{self, Author};
use lockgate_core::promote::{PublishedAsset, PublishedRelease, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{CommitId, Tag, Version};
use lockgate_forge::{Artifact, ErrorKind, Forge as _, ForgeError, Release};

use crate::exit::Failure;
use crate::git::Refs;
use crate::observe::candidate::{Contained, read_document};
use crate::observe::public_receipt::PublicReceipt;
use crate::observe::remote::Remote;

/// Reads what is published under the tag of a version: GitHub's list, the public receipt, the publisher.
pub fn release(
    remote: &Remote<'_>,
    package: &Package,
    version: &Version,
) -> Result<ReleaseFacts, Failure> {
    let tag = package.tag(version);
    let Some(release) = remote.forge.release_of_tag(&tag)? else {
        return Ok(ReleaseFacts::TagOnly);
    };
    let receipt = match remote.receipt(&tag, Some(&release))? {
        PublicReceipt::NotYet(why) => return Ok(ReleaseFacts::NotReadable(why)),
        PublicReceipt::Read(receipt) => Ok(*receipt),
        PublicReceipt::Unusable(problem) => Err(problem),
    };
    let found = match &receipt {
        Ok(receipt) => origin(remote, package, &release, receipt)?,
        // A problem with the receipt is reported elsewhere.
        Err(_) => ReleaseOrigin::Promotion,
    };
    let commit = remote.tag_commit(&tag)?;
    let seen = PublishedRelease {
        commit,
        origin: found,
        ..listed(&release, &tag, receipt)
    };
    Ok(ReleaseFacts::Published(Box::new(seen)))
}

/// Converts a release as listed by GitHub to the decision's facts.
pub fn listed(release: &Release, tag: &Tag, receipt: Result<Receipt, String>) -> PublishedRelease {
    let complete = || release.assets.iter().filter(|asset| asset.complete);
    let assets = complete().filter_map(|asset| {
        Some(PublishedAsset {
            name: asset.name.parse().ok()?,
            size: asset.size,
            sha256: asset.sha256,
        })
    });
    let others = complete().filter(|asset| asset.name.parse::<lockgate_core::AssetName>().is_err());
    PublishedRelease {
        id: release.id,
        tag: tag.clone(),
        assets: assets.collect(),
        receipt,
        others: others.map(|asset| asset.name.clone()).collect(),
        commit: None,
        origin: ReleaseOrigin::Promotion,
    }
}

/// Determines the publisher of a release. Up to four calls for a workflow, one for a user.
pub fn origin(
    remote: &Remote<'_>,
    package: &Package,
    release: &Release,
    receipt: &Receipt,
) -> Result<ReleaseOrigin, Failure> {
    let app = remote.env.app_login();
    let login = receipt.promoter.login.clone();
    Ok(match origin::author(release.author.as_ref(), &login, app) {
        Author::App => ReleaseOrigin::Promotion,
        Author::Foreign(who) => ReleaseOrigin::Foreign(who),
        Author::OtherApp(app) => ReleaseOrigin::Unproven(format!(
            "{app} published it, and this process is not signed in as that"
        )),
        Author::Promoter(login) => match remote.forge.role(&login)?.may_promote() {
            true => ReleaseOrigin::Promotion,
            false => ReleaseOrigin::Foreign(format!("{login} published it, who may not promote")),
        },
        Author::Workflow => match kept(remote, package, receipt) {
            Ok(true) => ReleaseOrigin::Promotion,
            Ok(false) => {
                ReleaseOrigin::Unproven("no run of the promotion has kept its receipt".to_owned())
            }
            // Without read access to Actions, artifacts can be listed but not downloaded.
            Err(error) if error.kind == ErrorKind::Denied => {
                ReleaseOrigin::Unproven(format!("its receipt cannot be compared: {error}"))
            }
            Err(error) => return Err(error.into()),
        },
    })
}

/// Returns whether a promotion's run has stored this receipt as its artifact. No user can add an artifact to a run of the default
/// branch's workflow.
fn kept(remote: &Remote<'_>, package: &Package, receipt: &Receipt) -> Result<bool, ForgeError> {
    let name = package.receipt_artifact(&receipt.manifest.package_version);
    let artifacts = remote.forge.artifacts_named(&name)?;
    if artifacts.is_empty() {
        return Ok(false);
    }
    let repository = remote.forge.repository()?;
    let path = package.promote_workflow();
    let default = &repository.default_branch;
    let ours = |it: &Artifact| origin::may_be_of_promotion(&it.facts, default, repository.id);
    for artifact in artifacts.into_iter().filter(ours) {
        let Some(id) = artifact.facts.run else {
            continue;
        };
        let run = match remote.forge.run(id) {
            Ok(run) => run.facts,
            // The run has been deleted.
            Err(error) if error.kind == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if !origin::is_promotion(&run, &path, default, repository.id) {
            continue;
        }
        // Artifacts expire after 90 days; then the run itself is the evidence.
        if artifact.facts.expired {
            return Ok(true);
        }
        let kept = read_document::<Receipt>(&remote.forge, &artifact, RECEIPT_ASSET)?;
        if kept == Contained::Document(receipt.clone()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns a tag of the remote below the name of another, which prevents the creation of that other.
pub fn tag_below(refs: &Refs, tag: &Tag) -> Option<String> {
    let folder = format!("refs/tags/{tag}/");
    let (name, _) = refs.range(folder.clone()..).next()?;
    let below = name.strip_prefix(&folder)?;
    Some(format!("{tag}/{below}"))
}

/// Returns the commit that a tag of the remote points to.
pub fn commit_of(refs: &Refs, tag: &Tag) -> Option<CommitId> {
    let name = format!("refs/tags/{tag}");
    // For an annotated tag, the peeled commit is listed after it.
    let peeled = refs.get(&format!("{name}^{{}}"));
    let id = peeled.or_else(|| refs.get(&name))?;
    id.as_str().parse().ok()
}
