//! What a build leaves behind: a part per variant, and the candidate that joins them.

use serde::{Deserialize, Serialize};

use super::{Document, HeaderRanges};
use crate::version::Version;
use crate::words::{
    AssetName, Attempt, CommitId, Digest, Fingerprint, PackageName, RunId, VariantName,
};

/// One executable, as it was seen by whoever wrote this down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executable {
    /// Which row of the variant table it is.
    pub variant: VariantName,
    /// The name of the file, as asset and as workflow artifact.
    pub name: AssetName,
    /// In bytes.
    pub size: u64,
    /// Of the bytes.
    pub sha256: Digest,
    /// What its own headers say, in words for people, such as `ELF 64-bit little-endian x86_64, static`.
    pub headers: String,
    /// Where its headers were read, beyond the first 8 MiB: a promotion keeps these ranges while the bytes stream by. Nothing else
    /// depends on them.
    #[serde(default, skip_serializing_if = "HeaderRanges::is_empty")]
    pub header_ranges: HeaderRanges,
    /// How the smoke command went, if the package has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke: Option<Smoke>,
    /// How long its build took.
    pub build_seconds: u64,
    /// The attempt of the run that built it, where that is not the manifest's own: only the failed jobs were run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
}

/// How the smoke command went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Smoke {
    /// It ran and said that all is well; anything else fails the build.
    pub result: SmokeResult,
    /// The emulator it ran under, where the architecture is foreign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<String>,
}

/// The one way in which a smoke command can end in a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmokeResult {
    /// Exit code 0.
    Passed,
}

/// The executables of all variants, and what they were built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The package.
    pub package: PackageName,
    /// The version that the version file named.
    pub package_version: Version,
    /// Of the tree that was built.
    pub fingerprint: Fingerprint,
    /// The commit that was built: the head of the pull request.
    pub commit: CommitId,
    /// The run that built it.
    pub run: RunId,
    /// Its attempt.
    pub attempt: Attempt,
    /// By variant name; at least one, none twice.
    pub executables: Vec<Executable>,
}

/// A variant that was not built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedVariant {
    /// Which.
    pub variant: VariantName,
    /// The code of the reason, such as `build.command-failed`.
    pub code: String,
    /// What went wrong, as one sentence.
    pub problem: String,
    /// The last lines of what the build printed: foreign text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_tail: Vec<String>,
}

/// What the build of one variant found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The package.
    pub package: PackageName,
    /// The version that the version file named.
    pub package_version: Version,
    /// Of the tree that was built.
    pub fingerprint: Fingerprint,
    /// The commit that was built.
    pub commit: CommitId,
    /// The run that built it.
    pub run: RunId,
    /// Its attempt.
    pub attempt: Attempt,
    /// The executable, or why there is none.
    pub result: PartResult,
}

/// How the build of one variant ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartResult {
    /// It is there, and is what the config asks for.
    Built(Executable),
    /// It is not.
    Failed(FailedVariant),
}

/// The end of a build: all variants, or which failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Candidate {
    /// Every variant is there.
    Complete(Manifest),
    /// At least one is not; then there is no candidate, and this says why.
    Failed {
        /// The package.
        package: PackageName,
        /// The version it would have been.
        package_version: Version,
        /// The run that tried.
        run: RunId,
        /// Its attempt.
        attempt: Attempt,
        /// By variant name; at least one.
        failed: Vec<FailedVariant>,
    },
}

impl Executable {
    fn check(&self) -> Result<(), String> {
        self.header_ranges.within(self.size)
    }
}

impl Manifest {
    /// The executable of a variant.
    pub fn executable(&self, variant: &VariantName) -> Option<&Executable> {
        self.executables
            .iter()
            .find(|executable| executable.variant == *variant)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.executables.is_empty() {
            return Err("it lists no executable".to_owned());
        }
        for (at, executable) in self.executables.iter().enumerate() {
            if executable.size == 0 {
                return Err(format!("the executable of {} is empty", executable.variant));
            }
            executable.check()?;
            for other in &self.executables[..at] {
                if other.variant == executable.variant
                    || other
                        .name
                        .as_str()
                        .eq_ignore_ascii_case(executable.name.as_str())
                {
                    return Err(format!("it lists {} twice", executable.name));
                }
            }
        }
        Ok(())
    }
}

