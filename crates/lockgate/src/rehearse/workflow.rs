//! Executes the workflows, job by job, step by step: the unprivileged build and the privileged workflows.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use lockgate_artifact::zip::{DosTime, Entry, SingleFileWriter};
use lockgate_forge_embedded::state::artifacts::ArtifactForm;
use lockgate_forge_embedded::state::pulls::HeadRepository;
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::{CommitId, PullNumber, RunId};
use serde_json::json;

use super::fixture::{Fixture, StepResult, Who, words};
use super::git::git;
use super::{io, rehearsal_failed};
use crate::exit::Failure;

/// The differences of a build workflow's run from the usual.
#[derive(Debug, Default)]
pub(super) struct BuildOrder {
    /// Another workflow file.
    pub workflow: Option<String>,
    /// Another event.
    pub event: Option<String>,
    /// Whether artifacts are uploaded as plain files, without a zip.
    pub(super) unzipped: bool,
    /// A variant whose job is lost with its runner.
    pub lost: Option<String>,
    /// "Re-run failed jobs": another attempt of the newest run, in which only this variant's job and the candidate's
    /// run again.
    pub rerun: Option<String>,
}

impl Fixture {
    /// Runs the whole build workflow for a pull request: detect, a job per variant, the candidate. The privileged
    /// workflow follows.
    pub(super) fn build(
        &mut self,
        pull: u64,
        order: &BuildOrder,
    ) -> Result<Vec<StepResult>, Failure> {
        let head = self.head(pull)?;
        let (run, attempt) = match &order.rerun {
            Some(_) => self.start_again()?,
            None => (self.start(pull, order)?, 1),
        };
        let checkout = self.checkout(pull, &head)?;
        // The event of a run started by hand contains no pull request.
        let by_hand = order.event.as_deref() == Some("workflow_dispatch");
        let event = match by_hand {
            true => {
                json!({ "ref": "refs/heads/branch", "repository": { "default_branch": "main" } })
            }
            false => self.pull_event(pull, &head)?,
        };
        let mut vars = self.vars(Who::Automation)?;
        vars.retain(|(name, _)| name != "GITHUB_TOKEN");
        vars.push((
            "GITHUB_EVENT_PATH".to_owned(),
            self.file("event.json", &event.to_string())?,
        ));
        vars.push(("GITHUB_RUN_ID".to_owned(), run.to_string()));
        vars.push(("GITHUB_RUN_ATTEMPT".to_owned(), attempt.to_string()));
        let mut done = Vec::new();
        let mut good = true;
        // Each package has its own workflow; a rehearsal runs that of the first, which is the sample's only one.
        let package = self.package.name.to_string();
        let (did, said) =
            self.step(&checkout, &words(&["detect", "--package", &package]), &vars)?;
        good &= did.ended.code == Some(0);
        // A re-run does not show it again.
        if order.rerun.is_none() {
            done.push(did);
        }
        let value = |key: &str| {
            said.iter()
                .find(|(k, _)| k == key)
                .map(|(_, v)| v.clone())
                .unwrap_or_default()
        };
        if value("decision") == "build" {
            let matrix: serde_json::Value =
                serde_json::from_str(&value("matrix")).unwrap_or_default();
            let rows = matrix
                .get("include")
                .and_then(|rows| rows.as_array())
                .cloned()
                .unwrap_or_default();
            for row in rows {
                let variant = row
                    .get("variant")
                    .and_then(|v| v.as_str())
                    .unwrap_or_default()
                    .to_owned();
                if order.rerun.as_ref().is_some_and(|only| *only != variant) {
                    continue;
                }
                if order.lost.as_ref() == Some(&variant) {
                    good = false;
                    continue;
                }
                let out = self
                    .folder
                    .join(format!("out/{run}/{variant}"))
                    .display()
                    .to_string();
                let (did, said) = self.step(
                    &checkout,
                    &words(&[
                        "build",
                        "--package",
                        &package,
                        "--variant",
                        &variant,
                        "--out",
                        &out,
                    ]),
                    &vars,
                )?;
                good &= did.ended.code == Some(0);
                done.push(did);
                self.upload(run, &said, "artifact", "path", order)?;
                self.upload(run, &said, "part-artifact", "part-path", order)?;
            }
            vars.push(("GITHUB_TOKEN".to_owned(), "fork-token".to_owned()));
            let out = self.folder.join(format!("out/{run}")).display().to_string();
            let (did, said) = self.step(
                &checkout,
                &words(&["build", "--package", &package, "--join", "--out", &out]),
                &vars,
            )?;
            good &= did.ended.code == Some(0);
            done.push(did);
            self.upload(run, &said, "artifact", "path", order)?;
        }
        let conclusion = if good { "success" } else { "failure" };
        self.forge
            .set_run(run, "completed", Some(conclusion))
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        let event = json!({ "action": "completed", "workflow_run": {
            "id": run.0, "run_attempt": attempt, "conclusion": conclusion, "head_sha": head,
            "path": order.workflow.clone().unwrap_or_else(|| self.package.build_workflow()),
        } });
        done.push(self.lockgate(
            Who::Automation,
            &words(&["gate", "--package", &package]),
            Some(&event),
        )?);
        done.push(self.lockgate(
            Who::Automation,
            &words(&["report", "--package", &package]),
            Some(&event),
        )?);
        Ok(done)
    }

