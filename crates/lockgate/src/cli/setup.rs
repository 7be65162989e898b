//! The options of the commands that set up a repository.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `lockgate init`
#[derive(Debug, Args)]
pub struct Init {
    /// The package's name; without it, the workflows of lockgate.toml are written again
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,
    /// The file that contains the version and nothing else
    #[arg(long, value_name = "PATH")]
    pub version_file: Option<String>,
    /// Write the version file with this first version
    #[arg(long, value_name = "VERSION")]
    pub first_version: Option<String>,
    /// The scheme of versions [default: integer]
    #[arg(long, value_enum)]
    pub scheme: Option<Scheme>,
    /// The source files, as a pattern such as 'tool/**'; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub sources: Vec<String>,
    /// A pattern of files to exclude from the sources; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// The command that builds one variant, as one text, such as 'make ARCH={arch}'; it is run without a shell
    #[arg(long, value_name = "COMMAND")]
    pub build_command: Option<String>,
    /// The path of the built executable [default: dist/{asset}]
    #[arg(long, value_name = "PATH")]
    pub output: Option<String>,
    /// A command that shows that the executable works, such as '{output} --version'
    #[arg(long, value_name = "COMMAND")]
    pub smoke: Option<String>,
    /// The variants, separated by commas [default: amd64,arm64]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub variants: Vec<String>,
    /// A variant that is built and tested on amd64, under an emulator; may be given several times
    #[arg(long, value_name = "VARIANT")]
    pub emulate: Vec<String>,
    /// The template of a release's tag [default: PACKAGE-v{version}]
    #[arg(long, value_name = "TEMPLATE")]
    pub tag: Option<String>,
    /// The template of an executable's name [default: PACKAGE-{variant}-v{version}]
    #[arg(long, value_name = "TEMPLATE")]
    pub asset: Option<String>,
    /// The file in the repository for the digests of the version that it names
    #[arg(long, value_name = "PATH")]
    pub pins: Option<String>,
    /// The trust level [default: basic]
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
    /// Continue though the build command does not exist yet
    #[arg(long)]
    pub allow_missing: bool,
    /// Replace workflows of these names that Lockgate did not write
    #[arg(long)]
    pub force: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The scheme of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheme {
    /// 1, 2, 3
    Integer,
    /// Semantic Versioning
    Semver,
}

/// The trust level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// The workflows' own token, a protected environment, a check of the role
    Basic,
    /// A dedicated App for everything that must not be forged
    Hardened,
}

/// `lockgate check`
#[derive(Debug, Args)]
pub struct Check {}
