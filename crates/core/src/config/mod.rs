//! `lockgate.toml`: the packages of a repository, their source files, and how they are built.
//!
//! Parsing is strict: an unknown key is an error that names the nearest valid one, with line and column. Does not know
//! where the text came from (a work tree, a commit, GitHub) and reads no file.

mod globs;
mod names;
mod parse;
mod problem;
mod section;
mod variants;
mod workflows;

pub use globs::Globs;
pub use lockgate_format::document::{
    RECEIPT_ASSET, SUMS_ASSET, WITHDRAWAL_ASSET, WITHDRAWN_PREFIX,
};
pub use lockgate_format::template::{Template, Values};
pub use problem::{ConfigError, ConfigProblem};
pub use workflows::{Pinned, RunnerArch, TrustLevel, Workflows, pin};

use std::collections::BTreeMap;

use lockgate_format::template::{Placeholder, VariantValues};
use parse::choice;

use crate::ids::{AssetName, Attempt, Digest, PackageName, RepoPath, Tag, VariantName};
use crate::version::{Scheme, Version};

/// The name of the file, at the root of the repository.
pub const FILE: &str = "lockgate.toml";

/// The folder in which GitHub looks for workflows.
pub const WORKFLOWS: &str = ".github/workflows";

/// A whole `lockgate.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The packages, by name; at least one.
    pub packages: BTreeMap<PackageName, Package>,
    /// The settings of the workflows of all packages.
    pub workflows: Workflows,
}

/// One table `[package.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The name of the package.
    pub name: PackageName,
    /// The file that contains the version.
    pub version_file: RepoPath,
    /// The scheme of versions.
    pub scheme: Scheme,
    /// The paths of the source files.
    pub sources: Globs,
    /// The paths among them that are excluded.
    pub exclude: Globs,
    /// The template of a release's tag.
    pub tag: Template,
    /// The template of a variant's executable name.
    pub asset: Template,
    /// The file in the repository with the digests of the version it names, if there is one.
    pub pins: Option<RepoPath>,
    /// The build of one variant.
    pub build: Build,
    /// The executables of the package, sorted by name; at least one.
    pub variants: Vec<Variant>,
    /// The maintainers' decisions about doubtful cases. Not part of the fingerprint: it does not affect the build.
    pub policy: Policy,
    /// SHA-256 of the table in canonical JSON without `policy`; part of the fingerprint.
    pub table_digest: Digest,
}

/// `[package.NAME.build]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The program and its arguments; each may contain placeholders. No shell.
    pub command: Vec<Template>,
    /// The path of the executable after the build, relative to the root of the repository.
    pub output: Template,
    /// A command that shows that the executable works, if there is one.
    pub smoke: Option<Vec<Template>>,
}

/// `[package.NAME.variant.VARIANT]`: one row of the table that determines names, matrix, checks and pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The name of the variant.
    pub name: VariantName,
    /// The operating system; only `linux` executables can be inspected today.
    pub os: Os,
    /// The processor architecture, in the names that Go and Docker use, such as `amd64`.
    pub arch: String,
    /// The C library it must be linked against, if specified.
    pub libc: Option<Libc>,
    /// The newest GLIBC symbol version it may need, if specified.
    pub glibc_floor: Option<(u16, u16)>,
    /// The label of the machine that builds it.
    pub runner: String,
    /// Whether it may contain a search path for libraries.
    pub allow_rpath: bool,
    /// Whether it may request an executable stack.
    pub allow_exec_stack: bool,
}

/// The operating system of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// Linux, ELF.
    Linux,
}

impl Os {
    /// Returns its name in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
        }
    }
}

/// The C library of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Libc {
    /// The GNU C library, dynamically linked.
    Glibc,
    /// musl, dynamically linked or static.
    Musl,
    /// No loader at all.
    Static,
}

