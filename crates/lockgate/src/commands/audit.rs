//! `lockgate audit`: compares every commit of a branch with the releases; proves promise 1, or names the first commit that breaks
//! it.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_client::Client;
use lockgate_core::audit::{self, Audit, Facts, Landed, ObservedRelease, Pinned};
use lockgate_core::config::Package;
use lockgate_core::document::{Document as _, LARGEST, Receipt};
use lockgate_core::escape::quoted;
use lockgate_core::promote::{PublishedRelease, ReleaseOrigin};
use lockgate_core::{AssetName, CommitId, PackageName, Reason as _, Tag, Version};
use lockgate_forge::{Forge as _, Release};
use serde::Serialize;

use super::Context;
use crate::cli;
use crate::command_error::CommandError;
use crate::exit::{Exit, Failure};
use crate::observe::history::{self, Moved};
use crate::observe::release_origin::{commit_of, listed};
use crate::observe::remote::{Base, Remote, fetch_failure};
use crate::observe::{self, Published as _};
use crate::output::document::Problem;

/// The number of receipts that are read at the same time.
const AT_ONCE: usize = 8;

/// Runs the command.
pub fn run(context: &Context, args: &cli::Audit) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let Base { branch, tip, tree } = remote.base(args.base.as_deref())?;
    let config = tree.config(&format!("the branch {branch}"))?;
    let packages = observe::packages(config, args.package.as_deref())?;
    let moves = history::of_branch(&remote.git, &tip)?;
    let since = since(&remote, args.since.as_deref(), &moves)?;
    let published = remote.forge.releases()?;
    let mut audits = Vec::new();
    for package in packages {
        let mut history = history::of_package(&remote.git, &moves, &package.name)?;
        if let Some(since) = &since {
            let begin = moves.iter().position(|moved| moved.commit == *since);
            let later = moves.iter().skip(begin.unwrap_or(0));
            let later: BTreeSet<&CommitId> = later.map(|moved| &moved.commit).collect();
            history.retain(|landed| later.contains(&landed.commit));
        }
        let facts = Facts {
            package: package.name.clone(),
            releases: releases(&remote, package, &history, &published)?,
            history,
            // With `--since`, the audit assumes nothing about earlier commits.
            inherits: since.is_none(),
            strict: args.strict || audit::strict(package),
        };
        audits.push(audit::decide(&facts));
    }
    render(context, &tip, &audits)
}

/// Returns the commit at which the audit begins.
fn since(
    remote: &Remote<'_>,
    named: Option<&str>,
    moves: &[Moved],
) -> Result<Option<CommitId>, Failure> {
    let Some(named) = named else {
        return Ok(None);
    };
    let commit = remote.git.commit(named)?;
    if moves.iter().any(|moved| moved.commit == commit) {
        return Ok(Some(commit));
    }
    Err(CommandError::UnknownRevision {
        revision: format!("{} on the branch itself", quoted(named)),
    }
    .into())
}

/// Returns the versions of a package whose tag exists, by the tip's config or as a commit follows them, with the receipts as an
/// anonymous client reads them.
fn releases(
    remote: &Remote<'_>,
    package: &Package,
    history: &[Landed],
    published: &[Release],
) -> Result<Vec<ObservedRelease>, Failure> {
    let by_tag: BTreeMap<&str, &Release> = published
        .iter()
        .filter(|release| !release.draft)
        .map(|release| (release.tag.as_str(), release))
        .collect();
    let refs = remote.refs()?;
    let tags = refs
        .keys()
        .filter_map(|name| name.strip_prefix("refs/tags/"));
    let by_tip = tags.filter_map(|tag| {
        let version = package.version_of_tag(tag)?;
        Some((package.tag(&version), version))
    });
    let mut versions: BTreeMap<Tag, Version> = by_tip.collect();
    for followed in history.iter().filter_map(|it| it.follows.as_ref().ok()) {
        if refs.contains_key(&format!("refs/tags/{}", followed.tag)) {
            versions.insert(followed.tag.clone(), followed.version.clone());
        }
    }
    let mut all = Vec::new();
    for (tag, version) in versions {
        let withdrawal = format!("refs/tags/{}", tag.withdrawal());
        all.push((
            version,
            by_tag.get(tag.as_str()).copied(),
            tag,
            refs.contains_key(&withdrawal),
        ));
    }
    let wanted: Vec<&Tag> = all
        .iter()
        .filter(|(_, release, ..)| release.is_some())
        .map(|(_, _, tag, _)| tag)
        .collect();
    let mut receipts = receipts(remote, &package.name, &wanted)?;
    let seen = all
        .into_iter()
        .map(|(version, release, tag, withdrawn)| ObservedRelease {
            release: release.map(|release| {
                let none = || Err("it was not read".to_owned());
                let receipt = receipts.remove(&tag).unwrap_or_else(none);
                let app = remote.env.app_login();
                let origin = receipt.as_ref().map_or(ReleaseOrigin::Promotion, |it| {
                    audit::published_by(release.author.as_ref(), &it.promoter.login, app)
                });
                PublishedRelease {
                    commit: commit_of(refs, &tag),
                    origin,
                    ..listed(release, &tag, receipt)
                }
            }),
            version,
            tag,
            withdrawn,
        });
    Ok(seen.collect())
}

type Read = Result<Receipt, String>;

