//! The reasons why `init` writes nothing, each with its code, sentence and hint. All of them are found before anything is written.

use lockgate_core::reason::reasons;

use crate::exit::{Exit, Failure};

reasons! {
    /// The reason why `init` writes nothing.
    pub enum Problem {
        /// Required options are missing, and there is no terminal.
        Missing { /** Options. */ options: String, /** What was found. */ found: String } =>
            "init.missing", "it is not known what to write: {options} are missing, and there is no terminal to ask at",
            "name them{found}";
        /// A name is invalid.
        BadName { /** Option. */ option: &'static str, /** What was wrong with it. */ problem: String } =>
            "init.bad-name", "{option}: {problem}", "choose a name that needs no quoting anywhere; docs/config.md has the rules";
        /// A command cannot be split into words.
        BadCommand { /** Option. */ option: &'static str, /** Its value. */ value: String } =>
            "init.bad-command", "{option} is {value}, which cannot be split into words", "close every quote, and name at least a program";
        /// The package already exists.
        KnownPackage { /** Which. */ package: String, /** Options. */ options: String } =>
            "init.known-package", "lockgate.toml has the package {package} already, and {options} would change it",
            "change lockgate.toml by hand, then run `lockgate init` without them: it writes the workflows again";
        /// The settings of the workflows already exist.
        KnownSettings { /** Options. */ options: String } =>
            "init.known-settings", "lockgate.toml has a table [workflows] already, and {options} would change it",
            "change the table by hand, then run `lockgate init` without them: it writes the workflows again";
        /// The version file does not exist.
        NoVersionFile { /** Path. */ path: String } =>
            "init.no-version-file", "there is no version file {path}", "name the right one with --version-file, or let it be written with --first-version 1";
        /// The version file already exists.
        VersionFileThere { /** Path. */ path: String, /** What it says. */ version: String } =>
            "init.version-file-there", "{path} is there already and says {version}", "leave --first-version away";
        /// The version file has an invalid content.
        BadVersion { /** Path. */ path: String, /** What is wrong. */ problem: String } =>
            "init.bad-version", "the version file {path} cannot be read: {problem}", "let it hold the version and nothing else, or name another file with --version-file";
        /// The build command does not exist.
        NoCommand { /** What. */ what: String } =>
            "init.no-command", "the build command cannot work: {what}", "fix --build-command, or pass --allow-missing if it will be there later";
        /// The variant does not exist.
        NoVariant { /** Which. */ variant: String, /** The others. */ known: String } =>
            "init.no-variant", "--emulate names {variant}, which is no variant of the package", "the variants are {known}";
        /// Several remotes match.
        Remotes { /** Wanted. */ wanted: String, /** Which. */ known: String } =>
            "init.remotes", "the repository has no remote {wanted}, but others", "name the one on the forge with --remote: {known}";
        /// The action is invalid.
        BadAction { /** Value. */ value: String } =>
            "init.bad-action", "--action is {value}, which is not an action pinned by its commit", "write OWNER/NAME@ and the 40 hexadecimal digits of the commit";
        /// The digests cannot be read.
        NoDigest { /** What. */ problem: String } =>
            "init.no-digest", "{problem}", "give the release's SHA256SUMS with --sha256sums";
        /// Workflows of these names were not written by Lockgate.
        NotOurs { /** Paths. */ paths: String } =>
            "init.not-ours", "{paths} would be replaced, and Lockgate did not write what is there", "look at the difference above; then move it away, or say --force";
        /// Manual changes would be lost.
        Lost { /** Path. */ path: String, /** What. */ what: String } =>
            "init.lost", "what people added to {path} would be lost: {what}", "move it to a custom block that the file has (docs/workflows.md lists them), or say --force";
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let exit = match &problem {
            Problem::Missing { .. }
            | Problem::BadName { .. }
            | Problem::BadCommand { .. }
            | Problem::BadAction { .. }
            | Problem::NoVariant { .. }
            | Problem::KnownPackage { .. }
            | Problem::KnownSettings { .. }
            | Problem::Remotes { .. } => Exit::Usage,
            Problem::NoVersionFile { .. }
            | Problem::VersionFileThere { .. }
            | Problem::BadVersion { .. }
            | Problem::NoCommand { .. }
            | Problem::NoDigest { .. }
            | Problem::NotOurs { .. }
            | Problem::Lost { .. } => Exit::Refused,
        };
        Self::new(exit, &problem)
    }
}
