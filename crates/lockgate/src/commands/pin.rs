//! `lockgate pin`: writes the digests of a version into the repository's `SHA256SUMS`, or checks them.

use std::path::Path;

use lockgate_client::{Client, Expectation};
use lockgate_core::config::Package;
use lockgate_core::document::{Candidate, LARGEST, Sums};
use lockgate_core::escape::quoted;
use lockgate_core::pin::{self, Facts, Plan, Refusal, TrustSource};
use lockgate_core::promote::{CandidateFacts, ReleaseFacts, ReleaseOrigin};
use lockgate_core::{AssetName, Digest, PullNumber, RepoPath, RunId, Tag, Verdict, Version};
use lockgate_forge::Forge as _;
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::observe::Published as _;
use crate::observe::candidate::{Progress, Which};
use crate::observe::release_origin::release;
use crate::observe::remote::{Remote, anonymous, fetch_failure, source};
use crate::observe::work_tree;

/// Runs the command.
pub fn run(context: &Context, args: &cli::Pin) -> Result<(), Failure> {
    let facts = observe(context, args)?;
    let (outcome, path, first_use) = match pin::decide(&facts) {
        Verdict::Refuse(refusal) => return Err(Failure::new(Exit::Refused, &refusal)),
        Verdict::Wait(never) => match never {},
        Verdict::Done(done) => (Outcome::Unchanged, done.path, false),
        Verdict::Proceed(plan) => {
            if let TrustSource::Release(tag) = &facts.ground {
                promoted(context, &facts, tag)?;
            }
            apply(context, &plan)?;
            (Outcome::Written, plan.path, plan.first_use)
        }
    };
    let from = match &facts.ground {
        TrustSource::Release(tag) => {
            format!("the published release {tag}, every byte of which was read")
        }
        TrustSource::Candidate(run) => format!(
            "the candidate of run {run}, which is not published: promote exactly this one, or pin again afterwards"
        ),
    };
    context.reporter.say(&format!("digests from {from}"));
    if first_use {
        context.reporter.say("trust on first use: nothing in this repository vouched for these bytes before; review the file like code");
    }
    let verb = match outcome {
        Outcome::Written => "now pins",
        Outcome::Unchanged => "pins",
    };
    let text = format!(
        "{path} {verb} {} {}:\n{}",
        facts.package.name, facts.version, facts.sums
    );
    let files = facts
        .sums
        .iter()
        .map(|(name, sha256)| Pinned { name, sha256 });
    let result = Pins {
        outcome,
        path: &path,
        package_version: &facts.version,
        source: match &facts.ground {
            TrustSource::Release(tag) => Source::Release(tag),
            TrustSource::Candidate(run) => Source::CandidateRun(*run),
        },
        first_use,
        files: files.collect(),
    };
    context.reporter.result(&text, &result);
    Ok(())
}

#[derive(Serialize)]
struct Pins<'a> {
    outcome: Outcome,
    path: &'a RepoPath,
    package_version: &'a Version,
    source: Source<'a>,
    first_use: bool,
    files: Vec<Pinned<'a>>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Unchanged,
    Written,
}

/// The published release, or the run of a candidate, whose digests these are.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Source<'a> {
    Release(&'a Tag),
    CandidateRun(RunId),
}

#[derive(Serialize)]
struct Pinned<'a> {
    name: &'a AssetName,
    sha256: Digest,
}

fn observe(context: &Context, args: &cli::Pin) -> Result<Facts, Failure> {
    let package = work_tree::package(context, args.package.as_deref())?;
    let version = work_tree::version(context, &package, args.version.as_deref())?;
    let Some(path) = package.pins.clone() else {
        let package = package.name.to_string();
        return Err(Failure::new(Exit::Refused, &Refusal::NoFile { package }));
    };
    let file = existing(&context.env.dir.join(path.as_str()))?;
    let (sums, ground) = match args.pr {
        Some(number) => of_pull(context, &package, &version, PullNumber(number))?,
        None => of_release(context, &package, &version)?,
    };
    Ok(Facts {
        package,
        version,
        sums,
        ground,
        path,
        file,
        check: args.check,
    })
}

