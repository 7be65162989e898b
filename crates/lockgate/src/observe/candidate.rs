//! Reads the candidate of a pull request: its newest run, the run's artifacts, and the manifest among them.

use std::io::Read as _;

use lockgate_artifact::artifact::{Artifact, ArtifactError, Form};
use lockgate_artifact::digest::HashingReader;
use lockgate_artifact::zip::{Expect, Size, ZipError};
use lockgate_core::config::Package;
use lockgate_core::document::{Candidate, Document, DocumentProblem, LARGEST};
use lockgate_core::promote::{CandidateFacts, PullFacts, RunOutcome, runs};
use lockgate_core::{Digest, Version, gate};
use lockgate_forge::{Body, ErrorKind, Forge, ForgeError, Run};

use crate::exit::Failure;
use crate::observe::finished_run::FinishedRun;

/// The number of attempts to read a document whose transfer breaks off.
const TRIES: u32 = 3;
/// The file inside the artifact of a candidate.
pub const CANDIDATE_FILE: &str = "candidate.json";
/// The file inside the artifact of a part.
pub const PART_FILE: &str = "part.json";

/// The number of runs that are searched for a candidate.
const LOOKED_AT: usize = 3;

/// The runs of a pull request that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All runs of the pull request.
    Any,
    /// The runs whose workflow file does not depend on a base branch.
    ByHand,
}

/// The progress of the build of a head.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The run, if there is one.
    pub run: Option<Run>,
    /// The artifacts of the run.
    pub artifacts: Vec<lockgate_forge::Artifact>,
    /// The manifest of the candidate.
    pub candidate: CandidateFacts,
    /// Whether there was a manifest that has expired.
    pub expired: bool,
}

impl Progress {
    /// Returns the state without a known run.
    pub fn none() -> Self {
        Self {
            run: None,
            artifacts: Vec::new(),
            candidate: CandidateFacts::Absent,
            expired: false,
        }
    }

    /// Reads the newest run of the pull request, its artifacts and its manifest: three calls. A run that succeeded without a
    /// candidate had nothing to build at that time, for example because the base has changed since: two more calls read the run before,
    /// at most twice. If an event reported the end of a run, the returned state is at least as new as that.
    pub fn read(
        forge: &dyn Forge,
        package: &Package,
        pull: &PullFacts,
        version: Option<&Version>,
        which: Which,
        ended: Option<&FinishedRun<'_>>,
    ) -> Result<Self, Failure> {
        let runs = runs_of(forge, package, pull, which, ended)?;
        let mut newest = None;
        for run in runs.into_iter().take(LOOKED_AT) {
            let ended = ended.filter(|ended| ended.run == run.facts.id);
            let read = || Self::of_run(forge, package, run.clone(), version);
            let progress = match ended {
                Some(ended) => ended.again(read()?, Self::built_nothing, read)?,
                None => read()?,
            };
            if !progress.built_nothing() {
                return Ok(progress);
            }
            newest.get_or_insert(progress);
        }
        Ok(newest.unwrap_or_else(Self::none))
    }

    fn built_nothing(&self) -> bool {
        let outcome = self.run.as_ref().map(|run| &run.facts.outcome);
        outcome == Some(&RunOutcome::Succeeded)
            && self.candidate == CandidateFacts::Absent
            && !self.expired
    }

    /// Reads the same when the version is not known yet: the manifest's name contains it. One more call.
    pub fn read_newest(
        forge: &dyn Forge,
        package: &Package,
        pull: &PullFacts,
    ) -> Result<Self, Failure> {
        let mut newest = None;
        for run in runs_of(forge, package, pull, Which::Any, None)?
            .into_iter()
            .take(LOOKED_AT)
        {
            let artifacts = forge.artifacts(run.facts.id)?;
            let version = artifacts.iter().find_map(|artifact| {
                package.version_of_candidate(&artifact.facts.name, run.facts.attempt)
            });
            let progress = Self::of_run(forge, package, run, version.as_ref())?;
            if !progress.built_nothing() {
                return Ok(progress);
            }
            newest.get_or_insert(progress);
        }
        Ok(newest.unwrap_or_else(Self::none))
    }

    /// Reads the same for a run that was read already: two calls.
    pub fn of_run(
        forge: &dyn Forge,
        package: &Package,
        run: Run,
        version: Option<&Version>,
    ) -> Result<Self, Failure> {
        if run.facts.outcome == RunOutcome::Running {
            return Ok(Self {
                run: Some(run),
                ..Self::none()
            });
        }
        let artifacts = forge.artifacts(run.facts.id)?;
        let name = version.map(|version| package.candidate_artifact(version, run.facts.attempt));
        let named = || {
            artifacts
                .iter()
                .filter(|artifact| Some(&artifact.facts.name) == name.as_ref())
        };
        let found = named().find(|artifact| !artifact.facts.expired);
        let expired = found.is_none() && named().next().is_some();
        let candidate = match found {
            None => CandidateFacts::Absent,
            Some(artifact) => match read_document(forge, artifact, CANDIDATE_FILE)? {
                Contained::Document(candidate) => CandidateFacts::Read(candidate),
                Contained::Unusable(problem) => CandidateFacts::Unreadable(problem),
            },
        };
        Ok(Self {
            run: Some(run),
            artifacts,
            candidate,
            expired,
        })
    }

