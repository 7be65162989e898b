//! The results service, which stores the artifacts of a run's jobs.
//!
//! `actions/upload-artifact` does not use REST. It uses Twirp for an artifact's metadata, and block blobs for its
//! bytes:
//!
//! ```text
//! CreateArtifact   -> an address to write to
//! PUT ...?comp=block, ...?comp=blocklist, or one PUT of everything
//! FinalizeArtifact -> the artifact, which the REST API shows from now on
//! ```
//!
//! A token belongs to one attempt of one run, and expires with it. Pending uploads are kept here, in memory; an
//! artifact becomes part of the [`State`] when it is finalized.
//!
//! This module knows no sockets; bytes are identified by their digests.

pub(crate) mod blocks;
pub(crate) mod token;
pub(crate) mod twirp;

use std::collections::BTreeMap;

use crate::blobs::Blob;
use crate::ids::{ArtifactId, RunId};
use crate::state::State;
use crate::state::artifacts::{Artifact, ArtifactForm};
use crate::state::people::{Actor, Role};
use token::Job;

/// The default and longest retention of an artifact, in seconds.
const LONGEST: i64 = 90 * 86_400;

/// The state of the service.
#[derive(Debug, Default)]
pub(crate) struct Results {
    issued: BTreeMap<String, Job>,
    pending: BTreeMap<u64, Pending>,
    last: u64,
}

/// An artifact that was created and not finalized.
#[derive(Debug)]
struct Pending {
    run: RunId,
    name: String,
    expires_at: i64,
    blocks: BTreeMap<String, Blob>,
    content: Option<Blob>,
}

/// Why a call failed, by Twirp's error codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    BadRoute(String),
    Malformed(String),
    Unauthenticated(&'static str),
    PermissionDenied(&'static str),
    InvalidArgument(String),
    AlreadyExists(String),
    NotFound(String),
}

impl Results {
    /// Issues a token for a job of the newest attempt of a run.
    pub(crate) fn issue(&mut self, job: Job, secret: &str) -> String {
        let token = job.token(secret);
        self.issued.insert(token.clone(), job);
        token
    }

    /// Returns the job that holds a token, while its attempt runs.
    fn job(&self, state: &State, token: Option<&str>) -> Result<Job, Problem> {
        let token = token.ok_or(Problem::Unauthenticated("missing bearer token"))?;
        let job = self.issued.get(token).copied();
        let job = job.ok_or(Problem::Unauthenticated("invalid token"))?;
        let over = Problem::Unauthenticated("the job of this token has ended");
        let run = state.run(job.run).map_err(|_| over.clone())?;
        let newest = run.attempt_number() as u64 == job.attempt;
        let ended = run.attempt().is_none_or(|it| it.status == "completed");
        if newest && !ended { Ok(job) } else { Err(over) }
    }

    /// Reserves a name; returns the number of the upload.
    fn create(
        &mut self,
        state: &State,
        now: i64,
        job: Job,
        name: &str,
        expires_at: Option<i64>,
    ) -> Result<u64, Problem> {
        checked_name(name)?;
        let taken = named(state, job.run, name).is_some() || self.pending(job.run, name).is_some();
        if taken {
            let text =
                format!("an artifact with this name already exists on the workflow run: {name}");
            return Err(Problem::AlreadyExists(text));
        }
        let latest = now.saturating_add(LONGEST);
        let expires_at = expires_at.unwrap_or(latest).min(latest);
        if expires_at <= now {
            let text = "expires_at is not in the future";
            return Err(Problem::InvalidArgument(text.into()));
        }
        self.last += 1;
        let pending = Pending {
            run: job.run,
            name: name.to_owned(),
            expires_at,
            blocks: BTreeMap::new(),
            content: None,
        };
        self.pending.insert(self.last, pending);
        Ok(self.last)
    }

    /// Creates the artifact from the uploaded bytes, if they match the client's description.
    fn finalize(
        &mut self,
        state: &mut State,
        now: i64,
        job: Job,
        name: &str,
        claimed: &Claimed,
    ) -> Result<ArtifactId, Problem> {
        let number = self.pending(job.run, name);
        let missing = || Problem::NotFound(format!("no upload of an artifact named {name}"));
        let number = number.ok_or_else(missing)?;
        let pending = self.pending.get(&number).ok_or_else(missing)?;
        let unwritten = || Problem::InvalidArgument("nothing was uploaded".into());
        let blob = pending.content.clone().ok_or_else(unwritten)?;
        claimed.check(&blob)?;
        let made = state.register_artifact_until(
            now,
            job.run,
            name,
            ArtifactForm::Zip,
            blob,
            pending.expires_at,
        );
        let made = made.map_err(|refusal| Problem::AlreadyExists(refusal.to_string()))?;
        self.pending.remove(&number);
        Ok(made)
    }

    /// Deletes an artifact of the job's run.
    fn delete(state: &mut State, job: Job, name: &str) -> Result<ArtifactId, Problem> {
        let missing = || Problem::NotFound(format!("no artifact named {name}"));
        let id = named(state, job.run, name).ok_or_else(missing)?.id;
        state
            .delete_artifact(&runner(), id)
            .map_err(|_| missing())?;
        Ok(id)
    }

    fn pending(&self, run: RunId, name: &str) -> Option<u64> {
        let same = |it: &&Pending| it.run == run && it.name.eq_ignore_ascii_case(name);
        let mut all = self.pending.iter();
        all.find(|(_, it)| same(it)).map(|(number, _)| *number)
    }
}

/// The client's description of an upload.
#[derive(Debug)]
struct Claimed {
    size: u64,
    /// `sha256:` and 64 hexadecimal digits, if the client sends it.
    hash: Option<String>,
}

impl Claimed {
    fn check(&self, blob: &Blob) -> Result<(), Problem> {
        if self.size != blob.size {
            let text = format!("{} bytes came, not {}", blob.size, self.size);
            return Err(Problem::InvalidArgument(text));
        }
        let came = format!("sha256:{}", blob.sha256);
        match &self.hash {
            Some(hash) if *hash != came => {
                let text = format!("the bytes have the digest {came}, not {hash}");
                Err(Problem::InvalidArgument(text))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Returns the actor that deletes an artifact on behalf of a job.
fn runner() -> Actor {
    Actor::Known {
        label: "runner".into(),
        login: "runner".into(),
        role: Role::Write,
        bot: true,
    }
}

fn named<'a>(state: &'a State, run: RunId, name: &str) -> Option<&'a Artifact> {
    let mut all = state.artifacts_of(run).into_iter();
    all.find(|artifact| artifact.name == name)
}

/// Refuses characters that are invalid in the file system of some runner.
fn checked_name(name: &str) -> Result<(), Problem> {
    let bad = |c: char| "\":<>|*?\\/".contains(c) || c.is_control();
    if name.is_empty() || name.contains(bad) {
        let text = format!("the artifact name is not valid: {name}");
        return Err(Problem::InvalidArgument(text));
    }
    Ok(())
}
