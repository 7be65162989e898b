//! `lockgate.toml`: which packages a repository has, what decides what is built, and how.
//!
//! Reading is strict: an unknown key is an error that names the nearest right one, with line and column. Does not know
//! where the text came from (a work tree, a commit, the forge) and reads no file.

mod globs;
mod names;
mod parse;
mod problem;
mod section;
mod template;
mod variants;
mod workflows;

pub use globs::Globs;
pub use problem::{ConfigError, ConfigProblem};
pub use template::{Template, Values};
pub use workflows::{Pinned, RunnerArch, TrustLevel, Workflows, pin};

use std::collections::BTreeMap;

use parse::choice;

use crate::version::{Scheme, Version};
use crate::words::{AssetName, Digest, PackageName, RepoPath, Tag, VariantName};

/// The name of the file, at the root of the repository.
pub const FILE: &str = "lockgate.toml";

/// Where the forge looks for workflows.
pub const WORKFLOWS: &str = ".github/workflows";

/// The asset of a release that lists the digests of the others, in the format of `sha256sum`.
pub const SUMS_ASSET: &str = "SHA256SUMS";
/// The asset of a release that holds its receipt.
pub const RECEIPT_ASSET: &str = "lockgate-receipt.json";
/// The asset of a withdrawal that says why.
pub const WITHDRAWAL_ASSET: &str = "lockgate-withdrawal.json";
/// What the tag of a withdrawal begins with; no package may have tags that begin so.
pub const WITHDRAWN_PREFIX: &str = "withdrawn-";

/// A whole `lockgate.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The packages, by name; at least one.
    pub packages: BTreeMap<PackageName, Package>,
    /// How the workflows of all packages are written.
    pub workflows: Workflows,
}

/// One table `[package.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: PackageName,
    /// The file that holds the version.
    pub version_file: RepoPath,
    /// How versions are written.
    pub scheme: Scheme,
    /// Which paths decide what is built.
    pub sources: Globs,
    /// Which of them do not, after all.
    pub exclude: Globs,
    /// How the tag of a release is named.
    pub tag: Template,
    /// How the executable of a variant is named.
    pub asset: Template,
    /// Where the repository keeps the digests of the version it names, if it does.
    pub pins: Option<RepoPath>,
    /// How one variant is built.
    pub build: Build,
    /// The executables of the package, in the order of their names; at least one.
    pub variants: Vec<Variant>,
    /// What the maintainers decided about doubtful cases. Not part of the fingerprint: it decides nothing that is built.
    pub policy: Policy,
    /// SHA-256 of the table in canonical JSON without `policy`; part of the fingerprint.
    pub table_digest: Digest,
}

/// `[package.NAME.build]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The program and its arguments; each may hold placeholders. No shell.
    pub command: Vec<Template>,
    /// Where the command leaves the executable, relative to the root of the repository.
    pub output: Template,
    /// A command that shows that the executable works, if there is one.
    pub smoke: Option<Vec<Template>>,
}

/// `[package.NAME.variant.VARIANT]`: one row of the table that drives names, matrix, checks and pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: VariantName,
    /// The operating system; only `linux` executables can be looked into today.
    pub os: Os,
    /// The processor architecture, in the names that Go and Docker use, such as `amd64`.
    pub arch: String,
    /// The C library it must be linked against, if that was said.
    pub libc: Option<Libc>,
    /// The newest GLIBC symbol version it may need, if that was said.
    pub glibc_floor: Option<(u16, u16)>,
    /// The label of the machine that builds it.
    pub runner: String,
    /// Whether it may bring a search path for libraries.
    pub allow_rpath: bool,
    /// Whether it may ask for an executable stack.
    pub allow_exec_stack: bool,
}

/// The operating system of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Os {
    /// Linux, ELF.
    Linux,
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
    /// How far the version may rise at once. Default: `next-free` for integers, `any` for semantic versions.
    pub step: Step,
    /// What a promotion in a workflow demands of its environment. Default: protected.
    pub environment: EnvironmentCheck,
    /// Whether a pull request may change what users follow. Default: with a raise, see [`crate::identity`].
    pub identity: IdentityCheck,
    /// Whether a pull request may take the package out of the config. Default: no.
    pub removal: Removal,
}

/// Whether a pull request may change what users follow: names, tag, version file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityCheck {
    /// Where a release of the new names comes with it.
    WithRaise,
    /// Whatever it changes.
    Free,
}

/// Whether a pull request may take a package out of the config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It may not.
    Deny,
    /// It may.
    Allow,
}