/// The codes that joining gives to a variant, besides those of the build itself.
pub const JOIN_CODES: &[&str] = &["build.no-part", "build.other-part", "build.two-parts"];

impl Candidate {
    /// Joins the parts of one run; a part that is absent, or is of something else, fails its variant. Of each variant the newest part
    /// counts, which an earlier attempt may have left: "Re-run failed jobs" builds only what is missing. Parts of a later attempt than
    /// the expected one are not there yet.
    ///
    /// `variants` are the rows of the config's table: all of them or there is no candidate.
    pub fn join(expected: &Manifest, variants: &[VariantName], parts: &[Part]) -> Self {
        let mut executables = Vec::new();
        let mut failed = Vec::new();
        for variant in variants {
            let of_variant = |part: &&Part| match &part.result {
                PartResult::Built(executable) => executable.variant == *variant,
                PartResult::Failed(failure) => failure.variant == *variant,
            };
            let fail = |code: &str, problem: &str| FailedVariant {
                variant: variant.clone(),
                code: code.to_owned(),
                problem: problem.to_owned(),
                log_tail: Vec::new(),
            };
            let so_far =
                |part: &&Part| part.run != expected.run || part.attempt <= expected.attempt;
            let all: Vec<&Part> = parts.iter().filter(of_variant).filter(so_far).collect();
            let newest = all.iter().map(|part| part.attempt).max();
            let newest: Vec<&Part> = all
                .into_iter()
                .filter(|part| Some(part.attempt) == newest)
                .collect();
            match newest.as_slice() {
                [] => failed.push(fail("build.no-part", "its build left no result: the job was cancelled, its machine was lost, or its artifact never arrived")),
                [part] if !part.is_of(expected) => {
                    failed.push(fail("build.other-part", "what its build left behind is of another commit, run or version"));
                }
                [part] => match &part.result {
                    PartResult::Built(executable) => executables.push(Executable {
                        attempt: Some(part.attempt).filter(|attempt| *attempt != expected.attempt),
                        ..executable.clone()
                    }),
                    PartResult::Failed(failure) => failed.push(failure.clone()),
                },
                _ => failed.push(fail("build.two-parts", "its build left two results")),
            }
        }
        if failed.is_empty() {
            return Self::Complete(Manifest {
                executables,
                ..expected.clone()
            });
        }
        Self::Failed {
            package: expected.package.clone(),
            package_version: expected.package_version.clone(),
            run: expected.run,
            attempt: expected.attempt,
            failed,
        }
    }
}

impl Part {
    fn is_of(&self, expected: &Manifest) -> bool {
        self.package == expected.package
            && self.package_version == expected.package_version
            && self.fingerprint == expected.fingerprint
            && self.commit == expected.commit
            && self.run == expected.run
            && self.attempt <= expected.attempt
    }
}

impl Document for Part {
    const NAME: &'static str = "result of a build job";
    const FORMAT: &'static str = "lockgate.part";

    fn check(&self) -> Result<(), String> {
        match &self.result {
            PartResult::Built(executable) if executable.size == 0 => {
                Err("its executable is empty".to_owned())
            }
            PartResult::Built(executable) => executable.check(),
            PartResult::Failed(_) => Ok(()),
        }
    }
}

impl Document for Candidate {
    const NAME: &'static str = "candidate's manifest";
    const FORMAT: &'static str = "lockgate.candidate";

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Complete(manifest) => manifest.check(),
            Self::Failed { failed, .. } if failed.is_empty() => {
                Err("it failed, but no variant did".to_owned())
            }
            Self::Failed { .. } => Ok(()),
        }
    }
}
