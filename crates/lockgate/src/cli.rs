//! The command line: one definition for parsing, help, completions and man pages.

mod reading;
mod release;
mod setup;

use std::path::PathBuf;

pub use reading::{Caching, Fetch, Mirror, Reading, Verify};
pub use release::{Audit, Cleanup, Doctor, Maybe, Pin, Promote, Withdraw};
pub use setup::{Check, Init, Level, Scheme};

#[cfg(feature = "rehearse")]
use clap::builder::TypedValueParser as _;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Publish versioned executables before the pull request that needs them merges, and hold the merge until every byte is
/// public and verified.
#[derive(Debug, Parser)]
#[command(name = "lockgate", version, about, long_about = None, max_term_width = 100, propagate_version = false, after_help = EXIT_CODES)]
pub struct Cli {
    /// The options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 could not, 2 usage, 3 refused (a person must change something), \
4 waiting (may become possible by itself), 5 wrong bytes, 6 not published.\n\
Results go to stdout, messages to stderr.";

/// The options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// The repository on GitHub [default: GITHUB_REPOSITORY, else the remote's address]
    #[arg(
        long,
        global = true,
        value_name = "OWNER/NAME",
        help_heading = "Global options"
    )]
    pub repo: Option<String>,
    /// The web address of GitHub or of a compatible server [default: GITHUB_SERVER_URL, else that of GitHub]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help_heading = "Global options"
    )]
    pub forge: Option<String>,
    /// The config, for commands that work on files [default: lockgate.toml of the commit]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub config: Option<PathBuf>,
    /// Run as if started in this folder
    #[arg(
        short = 'C',
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub work_dir: Option<PathBuf>,
    /// The git remote of the repository on GitHub
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "origin",
        help_heading = "Global options"
    )]
    pub remote: String,
    /// The format of results on stdout
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, help_heading = "Global options")]
    pub output_format: Format,
    /// Whether to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, help_heading = "Global options")]
    pub color: Color,
    /// Print fewer messages
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    pub quiet: bool,
    /// Print more messages
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
}

/// The format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs; every object has a "version"
    Json,
}

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// In a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write lockgate.toml and the workflows of its packages
    Init(Box<Init>),
    /// Compare the workflows with lockgate.toml, and lint every workflow of the repository
    Check(Check),
    /// Decide what a pull request means for each package: build, nothing, or refused
    Detect(Detect),
    /// Build one variant and inspect the result, or join the variants to a candidate
    Build(Build),
    /// Write or update the pull request's comment
    Report(Report),
    /// Post the commit status that allows a pull request to merge, or blocks it
    Gate(Gate),
    /// Publish exactly the bytes of a candidate as a release
    Promote(Promote),
    /// Read a published release as an anonymous client would, and check every byte
    Verify(Verify),
    /// Download the verified executable for this machine; prints its path
    Fetch(Fetch),
    /// Fill a folder with verified executables, for any web server or for a machine without network
    Mirror(Mirror),
    /// Write the digests of a version into the repository's SHA256SUMS, or check them
    Pin(Pin),
    /// Mark a published version, publicly and permanently, as not to be used
    Withdraw(Withdraw),
    /// Check the repository's settings, and report which of them protect the releases
    Doctor(Doctor),
    /// List the drafts left by interrupted promotions, or delete them
    #[command(visible_alias = "retain")]
    Cleanup(Cleanup),
    /// Check that the version of every commit on a branch is published, and list the commits where it is not
    Audit(Audit),
    /// Run the whole flow on this machine, against a fake GitHub
    #[cfg(feature = "rehearse")]
    Rehearse(Rehearse),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    Man {
        /// The folder; created if it does not exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

impl Command {
    /// Returns the permissions that it needs from an App's token (docs/permissions.md); none if it does not write as an App.
    pub fn rights(&self) -> &'static [(&'static str, bool)] {
        match self {
            Self::Gate(_) => &[
                ("contents", false),
                ("actions", false),
                ("pull_requests", false),
                ("statuses", true),
            ],
            Self::Report(_) => &[
                ("contents", false),
                ("actions", false),
                ("pull_requests", true),
            ],
            Self::Promote(_) => &[
                ("contents", true),
                ("actions", false),
                ("pull_requests", true),
                ("statuses", true),
            ],
            Self::Withdraw(_) => &[("contents", true)],
            Self::Init(_)
            | Self::Check(_)
            | Self::Detect(_)
            | Self::Build(_)
            | Self::Verify(_)
            | Self::Doctor(_)
            | Self::Cleanup(_)
            | Self::Audit(_)
            | Self::Fetch(_)
            | Self::Mirror(_)
            | Self::Pin(_)
            | Self::Completions { .. }
            | Self::Man { .. } => &[],
            #[cfg(feature = "rehearse")]
            Self::Rehearse(_) => &[],
        }
    }

    /// Returns its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Check(_) => "check",
            Self::Detect(_) => "detect",
            Self::Build(_) => "build",
            Self::Report(_) => "report",
            Self::Gate(_) => "gate",
            Self::Promote(_) => "promote",
            Self::Verify(_) => "verify",
            Self::Fetch(_) => "fetch",
            Self::Mirror(_) => "mirror",
            Self::Pin(_) => "pin",
            Self::Withdraw(_) => "withdraw",
            Self::Doctor(_) => "doctor",
            Self::Cleanup(_) => "cleanup",
            Self::Audit(_) => "audit",
            #[cfg(feature = "rehearse")]
            Self::Rehearse(_) => "rehearse",
            Self::Completions { .. } => "completions",
            Self::Man { .. } => "man",
        }
    }
}