    /// Returns the progress in the gate's terms.
    pub fn build(&self) -> gate::Build {
        match (
            self.run.as_ref().map(|run| &run.facts.outcome),
            &self.candidate,
        ) {
            (None, _) => gate::Build::None,
            (Some(RunOutcome::Running), _) => gate::Build::Running,
            (Some(_), CandidateFacts::Read(Candidate::Failed { failed, .. })) => {
                gate::Build::Failed(
                    failed
                        .iter()
                        .map(|failure| failure.variant.to_string())
                        .collect(),
                )
            }
            (Some(RunOutcome::Succeeded), CandidateFacts::Read(Candidate::Complete(_))) => {
                gate::Build::Succeeded
            }
            (Some(RunOutcome::Succeeded), CandidateFacts::Absent) if self.expired => {
                gate::Build::Expired
            }
            // It succeeded because there was nothing to build at that time.
            (Some(RunOutcome::Succeeded), CandidateFacts::Absent) => gate::Build::None,
            (Some(RunOutcome::Succeeded | RunOutcome::Failed(_)), _) => {
                gate::Build::Failed(Vec::new())
            }
        }
    }
}

/// Returns the runs of a package's build workflow that belong to a pull request, newest first.
fn runs_of(
    forge: &dyn Forge,
    package: &Package,
    pull: &PullFacts,
    which: Which,
    ended: Option<&FinishedRun<'_>>,
) -> Result<Vec<Run>, Failure> {
    let path = package.build_workflow();
    let file = path.rsplit('/').next().unwrap_or(&path);
    let mut runs = match forge.runs_of(file, &pull.head, Some(&pull.head_branch)) {
        Ok(runs) => runs,
        // The workflow is not on the default branch yet.
        Err(ForgeError {
            kind: ErrorKind::NotFound,
            ..
        }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    if let Some(ended) = ended {
        ended.bring_up_to_date(forge, &path, &pull.head, &mut runs)?;
    }
    runs.retain(|run| {
        let by_hand = which == Which::Any || !runs::depends_on_base(&run.facts);
        runs::is_of(&run.facts, pull) && !runs::is_skipped(&run.facts) && by_hand
    });
    Ok(runs)
}

/// The document in an artifact.
#[derive(Debug, PartialEq, Eq)]
pub enum Contained<D> {
    /// The document.
    Document(D),
    /// The artifact has no valid document.
    Unusable(DocumentProblem),
}

/// Reads a JSON document from an artifact.
///
/// If the transfer breaks off, nothing is known about the document: the request is retried, as for every small response.
pub fn read_document<D: Document>(
    forge: &dyn Forge,
    artifact: &lockgate_forge::Artifact,
    file: &str,
) -> Result<Contained<D>, ForgeError> {
    let malformed = |problem: String| DocumentProblem::Malformed {
        what: D::NAME,
        problem: lockgate_core::escape::line(&problem),
    };
    let mut tries = 1;
    loop {
        let body = forge.open_artifact(artifact.facts.id)?;
        return Ok(match content(body, artifact.facts.sha256, file) {
            Ok(bytes) => match D::from_json(&bytes) {
                Ok(document) => Contained::Document(document),
                Err(problem) => Contained::Unusable(problem),
            },
            Err(Broken::Transfer(_)) if tries < TRIES => {
                tries += 1;
                continue;
            }
            Err(Broken::Transfer(error)) => {
                return Err(ForgeError {
                    kind: ErrorKind::Unavailable,
                    operation: format!("download artifact {}", artifact.facts.id),
                    detail: lockgate_core::escape::line(&format!("it broke off: {error}")),
                });
            }
            Err(Broken::Bytes(problem)) => Contained::Unusable(malformed(problem)),
        });
    }
}

/// A reason why a document could not be read from an artifact.
enum Broken {
    /// The transfer failed.
    Transfer(std::io::Error),
    /// The content is invalid.
    Bytes(String),
}

impl From<ArtifactError> for Broken {
    fn from(error: ArtifactError) -> Self {
        if let ArtifactError::Source(error)
        | ArtifactError::Zip(ZipError::Source { source: error, .. }) = error
        {
            return Self::Transfer(error);
        }
        Self::Bytes(error.to_string())
    }
}

/// Returns the only file of an artifact, after checking the digest of the stored bytes if GitHub reports one.
fn content(body: Body, stored: Option<Digest>, name: &str) -> Result<Vec<u8>, Broken> {
    let form = form(&body);
    let mut raw = HashingReader::new(body.reader);
    let mut bytes = Vec::new();
    let size = Size::AtMost(LARGEST);
    let mut content = Artifact::open(form, &mut raw, Expect { name, size })?;
    content
        .read_to_end(&mut bytes)
        .map_err(ArtifactError::from_io)?;
    content.finish()?;
    let (_, sha256, _) = raw.finish();
    if stored.is_some_and(|stored| stored != Digest::new(sha256)) {
        let problem = "the artifact's bytes are not those that the forge listed";
        return Err(Broken::Bytes(problem.to_owned()));
    }
    Ok(bytes)
}

/// Returns whether an artifact is stored as a zip, from the response's headers and not from the bytes.
pub fn form(body: &Body) -> Form {
    match &body.content_type {
        Some(kind)
            if !kind.starts_with("application/zip") && !kind.starts_with("application/x-zip") =>
        {
            Form::Plain
        }
        Some(_) | None => Form::Zip,
    }
}
