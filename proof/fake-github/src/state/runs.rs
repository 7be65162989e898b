//! Workflows, their runs and attempts, and the requested dispatches.
//!
//! Nothing is executed here: the embedding program plays the runners.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::pulls::HeadRepository;
use super::refusal::Refusal;
use crate::ids::{CommitId, PullNumber, RunId, WorkflowId};
use crate::repository::Repository;

/// A workflow file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// The id.
    pub id: WorkflowId,
    /// The name in the file, which any edited copy can claim.
    pub name: String,
    /// The path, `.github/workflows/...`.
    pub path: String,
    /// The time at which it was first seen.
    pub created_at: i64,
}

/// A run of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The id.
    pub id: RunId,
    /// The number of the run in its workflow, from 1.
    pub number: u64,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The path of the workflow file at that time.
    pub path: String,
    /// The event: `pull_request`, `workflow_dispatch`, ...
    pub event: String,
    /// The head commit.
    pub head_sha: CommitId,
    /// The head branch.
    pub head_branch: Option<String>,
    /// The repository of the head branch.
    pub head_repository: HeadRepository,
    /// The pull requests that GitHub lists; none for a fork's.
    pub pulls: Vec<PullNumber>,
    /// The title in lists.
    pub title: String,
    /// The time at which the first attempt was queued.
    pub created_at: i64,
    /// All attempts, oldest first; never empty.
    pub attempts: Vec<Attempt>,
    /// How often it was read after it completed.
    pub asked: u32,
}

impl Run {
    /// Returns the newest attempt.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Returns the number of the newest attempt, from 1.
    #[must_use]
    pub fn attempt_number(&self) -> usize {
        self.attempts.len()
    }
}

/// One attempt of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The login of the account that started it.
    pub actor: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// The conclusion: `success`, `failure`, `cancelled`, ...
    pub conclusion: Option<String>,
    /// The time at which it started.
    pub started_at: i64,
    /// The time of the last change.
    pub updated_at: i64,
    /// The jobs.
    pub jobs: Vec<Job>,
}

/// A job of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// The conclusion.
    pub conclusion: Option<String>,
    /// The time at which it started.
    pub started_at: i64,
    /// The time at which it completed.
    pub completed_at: Option<i64>,
}

/// The parameters of a new run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The event.
    pub event: String,
    /// The head commit.
    pub head_sha: CommitId,
    /// The head branch.
    pub head_branch: Option<String>,
    /// The login of the account that started it.
    pub actor: String,
    /// The pull request that it is for, which determines the head repository.
    pub pull: Option<PullNumber>,
}

/// A dispatch that was requested through the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The branch or tag to run on.
    pub reference: String,
    /// The inputs, as strings.
    pub inputs: BTreeMap<String, String>,
    /// The login of the caller.
    pub actor: String,
    /// The time of the request.
    pub at: i64,
}

impl State {
    /// Registers a workflow, or renames a known one.
    pub fn register_workflow(&mut self, now: i64, name: &str, path: &str) -> WorkflowId {
        if let Some(known) = self.workflows.values_mut().find(|it| it.path == path) {
            known.name = name.to_owned();
            return known.id;
        }
        let id = WorkflowId(self.allocate());
        let workflow = Workflow {
            id,
            name: name.to_owned(),
            path: path.to_owned(),
            created_at: now,
        };
        self.workflows.insert(id, workflow);
        id
    }

    /// Returns all workflows.
    #[must_use]
    pub fn workflows(&self) -> Vec<&Workflow> {
        self.workflows.values().collect()
    }

    /// Returns the workflow with this id, file name or path.
    pub fn workflow(&self, key: &str) -> Result<&Workflow, Refusal> {
        let by_id = key.parse().ok().and_then(|id| self.workflows.get(&id));
        let file = |workflow: &&Workflow| {
            workflow.path == key || workflow.path.rsplit('/').next() == Some(key)
        };
        by_id
            .or_else(|| self.workflows.values().find(file))
            .ok_or(Refusal::NotFound)
    }

    /// Registers a run, queued.
    pub fn start_run(&mut self, now: i64, order: NewRun) -> Result<RunId, Refusal> {
        let workflow = self
            .workflows
            .get(&order.workflow)
            .ok_or(Refusal::NotFound)?
            .clone();
        let mut head_repository = HeadRepository::Here;
        let mut pulls = Vec::new();
        let mut title = workflow.name.clone();
        if let Some(number) = order.pull {
            let pull = self.pull(number)?;
            head_repository = pull.head_repository.clone();
            title = pull.title.clone();
            if head_repository == HeadRepository::Here {
                pulls.push(number);
            }
        }
        let number = self
            .runs
            .values()
            .filter(|run| run.workflow == workflow.id)
            .count() as u64
            + 1;
        let id = RunId(self.allocate());
        let run = Run {
            id,
            number,
            workflow: workflow.id,
            path: workflow.path,
            event: order.event,
            head_sha: order.head_sha,
            head_branch: order.head_branch,
            head_repository,
            pulls,
            title,
            created_at: now,
            attempts: vec![Attempt::queued(now, &order.actor)],
            asked: 0,
        };
        self.runs.insert(id, run);
        Ok(id)
    }

