//! `lockgate fetch`: gets the verified executable for this machine. Prints its path, and nothing else, to stdout.

mod candidate;
mod variants;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use lockgate_client::{Fetched, Origin, Request, Trust, TrustSource, WithdrawalCheck};
use lockgate_core::Version;
use lockgate_core::config::{Package, Variant};
use serde::Serialize;

use super::Context;
use crate::cache_choice::CacheChoice;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::Failure;
use crate::observe::remote::{fetch_failure, source};
use crate::observe::work_tree;
use crate::reading::{bad, caching, client, expectation, place, variables};

/// One executable in its final place.
struct Staged {
    variant: String,
    version: Version,
    fetched: Fetched,
    path: PathBuf,
}

/// Runs the command.
pub fn run(context: &Context, args: &cli::Fetch) -> Result<(), Failure> {
    if let Some(days) = args.prune {
        return prune(context, args, days);
    }
    // Kept until the end, because a cache for this call alone is deleted when this is dropped.
    let cache = CacheChoice::new(context, &args.caching, args.into.as_deref())?;
    let args = &cli::Fetch {
        caching: cache.caching.clone(),
        ..args.clone()
    };
    let package = work_tree::package(context, args.package.as_deref())?;
    let variants = if args.all {
        package.variants.iter().collect()
    } else {
        vec![variants::variant(&package, args.variant.as_deref())?]
    };
    let mut staged = match args.pr {
        Some(number) => candidate::fetch(context, args, &package, &variants, number)?,
        None => released(context, args, &package, &variants)?,
    };
    if let Some(folder) = &args.into {
        for one in &mut staged {
            let asset = one.path.file_name().map(OsStr::to_string_lossy);
            let name = asset.unwrap_or_else(|| one.variant.as_str().into());
            let from = (one.fetched.path.as_path(), one.fetched.sha256);
            one.path = place(from, folder, &name, 0o755)?;
        }
    }
    let paths: Vec<String> = staged
        .iter()
        .map(|one| one.path.display().to_string())
        .collect();
    let executables = staged.iter().map(|one| FetchedExecutable::of(one, args.pr));
    let result = Fetch::Executables(executables.collect());
    context.reporter.result(&paths.join("\n"), &result);
    Ok(())
}

/// Gets the executables of a version, all or none of them.
fn released(
    context: &Context,
    args: &cli::Fetch,
    package: &Package,
    variants: &[&Variant],
) -> Result<Vec<Staged>, Failure> {
    let version = work_tree::version(context, package, args.version.as_deref())?;
    let env = &context.env;
    let place = env.place()?;
    let pins = pins(context, package, args)?;
    let trust = match &pins {
        Some((_, text)) => Trust::pins(text).map_err(|error| fetch_failure(&error))?,
        None => Trust::Receipt(expectation(env, &args.reading, package, &version)?),
    };
    let mut options = caching(context, &args.reading, &args.caching)?;
    options.bundled = args
        .bundled
        .clone()
        .or_else(|| variables(env, |variables| variables.bundled()));
    options.mirrors.clone_from(&args.mirror);
    if args.mirror.is_empty() {
        options.mirrors = variables(env, |variables| variables.mirrors()).map_err(bad)?;
    }
    options.offline = args.offline;
    options.refresh = args.refresh;
    options.executable = args.into.is_none();
    let client = client(options)?;
    let mut staged = Vec::new();
    for variant in variants {
        let asset = package.asset(variant, &version);
        let request = Request {
            source: source(&place, &package.tag(&version))?,
            asset: asset.clone(),
            trust: trust.clone(),
            // Offline, a remembered withdrawal counts.
            check_withdrawn: true,
        };
        let fetched = match &args.from {
            Some(file) => client.fetch_from_file(&request, file),
            None => client.fetch(&request),
        };
        let fetched = fetched.map_err(|error| fetch_failure(&error))?;
        let ground = match (fetched.ground, &pins) {
            (TrustSource::Pins, Some((true, _))) => "the pinned digests in the named file",
            (TrustSource::Pins, _) => "the repository's pinned digests",
            (TrustSource::Receipt, _) => {
                "the release's receipt; pinned digests (lockgate pin) would be stronger"
            }
            (TrustSource::StoredReceipt, _) => "the receipt stored when it was fetched",
        };
        context.reporter.say(&format!(
            "{} {version} for {}, from {}, verified by {ground}",
            package.name, variant.name, fetched.origin
        ));
        if let WithdrawalCheck::Unreachable(unanswered) = fetched.withdrawal {
            context.reporter.say(&unanswered.to_string());
        }
        staged.push(Staged {
            variant: variant.name.to_string(),
            version: version.clone(),
            path: fetched.path.clone(),
            fetched,
        });
    }
    Ok(staged)
}