/// Reads several receipts at a time: they are small, and most of the time is spent waiting.
fn receipts(
    remote: &Remote<'_>,
    package: &PackageName,
    tags: &[&Tag],
) -> Result<BTreeMap<Tag, Read>, Failure> {
    let client = remote.client();
    let mut sources = Vec::new();
    for tag in tags {
        sources.push(((*tag).clone(), remote.source(tag)?));
    }
    let share = sources.len().div_ceil(AT_ONCE).max(1);
    let read: Vec<Result<Vec<(Tag, Read)>, Failure>> = std::thread::scope(|scope| {
        let begin = |some| scope.spawn(move || receipts_of(client, package, some));
        let begun: Vec<_> = sources.chunks(share).map(begin).collect();
        let joined = begun.into_iter().map(std::thread::ScopedJoinHandle::join);
        // A thread panics only because of a bug; the panic continues here.
        joined
            .map(|one| one.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut all = BTreeMap::new();
    for some in read {
        all.extend(some?);
    }
    Ok(all)
}

fn receipts_of(
    client: &Client,
    package: &PackageName,
    sources: &[(Tag, lockgate_client::Source)],
) -> Result<Vec<(Tag, Read)>, Failure> {
    let mut all = Vec::new();
    for (tag, source) in sources {
        let bytes = client
            .read_document(source, &AssetName::receipt(), LARGEST)
            .map_err(|error| fetch_failure(&error))?;
        let receipt = match bytes {
            None => Err("it has no receipt".to_owned()),
            Some(bytes) => Receipt::from_json(&bytes)
                .map_err(|problem| problem.to_string())
                .and_then(|receipt| match receipt.manifest.package == *package {
                    true if receipt.tag == *tag => Ok(receipt),
                    true => Err(format!("its receipt is that of {}", receipt.tag)),
                    false => Err(format!(
                        "its receipt is that of the package {}",
                        receipt.manifest.package
                    )),
                }),
        };
        all.push((tag.clone(), receipt));
    }
    Ok(all)
}

fn render(context: &Context, tip: &CommitId, audits: &[Audit]) -> Result<(), Failure> {
    let text: Vec<String> = audits.iter().map(text).collect();
    let packages = audits.iter().map(PackageAudit::of).collect();
    let broken = audits.iter().find_map(|audit| audit.broken().next());
    let failure = broken.map(|first| Failure::new(Exit::Refused, first));
    let result = Audited { tip, packages };
    context.reporter.end(&text.join("\n"), &result, failure)
}

fn text(audit: &Audit) -> String {
    let mut rows =
        vec![["version", "release", "commits", "exact", "pins", "status"].map(str::to_owned)];
    for row in &audit.rows {
        let status = if row
            .findings
            .iter()
            .any(|finding| finding.breaks(audit.strict))
        {
            "broken"
        } else if row.findings.is_empty() {
            "ok"
        } else {
            "note"
        };
        rows.push([
            row.version.to_string(),
            row.tag
                .as_ref()
                .map_or_else(|| "-".to_owned(), Tag::to_string),
            row.named.to_string(),
            row.exact.to_string(),
            pins(row.pins).unwrap_or("-").to_owned(),
            status.to_owned(),
        ]);
    }
    let mut text = format!("{}: {}\n", audit.package, verdict(audit));
    text += &table(&rows);
    for finding in audit.findings() {
        let mark = severity(finding, audit);
        text += &format!("{mark}: {finding} ({})\n", finding.code());
    }
    text
}

fn verdict(audit: &Audit) -> String {
    let commits = match audit.commits {
        1 => "1 commit".to_owned(),
        count => format!("{count} commits"),
    };
    match audit.broken().count() {
        0 => format!("every version on the branch is published ({commits})"),
        1 => format!("1 problem in {commits}"),
        count => format!("{count} problems in {commits}"),
    }
}

fn pins(pins: Pinned) -> Option<&'static str> {
    match pins {
        Pinned::None => None,
        Pinned::Agree => Some("agree"),
        Pinned::Differ => Some("differ"),
        Pinned::Unpinned => Some("none"),
    }
}

/// Formats rows as a table whose columns are as wide as their widest field.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |at: usize| {
        rows.iter()
            .map(|row| row[at].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let fields = row
            .iter()
            .zip(widths)
            .map(|(field, width)| format!("{field:width$}"));
        format!("  {}", fields.collect::<Vec<_>>().join("  "))
            .trim_end()
            .to_owned()
            + "\n"
    };
    rows.iter().map(line).collect()
}

#[derive(Serialize)]
struct Audited<'a> {
    tip: &'a CommitId,
    packages: Vec<PackageAudit<'a>>,
}

#[derive(Serialize)]
struct PackageAudit<'a> {
    package: &'a PackageName,
    commits: usize,
    versions: Vec<VersionAudit<'a>>,
    malformed: Vec<Found>,
}

#[derive(Serialize)]
struct VersionAudit<'a> {
    package_version: &'a Version,
    tag: Option<&'a Tag>,
    commits: usize,
    exact: usize,
    pins: Option<&'static str>,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    severity: &'static str,
    #[serde(flatten)]
    problem: Problem,
}

impl<'a> PackageAudit<'a> {
    fn of(audit: &'a Audit) -> Self {
        let found = |findings: &[audit::Finding]| {
            let one = |finding: &audit::Finding| Found {
                severity: severity(finding, audit),
                problem: Problem::of(finding),
            };
            findings.iter().map(one).collect()
        };
        let version = |row: &'a audit::Row| VersionAudit {
            package_version: &row.version,
            tag: row.tag.as_ref(),
            commits: row.named,
            exact: row.exact,
            pins: pins(row.pins),
            findings: found(&row.findings),
        };
        Self {
            package: &audit.package,
            commits: audit.commits,
            versions: audit.rows.iter().map(version).collect(),
            malformed: found(&audit.malformed),
        }
    }
}

fn severity(finding: &audit::Finding, audit: &Audit) -> &'static str {
    match finding.breaks(audit.strict) {
        true => "broken",
        false => "note",
    }
}
