//! The commands that read releases anonymously.

use std::path::PathBuf;

use clap::Args;

/// `lockgate verify`
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// The package [default: the only one]
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The version [default: that of the version file]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Network options
    #[command(flatten)]
    pub reading: Reading,
}

/// `lockgate fetch`
#[derive(Debug, Clone, Args)]
pub struct Fetch {
    /// The package [default: the only one]
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The version [default: that of the version file]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// The variant [default: the one for this machine]
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Every variant: all of them or none
    #[arg(long, conflicts_with_all = ["variant", "from"])]
    pub all: bool,
    /// Copy it into this folder, under its asset's name, and print that path
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// The digests to trust [default: the package's pins, else the release's receipt]
    #[arg(long, value_name = "FILE")]
    pub pins: Option<PathBuf>,
    /// Take the bytes from this file, and verify them as usual
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// A folder with executables that came with a program: searched before the cache [env: LOCKGATE_BUNDLED]
    #[arg(long, value_name = "DIR")]
    pub bundled: Option<PathBuf>,
    /// Never use the network
    #[arg(long)]
    pub offline: bool,
    /// Check for a withdrawal again, ignoring remembered answers
    #[arg(long, conflicts_with = "offline")]
    pub refresh: bool,
    /// An address or a folder to try before the release; may be given several times [env: LOCKGATE_MIRROR]
    #[arg(long, value_name = "URL|DIR")]
    pub mirror: Vec<String>,
    /// The candidate of this pull request, which is not promoted: for reviewers; needs a token
    #[arg(long, value_name = "NUMBER", value_parser = super::pull, conflicts_with_all = ["version", "pins", "from", "bundled", "offline", "refresh", "mirror"])]
    pub pr: Option<u64>,
    /// Remove executables from the cache that were not used for 30 days, or for the given number of days
    #[arg(long, value_name = "DAYS", num_args = 0..=1, default_missing_value = "30", require_equals = true,
        conflicts_with_all = ["package", "version", "variant", "all", "into", "pins", "from", "bundled", "offline", "refresh", "mirror", "pr"])]
    pub prune: Option<u64>,
    /// The cache
    #[command(flatten)]
    pub caching: Caching,
    /// Network options
    #[command(flatten)]
    pub reading: Reading,
}

/// `lockgate mirror`
#[derive(Debug, Clone, Args)]
pub struct Mirror {
    /// The folder; created if it does not exist
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The package [default: every package]
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The version; may be given several times [default: that of the version file]
    #[arg(long, value_name = "VERSION", requires = "package")]
    pub version: Vec<String>,
    /// The cache
    #[command(flatten)]
    pub caching: Caching,
    /// Network options
    #[command(flatten)]
    pub reading: Reading,
}

/// The cache of executables.
#[derive(Debug, Clone, Args)]
pub struct Caching {
    /// The folder of the cache of executables [env: LOCKGATE_CACHE; default: XDG_CACHE_HOME/lockgate, else ~/.cache/lockgate]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

/// The settings for reading releases.
#[derive(Debug, Clone, Args)]
pub struct Reading {
    /// GitHub's id of the repository, which a receipt must name [env: LOCKGATE_REPOSITORY_ID; default: the one that the
    /// cache remembers]
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Network options")]
    pub repository_id: Option<u64>,
    /// The proxy for every address [env: LOCKGATE_PROXY; default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY]
    #[arg(long, value_name = "URL", help_heading = "Network options")]
    pub proxy: Option<String>,
    /// A file with certificates to trust in addition to the system's; may be given several times [env: LOCKGATE_CA_FILE]
    #[arg(long, value_name = "FILE", help_heading = "Network options")]
    pub ca_file: Vec<PathBuf>,
    /// The largest accepted size of an executable, in bytes [env: LOCKGATE_MAX_SIZE; default: 2 GiB]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Network options")]
    pub max_size: Option<u64>,
    /// The time after which a silent connection fails [env: LOCKGATE_TIMEOUT; default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Network options")]
    pub timeout: Option<u64>,
    /// The total time limit for one file [env: LOCKGATE_TOTAL_TIMEOUT; default: 1800]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=604_800), help_heading = "Network options")]
    pub total_timeout: Option<u64>,
    /// The number of retries after a failed request [env: LOCKGATE_RETRIES; default: 2]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(0..=100), help_heading = "Network options")]
    pub retries: Option<u64>,
}