    /// Runs the promotion workflow's step after the command: stores the receipt with its run.
    pub(super) fn keep_receipt(&mut self, said: &[(String, String)]) -> Result<(), Failure> {
        if !said.iter().any(|(key, _)| key == "receipt-path") {
            return Ok(());
        }
        let origin = self.folder.join("origin.git");
        let tip = git(&origin, &["rev-parse", "refs/heads/main"])?;
        let path = self.package.promote_workflow();
        let refused = |error: &dyn std::fmt::Display| rehearsal_failed(error.to_string());
        let order = NewRun {
            workflow: self.forge.register_workflow("Promote to Release", &path),
            event: "workflow_dispatch".to_owned(),
            head_sha: CommitId::parse(tip.trim_end())
                .ok_or_else(|| rehearsal_failed("git gave no id"))?,
            head_branch: Some("main".to_owned()),
            actor: "maintainer".to_owned(),
            pull: None,
        };
        let run = self
            .forge
            .start_run(order)
            .map_err(|error| refused(&error))?;
        let set = |status, how| self.forge.set_run(run, status, how);
        set("in_progress", None).map_err(|error| refused(&error))?;
        self.upload(
            run,
            said,
            "receipt-artifact",
            "receipt-path",
            &BuildOrder::default(),
        )?;
        set("completed", Some("success")).map_err(|error| refused(&error))
    }

    /// Registers a run of the build workflow that is still in progress.
    pub(super) fn start(&mut self, pull: u64, order: &BuildOrder) -> Result<RunId, Failure> {
        let head = self.head(pull)?;
        let branch = self
            .forge
            .look(|state| {
                state
                    .pull(PullNumber(pull))
                    .map(|pull| pull.head_branch.clone())
            })
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        let package = &self.package;
        let path = order
            .workflow
            .clone()
            .unwrap_or_else(|| package.build_workflow());
        let workflow = self
            .forge
            .register_workflow(&format!("Build {}", package.name), &path);
        let order = NewRun {
            workflow,
            event: order
                .event
                .clone()
                .unwrap_or_else(|| "pull_request".to_owned()),
            head_sha: CommitId::parse(&head)
                .ok_or_else(|| rehearsal_failed("git gave no commit id"))?,
            head_branch: Some(branch),
            actor: "developer".to_owned(),
            pull: Some(PullNumber(pull)),
        };
        let run = self
            .forge
            .start_run(order)
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        self.forge
            .set_run(run, "in_progress", None)
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        Ok(run)
    }

    /// Starts another attempt of the newest run.
    fn start_again(&self) -> Result<(RunId, usize), Failure> {
        let newest = self.forge.look(|state| {
            let mut runs = state.runs().into_iter();
            runs.find(|run| !run.path.contains("/promote-"))
                .map(|run| run.id)
        });
        let run = newest.ok_or_else(|| rehearsal_failed("there is no run to run again"))?;
        let attempt = self
            .forge
            .rerun(run, "maintainer")
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        self.forge
            .set_run(run, "in_progress", None)
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        Ok((run, attempt))
    }

    /// Runs the gate, as the privileged workflow does for any event except the end of a build.
    pub(super) fn gate(&mut self, pull: u64) -> Result<StepResult, Failure> {
        let head = self.head(pull)?;
        let event = self.pull_event(pull, &head)?;
        self.lockgate(Who::Automation, &words(&["gate"]), Some(&event))
    }

