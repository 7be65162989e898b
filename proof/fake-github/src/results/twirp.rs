//! The calls of the results service: JSON in, JSON out, with Twirp's errors.
//!
//! Fields have the names of the protocol's description; 64-bit numbers are strings, as in the JSON mapping of protocol
//! buffers. Unknown fields are ignored.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::token::Job;
use super::{Claimed, Problem, Results, named};
use crate::rest::links::Links;
use crate::rest::{Answer, Call, Method};
use crate::state::State;
use crate::state::artifacts::Artifact;
use crate::storage::Signer;
use crate::time::{parsed, rfc3339};

/// The service's name in a path.
const SERVICE: &str = "github.actions.results.api.v1.ArtifactService";

/// The version of the protocol that `actions/upload-artifact` speaks from v4 on.
const PROTOCOL: i64 = 4;

/// The context of a call.
pub(crate) struct TwirpContext<'a> {
    pub(crate) results: &'a mut Results,
    pub(crate) state: &'a mut State,
    pub(crate) signer: &'a Signer,
    pub(crate) call: &'a Call,
    /// The token of the request.
    pub(crate) token: Option<&'a str>,
}

/// Handles a call.
pub(crate) fn answer(mut counter: TwirpContext<'_>) -> Answer {
    match counter.handle() {
        Ok(value) => Answer::ok(&value),
        Err(problem) => problem.answer(),
    }
}

impl TwirpContext<'_> {
    fn handle(&mut self) -> Result<Value, Problem> {
        let path: Vec<&str> = self.call.path.iter().map(String::as_str).collect();
        let (Method::Post, ["twirp", SERVICE, method]) = (self.call.method, path.as_slice()) else {
            return Err(self.bad_route());
        };
        let job = self.results.job(self.state, self.token)?;
        let backend: Backend = self.read()?;
        backend.check(job)?;
        match *method {
            "CreateArtifact" => self.create(job),
            "FinalizeArtifact" => self.finalize(job),
            "ListArtifacts" => self.list(job),
            "GetSignedArtifactURL" => self.address(job),
            "DeleteArtifact" => self.delete(job),
            _ => Err(self.bad_route()),
        }
    }

    fn create(&mut self, job: Job) -> Result<Value, Problem> {
        let order: Create = self.read()?;
        if order.version < PROTOCOL {
            let text = format!("version {} is not supported", order.version);
            return Err(Problem::InvalidArgument(text));
        }
        let moment = |text: String| {
            let bad = || Problem::Malformed(format!("no timestamp: {text}"));
            parsed(&text).ok_or_else(bad)
        };
        let expires_at = order.expires_at.map(moment).transpose()?;
        let now = self.call.now;
        let upload = self
            .results
            .create(self.state, now, job, &order.name, expires_at)?;
        let path = self.signer.upload_path(upload, now);
        let address = self.links().storage(&path);
        Ok(json!({ "ok": true, "signed_upload_url": address }))
    }

    fn finalize(&mut self, job: Job) -> Result<Value, Problem> {
        let order: Finalize = self.read()?;
        let claimed = Claimed {
            size: order.size.number()?,
            hash: order.hash,
        };
        let now = self.call.now;
        let made = self
            .results
            .finalize(self.state, now, job, &order.name, &claimed)?;
        Ok(json!({ "ok": true, "artifact_id": made.to_string() }))
    }

    fn list(&mut self, job: Job) -> Result<Value, Problem> {
        let order: List = self.read()?;
        let id = order.id_filter.as_ref().map(Number::number).transpose()?;
        let all = self.state.artifacts_of(job.run);
        let fit = all.into_iter().filter(|artifact| {
            let name = order.name_filter.as_ref();
            name.is_none_or(|name| *name == artifact.name)
                && id.is_none_or(|id| id == artifact.id.0)
        });
        let shown: Vec<Value> = fit.map(|artifact| shape(job, artifact)).collect();
        Ok(json!({ "artifacts": shown }))
    }

    fn address(&mut self, job: Job) -> Result<Value, Problem> {
        let order: Named = self.read()?;
        let missing = || Problem::NotFound(format!("no artifact named {}", order.name));
        let artifact = named(self.state, job.run, &order.name).ok_or_else(missing)?;
        if artifact.expired(self.call.now) {
            return Err(missing());
        }
        let (kind, name) = (artifact.form.content_type(), format!("{}.zip", order.name));
        let path = self.signer.path(&artifact.blob, kind, &name, self.call.now);
        Ok(json!({ "name": order.name, "signed_url": self.links().storage(&path) }))
    }

    fn delete(&mut self, job: Job) -> Result<Value, Problem> {
        let order: Named = self.read()?;
        let gone = Results::delete(self.state, job, &order.name)?;
        Ok(json!({ "ok": true, "artifact_id": gone.to_string() }))
    }

    fn links(&self) -> &Links {
        &self.call.links
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let bad = |error: serde_json::Error| Problem::Malformed(error.to_string());
        serde_json::from_slice(&self.call.body).map_err(bad)
    }

    fn bad_route(&self) -> Problem {
        Problem::BadRoute(format!("no handler for path /{}", self.call.path.join("/")))
    }
}

