//! The errors outside of a decision: git, files, the environment, the build, GitHub.

use lockgate_core::reasons;
use lockgate_forge::{ErrorKind, ForgeError};

use crate::exit::{Exit, Failure};

reasons! {
    /// An error with a stable code.
    pub enum CommandError {
        /// git is not installed, or too old.
        GitMissing { /** What was said. */ detail: String } =>
            "git.missing", "git cannot be used: {detail}", "install git 2.38 or newer";
        /// The folder is not in a repository.
        NotARepository { /** Where. */ dir: String } =>
            "git.not-a-repository", "{dir} is not inside a git repository", "run it in a clone of the repository, or name one with -C";
        /// The repository is owned by another account.
        ForeignOwner { /** Where. */ dir: String, /** For a command. */ word: String } =>
            "git.foreign-owner", "git does not use the repository of {dir}, because another account owns it (\"dubious ownership\")", "run `git config --global --add safe.directory {word}`, or as the account that owns it";
        /// The clone does not have the needed history.
        Shallow { /** What was wanted. */ what: String } =>
            "git.shallow", "this clone is shallow and lacks {what}", "run `git fetch --unshallow`; in a workflow, check out with fetch-depth: 0";
        /// The revision does not exist.
        UnknownRevision { /** What. */ revision: String } =>
            "git.unknown-revision", "{revision} names no commit in this repository", "fetch it first, or check its spelling";
        /// A git command failed.
        Git { /** What was tried. */ operation: String, /** What git said. */ detail: String } =>
            "git.failed", "git could not {operation}: {detail}", "fix what git reports, and run the same command again";

        /// The config does not exist.
        NoConfig { /** Where. */ place: String } =>
            "config.not-found", "there is no lockgate.toml in {place}", "write one at the root of the repository; docs/config.md shows how";
        /// The package does not exist.
        UnknownPackage { /** Which. */ name: String, /** The others. */ known: String } =>
            "package.unknown", "lockgate.toml has no package {name}", "the packages are {known}";
        /// There are several packages, and none was named.
        WhichPackage { /** The others. */ known: String } =>
            "package.which", "lockgate.toml has several packages", "name one of them: {known}";
        /// The variant does not exist.
        UnknownVariant { /** Which. */ name: String, /** The others. */ known: String } =>
            "variant.unknown", "the package has no variant {name}", "the variants are {known}";

        /// A required value is missing.
        Unsaid { /** What. */ what: &'static str, /** How. */ how: &'static str } =>
            "environment.missing", "it is not known {what}", "{how}";
        /// The event file is invalid.
        BadEvent { /** Path. */ path: String, /** What. */ problem: String } =>
            "environment.event", "the event file {path} cannot be used: {problem}", "leave GITHUB_EVENT_PATH as the runner sets it; outside of a workflow, unset GITHUB_EVENT_PATH and name what you mean by options";
        /// Two options contradict or repeat each other.
        Both { /** One. */ one: String, /** Other. */ other: String } =>
            "environment.both", "{one} and {other} are both given, and each says what is meant", "give one of them: a pull request by its number, or a run by its own";
        /// A variable has an invalid value.
        BadValue { /** Which. */ name: &'static str, /** Value. */ value: String, /** Expected. */ expected: &'static str } =>
            "environment.value", "{name} is {value}, which is not {expected}", "set {name} to {expected}";
        /// A setting for GitHub is invalid.
        Settings { /** What. */ problem: String } =>
            "environment.settings", "{problem}", "fix GITHUB_API_URL, GITHUB_TOKEN or --forge";
        /// A file cannot be written or read.
        File { /** What was tried. */ operation: String, /** What the system said. */ detail: String } =>
            "file.failed", "could not {operation}: {detail}", "fix what the system reports, and run the same command again";
        /// A text would break the outputs of a workflow step.
        UnsafeOutput { /** Key. */ key: String, /** Its value, quoted. */ value: String } =>
            "output.unsafe", "the output {key} would be {value}, which is not one line of printable text", "work in a folder whose path is UTF-8 without invisible characters; if it is no path, this is a bug of Lockgate";

        /// There are uncommitted changes.
        Dirty { /** Paths. */ paths: String } =>
            "build.dirty", "the checkout has changes that are in no commit: {paths}", "commit or stash them, as a candidate is built from a commit; what a step of the workflow makes belongs outside of the checkout ($RUNNER_TEMP), or into .gitignore";
        /// The checkout differs from the commit in a way that git does not report.
        NotCheckedOut { /** What. */ what: String, /** Next. */ next: String } =>
            "build.not-checked-out", "the checkout lacks what the commit holds and the fingerprint counts: {what}", "{next}";
        /// The build command cannot be started.
        CommandMissing { /** Program. */ program: String, /** What. */ detail: String } =>
            "build.command-missing", "the build command {program} could not be started: {detail}", "install it, or fix `command` in lockgate.toml";
        /// The build command failed.
        CommandFailed { /** Variant. */ variant: String, /** How. */ status: String } =>
            "build.command-failed", "the build command for {variant} ended with {status}", "read the end of its log, fix it, and push";
        /// The build command left no file.
        NoOutput { /** Path. */ path: String } =>
            "build.no-output", "the build command ended well but left no file {path}", "fix `output` in lockgate.toml, or what the command writes";
        /// The output is not a file.
        NotAFile { /** Path. */ path: String } =>
            "build.not-a-file", "{path} is not a regular file", "remove it, and let the build write a regular file there";
        /// The output is too large for a release.
        TooLarge { /** Path. */ path: String, /** In bytes. */ size: u64 } =>
            "build.too-large", "{path} has {size} bytes, and a file of a release has to be smaller than 2 GiB", "leave debug information out of it, or keep data in a file of its own";
        /// The output does not meet the variant's requirements.
        NotAsAsked { /** Variant. */ variant: String, /** What. */ problems: String, /** Codes. */ codes: String, /** What to do. */ next: String } =>
            "build.executable", "the executable of {variant} is not what lockgate.toml asks for: {problems} ({codes})", "{next}";
        /// The output contains a token.
        Secret { /** Path. */ path: String, /** Shape. */ shape: &'static str } =>
            "build.secret", "{path} holds what looks like {shape}", "take it out of the build; if it is a real one, revoke it now";
        /// The smoke command failed.
        SmokeFailed { /** Variant. */ variant: String, /** How. */ status: String } =>
            "build.smoke-failed", "the smoke command for {variant} ended with {status}", "run the executable by hand, fix it, and push";
        /// There is no emulator for the architecture.
        NoEmulator { /** Arch. */ arch: String, /** Host. */ host: String } =>
            "build.no-emulator", "an executable for {arch} cannot be run on {host} for its smoke test: no emulator was found", "install qemu-user-static, or build on a runner of that architecture";
        /// The parts do not make a candidate.
        Incomplete { /** Which and why. */ failed: String, /** What to do. */ next: String } =>
            "build.incomplete", "there is no candidate: {failed}", "{next}";

        /// GitHub does not have it.
        ForgeNotFound { /** All of it. */ error: String } =>
            "forge.not-found", "{error}", "check the number or the name, and that the token may see it";
        /// GitHub refuses a request.
        ForgeConflict { /** All of it. */ error: String } =>
            "forge.conflict", "{error}", "look at what is there on the forge, then run the same command again";
        /// A permission is missing.
        ForgeDenied { /** All of it. */ error: String } =>
            "forge.denied", "{error}", "give the token in GITHUB_TOKEN or GH_TOKEN the right that docs/permissions.md names for this command";
        /// The rate limit is exceeded.
        ForgeRateLimited { /** All of it. */ error: String } =>
            "forge.rate-limited", "{error}", "run the same command again when the limit has passed";
        /// GitHub does not respond.
        ForgeUnavailable { /** All of it. */ error: String } =>
            "forge.unavailable", "{error}", "run the same command again: it looks before it does anything; if it stays so, look at the connection, the proxy variables and --forge";
        /// The response is invalid.
        ForgeGarbled { /** All of it. */ error: String } =>
            "forge.garbled", "{error}", "check --forge: this may not be a forge at all";

        /// There is nothing to be reviewed.
        NothingToReview { /** Package. */ package: String, /** Number. */ pull: u64, /** Why. */ why: String } =>
            "fetch.no-candidate", "pull request {pull} has no candidate of {package}: {why}", "look at the newest run of the build workflow for its head, and let it build again";
        /// No pull request belongs to the run.
        NoPull { /** Run. */ run: String } =>
            "run.no-pull", "no open or merged pull request belongs to run {run}", "name the pull request, with --pr";
        /// The pull request has no candidate of the version.
        NoCandidate { /** Pull request. */ pull: String, /** Version. */ version: String } =>
            "pin.no-candidate", "pull request #{pull} has no complete candidate of version {version}", "wait for its build, or look at its comment for what failed";
        /// A tool for the rehearsal is missing.
        Rehearsal { /** What. */ problem: String } =>
            "rehearse.failed", "{problem}", "run it again with --keep and look into the folder that it names; docs/rehearse.md explains the steps";
        /// A script is invalid.
        Script { /** Where. */ place: String, /** What. */ problem: String } =>
            "rehearse.script", "{place}: {problem}", "docs/rehearse.md lists the words of a script";
        /// A transcript differs.
        Transcript { /** Where. */ place: String, /** What. */ problem: String } =>
            "rehearse.transcript", "{place}: {problem}", "if the new words are right, run it again with --bless";
    }
}

impl CommandError {
    /// Returns the exit status of the error.
    fn exit(&self) -> Exit {
        match self {
            Self::Settings { .. }
            | Self::Unsaid { .. }
            | Self::BadValue { .. }
            | Self::Both { .. }
            | Self::WhichPackage { .. } => Exit::Usage,
            Self::UnknownPackage { .. } | Self::UnknownVariant { .. } => Exit::Usage,
            Self::NoConfig { .. }
            | Self::Shallow { .. }
            | Self::ForeignOwner { .. }
            | Self::UnknownRevision { .. } => Exit::Refused,
            Self::Dirty { .. }
            | Self::NotCheckedOut { .. }
            | Self::CommandFailed { .. }
            | Self::NoOutput { .. }
            | Self::NotAFile { .. }
            | Self::TooLarge { .. } => Exit::Refused,
            Self::NotAsAsked { .. }
            | Self::Secret { .. }
            | Self::SmokeFailed { .. }
            | Self::Incomplete { .. } => Exit::Refused,
            Self::CommandMissing { .. }
            | Self::NoPull { .. }
            | Self::NothingToReview { .. }
            | Self::NoCandidate { .. }
            | Self::Transcript { .. }
            | Self::Script { .. } => Exit::Refused,
            Self::ForgeRateLimited { .. } => Exit::Waiting,
            Self::GitMissing { .. }
            | Self::NotARepository { .. }
            | Self::Git { .. }
            | Self::BadEvent { .. } => Exit::CouldNot,
            Self::File { .. }
            | Self::UnsafeOutput { .. }
            | Self::NoEmulator { .. }
            | Self::Rehearsal { .. } => Exit::CouldNot,
            Self::ForgeNotFound { .. } | Self::ForgeConflict { .. } | Self::ForgeDenied { .. } => {
                Exit::CouldNot
            }
            Self::ForgeUnavailable { .. } | Self::ForgeGarbled { .. } => Exit::CouldNot,
        }
    }

    /// Converts an I/O error of the named operation.
    pub fn file(operation: impl Into<String>, error: &std::io::Error) -> Self {
        Self::File {
            operation: operation.into(),
            detail: lockgate_core::escape::line(&error.to_string()),
        }
    }
}

impl From<CommandError> for Failure {
    fn from(command_error: CommandError) -> Self {
        Self::new(command_error.exit(), &command_error)
    }
}

impl From<ForgeError> for CommandError {
    fn from(error: ForgeError) -> Self {
        let kind = error.kind;
        let error = error.to_string();
        match kind {
            ErrorKind::NotFound => Self::ForgeNotFound { error },
            ErrorKind::Conflict => Self::ForgeConflict { error },
            ErrorKind::Denied => Self::ForgeDenied { error },
            ErrorKind::RateLimited(_) => Self::ForgeRateLimited { error },
            ErrorKind::Unavailable | ErrorKind::Ambiguous | ErrorKind::Source => {
                Self::ForgeUnavailable { error }
            }
            ErrorKind::InvalidResponse => Self::ForgeGarbled { error },
        }
    }
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        CommandError::from(error).into()
    }
}
