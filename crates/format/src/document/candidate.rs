//! The results of a build: a part per variant, and the candidate that joins them.

use serde::{Deserialize, Serialize};

use super::{Document, HeaderRanges};
use crate::ids::{
    AssetName, Attempt, CommitId, Digest, Fingerprint, PackageName, RunId, VariantName,
};
use crate::version::Version;

/// One executable, as observed by the writer of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executable {
    /// The row of the variant table.
    pub variant: VariantName,
    /// The name of the file, as asset and as workflow artifact.
    pub name: AssetName,
    /// The size in bytes.
    pub size: u64,
    /// The digest of the bytes.
    pub sha256: Digest,
    /// A summary of its headers for display, such as `ELF 64-bit little-endian x86_64, static`.
    pub headers: String,
    /// The ranges beyond the first 8 MiB in which its headers were read: a promotion keeps these ranges while it streams the bytes.
    /// Nothing else depends on them.
    #[serde(default, skip_serializing_if = "HeaderRanges::is_empty")]
    pub header_ranges: HeaderRanges,
    /// The result of the smoke command, if the package has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke: Option<Smoke>,
    /// The duration of its build in seconds.
    pub build_seconds: u64,
    /// The attempt of the run that built it, if it differs from the manifest's: only the failed jobs were re-run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
}

/// The result of the smoke command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Smoke {
    /// The result: success; anything else fails the build.
    pub result: SmokeResult,
    /// The emulator it ran under, if the architecture is not the runner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<String>,
}

/// The only smoke result that a candidate can contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmokeResult {
    /// Exit status 0.
    Passed,
}

/// The executables of all variants, and the sources they were built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The package.
    pub package: PackageName,
    /// The version that the version file named.
    pub package_version: Version,
    /// The fingerprint of the tree that was built.
    pub fingerprint: Fingerprint,
    /// The commit that was built: the head of the pull request.
    pub commit: CommitId,
    /// The run that built it.
    pub run: RunId,
    /// The attempt of the run.
    pub attempt: Attempt,
    /// The executables by variant name; at least one, no duplicates.
    pub executables: Vec<Executable>,
}

/// A variant that was not built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedVariant {
    /// The variant.
    pub variant: VariantName,
    /// The code of the reason, such as `build.command-failed`.
    pub code: String,
    /// The problem, as one sentence.
    pub problem: String,
    /// What to do next; empty in a document of an earlier version of Lockgate.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
    /// The last lines of the build's output: untrusted text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_tail: Vec<String>,
}

/// The result of building one variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The package.
    pub package: PackageName,
    /// The version that the version file named.
    pub package_version: Version,
    /// The fingerprint of the tree that was built.
    pub fingerprint: Fingerprint,
    /// The commit that was built.
    pub commit: CommitId,
    /// The run that built it.
    pub run: RunId,
    /// The attempt of the run.
    pub attempt: Attempt,
    /// The executable, or the reason why there is none.
    pub result: PartResult,
}

/// The outcome of building one variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartResult {
    /// The executable exists and meets the config's requirements.
    Built(Executable),
    /// The build failed.
    Failed(FailedVariant),
}

/// The end of a build: all variants, or the failed ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Candidate {
    /// Every variant was built.
    Complete(Manifest),
    /// At least one variant failed, so there is no candidate; contains the reasons.
    Failed {
        /// The package.
        package: PackageName,
        /// The version that would have been built.
        package_version: Version,
        /// The run.
        run: RunId,
        /// The attempt of the run.
        attempt: Attempt,
        /// The failed variants by name; at least one.
        failed: Vec<FailedVariant>,
    },
}

impl Executable {
    fn check(&self) -> Result<(), String> {
        self.header_ranges.within(self.size)
    }
}

impl Manifest {
    /// Returns the executable of a variant.
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

/// The codes that joining can give to a variant, in addition to those of the build itself.
pub const JOIN_CODES: &[&str] = &["build.no-part", "build.other-part", "build.two-parts"];

impl Candidate {
    /// Joins the parts of one run; a part that is absent, or belongs to something else, fails its variant. The newest part of each
    /// variant counts, even from an earlier attempt: "Re-run failed jobs" builds only what is missing. Parts of an attempt later than
    /// the expected one are ignored.
    ///
    /// `variants` are the rows of the config's table: without all of them there is no candidate.
    pub fn join(expected: &Manifest, variants: &[VariantName], parts: &[Part]) -> Self {
        let mut executables = Vec::new();
        let mut failed = Vec::new();
        for variant in variants {
            let of_variant = |part: &&Part| match &part.result {
                PartResult::Built(executable) => executable.variant == *variant,
                PartResult::Failed(failure) => failure.variant == *variant,
            };
            let fail = |code: &str, problem: &str, next: &str| FailedVariant {
                variant: variant.clone(),
                code: code.to_owned(),
                problem: problem.to_owned(),
                next: next.to_owned(),
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
                [] => failed.push(fail(
                    "build.no-part",
                    "its build left no result: the job was cancelled, its machine was lost, or its artifact never arrived",
                    "choose \"Re-run failed jobs\" on the run's page, or \"Re-run all jobs\" where the job itself ended well",
                )),
                [part] if !part.is_of(expected) => {
                    failed.push(fail(
                        "build.other-part",
                        "what its build left behind is of another commit, run or version",
                        "run the build workflow again; if it happens again, somebody wrote that result by hand",
                    ));
                }
                [part] => match &part.result {
                    PartResult::Built(executable) => executables.push(Executable {
                        attempt: Some(part.attempt).filter(|attempt| *attempt != expected.attempt),
                        ..executable.clone()
                    }),
                    PartResult::Failed(failure) => failed.push(failure.clone()),
                },
                _ => failed.push(fail(
                    "build.two-parts",
                    "its build left two results",
                    "run all jobs of the build workflow again; find out who uploaded the second",
                )),
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

/// What failed, each variant with its code, and what to do next: foreign text, made safe to show.
pub fn failures(failed: &[FailedVariant]) -> (String, String) {
    let what = failed.iter().map(|it| {
        let problem = crate::escape::line(&it.problem);
        format!(
            "{}: {problem} ({})",
            it.variant,
            crate::escape::line(&it.code)
        )
    });
    let mut nexts: Vec<String> = Vec::new();
    for it in failed {
        let next = match it.next.as_str() {
            "" => "fix what failed, and push".to_owned(),
            next => crate::escape::line(next),
        };
        if !nexts.contains(&next) {
            nexts.push(next);
        }
    }
    (what.collect::<Vec<_>>().join("; "), nexts.join("; "))
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
