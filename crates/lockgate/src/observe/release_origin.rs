//! A published release as the forge and the public show it, and who published it. Reads; judges nothing itself.

use lockgate_core::config::{Package, RECEIPT_ASSET};
use lockgate_core::document::Receipt;
use lockgate_core::promote::origin::{self, Author};
use lockgate_core::promote::{PublishedAsset, PublishedRelease, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{CommitId, Tag, Version};
use lockgate_forge::{Artifact, ErrorKind, Forge as _, ForgeError, Release};

use crate::exit::Failure;
use crate::git::Refs;
use crate::observe::candidate::read_document;
use crate::observe::public_receipt::PublicReceipt;
use crate::observe::remote::Remote;

/// What is published under the tag of a version: what the forge lists, the receipt as an anonymous reader gets it, who published it.
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
        // What is wrong with it is told in another way.
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

/// A release of the forge, in the words of the decision, as far as the forge tells it.
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

/// Who published a release. Up to four calls, where a workflow did; one, where a person did.
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
            // Strangers get lists of artifacts, and none of them.
            Err(error) if error.kind == ErrorKind::Denied => {
                ReleaseOrigin::Unproven(format!("its receipt cannot be compared: {error}"))
            }
            Err(error) => return Err(error.into()),
        },
    })
}

/// Whether a promotion's run has kept this receipt as its artifact. Nobody can add one to a run of the default branch's workflow.
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
        // After 90 days the run itself has to do.
        if artifact.facts.expired {
            return Ok(true);
        }
        if read_document::<Receipt>(&remote.forge, &artifact, RECEIPT_ASSET)? == Ok(receipt.clone())
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A tag of the remote below the name of another, beside which that other cannot be made.
pub fn tag_below(refs: &Refs, tag: &Tag) -> Option<String> {
    let folder = format!("refs/tags/{tag}/");
    let (name, _) = refs.range(folder.clone()..).next()?;
    let below = name.strip_prefix(&folder)?;
    Some(format!("{tag}/{below}"))
}

/// The commit that a tag of the remote names.
pub fn commit_of(refs: &Refs, tag: &Tag) -> Option<CommitId> {
    let name = format!("refs/tags/{tag}");
    // An annotated tag is listed with what it names behind it.
    let peeled = refs.get(&format!("{name}^{{}}"));
    let id = peeled.or_else(|| refs.get(&name))?;
    id.as_str().parse().ok()
}