/// The ids of run and job, which every call contains.
#[derive(Deserialize)]
struct Backend {
    #[serde(default)]
    workflow_run_backend_id: String,
    #[serde(default)]
    workflow_job_run_backend_id: String,
}

impl Backend {
    fn check(&self, job: Job) -> Result<(), Problem> {
        let same = self.workflow_run_backend_id == job.run_backend_id()
            && self.workflow_job_run_backend_id == job.job_backend_id();
        if same {
            return Ok(());
        }
        Err(Problem::PermissionDenied(
            "the token is another run's or another job's",
        ))
    }
}

#[derive(Deserialize)]
struct Create {
    #[serde(default)]
    name: String,
    expires_at: Option<String>,
    #[serde(default)]
    version: i64,
}

#[derive(Deserialize)]
struct Finalize {
    #[serde(default)]
    name: String,
    #[serde(default)]
    size: Number,
    hash: Option<String>,
}

#[derive(Deserialize)]
struct List {
    name_filter: Option<String>,
    id_filter: Option<Number>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

/// A 64-bit number: a string, or a number from lenient clients.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Plain(u64),
}

impl Default for Number {
    fn default() -> Self {
        Self::Plain(0)
    }
}

impl Number {
    fn number(&self) -> Result<u64, Problem> {
        match self {
            Self::Plain(number) => Ok(*number),
            Self::Text(text) => text
                .parse()
                .map_err(|_| Problem::Malformed(format!("no number: {text}"))),
        }
    }
}

fn shape(job: Job, artifact: &Artifact) -> Value {
    json!({
        "workflow_run_backend_id": job.run_backend_id(),
        "workflow_job_run_backend_id": job.job_backend_id(),
        "database_id": artifact.id.to_string(),
        "name": artifact.name,
        "size": artifact.blob.size.to_string(),
        "created_at": rfc3339(artifact.created_at),
        "digest": format!("sha256:{}", artifact.blob.sha256),
    })
}

impl Problem {
    fn answer(self) -> Answer {
        let (status, code, msg) = match self {
            Self::BadRoute(msg) => (404, "bad_route", msg),
            Self::Malformed(msg) => (400, "malformed", msg),
            Self::Unauthenticated(msg) => (401, "unauthenticated", msg.to_owned()),
            Self::PermissionDenied(msg) => (403, "permission_denied", msg.to_owned()),
            Self::InvalidArgument(msg) => (400, "invalid_argument", msg),
            Self::AlreadyExists(msg) => (409, "already_exists", msg),
            Self::NotFound(msg) => (404, "not_found", msg),
        };
        Answer::json(status, &json!({ "code": code, "msg": msg }))
    }
}