    /// Runs the gates, as the privileged workflow does when the base branch has moved.
    pub(super) fn gate_all(&mut self) -> Result<StepResult, Failure> {
        self.lockgate(
            Who::Automation,
            &words(&["gate"]),
            Some(&json!({ "ref": "refs/heads/main" })),
        )
    }

    /// Runs the gate of a merge group, as the privileged workflow does for a merge queue.
    pub(super) fn queue(&mut self, pull: u64) -> Result<StepResult, Failure> {
        let main = git(
            &self.folder.join("origin.git"),
            &["rev-parse", "refs/heads/main"],
        )?;
        let group = self
            .forge
            .enqueue(PullNumber(pull))
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        let base = main.trim_end();
        let group = json!({
            "head_sha": group.to_string(),
            "head_ref": format!("refs/heads/gh-readonly-queue/main/pr-{pull}-{base}"),
            "base_sha": base,
            "base_ref": "refs/heads/main",
        });
        self.lockgate(
            Who::Automation,
            &words(&["gate"]),
            Some(&json!({ "merge_group": group })),
        )
    }

    fn pull_event(&self, pull: u64, head: &str) -> Result<serde_json::Value, Failure> {
        let (branch, owner, base) = self
            .forge
            .look(|state| {
                let owner = state.repository().owner.clone();
                state.pull(PullNumber(pull)).map(|pull| {
                    let owner = match &pull.head_repository {
                        HeadRepository::Fork { owner, .. } => owner.clone(),
                        HeadRepository::Here | HeadRepository::Deleted => owner,
                    };
                    (pull.head_branch.clone(), owner, pull.base_branch.clone())
                })
            })
            .map_err(|error| rehearsal_failed(error.to_string()))?;
        let tip = git(
            &self.folder.join("origin.git"),
            &["rev-parse", &format!("refs/heads/{base}")],
        )?;
        Ok(json!({
            "action": "synchronize",
            "number": pull,
            "pull_request": {
                "number": pull,
                "head": { "sha": head, "ref": branch, "label": format!("{owner}:{branch}") },
                "base": { "sha": tip.trim_end(), "ref": base },
            },
            "repository": { "full_name": self.repository, "default_branch": "main" },
        }))
    }

    /// Returns the checkout of a build job: a fresh clone at the head.
    fn checkout(&mut self, pull: u64, head: &str) -> Result<PathBuf, Failure> {
        self.runs += 1;
        let dir = self.folder.join(format!("runner/{}", self.runs));
        let text = dir.display().to_string();
        git(&self.folder, &["clone", "--quiet", "origin.git", &text])?;
        git(
            &dir,
            &[
                "fetch",
                "--quiet",
                "origin",
                &format!("refs/pull/{pull}/head"),
            ],
        )?;
        git(&dir, &["checkout", "--quiet", "--detach", head])?;
        Ok(dir)
    }

    /// Plays upload-artifact: uploads a zip of one file, in exactly its shape.
    fn upload(
        &self,
        run: RunId,
        said: &[(String, String)],
        name: &str,
        path: &str,
        order: &BuildOrder,
    ) -> Result<(), Failure> {
        let value = |key: &str| said.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        let (Some(name), Some(path)) = (value(name), value(path)) else {
            return Ok(());
        };
        let path = Path::new(path);
        let bytes = std::fs::read(path).map_err(io("read what is to be uploaded"))?;
        if order.unzipped {
            let added =
                self.forge
                    .add_artifact(run, name, ArtifactForm::Plain, bytes.as_slice(), 90);
            return added.map(drop).map_err(|error| {
                rehearsal_failed(format!("{name} could not be uploaded: {error}"))
            });
        }
        let file = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or(name);
        let entry = Entry {
            name: file,
            mode: 0o644,
            modified: DosTime::EPOCH,
            level: 6,
        };
        let mut writer = SingleFileWriter::new(Vec::new(), entry).map_err(io("zip an artifact"))?;
        writer.write_all(&bytes).map_err(io("zip an artifact"))?;
        let (zip, _) = writer.finish().map_err(io("zip an artifact"))?;
        let added = self
            .forge
            .add_artifact(run, name, ArtifactForm::Zip, zip.as_slice(), 90);
        added
            .map(drop)
            .map_err(|error| rehearsal_failed(format!("{name} could not be uploaded: {error}")))
    }
}