/// What a promotion in a workflow demands of its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentCheck {
    /// Somebody has to approve, and only some branches may use it; anything else is refused.
    Protected,
    /// It is not looked at: only the role of who started the run counts.
    Unchecked,
}

/// What to do about a doubtful case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Say nothing.
    Allow,
    /// Say it, and let it pass.
    Warn,
    /// Refuse.
    Deny,
}

/// How far a version may rise at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To the smallest number above the base that is not published.
    NextFree,
    /// To any higher version.
    Any,
}

impl Config {
    /// Reads the text of a `lockgate.toml`.
    ///
    /// # Errors
    /// [`ConfigError`] with line and column of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse::config(text)
    }
}

impl Package {
    /// The tag of the release of a version.
    pub fn tag(&self, version: &Version) -> Tag {
        word(&self.tag.fill(&Values {
            version: Some(version),
            ..Values::none(&self.name)
        }))
    }

    /// The tag under which a withdrawal of a version is published.
    pub fn withdrawal_tag(&self, version: &Version) -> Tag {
        word(&format!("{WITHDRAWN_PREFIX}{}", self.tag(version)))
    }

    /// The version that a tag names, if it is a tag of this package.
    pub fn version_of_tag(&self, tag: &str) -> Option<Version> {
        let version =
            Version::parse(self.scheme, self.tag.extract_version(&self.name, tag)?).ok()?;
        (self.tag(&version).as_str() == tag).then_some(version)
    }

    /// The name of the executable of a variant, as asset and as workflow artifact.
    pub fn asset(&self, variant: &Variant, version: &Version) -> AssetName {
        word(&self.asset.fill(&self.values(variant, version)))
    }

    /// What the placeholders of the build command, the output and the smoke command stand for.
    pub fn values<'a>(&'a self, variant: &'a Variant, version: &'a Version) -> Values<'a> {
        Values {
            version: Some(version),
            variant: Some(variant),
            ..Values::none(&self.name)
        }
    }

    /// Where the build leaves the executable of a variant, relative to the root of the repository.
    pub fn output(&self, variant: &Variant, version: &Version) -> RepoPath {
        let asset = self.asset(variant, version);
        word(&self.build.output.fill(&Values {
            asset: asset.as_str(),
            ..self.values(variant, version)
        }))
    }

    /// A command of the config with its placeholders replaced; `output` is where the executable lies.
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

    /// The variant of that name.
    pub fn variant(&self, name: &VariantName) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.name == *name)
    }

    /// The workflow artifact that holds the candidate's manifest. The attempt is in the name because artifacts belong
    /// to the run, not to the attempt.
    pub fn candidate_artifact(&self, version: &Version, attempt: crate::words::Attempt) -> String {
        format!(
            "lockgate-{}-v{version}-candidate-attempt{attempt}",
            self.name
        )
    }

    /// The workflow artifact that holds what the build of one variant found.
    pub fn part_artifact(
        &self,
        variant: &VariantName,
        version: &Version,
        attempt: crate::words::Attempt,
    ) -> String {
        format!(
            "lockgate-{}-v{version}-part-{variant}-attempt{attempt}",
            self.name
        )
    }

    /// The words of the build command and of the smoke command, as the config has them.
    pub fn command_words(&self) -> Vec<String> {
        let smoke = self.build.smoke.iter().flatten();
        let words = self.build.command.iter().chain(smoke);
        words.map(ToString::to_string).collect()
    }

    /// The labels of machines that build it and are not the forge's own.
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

    /// The workflow artifact in which a promotion keeps the receipt of what it published.
    pub fn receipt_artifact(&self, version: &Version) -> String {
        format!("lockgate-{}-v{version}-receipt", self.name)
    }

    /// The context of the commit status that is the gate of the default branch. That of another branch:
    /// [`crate::gate::context`].
    pub fn gate_context(&self) -> String {
        format!("lockgate/{}", self.name)
    }

    /// The path of the workflow that builds candidates of this package.
    pub fn build_workflow(&self) -> String {
        format!("{WORKFLOWS}/build-{}.yml", self.name)
    }

    /// The path of the workflow that posts the gate of this package.
    pub fn gate_workflow(&self) -> String {
        format!("{WORKFLOWS}/gate-{}.yml", self.name)
    }

    /// The path of the workflow that promotes candidates of this package.
    pub fn promote_workflow(&self) -> String {
        format!("{WORKFLOWS}/promote-{}.yml", self.name)
    }
}

/// A template that [`parse`] let through always fills to a word; this is where that is relied upon.
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
    /// What holds where the config says nothing.
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
    /// Its name in the config.
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
