//! The options of the commands that set a repository up.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `lockgate init`
#[derive(Debug, Args)]
pub struct Init {
    /// The package's name; without one, the workflows of lockgate.toml are written again
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
    /// The file that holds the version and nothing else
    #[arg(long, value_name = "PATH")]
    pub version_file: Option<String>,
    /// Write the version file with this first version
    #[arg(long, value_name = "VERSION")]
    pub first_version: Option<String>,
    /// How versions are written [default: integer]
    #[arg(long, value_enum)]
    pub scheme: Option<Scheme>,
    /// What decides what is built, such as 'tool/**'; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub sources: Vec<String>,
    /// What of the sources does not, after all; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// What builds one variant, in one text, such as 'make ARCH={arch}'; no shell will run it
    #[arg(long, value_name = "COMMAND")]
    pub build_command: Option<String>,
    /// Where it leaves the executable [default: dist/{asset}]
    #[arg(long, value_name = "PATH")]
    pub output: Option<String>,
    /// A command that shows that the executable works, such as '{output} --version'
    #[arg(long, value_name = "COMMAND")]
    pub smoke: Option<String>,
    /// The variants, separated by commas [default: amd64,arm64]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub variants: Vec<String>,
    /// A variant that is built and tried on amd64, under an emulator; may be given several times
    #[arg(long, value_name = "VARIANT")]
    pub emulate: Vec<String>,
    /// How a release's tag is named [default: PACKAGE-v{version}]
    #[arg(long, value_name = "TEMPLATE")]
    pub tag: Option<String>,
    /// How an executable is named [default: PACKAGE-{variant}-v{version}]
    #[arg(long, value_name = "TEMPLATE")]
    pub asset: Option<String>,
    /// Where the repository keeps the digests of the version that it names
    #[arg(long, value_name = "PATH")]
    pub pins: Option<String>,
    /// What is trusted [default: basic]
    #[arg(long, value_enum)]
    pub level: Option<Level>,
    /// The default branch [default: that of the remote]
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// The action that installs Lockgate [default: that of this executable's release; else none]
    #[arg(long, value_name = "OWNER/NAME@COMMIT")]
    pub action: Option<String>,
    /// The digests of Lockgate's executables [default: this executable's, for its own architecture]
    #[arg(long, value_name = "FILE", requires = "action")]
    pub sha256sums: Option<PathBuf>,
    /// Go on though the build command is not there yet
    #[arg(long)]
    pub allow_missing: bool,
    /// Replace workflows of these names that Lockgate did not write
    #[arg(long)]
    pub force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// How versions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheme {
    /// 1, 2, 3
    Integer,
    /// Semantic Versioning
    Semver,
}

/// What is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// The workflows' own token, a protected environment, a look at the role
    Basic,
    /// A dedicated App for what must not be forged
    Hardened,
}

/// `lockgate check`
#[derive(Debug, Args)]
pub struct Check {}
