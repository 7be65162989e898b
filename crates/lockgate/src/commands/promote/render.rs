//! The output of `lockgate promote`: the plan, the result, and the outputs for later steps of the workflow.

use std::borrow::Cow;
use std::path::PathBuf;

use lockgate_core::config::RECEIPT_ASSET;
use lockgate_core::document::{Document as _, Receipt};
use lockgate_core::promote::Plan;
use lockgate_core::render::markdown::block;
use lockgate_core::{CommitId, RepoPath, Tag};
use serde::Serialize;

use super::Observed;
use crate::command_error::CommandError;
use crate::commands::Context;
use crate::exit::Failure;
use crate::output::document::File;

/// Writes the receipt to the place from which the workflow stores it with its run: the gate compares it with the published one.
pub(super) fn keep(
    context: &Context,
    observed: &Observed,
    receipt: &Receipt,
) -> Result<(), Failure> {
    if !context.env.in_actions() {
        return Ok(());
    }
    let folder = context.env.var("RUNNER_TEMP").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| context.env.dir.join("target"));
    let path = folder.join(RECEIPT_ASSET);
    let operation = || format!("keep the receipt as {}", path.display());
    std::fs::create_dir_all(&folder).map_err(|error| CommandError::file(operation(), &error))?;
    let path =
        std::path::absolute(&path).map_err(|error| CommandError::file(operation(), &error))?;
    std::fs::write(&path, receipt.to_json())
        .map_err(|error| CommandError::file(operation(), &error))?;
    let version = &receipt.manifest.package_version;
    let name = observed.facts.package.receipt_artifact(version);
    context.reporter.output("receipt-artifact", &name)?;
    context
        .reporter
        .output("receipt-path", &path.display().to_string())?;
    Ok(())
}

/// Writes the outputs for the job that publishes after the approval: the plan that was reviewed.
pub(super) fn planned(context: &Context, observed: &Observed, plan: &str) -> Result<(), Failure> {
    let head = observed.facts.pull.head.as_str();
    context.reporter.output("head", head)?;
    Ok(context.reporter.output("plan", plan)?)
}

/// Renders the plan: on the page of the workflow's run it is shown next to the button that approves it.
pub(super) fn render_plan(
    context: &Context,
    observed: &Observed,
    plan: &Plan,
) -> Result<(), Failure> {
    let digest = plan.digest();
    planned(context, observed, &digest.to_string())?;
    let markdown = format!(
        "### To be published\n\n{}\nPlan `{digest}`.\n",
        block(&plan.shown)
    );
    context.reporter.summary(&markdown)?;
    let files = plan.items.iter().map(|item| File {
        name: item.name().to_string(),
        size: item.size(),
        sha256: item.sha256().to_string(),
    });
    let seen = &observed.seen;
    let changed = seen.changed.iter();
    let planned = Promoted::Planned {
        plan: digest.to_string(),
        tag: &plan.tag,
        target: &plan.target,
        files: files.collect(),
        changed: changed.map(|path| String::from_utf8_lossy(path)).collect(),
        config_diff: &seen.config_diff,
        machines: seen.package.other_machines(),
    };
    let text = format!("would publish:\n{}plan {digest}", plan.text());
    context.reporter.result(&text, &planned);
    Ok(())
}

/// The result of the command.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Promoted<'a> {
    Planned {
        plan: String,
        tag: &'a Tag,
        target: &'a CommitId,
        files: Vec<File>,
        /// The source files that the pull request changes.
        changed: Vec<Cow<'a, str>>,
        config_diff: &'a [String],
        /// The runners that are not GitHub's own.
        machines: Vec<String>,
    },
    Published(Published<'a>),
    AlreadyPublished(Published<'a>),
}

#[derive(Serialize)]
struct Published<'a> {
    tag: &'a Tag,
    url: String,
    /// Whether the release has the bytes of this candidate; else it was built from the same sources.
    same_bytes: bool,
    receipt: &'a Receipt,
    pins: Option<Pins<'a>>,
}

/// What the pins file is to hold.
#[derive(Serialize)]
struct Pins<'a> {
    path: &'a RepoPath,
    text: String,
}

pub(super) fn render(
    context: &Context,
    observed: &Observed,
    already: bool,
    receipt: &Receipt,
    same_bytes: bool,
) -> Result<(), Failure> {
    let tag = &receipt.tag;
    let place = context.env.place()?;
    let url = format!(
        "{}/{}/releases/tag/{tag}",
        place.server_url, place.repository
    );
    let text = match (already, same_bytes) {
        (false, _) => format!("published {tag}: {url}"),
        (_, true) => format!("{tag} was published already, with the same bytes: {url}"),
        (_, false) => format!("{tag} was published already, from the same sources: {url}"),
    };
    context.reporter.output("tag", tag.as_str())?;
    context
        .reporter
        .summary(&lockgate_core::render::release_notes(receipt))?;
    // Uses the promotion's own result, without reading the published state again.
    let pins = observed.facts.package.pins.as_ref();
    let pins = pins.map(|path| (path, receipt.sums().to_string()));
    let text = match &pins {
        Some((path, sums)) => format!("{text}\n{path} is to hold:\n{}", sums.trim_end()),
        None => text,
    };
    let published = Published {
        tag,
        url,
        same_bytes,
        receipt,
        pins: pins.map(|(path, text)| Pins { path, text }),
    };
    let result = match already {
        true => Promoted::AlreadyPublished(published),
        false => Promoted::Published(published),
    };
    context.reporter.result(&text, &result);
    Ok(())
}