/// `[package.NAME.policy]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The sources changed, the version did not. Default: warn.
    pub change_without_bump: Level,
    /// The version rose, the sources did not change. Default: allow.
    pub bump_without_change: Level,
    /// The largest step of the version. Default: `next-free` for integers, `any` for semantic versions.
    pub step: Step,
    /// The requirement on the environment of a promotion in a workflow. Default: protected.
    pub environment: EnvironmentCheck,
    /// Whether a pull request may change the identity of the package. Default: with a raised version, see [`crate::identity`].
    pub identity: IdentityCheck,
    /// Whether a pull request may remove the package from the config. Default: no.
    pub removal: Removal,
}

/// The rule for changes of a package's identity: names, tag, version file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityCheck {
    /// Allowed together with a release under the new names.
    WithRaise,
    /// Always allowed.
    Free,
}

/// The rule for the removal of a package from the config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Removal is denied.
    Deny,
    /// Removal is allowed.
    Allow,
}

/// The requirement on the environment of a promotion in a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentCheck {
    /// Approval is required, and only some branches may use it; anything else is refused.
    Protected,
    /// The environment is not checked: only the role of the user who started the run counts.
    Unchecked,
}

/// The reaction to a doubtful case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Allow it without a message.
    Allow,
    /// Report it, and allow it.
    Warn,
    /// Refuse it.
    Deny,
}

/// The largest step of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Only to the smallest number above the base that is not published.
    NextFree,
    /// To any higher version.
    Any,
}

impl Config {
    /// Parses the text of a `lockgate.toml`.
    ///
    /// # Errors
    /// [`ConfigError`] with line and column of the first problem.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse::config(text)
    }
}

impl Package {
    /// Returns the tag of the release of a version.
    pub fn tag(&self, version: &Version) -> Tag {
        word(&self.tag.fill(&Values {
            version: Some(version),
            ..Values::of(&self.name)
        }))
    }

    /// Returns the tag under which a withdrawal of a version is published.
    pub fn withdrawal_tag(&self, version: &Version) -> Tag {
        self.tag(version).withdrawal()
    }

    /// Returns the version that a tag names, if it is a tag of this package.
    pub fn version_of_tag(&self, tag: &str) -> Option<Version> {
        let text = self
            .tag
            .extract(Placeholder::Version, &Values::of(&self.name), tag)?;
        let version = Version::parse(self.scheme, text).ok()?;
        (self.tag(&version).as_str() == tag).then_some(version)
    }

    /// Returns the name of the executable of a variant, as asset and as workflow artifact.
    pub fn asset(&self, variant: &Variant, version: &Version) -> AssetName {
        word(&self.asset.fill(&self.values(variant, version)))
    }