    /// Returns the runs, newest first.
    #[must_use]
    pub fn runs(&self) -> Vec<&Run> {
        self.runs.values().rev().collect()
    }

    /// Counts a read of a run, and returns whether it still appears as it was before it completed.
    pub fn ask_run(&mut self, id: RunId) -> bool {
        let behind = self.settings.runs_behind;
        let Some(run) = self.runs.get_mut(&id) else {
            return false;
        };
        let ended = run.attempt().is_some_and(|it| it.status == "completed");
        if !ended || run.asked >= behind {
            return false;
        }
        run.asked = run.asked.saturating_add(1);
        true
    }

    /// Returns one run.
    pub fn run(&self, id: RunId) -> Result<&Run, Refusal> {
        self.runs.get(&id).ok_or(Refusal::NotFound)
    }

    /// Sets the status of a run's newest attempt.
    pub fn set_run(
        &mut self,
        now: i64,
        id: RunId,
        status: &str,
        conclusion: Option<&str>,
    ) -> Result<(), Refusal> {
        let attempt = self.attempt_mut(id)?;
        attempt.status = status.to_owned();
        attempt.conclusion = conclusion.map(str::to_owned);
        attempt.updated_at = now;
        Ok(())
    }

    /// Starts another attempt of a run; returns its number.
    pub fn rerun(&mut self, now: i64, id: RunId, actor: &str) -> Result<usize, Refusal> {
        let run = self.runs.get_mut(&id).ok_or(Refusal::NotFound)?;
        run.attempts.push(Attempt::queued(now, actor));
        Ok(run.attempts.len())
    }

    /// Adds a job to the newest attempt, or sets the conclusion of the job with this name.
    pub fn set_job(
        &mut self,
        now: i64,
        id: RunId,
        name: &str,
        conclusion: Option<&str>,
    ) -> Result<(), Refusal> {
        let number = self.allocate();
        let jobs = &mut self.attempt_mut(id)?.jobs;
        let at = jobs
            .iter()
            .position(|job| job.name == name)
            .unwrap_or(jobs.len());
        if at == jobs.len() {
            jobs.push(Job::started(number, now, name));
        }
        if let (Some(conclusion), Some(job)) = (conclusion, jobs.get_mut(at)) {
            job.status = "completed".into();
            job.conclusion = Some(conclusion.to_owned());
            job.completed_at = Some(now);
        }
        Ok(())
    }

    /// Records a request to run a workflow on a branch or tag.
    pub fn dispatch(
        &mut self,
        actor: &Actor,
        now: i64,
        git: &dyn Repository,
        workflow: &str,
        reference: &str,
        inputs: BTreeMap<String, String>,
    ) -> Result<&Dispatch, Refusal> {
        let login = actor.with(Role::Write)?.to_owned();
        let workflow = self.workflow(workflow)?.id;
        if reference.is_empty() || git.resolve(reference)?.is_none() {
            return Err(Refusal::Unprocessable(format!(
                "No ref found for: {reference}"
            )));
        }
        self.dispatches.push(Dispatch {
            workflow,
            reference: reference.to_owned(),
            inputs,
            actor: login,
            at: now,
        });
        self.dispatches.last().ok_or(Refusal::NotFound)
    }

    /// Returns the requested dispatches, oldest first.
    #[must_use]
    pub fn dispatches(&self) -> &[Dispatch] {
        &self.dispatches
    }

    fn attempt_mut(&mut self, id: RunId) -> Result<&mut Attempt, Refusal> {
        let run = self.runs.get_mut(&id).ok_or(Refusal::NotFound)?;
        run.attempts.last_mut().ok_or(Refusal::NotFound)
    }
}

impl Attempt {
    fn queued(now: i64, actor: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            status: "queued".into(),
            conclusion: None,
            started_at: now,
            updated_at: now,
            jobs: Vec::new(),
        }
    }
}

impl Job {
    fn started(id: u64, now: i64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            status: "in_progress".into(),
            conclusion: None,
            started_at: now,
            completed_at: None,
        }
    }
}
