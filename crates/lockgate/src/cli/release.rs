//! The options of the commands that publish, withdraw and supervise releases.

use clap::Args;
use lockgate_core::promote::Approved;

use super::{pull, run};

/// `lockgate promote`
#[derive(Debug, Args)]
pub struct Promote {
    /// The pull request whose candidate is published
    #[arg(
        long,
        value_name = "NUMBER",
        value_parser = pull_or_nothing,
        required_unless_present = "run"
    )]
    pub pr: Option<Maybe>,
    /// The run that built the candidate
    #[arg(long, value_name = "ID", value_parser = run_or_nothing)]
    pub run: Option<Maybe>,
    /// The package [default: the only one that the pull request raises]
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
    /// The head that was reviewed: refuse any other
    #[arg(long, value_name = "SHA")]
    pub expect_head: Option<String>,
    /// The approved plan, as printed by --dry-run: publish exactly that or nothing
    #[arg(long, value_name = "SHA256", conflicts_with = "dry_run")]
    pub expect_plan: Option<Approved>,
    /// Print the plan and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Publish without asking at a terminal
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
}

/// A number, or nothing: a workflow input that was left empty is an empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maybe(pub Option<u64>);

fn pull_or_nothing(text: &str) -> Result<Maybe, String> {
    or_nothing(text, pull)
}

fn run_or_nothing(text: &str) -> Result<Maybe, String> {
    or_nothing(text, run)
}

fn or_nothing(text: &str, read: impl Fn(&str) -> Result<u64, String>) -> Result<Maybe, String> {
    match text.trim() {
        "" => Ok(Maybe(None)),
        text => read(text).map(|number| Maybe(Some(number))),
    }
}

/// `lockgate pin`
#[derive(Debug, Args)]
pub struct Pin {
    /// The package [default: the only one]
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The version [default: that of the version file]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Take the digests from the candidate of this pull request, unless the version is already published
    #[arg(long, value_name = "NUMBER", value_parser = pull)]
    pub pr: Option<u64>,
    /// Write nothing; check the file
    #[arg(long)]
    pub check: bool,
}

/// `lockgate withdraw`
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The package [default: the only one]
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The version that must not be used
    #[arg(long, value_name = "VERSION")]
    pub version: String,
    /// The reason, shown to users of the version
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Delete release and tag, so that the number is free again; only while no commit of the base branch names it
    #[arg(long)]
    pub roll_back: bool,
    /// The base branch [default: the repository's default branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
}

/// `lockgate doctor`
#[derive(Debug, Args)]
pub struct Doctor {
    /// The branch to check [default: the repository's default branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Check the hardened level, too: a status bound to the App, a ruleset for the tags [default: as lockgate.toml says]
    #[arg(long)]
    pub hardened: bool,
}

/// `lockgate cleanup`
#[derive(Debug, Args)]
pub struct Cleanup {
    /// The package [default: all]
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The branch whose config is read [default: the repository's default branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Also drafts of versions that are not published; only while no promotion is running
    #[arg(long)]
    pub open: bool,
    /// Delete them; without this option they are only listed. At a terminal it asks first
    #[arg(long)]
    pub apply: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// `lockgate audit`
#[derive(Debug, Args)]
pub struct Audit {
    /// The package [default: all]
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The branch [default: the repository's default branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<String>,
    /// Begin with this commit of the branch [default: the first that has the package in lockgate.toml]
    #[arg(long, value_name = "REVISION")]
    pub since: Option<String>,
    /// Treat commits that changed sources without raising the version as failures, too
    #[arg(long)]
    pub strict: bool,
}
