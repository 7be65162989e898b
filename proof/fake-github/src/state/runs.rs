//! Workflows, their runs and attempts, and the dispatches that were asked for.
//!
//! Nothing is ever executed here: the embedding program plays the runners.

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
    /// Its number.
    pub id: WorkflowId,
    /// The name in it, which anybody who edits a copy can claim.
    pub name: String,
    /// Its path, `.github/workflows/...`.
    pub path: String,
    /// When it was first seen.
    pub created_at: i64,
}

/// A run of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// Which run of its workflow it is, from 1.
    pub number: u64,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The path of the workflow file at the time.
    pub path: String,
    /// What started it: `pull_request`, `workflow_dispatch`, ...
    pub event: String,
    /// The commit it is about.
    pub head_sha: CommitId,
    /// The branch of that commit.
    pub head_branch: Option<String>,
    /// Where that branch is.
    pub head_repository: HeadRepository,
    /// The pull requests that GitHub names; none for a fork's.
    pub pulls: Vec<PullNumber>,
    /// What people see in the list.
    pub title: String,
    /// When the first attempt was queued.
    pub created_at: i64,
    /// Every attempt, oldest first; never empty.
    pub attempts: Vec<Attempt>,
    /// How often it was read since it has ended.
    pub asked: u32,
}

impl Run {
    /// The newest attempt.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Which attempt is the newest, from 1.
    #[must_use]
    pub fn attempt_number(&self) -> usize {
        self.attempts.len()
    }
}

/// One attempt of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The login of whoever started it.
    pub actor: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// How it ended: `success`, `failure`, `cancelled`, ...
    pub conclusion: Option<String>,
    /// When it started.
    pub started_at: i64,
    /// When it changed last.
    pub updated_at: i64,
    /// Its jobs.
    pub jobs: Vec<Job>,
}

/// A job of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// How it ended.
    pub conclusion: Option<String>,
    /// When it started.
    pub started_at: i64,
    /// When it ended.
    pub completed_at: Option<i64>,
}

/// An order to register a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// The workflow.
    pub workflow: WorkflowId,
    /// What started it.
    pub event: String,
    /// The commit it is about.
    pub head_sha: CommitId,
    /// The branch of that commit.
    pub head_branch: Option<String>,
    /// The login of whoever started it.
    pub actor: String,
    /// The pull request it is for, from which the head repository is taken.
    pub pull: Option<PullNumber>,
}

/// A dispatch that somebody asked for over the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The branch or tag it shall run on.
    pub reference: String,
    /// The inputs, as text.
    pub inputs: BTreeMap<String, String>,
    /// The login of whoever asked.
    pub actor: String,
    /// When.
    pub at: i64,
}

impl State {
    /// Makes a workflow known, or gives a known path another name.
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

    /// All workflows.
    #[must_use]
    pub fn workflows(&self) -> Vec<&Workflow> {
        self.workflows.values().collect()
    }

    /// The workflow with this number, or with this file name or path.
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

    /// Runs, newest first.
    #[must_use]
    pub fn runs(&self) -> Vec<&Run> {
        self.runs.values().rev().collect()
    }

    /// Counts that somebody reads a run, and says whether the forge still shows it as it was before its end.
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

    /// One run.
    pub fn run(&self, id: RunId) -> Result<&Run, Refusal> {
        self.runs.get(&id).ok_or(Refusal::NotFound)
    }

    /// Says where the newest attempt of a run stands.
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

    /// Starts another attempt of a run; answers which one it is.
    pub fn rerun(&mut self, now: i64, id: RunId, actor: &str) -> Result<usize, Refusal> {
        let run = self.runs.get_mut(&id).ok_or(Refusal::NotFound)?;
        run.attempts.push(Attempt::queued(now, actor));
        Ok(run.attempts.len())
    }

    /// Adds a job to the newest attempt, or says how one of that name ended.
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

    /// Notes that somebody asked for a run of a workflow on a branch or tag.
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

    /// The dispatches that were asked for, oldest first.
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
