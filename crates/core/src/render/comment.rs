//! The comment of a pull request, one per package, updated in place; the step summary shows the same.

use crate::detect::Decision;
use crate::document::{FailedVariant, Manifest, SmokeResult};
use crate::escape;
use crate::gate::Status;
use crate::ids::{CommitId, PackageName, PullNumber};
use crate::reason::{Reason as _, Verdict};
use crate::render::markdown::{block, code, row, summary};
use crate::render::size;

/// The size limit of a comment, in bytes: well below GitHub's own limit of 65,536.
const LARGEST: usize = 60_000;

/// The number of diff lines of the config that are shown.
const CONFIG_LINES: usize = 80;

/// The number of changed paths that are listed.
const PATHS: usize = 30;

/// The subject of a report.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The package.
    pub package: &'a PackageName,
    /// The pull request.
    pub pull: PullNumber,
    /// The head of the pull request.
    pub head: &'a CommitId,
    /// The decision of detect.
    pub decision: &'a Decision,
    /// The paths of source files that the pull request changes.
    pub changed: &'a [Vec<u8>],
    /// Its changes to `lockgate.toml`, as diff lines; they affect how and where the build runs, and what is allowed.
    pub config: &'a [String],
    /// The labels of self-hosted machines that build it.
    pub machines: &'a [String],
    /// Whether the head is in another repository.
    pub from_fork: bool,
    /// The progress of the build.
    pub outcome: Outcome<'a>,
    /// The gate's status.
    pub status: &'a Status,
    /// The URL of the run, if there is one.
    pub run_url: Option<&'a str>,
    /// The URL of the release, if it is published.
    pub release_url: Option<&'a str>,
}

/// The progress of the build.
#[derive(Debug, Clone)]
pub enum Outcome<'a> {
    /// Nothing was to be built, or no run is known.
    None,
    /// The run has not ended.
    Running,
    /// The build failed; lists the variants, as far as they are known.
    Failed(&'a [FailedVariant]),
    /// There is a candidate.
    Built(&'a Manifest, Artifacts),
}

/// The state of the candidate's artifacts.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    /// The date on which they expire, as GitHub writes it.
    pub expire: Option<String>,
}

/// Returns the hidden line that marks our comments for human readers. Lockgate finds its own by author and id, never by this alone.
pub fn marker(package: &PackageName) -> String {
    format!("<!-- lockgate:{package} -->")
}

/// Renders the comment in Markdown.
pub fn comment(report: &Report<'_>) -> String {
    let mut text = format!(
        "{}\n### Lockgate: {}\n\n",
        marker(report.package),
        code(report.package.as_str())
    );
    text += &format!("{}.\n\n", summary(&report.decision.summary(report.package)));
    text += &changed(report);
    match &report.outcome {
        Outcome::None => {}
        Outcome::Running => {
            text += &format!(
                "The build is running{}.\n\n",
                link(", see ", "its log", report.run_url)
            )
        }
        Outcome::Failed(variants) => text += &failures(variants, report.run_url),
        Outcome::Built(manifest, artifacts) => {
            text += &candidate(manifest, artifacts, report.run_url)
        }
    }
    text += &format!(
        "**Gate: {}**: {}.\n\n",
        report.status.state.as_str(),
        summary(&report.status.description)
    );
    let next = next(report);
    if !next.is_empty() {
        text += &format!("{next}\n");
    }
    text += &format!("<sub>For commit {}.</sub>\n", report.head.short());
    truncate(text, report.run_url)
}

/// Renders the config changes, which can affect the build command, the machine, the header checks, names and policies.
fn config(report: &Report<'_>) -> String {
    let mut text = String::new();
    if !report.config.is_empty() {
        let shown: Vec<String> = report.config.iter().take(CONFIG_LINES).cloned().collect();
        let more = match report.config.len().saturating_sub(CONFIG_LINES) {
            0 => String::new(),
            // Filling these lines with comments hides nothing from a reader of the plan.
            more => format!(
                "**{more} more lines are not shown here; the plan of the promotion shows all.**\n"
            ),
        };
        text += &format!("Changed of `lockgate.toml`:\n\n{}{more}\n", block(&shown));
    }
    let machines: Vec<String> = report.machines.iter().map(|label| code(label)).collect();
    if !machines.is_empty() && matches!(report.decision, Verdict::Proceed(_)) {
        text += &format!(
            "**Built on machines that are not GitHub's own:** {}.\n\n",
            machines.join(", ")
        );
    }
    text
}

