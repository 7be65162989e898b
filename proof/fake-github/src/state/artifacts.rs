//! Workflow artifacts, which belong to a run, not to an attempt, and expire.
//!
//! An expired artifact is still listed, but its bytes are gone.

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::refusal::Refusal;
use crate::blobs::Blob;
use crate::ids::{ArtifactId, RunId};

/// An artifact of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The id.
    pub id: ArtifactId,
    /// The run that created it.
    pub run: RunId,
    /// The name, unique in the run.
    pub name: String,
    /// The form of the bytes.
    pub form: ArtifactForm,
    /// The bytes as downloaded.
    pub blob: Blob,
    /// Whether the API omits the digest.
    pub hides_digest: bool,
    /// The time of its creation.
    pub created_at: i64,
    /// The time at which its bytes are deleted.
    pub expires_at: i64,
}

impl Artifact {
    /// Returns whether the bytes are gone.
    #[must_use]
    pub fn expired(&self, now: i64) -> bool {
        self.expires_at <= now
    }
}

/// The form of an artifact's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactForm {
    /// A zip archive.
    Zip,
    /// A single file without a zip: `archive: false`.
    Plain,
}

impl ArtifactForm {
    /// Returns the media type of a download.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::Plain => "application/octet-stream",
        }
    }
}

impl State {
    /// Adds an artifact to a run.
    pub fn register_artifact(
        &mut self,
        now: i64,
        run: RunId,
        name: &str,
        form: ArtifactForm,
        blob: Blob,
        retention_days: u32,
    ) -> Result<ArtifactId, Refusal> {
        let expires_at = now + i64::from(retention_days) * 86_400;
        self.register_artifact_until(now, run, name, form, blob, expires_at)
    }

    /// Adds an artifact with an expiry time.
    pub(crate) fn register_artifact_until(
        &mut self,
        now: i64,
        run: RunId,
        name: &str,
        form: ArtifactForm,
        blob: Blob,
        expires_at: i64,
    ) -> Result<ArtifactId, Refusal> {
        self.run(run)?;
        if self
            .artifacts_of(run)
            .iter()
            .any(|artifact| artifact.name == name)
        {
            return Err(Refusal::Conflict(format!(
                "an artifact with this name already exists on the workflow run: {name}"
            )));
        }
        let id = ArtifactId(self.allocate());
        let artifact = Artifact {
            id,
            run,
            name: name.to_owned(),
            form,
            blob,
            hides_digest: false,
            created_at: now,
            expires_at,
        };
        self.artifacts.insert(id, artifact);
        Ok(id)
    }

    /// Returns all artifacts, newest first.
    #[must_use]
    pub fn artifacts(&self) -> Vec<&Artifact> {
        self.artifacts.values().rev().collect()
    }

    /// Returns the artifacts of a run, newest first.
    #[must_use]
    pub fn artifacts_of(&self, run: RunId) -> Vec<&Artifact> {
        let all = self.artifacts.values().rev();
        all.filter(|artifact| artifact.run == run).collect()
    }

    /// Returns one artifact.
    pub fn artifact(&self, id: ArtifactId) -> Result<&Artifact, Refusal> {
        self.artifacts.get(&id).ok_or(Refusal::NotFound)
    }

    /// Returns an artifact if the actor may download it: signed in, and before it expires.
    pub fn downloadable(
        &self,
        actor: &Actor,
        now: i64,
        id: ArtifactId,
    ) -> Result<&Artifact, Refusal> {
        actor.signed_in()?;
        let artifact = self.artifact(id)?;
        if artifact.expired(now) {
            return Err(Refusal::Gone("Artifact has expired".into()));
        }
        Ok(artifact)
    }

    /// Deletes an artifact.
    pub fn delete_artifact(&mut self, actor: &Actor, id: ArtifactId) -> Result<(), Refusal> {
        actor.with(Role::Write)?;
        self.artifacts
            .remove(&id)
            .map(|_| ())
            .ok_or(Refusal::NotFound)
    }

    /// Changes an artifact without an operation of the API: its bytes, its expiry, its digest.
    pub fn tamper_artifact(
        &mut self,
        id: ArtifactId,
        change: impl FnOnce(&mut Artifact),
    ) -> Result<(), Refusal> {
        self.artifacts
            .get_mut(&id)
            .map(change)
            .ok_or(Refusal::NotFound)
    }
}