/// Returns the pins: of the option (then true), else of the package if the work tree has them.
fn pins(
    context: &Context,
    package: &Package,
    args: &cli::Fetch,
) -> Result<Option<(bool, String)>, Failure> {
    let path = match (&args.pins, &package.pins) {
        (Some(path), _) => path.clone(),
        // The repository pins the version of its version file, which a version named on the command line need not be.
        (None, Some(path)) if args.version.is_none() => context.env.dir.join(path.as_str()),
        (None, _) => return Ok(None),
    };
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| {
        CommandError::file(format!("read the pins in {}", path.display()), &error)
    })?;
    Ok(Some((args.pins.is_some(), text)))
}

/// The result of the command.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Fetch<'a> {
    Executables(Vec<FetchedExecutable<'a>>),
    /// The numbers of removed and remaining executables, and the freed bytes.
    Pruned {
        removed: u64,
        freed: u64,
        left: u64,
    },
}

#[derive(Serialize)]
struct FetchedExecutable<'a> {
    path: String,
    sha256: String,
    size: u64,
    variant: &'a str,
    package_version: &'a Version,
    verified_by: VerifiedBy,
    origin: OriginKind,
    /// The URL or path of the origin; `None` for the cache.
    address: Option<String>,
    /// The pull request, for a candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_of: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum VerifiedBy {
    Candidate,
    Pins,
    Receipt,
    StoredReceipt,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum OriginKind {
    Cache,
    Mirror,
    Release,
    Bundled,
    File,
    Candidate,
}

impl<'a> FetchedExecutable<'a> {
    fn of(one: &'a Staged, candidate_of: Option<u64>) -> Self {
        let fetched = &one.fetched;
        let verified_by = match (candidate_of, fetched.ground) {
            (Some(_), _) => VerifiedBy::Candidate,
            (None, TrustSource::Pins) => VerifiedBy::Pins,
            (None, TrustSource::Receipt) => VerifiedBy::Receipt,
            (None, TrustSource::StoredReceipt) => VerifiedBy::StoredReceipt,
        };
        let origin = match &fetched.origin {
            Origin::Cache => OriginKind::Cache,
            Origin::Mirror(_) => OriginKind::Mirror,
            Origin::Release(_) => OriginKind::Release,
            Origin::Bundled(_) => OriginKind::Bundled,
            Origin::File(_) => OriginKind::File,
            Origin::Stream(_) => OriginKind::Candidate,
        };
        let cached = matches!(origin, OriginKind::Cache);
        Self {
            path: one.path.display().to_string(),
            sha256: fetched.sha256.to_string(),
            size: fetched.size,
            variant: &one.variant,
            package_version: &one.version,
            verified_by,
            origin,
            address: (!cached).then(|| fetched.origin.to_string()),
            candidate_of,
        }
    }
}

/// Removes unused executables from both parts of the cache: released ones and candidates.
fn prune(context: &Context, args: &cli::Fetch, days: u64) -> Result<(), Failure> {
    let unused = Duration::from_secs(days.saturating_mul(86_400));
    let options = caching(context, &args.reading, &args.caching)?;
    let mut candidates = options.clone();
    candidates.cache = options.cache.as_deref().map(candidate::folder);
    let (mut removed, mut freed, mut left) = (0, 0, 0);
    for options in [options, candidates] {
        let pruned = client(options)?.prune(unused);
        let pruned = pruned.map_err(|error| fetch_failure(&error))?;
        removed += pruned.removed;
        freed += pruned.freed;
        left += pruned.left;
    }
    let text = format!(
        "{removed} removed ({}), {left} left",
        lockgate_core::render::size(freed)
    );
    let pruned = Fetch::Pruned {
        removed,
        freed,
        left,
    };
    context.reporter.result(&text, &pruned);
    Ok(())
}