/// `lockgate detect`
#[derive(Debug, Args)]
pub struct Detect {
    /// The tip of the base branch [default: that of the event, as it is on the remote now]
    #[arg(long, value_name = "REVISION")]
    pub base: Option<String>,
    /// The head of the pull request [default: that of the event, else HEAD]
    #[arg(long, value_name = "REVISION")]
    pub head: Option<String>,
    /// Only this package
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
}

/// `lockgate build`
#[derive(Debug, Args)]
pub struct Build {
    /// The package [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
    /// The variant to build
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "join",
        conflicts_with = "join"
    )]
    pub variant: Option<String>,
    /// Join the results of all variants to a candidate instead
    #[arg(long)]
    pub join: bool,
    /// The folder for results; created if it does not exist
    #[arg(long, value_name = "DIR", default_value = "lockgate-out")]
    pub out: PathBuf,
    /// Read the variants' results from this folder instead of the run's artifacts
    #[arg(long, value_name = "DIR", requires = "join")]
    pub parts: Option<PathBuf>,
    /// Build a checkout with uncommitted changes; such a build is never a candidate
    #[arg(long)]
    pub allow_dirty: bool,
}

/// The pull request of a command.
#[derive(Debug, Default, Args)]
pub struct Target {
    /// The pull request [default: that of the event]
    #[arg(long, value_name = "NUMBER", value_parser = pull)]
    pub pr: Option<u64>,
    /// The run of the build workflow [default: that of the event, else the newest for the head]
    #[arg(long, value_name = "ID", value_parser = run)]
    pub run: Option<u64>,
    /// Only this package
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
}

/// `lockgate report`
#[derive(Debug, Args)]
pub struct Report {
    /// The pull requests, separated by commas [default: those of the event]
    #[arg(long, value_name = "NUMBERS", value_parser = numbers)]
    pub pr: Option<Numbers>,
    /// The run of the build workflow [default: that of the event]
    #[arg(long, value_name = "ID", value_parser = run)]
    pub run: Option<u64>,
    /// Only this package
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
}

/// Numbers separated by commas; none if the text is empty, as an output of a workflow step can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers(pub Vec<u64>);

fn numbers(text: &str) -> Result<Numbers, String> {
    let all = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    let read: Result<Vec<u64>, _> = all.map(pull).collect();
    read.map(Numbers)
}

/// Parses the number of a pull request, with or without `#`. A URL is rejected: it could name another repository.
pub(crate) fn pull(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let number = text.strip_prefix('#').unwrap_or(text).parse();
    number.map_err(|_| "not the number of a pull request, such as 7 or #7".to_owned())
}

fn run(text: &str) -> Result<u64, String> {
    let number = text.trim().parse();
    number.map_err(|_| "not the number of a run; the address of its page ends with it".to_owned())
}

/// `lockgate gate`
#[derive(Debug, Args)]
pub struct Gate {
    /// The pull request
    #[command(flatten)]
    pub target: Target,
    /// Every open pull request into this branch: for use after the branch has moved
    #[arg(long, value_name = "BRANCH", conflicts_with_all = ["pr", "run"])]
    pub all_open: Option<String>,
}

/// `lockgate rehearse`
#[cfg(feature = "rehearse")]
#[derive(Debug, Args)]
pub struct Rehearse {
    /// A repository to rehearse with [default: the bundled example]
    #[arg(value_name = "DIR")]
    pub repository: Option<PathBuf>,
    /// Run a script and compare its transcript
    #[arg(long, value_name = "FILE", conflicts_with = "repository")]
    pub script: Option<PathBuf>,
    /// Write the transcript into the script instead of comparing
    #[arg(long, requires = "script")]
    pub bless: bool,
    /// List the scripts that come with Lockgate
    #[arg(long, conflicts_with_all = ["script", "repository"])]
    pub list: bool,
    /// Keep the folder with everything, and use this one
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = "", require_equals = true,
        value_parser = clap::builder::OsStringValueParser::new().map(PathBuf::from))]
    pub keep: Option<PathBuf>,
    /// Write every request and its response to a file, one per line, as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub journal: Option<PathBuf>,
    /// Keep the fake GitHub running at the end, until Ctrl-C
    #[arg(long)]
    pub serve: bool,
}