    /// Returns the values of the placeholders of the build command, the output and the smoke command.
    pub fn values<'a>(&'a self, variant: &'a Variant, version: &'a Version) -> Values<'a> {
        Values {
            version: Some(version),
            variant: Some(VariantValues {
                name: &variant.name,
                arch: &variant.arch,
                os: variant.os.as_str(),
                libc: variant.libc.map_or("", Libc::as_str),
            }),
            ..Values::of(&self.name)
        }
    }

    /// Returns the path of a variant's executable after the build, relative to the root of the repository.
    pub fn output(&self, variant: &Variant, version: &Version) -> RepoPath {
        let asset = self.asset(variant, version);
        word(&self.build.output.fill(&Values {
            asset: asset.as_str(),
            ..self.values(variant, version)
        }))
    }

    /// Returns a command of the config with its placeholders replaced; `output` is the path of the executable.
    pub fn command(
        &self,
        words: &[Template],
        variant: &Variant,
        version: &Version,
        output: &str,
    ) -> Vec<String> {
        let asset = self.asset(variant, version);
        let values = Values {
            asset: asset.as_str(),
            output,
            ..self.values(variant, version)
        };
        words.iter().map(|word| word.fill(&values)).collect()
    }

    /// Returns the variant of that name.
    pub fn variant(&self, name: &VariantName) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == *name)
    }

    /// Returns the name of the workflow artifact with the candidate's manifest. The name contains the attempt because artifacts
    /// belong to the run, not to the attempt.
    pub fn candidate_artifact(&self, version: &Version, attempt: Attempt) -> String {
        let (before, after) = self.around_candidate(attempt);
        format!("{before}{version}{after}")
    }

    /// Returns the version in the name of such an artifact, if it is one of this package and attempt.
    pub fn version_of_candidate(&self, artifact: &str, attempt: Attempt) -> Option<Version> {
        let (before, after) = self.around_candidate(attempt);
        let text = artifact.strip_prefix(&before)?.strip_suffix(&after)?;
        Version::parse(self.scheme, text).ok()
    }

    fn around_candidate(&self, attempt: Attempt) -> (String, String) {
        let after = format!("-candidate-attempt{attempt}");
        (format!("lockgate-{}-v", self.name), after)
    }

    /// Returns the name of the workflow artifact with the result of building one variant.
    pub fn part_artifact(
        &self,
        variant: &VariantName,
        version: &Version,
        attempt: Attempt,
    ) -> String {
        format!(
            "lockgate-{}-v{version}-part-{variant}-attempt{attempt}",
            self.name
        )
    }

    /// Returns the words of the build command and of the smoke command, as written in the config.
    pub fn command_words(&self) -> Vec<String> {
        let smoke = self.build.smoke.iter().flatten();
        let words = self.build.command.iter().chain(smoke);
        words.map(ToString::to_string).collect()
    }

    /// Returns the labels of machines that build it and are not hosted by GitHub.
    pub fn other_machines(&self) -> Vec<String> {
        let hosted = |label: &str| {
            let starts = ["ubuntu-", "macos-", "windows-"];
            starts.iter().any(|start| label.starts_with(start))
        };
        let labels = self.variants.iter().map(|variant| variant.runner.clone());
        let mut labels: Vec<String> = labels.filter(|label| !hosted(label)).collect();
        labels.sort();
        labels.dedup();
        labels
    }

    /// Returns the name of the workflow artifact in which a promotion keeps the receipt of what it published.
    pub fn receipt_artifact(&self, version: &Version) -> String {
        format!("lockgate-{}-v{version}-receipt", self.name)
    }

    /// Returns the context of the commit status that is the gate of the default branch. For another branch, see
    /// [`crate::gate::context`].
    pub fn gate_context(&self) -> String {
        format!("lockgate/{}", self.name)
    }

    /// Returns the path of the workflow that builds candidates of this package.
    pub fn build_workflow(&self) -> String {
        format!("{WORKFLOWS}/build-{}.yml", self.name)
    }

    /// Returns the path of the workflow that posts the gate of this package.
    pub fn gate_workflow(&self) -> String {
        format!("{WORKFLOWS}/gate-{}.yml", self.name)
    }

    /// Returns the path of the workflow that promotes candidates of this package.
    pub fn promote_workflow(&self) -> String {
        format!("{WORKFLOWS}/promote-{}.yml", self.name)
    }
}

/// Parses a filled template. One that passed [`parse`] always yields a valid value; only this function relies on that.
#[expect(
    clippy::expect_used,
    reason = "templates are checked against every value that they can be filled with when the config is read"
)]
fn word<W: std::str::FromStr>(text: &str) -> W
where
    W::Err: std::fmt::Debug,
{
    text.parse()
        .expect("a checked template fills to a valid name")
}

impl Policy {
    /// Returns the policy that applies if the config sets none.
    pub fn default_for(scheme: Scheme) -> Self {
        let step = match scheme {
            Scheme::Integer => Step::NextFree,
            Scheme::Semver => Step::Any,
        };
        Self {
            change_without_bump: Level::Warn,
            bump_without_change: Level::Allow,
            step,
            environment: EnvironmentCheck::Protected,
            identity: IdentityCheck::WithRaise,
            removal: Removal::Deny,
        }
    }
}

impl Libc {
    /// Returns its name in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Glibc => "glibc",
            Self::Musl => "musl",
            Self::Static => "static",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