/// Renders what a maintainer must read before promoting: a change to these paths changes what users will run.
fn changed(report: &Report<'_>) -> String {
    let config = config(report);
    if report.changed.is_empty() || !matches!(report.decision, Verdict::Proceed(_)) {
        return config;
    }
    let shown = report.changed.iter().take(PATHS);
    let shown: Vec<String> = shown
        .map(|path| code(&escape::line(&String::from_utf8_lossy(path))))
        .collect();
    let more = match report.changed.len().saturating_sub(PATHS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "Changed files that decide the build: {}{more}.\n\n{config}",
        shown.join(", ")
    )
}

fn candidate(manifest: &Manifest, artifacts: &Artifacts, run_url: Option<&str>) -> String {
    let mut text = row(&["variant", "size", "SHA-256", "smoke", "build", "headers"]);
    text += &row(&["---", "---:", "---", "---", "---:", "---"]);
    for executable in &manifest.executables {
        let smoke = match &executable.smoke {
            None => "none".to_owned(),
            Some(smoke) => match (smoke.result, &smoke.emulator) {
                (SmokeResult::Passed, None) => "passed".to_owned(),
                (SmokeResult::Passed, Some(emulator)) => format!("passed under {}", code(emulator)),
            },
        };
        text += &row(&[
            &code(executable.variant.as_str()),
            &size(executable.size),
            &code(&executable.sha256.to_string()),
            &smoke,
            &format!("{} s", executable.build_seconds),
            &summary(&executable.headers),
        ]);
    }
    let expire = artifacts
        .expire
        .as_ref()
        .map(|date| format!("; they expire on {}", code(date)))
        .unwrap_or_default();
    text + &format!(
        "\nThe executables are {}{expire}.\n\n",
        link("artifacts of ", "the run", run_url)
    )
}

fn failures(variants: &[FailedVariant], run_url: Option<&str>) -> String {
    let mut text = format!(
        "**The build failed**{}.\n\n",
        link(", see ", "its log", run_url)
    );
    for failure in variants {
        let next = match failure.next.as_str() {
            "" => String::new(),
            next => format!(". Next: {}", summary(next)),
        };
        text += &format!(
            "- {}: {} ({}){next}\n",
            code(failure.variant.as_str()),
            summary(&failure.problem),
            code(&failure.code)
        );
    }
    for failure in variants
        .iter()
        .filter(|failure| !failure.log_tail.is_empty())
    {
        text += &format!(
            "\nThe last lines of {}:\n\n{}",
            code(failure.variant.as_str()),
            block(&failure.log_tail)
        );
    }
    text + "\n"
}

fn next(report: &Report<'_>) -> String {
    if report.status.code == "gate.pins" {
        return format!(
            "Next, on the branch of the pull request: run {}, then commit and push the file. Nothing is built or promoted again.\n",
            code(&format!("lockgate pin {}", report.package))
        );
    }
    if let Some(url) = report.release_url {
        return format!("{}.\n", link("", "The release", Some(url)));
    }
    let waits = report.status.code == "gate.waits-for-promotion";
    match (report.decision, &report.outcome) {
        (_, Outcome::Built(..)) if waits && report.from_fork => {
            "Next, for a maintainer: what a fork has built is never promoted. Review the commits, push them to a branch of this repository, and open a pull request from there.\n".to_owned()
        }
        (Verdict::Refuse(refusal), _) => format!(
            "Next: {}. ({})\n",
            summary(&refusal.hint()),
            code(refusal.code())
        ),
        (_, Outcome::Built(..)) if waits => format!(
            "Next, for a maintainer: test the executables, then run the workflow *Promote to Release* for pull request {}, or {}.\n",
            report.pull,
            code(&format!(
                "lockgate promote --pr {} --expect-head {}",
                report.pull, report.head
            ))
        ),
        (_, Outcome::Failed(_)) => {
            "Next: fix the build and push; every push builds again.\n".to_owned()
        }
        _ => String::new(),
    }
}

/// Renders a link of ours: the address comes from GitHub and is checked to be plain.
fn link(before: &str, text: &str, url: Option<&str>) -> String {
    let plain = |url: &&str| {
        (url.starts_with("https://") || url.starts_with("http://"))
            && url
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/:._-%?=&#@".contains(&b))
    };
    match url.filter(plain) {
        Some(url) => format!("{before}[{text}]({url})"),
        None => format!("{before}{text}"),
    }
}

fn truncate(text: String, run_url: Option<&str>) -> String {
    if text.len() <= LARGEST {
        return text;
    }
    let mut end = LARGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // Any open fence is closed by one that is longer than all of ours.
    let fence = "`".repeat(200);
    format!(
        "{}\n{fence}\n\nCut here{}.\n",
        &text[..end],
        link(": the rest is in ", "the log", run_url)
    )
}

#[cfg(test)]
#[path = "comment_tests.rs"]
mod tests;