/// Returns the digests of the release if it exists by now, else of the candidate of the pull request's head.
fn of_pull(
    context: &Context,
    package: &Package,
    version: &Version,
    number: PullNumber,
) -> Result<(Sums, TrustSource), Failure> {
    let remote = Remote::open(&context.env)?;
    if remote
        .refs()?
        .contains_key(&format!("refs/tags/{}", package.tag(version)))
    {
        return of_release(context, package, version);
    }
    let pull = remote.forge.pull(number)?.facts;
    let progress = Progress::read(
        &remote.forge,
        package,
        &pull,
        Some(version),
        Which::Any,
        None,
    )?;
    match (&progress.candidate, &progress.run) {
        (CandidateFacts::Read(Candidate::Complete(manifest)), Some(run)) => {
            Ok((Sums::of(manifest), TrustSource::Candidate(run.facts.id)))
        }
        _ => Err(CommandError::NoCandidate {
            pull: number.to_string(),
            version: version.to_string(),
        }
        .into()),
    }
}

/// Returns the digests of the published release, after reading back every byte of it.
fn of_release(
    context: &Context,
    package: &Package,
    version: &Version,
) -> Result<(Sums, TrustSource), Failure> {
    let place = context.env.place()?;
    let tag = package.tag(version);
    let client = Client::new(anonymous(&context.env)?).map_err(|error| fetch_failure(&error))?;
    let expect = Expectation {
        package: Some(package.name.clone()),
        version: Some(version.clone()),
        repository_id: None,
    };
    let verified = client
        .verify_release(&source(&place, &tag)?, &expect)
        .map_err(|error| fetch_failure(&error))?;
    Ok((verified.receipt().sums(), TrustSource::Release(tag)))
}

/// Checks that the release was promoted. Pins outlive their release: they must not make main vouch for a release that a user with
/// write access has published by hand. Called only before a write; existing pins have been reviewed.
fn promoted(context: &Context, facts: &Facts, tag: &Tag) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let subprocess = |why: String| {
        let tag = tag.clone();
        Failure::new(Exit::Refused, &Refusal::ForeignRelease { tag, why })
    };
    match release(&remote, &facts.package, &facts.version)? {
        ReleaseFacts::Published(release) => match (release.problem(), &release.origin) {
            (Some(problem), _) => Err(subprocess(problem)),
            (None, ReleaseOrigin::Promotion) => Ok(()),
            (None, ReleaseOrigin::Unproven(why) | ReleaseOrigin::Foreign(why)) => {
                Err(subprocess(why.clone()))
            }
        },
        ReleaseFacts::Absent | ReleaseFacts::TagOnly => {
            Err(subprocess("the forge lists no such release".to_owned()))
        }
        ReleaseFacts::NotReadable(why) => Err(subprocess(why)),
    }
}

fn existing(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let command_error =
        |error: std::io::Error| CommandError::file(format!("read {}", path.display()), &error);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(command_error(error).into()),
        Ok(meta) if !meta.is_file() => Err(CommandError::NotAFile {
            path: quoted(&path.display().to_string()),
        }
        .into()),
        // A file this large is not a list of digests; an empty text is enough to reject it.
        Ok(meta) if meta.len() > LARGEST => Ok(Some(Vec::new())),
        Ok(_) => Ok(Some(std::fs::read(path).map_err(command_error)?)),
    }
}

/// Writes a temporary file in the same folder and renames it, so that no reader sees a partial file.
fn apply(context: &Context, plan: &Plan) -> Result<(), Failure> {
    let path = context.env.dir.join(plan.path.as_str());
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".lockgate-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)?;
        std::io::Write::write_all(&mut file, plan.sums.to_string().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)
    };
    write()
        .map(drop)
        .map_err(|error| CommandError::file(format!("write {}", path.display()), &error).into())
}
