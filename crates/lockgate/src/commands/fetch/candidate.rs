//! `lockgate fetch --pr`: gets the executables of a candidate before its promotion.
//!
//! For reviewers. The bytes match the build's own manifest, and nothing else is known about them: they come from the pull request's
//! code. So they are kept apart from released executables, in a separate part of the cache.

use std::path::{Path, PathBuf};
use std::thread;

use lockgate_client::{Client, Request, Trust};
use lockgate_core::PullNumber;
use lockgate_core::config::{Package, Variant};
use lockgate_core::document::{Candidate, Executable, Manifest, Sums};
use lockgate_core::promote::{CandidateFacts, RunOutcome, UploadFault};
use lockgate_forge::Forge as _;
use lockgate_forge::github::GitHub;

use super::{Context, Staged};
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::inspect_output::requirements;
use crate::observe::candidate::Progress;
use crate::observe::remote::{fetch_failure, source};
use crate::reading::{caching, client, named};
use crate::stream::{VerifyingReader, Wanted};

/// Returns the part of a cache that contains candidates.
pub(super) fn folder(cache: &Path) -> PathBuf {
    cache.join("candidates")
}

/// Gets the executables of a pull request's candidate, all or none of them.
pub(super) fn fetch(
    context: &Context,
    args: &cli::Fetch,
    package: &Package,
    variants: &[&Variant],
    number: u64,
) -> Result<Vec<Staged>, Failure> {
    let env = &context.env;
    let place = env.place()?;
    let forge = env.forge_over(&place, &named(&args.reading))?;
    let pull = forge.pull(PullNumber(number))?.facts;
    let none = |why: String| CommandError::NothingToReview {
        package: package.name.to_string(),
        pull: number,
        why,
    };
    let progress = Progress::read_newest(&forge, package, &pull)?;
    let manifest = manifest(&progress).map_err(none)?;
    if manifest.package != package.name || manifest.commit != pull.head {
        return Err(none("its manifest is of something else".to_owned()).into());
    }
    let mut options = caching(context, &args.reading, &args.caching)?;
    // The client reads them from a file, so it needs no network.
    options.offline = true;
    options.executable = args.into.is_none();
    options.cache = options.cache.as_deref().map(folder);
    let client = client(options)?;
    let version = &manifest.package_version;
    let mut staged = Vec::new();
    for variant in variants {
        let mut built = manifest.executables.iter();
        let executable = built
            .find(|one| one.variant == variant.name)
            .ok_or_else(|| none(format!("it has no variant {}", variant.name)))?;
        let name = executable.name.as_str();
        let request = Request {
            source: source(&place, &package.tag(version))?,
            asset: executable.name.clone(),
            trust: Trust::Pins(Sums::of(manifest)),
            check_withdrawn: false,
        };
        let fetched = match client.fetch(&request) {
            Ok(fetched) => fetched,
            Err(lockgate_client::FetchError::Offline { .. }) => {
                let files = &progress.artifacts;
                let artifact = files
                    .iter()
                    .find(|one| one.facts.name == name && !one.facts.expired)
                    .ok_or_else(|| none(format!("the artifact {name} is gone")))?;
                download(&forge, &client, &request, executable, variant, artifact)?
            }
            Err(error) => return Err(fetch_failure(&error)),
        };
        context.reporter.say(&format!(
            "CANDIDATE: {} {version} for {}, of pull request {number}, run {}, attempt {}; verified by the build's own \
             manifest, and not promoted: it is what the pull request's code made it",
            package.name, variant.name, manifest.run, manifest.attempt
        ));
        staged.push(Staged {
            variant: variant.name.to_string(),
            version: version.clone(),
            path: fetched.path.clone(),
            fetched,
        });
    }
    Ok(staged)
}

/// Returns the manifest of a successful build.
fn manifest(progress: &Progress) -> Result<&Manifest, String> {
    let Some(run) = &progress.run else {
        return Err("its head has not been built".to_owned());
    };
    let id = run.facts.id;
    match (&run.facts.outcome, &progress.candidate) {
        (RunOutcome::Running, _) => Err(format!("run {id} has not ended")),
        (RunOutcome::Succeeded, CandidateFacts::Read(Candidate::Complete(manifest))) => {
            Ok(manifest)
        }
        (_, CandidateFacts::Unreadable(problem)) => Err(problem.to_string()),
        (RunOutcome::Succeeded, CandidateFacts::Absent) if progress.expired => {
            Err(format!("the artifacts of run {id} have expired"))
        }
        (RunOutcome::Succeeded, CandidateFacts::Absent) => {
            Err(format!("run {id} had nothing to build"))
        }
        (RunOutcome::Succeeded | RunOutcome::Failed(_), _) => Err(format!("run {id} failed")),
    }
}

fn download(
    forge: &GitHub,
    client: &Client,
    request: &Request,
    executable: &Executable,
    variant: &Variant,
    artifact: &lockgate_forge::Artifact,
) -> Result<lockgate_client::Fetched, Failure> {
    let body = forge.open_artifact(artifact.facts.id)?;
    let wanted = Wanted {
        executable,
        stored_sha256: artifact.facts.sha256,
        requirements: requirements(variant),
    };
    thread::scope(|scope| {
        let mut content = VerifyingReader::begin(scope, body, wanted);
        let name = format!("the artifact {}", executable.name);
        let fetched = client.fetch_from_reader(request, &name, &mut content);
        match content.fault.take() {
            None => fetched.map_err(|error| fetch_failure(&error)),
            Some(UploadFault::WrongBytes(wrong)) => Err(Failure {
                exit: Exit::WrongBytes,
                code: "fetch.wrong-bytes",
                message: wrong.problem,
                hint: wrong.next.unwrap_or_else(|| "do not use it; build the pull request again, and find out what changed its artifacts".to_owned()),
            }),
            Some(UploadFault::Source(fault) | UploadFault::Forge(fault)) => {
                let error = format!("{}: {}", executable.name, fault.text());
                Err(CommandError::ForgeUnavailable { error }.into())
            }
        }
    })
}
