//! The candidate of a pull request: its newest run, the run's artifacts, the manifest among them. Reads only.

use std::io::Read as _;

use lockgate_artifact::artifact::{Artifact, Form};
use lockgate_artifact::digest::HashingReader;
use lockgate_artifact::zip::{Expect, Size};
use lockgate_core::config::Package;
use lockgate_core::document::{Candidate, Document, DocumentProblem, LARGEST};
use lockgate_core::promote::{CandidateFacts, RunOutcome};
use lockgate_core::{CommitId, Digest, Version, gate};
use lockgate_forge::{Body, ErrorKind, Forge, ForgeError, Run};

use crate::exit::Failure;

/// The file inside the artifact of a candidate.
pub const CANDIDATE_FILE: &str = "candidate.json";
/// The file inside the artifact of a part.
pub const PART_FILE: &str = "part.json";

/// How far the build of a head is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The run, if there is one.
    pub run: Option<Run>,
    /// Its artifacts.
    pub artifacts: Vec<lockgate_forge::Artifact>,
    /// Its manifest.
    pub candidate: CandidateFacts,
    /// Whether there was a manifest that can no longer be read.
    pub expired: bool,
}

impl Progress {
    /// No run is known.
    pub fn none() -> Self {
        Self {
            run: None,
            artifacts: Vec::new(),
            candidate: CandidateFacts::Absent,
            expired: false,
        }
    }

    /// Reads the newest run of a package's build workflow for a head, its artifacts and its manifest: three calls.
    pub fn read(
        forge: &dyn Forge,
        package: &Package,
        head: &CommitId,
        version: Option<&Version>,
    ) -> Result<Self, Failure> {
        let path = package.build_workflow();
        let file = path.rsplit('/').next().unwrap_or(&path);
        let run = match forge.runs_of(file, head) {
            Ok(runs) => runs.into_iter().next(),
            // The workflow is not on the default branch yet.
            Err(ForgeError {
                kind: ErrorKind::NotFound,
                ..
            }) => None,
            Err(error) => return Err(error.into()),
        };
        match run {
            None => Ok(Self::none()),
            Some(run) => Self::of_run(forge, package, run, version),
        }
    }

    /// The same where nobody knows yet which version it is: the manifest's name tells. One call more.
    pub fn read_newest(
        forge: &dyn Forge,
        package: &Package,
        head: &CommitId,
    ) -> Result<Self, Failure> {
        let Some(run) = Self::read(forge, package, head, None)?.run else {
            return Ok(Self::none());
        };
        let version = forge.artifacts(run.facts.id)?.iter().find_map(|artifact| {
            let name = artifact.facts.name.as_str();
            let before = format!("lockgate-{}-v", package.name);
            let after = format!("-candidate-attempt{}", run.facts.attempt);
            let text = name.strip_prefix(&before)?.strip_suffix(&after)?;
            let version = Version::parse(package.scheme, text).ok()?;
            (package.candidate_artifact(&version, run.facts.attempt) == name).then_some(version)
        });
        Self::of_run(forge, package, run, version.as_ref())
    }

    /// The same for a run that was read already: two calls.
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
                Ok(candidate) => CandidateFacts::Read(candidate),
                Err(problem) => CandidateFacts::Unreadable(problem),
            },
        };
        Ok(Self {
            run: Some(run),
            artifacts,
            candidate,
            expired,
        })
    }

    /// In the gate's words.
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
            // It ended well because there was nothing to build then.
            (Some(RunOutcome::Succeeded), CandidateFacts::Absent) => gate::Build::None,
            (Some(RunOutcome::Succeeded | RunOutcome::Failed(_)), _) => {
                gate::Build::Failed(Vec::new())
            }
        }
    }
}

/// Reads a JSON document that an artifact holds; the inner error is what is wrong with the document.
pub fn read_document<D: Document>(
    forge: &dyn Forge,
    artifact: &lockgate_forge::Artifact,
    file: &str,
) -> Result<Result<D, DocumentProblem>, Failure> {
    let body = forge.open_artifact(artifact.facts.id)?;
    let malformed = |problem: String| DocumentProblem::Malformed {
        what: D::NAME,
        problem: lockgate_core::escape::line(&problem),
    };
    let form = form(&body);
    let mut raw = HashingReader::new(body.reader);
    let mut bytes = Vec::new();
    let expect = Expect {
        name: file,
        size: Size::AtMost(LARGEST),
    };
    let read = Artifact::open(form, &mut raw, expect)
        .map_err(|error| error.to_string())
        .and_then(|mut content| {
            content
                .read_to_end(&mut bytes)
                .map_err(|error| error.to_string())?;
            content.finish().map_err(|error| error.to_string())
        });
    if let Err(problem) = read {
        return Ok(Err(malformed(problem)));
    }
    let (_, stored, _) = raw.finish();
    if artifact
        .facts
        .sha256
        .is_some_and(|digest| digest != Digest::new(stored))
    {
        return Ok(Err(malformed(
            "the artifact's bytes are not those that the forge listed".to_owned(),
        )));
    }
    Ok(D::from_json(&bytes))
}

/// Whether an artifact is stored as a zip: the forge says so with the download, the bytes are not asked.
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
