//! `lockgate withdraw`: rolls back a version that must not be used, or marks it permanently.

use lockgate_core::config::WITHDRAWAL_ASSET;
use lockgate_core::document::{Document as _, Withdrawal};
use lockgate_core::render::RELEASE_MARK;
use lockgate_core::withdraw::{self, Facts, Plan};
use lockgate_core::{CommitId, Tag, Verdict};
use lockgate_forge::{Forge as _, NewRelease};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::observe::release_origin::tag_below;
use crate::observe::remote::{Base, Remote};
use crate::observe::{self, Published as _, Tree};
use lockgate_core::config::Package;
use lockgate_core::escape::quoted;
use lockgate_core::{Version, detect};

/// Runs the command.
pub fn run(context: &Context, args: &cli::Withdraw) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let Base { branch, tip, tree } = remote.base(args.base.as_deref())?;
    let package = observe::package(
        tree.config(&format!("the branch {branch}"))?,
        args.package.as_deref(),
    )?
    .clone();
    let wrong = |_| CommandError::BadValue {
        name: "--version",
        value: quoted(&args.version),
        expected: package.scheme.expected(),
    };
    let version = Version::parse(package.scheme, &args.version).map_err(wrong)?;
    let (tag, withdrawal_tag) = (package.tag(&version), package.withdrawal_tag(&version));
    let login = context
        .env
        .actor()
        .map_or_else(|| remote.forge.viewer(), Ok)?;
    let role = remote.forge.role(&login)?;
    let release = remote.forge.release_of_tag(&tag)?;
    let facts = Facts {
        login: login.clone(),
        role,
        tag: tag.clone(),
        version: version.clone(),
        published: release.is_some(),
        immutable: release.as_ref().is_some_and(|release| release.immutable),
        withdrawn: remote
            .refs()?
            .contains_key(&format!("refs/tags/{withdrawal_tag}")),
        blocked: tag_below(remote.refs()?, &withdrawal_tag)
            .map(|below| (withdrawal_tag.clone(), below)),
        named_by: named_by(&remote, &tip, &package, &version)?,
        roll_back: args.roll_back,
    };
    let plan = match (withdraw::decide(&facts), release) {
        (Verdict::Refuse(refusal), _) => return Err(Failure::new(Exit::Refused, &refusal)),
        (Verdict::Wait(never), _) => match never {},
        (Verdict::Done(_), _) => {
            context.reporter.result(
                &format!("{tag} was withdrawn before"),
                &Withdrawn::new(Outcome::AlreadyWithdrawn, &tag, None),
            );
            return Ok(());
        }
        (Verdict::Proceed(plan), Some(release)) => (plan, release),
        (Verdict::Proceed(_), None) => return Ok(()),
    };
    match plan {
        (Plan::RollBack, release) => {
            remote.forge.delete_release(release.id)?;
            remote.forge.delete_tag(&tag)?;
            let text = format!(
                "{tag} is rolled back: release and tag are deleted, version {version} is free again"
            );
            context
                .reporter
                .result(&text, &Withdrawn::new(Outcome::RolledBack, &tag, None));
        }
        (Plan::Mark, release) => {
            let now = context.env.now();
            let document = Withdrawal {
                package: package.name.clone(),
                package_version: version.clone(),
                tag: tag.clone(),
                reason: args.reason.clone(),
                by: login,
                withdrawn_at: now,
            };
            let json = document.to_json();
            Withdrawal::from_json(json.as_bytes())
                .map_err(|problem| Failure::new(Exit::Refused, &problem))?;
            let title = format!("Withdrawn: {} {version}", package.name);
            let reason = lockgate_core::render::markdown::summary(&args.reason);
            let words = format!("`{tag}` must not be used: {reason}\n");
            let notes = format!("{RELEASE_MARK}\n{words}");
            let draft = remote.forge.create_draft(&NewRelease {
                tag: &withdrawal_tag,
                target: &tip,
                title: &title,
                notes: &notes,
                prerelease: false,
            })?;
            remote.forge.upload(
                &draft,
                WITHDRAWAL_ASSET,
                json.len() as u64,
                &mut json.as_bytes(),
            )?;
            remote.forge.publish(draft.id)?;
            // Title and notes stay editable even if the release is immutable.
            remote.forge.describe_release(
                release.id,
                &title,
                &format!("**{}**\n\n{}", words.trim_end(), release.notes),
            )?;
            let text = format!(
                "{tag} is withdrawn: it stays published and marked, and version {version} is retired"
            );
            context.reporter.result(
                &text,
                &Withdrawn::new(Outcome::Withdrawn, &tag, Some(&withdrawal_tag)),
            );
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct Withdrawn<'a> {
    outcome: Outcome,
    tag: &'a Tag,
    /// The tag of the release that marks the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<&'a Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    AlreadyWithdrawn,
    RolledBack,
    Withdrawn,
}

impl<'a> Withdrawn<'a> {
    fn new(outcome: Outcome, tag: &'a Tag, marker: Option<&'a Tag>) -> Self {
        Self {
            outcome,
            tag,
            marker,
        }
    }
}

/// Returns the newest commit of the base branch whose version file names the version.
fn named_by(
    remote: &Remote<'_>,
    tip: &CommitId,
    package: &Package,
    version: &Version,
) -> Result<Option<CommitId>, Failure> {
    if remote.git.is_shallow() {
        return Err(CommandError::Shallow {
            what: "the history that tells whether a commit names the version".to_owned(),
        }
        .into());
    }
    for commit in remote
        .git
        .commits_touching(tip, package.version_file.as_str())?
    {
        let snapshot = Tree::read(&remote.git, commit.as_str())?.snapshot(&remote.git, package)?;
        if detect::version_of(package, &snapshot.version_file).is_ok_and(|named| named == *version)
        {
            return Ok(Some(commit));
        }
    }
    Ok(None)
}
