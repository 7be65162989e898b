//! Plays GitHub's part around workflow runs: delivers events to workflows, starts those that listen, and reports their
//! ends.
//!
//! The commit of a workflow file, `GITHUB_SHA`, and the token of a run follow GitHub's rules, each quoted next to its
//! event.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use lockgate_forge_embedded::state::State;
use lockgate_forge_embedded::state::people::{Access, Role};
use lockgate_forge_embedded::state::pulls::{HeadRepository, PullRequest};
use lockgate_forge_embedded::state::runs::NewRun;
use lockgate_forge_embedded::{CommitId, PullNumber, RunId};
use serde_json::{Value, json};

use crate::events::{example, put};
use crate::fixture::{Fixture, git};
use crate::runner::{self, Order, ProcessOutput};
use crate::workflows::{Signal, Workflow};

/// An event as workflows receive it.
#[derive(Clone)]
pub(crate) struct Event {
    name: &'static str,
    action: Option<String>,
    payload: Value,
    /// The commit from which the workflow files are read; `GITHUB_SHA` too.
    commit: String,
    /// `GITHUB_REF`.
    reference: String,
    /// The branch for branch filters.
    branch: String,
    /// The commit, the branch and the pull request of its runs.
    about: (String, String, Option<PullNumber>),
    actor: String,
    /// The workflow that finished.
    finished: Option<String>,
    /// The only file to start, for runs started by hand.
    only: Option<String>,
    /// Whether its token is read-only, whatever the workflow declares.
    reads_only: bool,
}

impl Event {
    /// Returns its name.
    pub(crate) fn name(&self) -> &str {
        self.name
    }
}

/// A finished run.
pub(crate) struct Ran {
    pub(crate) run: RunId,
    pub(crate) file: String,
    pub(crate) event: Event,
    pub(crate) ended: ProcessOutput,
}

/// For failed tests: the whole log.
impl std::fmt::Debug for Ran {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ProcessOutput {
            conclusion, log, ..
        } = &self.ended;
        write!(
            out,
            "run {} of {}: {conclusion}\n{log}",
            self.run, self.file
        )
    }
}

/// Numbers the folders of runs.
static RUNS: AtomicU32 = AtomicU32::new(1);

impl Fixture {
    /// Delivers the opening of a pull request or a push to it: runs its build, then the privileged workflow, then those
    /// that listen to the build's end.
    pub(crate) fn pull_event(&self, number: PullNumber, action: &str) -> Vec<Ran> {
        let mut all = self.gate_event(number, action);
        let pull = self.pull(number);
        // A conflict prevents all runs, because the file would come from the merge.
        let Some(merge) = &pull.test_merge else {
            return all;
        };
        all.extend(self.tell(&Event {
            name: "pull_request",
            commit: merge.to_string(),
            reference: format!("refs/pull/{number}/merge"),
            reads_only: pull.head_repository != HeadRepository::Here,
            ..self.of_pull(&pull, action)
        }));
        all
    }

    /// Delivers the same event to the privileged workflows only.
    pub(crate) fn gate_event(&self, number: PullNumber, action: &str) -> Vec<Ran> {
        self.tell(&self.of_pull(&self.pull(number), action))
    }

    fn of_pull(&self, pull: &PullRequest, action: &str) -> Event {
        Event {
            name: "pull_request_target",
            action: Some(action.to_owned()),
            payload: pull_payload(self, pull, action),
            commit: self.tip("main"), // the default branch's file, whatever the pull request changed in it
            reference: "refs/heads/main".to_owned(),
            branch: pull.base_branch.clone(),
            about: (
                pull.head_sha.to_string(),
                pull.head_branch.clone(),
                Some(pull.number),
            ),
            actor: pull.author.clone(),
            finished: None,
            only: None,
            reads_only: false,
        }
    }

    /// Delivers a push to a branch.
    pub(crate) fn push_event(&self, branch: &str, actor: &str) -> Vec<Ran> {
        let tip = self.tip(branch);
        let mut payload = example("push", &self.repository);
        let reference = format!("refs/heads/{branch}");
        put(
            &mut payload,
            &[
                ("/ref", json!(reference)),
                ("/after", json!(tip)),
                ("/created", json!(false)),
                ("/head_commit/id", json!(tip)),
                ("/sender/login", json!(actor)),
            ],
        );
        self.tell(&Event {
            name: "push",
            action: None,
            payload,
            commit: tip.clone(),
            reference,
            branch: branch.to_owned(),
            about: (tip, branch.to_owned(), None),
            actor: actor.to_owned(),
            finished: None,
            only: None,
            reads_only: false,
        })
    }

    /// Delivers a merge group of a pull request; also returns the group's commit.
    pub(crate) fn queue_event(&self, number: PullNumber) -> (String, Vec<Ran>) {
        let base = self.tip("main");
        let group = self.forge.enqueue(number).unwrap().to_string();
        let branch = format!("gh-readonly-queue/main/pr-{number}-{base}");
        let reference = format!("refs/heads/{branch}");
        let mut payload = example("merge_group", &self.repository);
        put(
            &mut payload,
            &[
                ("/merge_group/head_sha", json!(group)),
                ("/merge_group/head_ref", json!(reference)),
                ("/merge_group/head_commit/id", json!(group)),
                ("/merge_group/base_sha", json!(base)),
            ],
        );
        let ran = self.tell(&Event {
            name: "merge_group",
            action: Some("checks_requested".to_owned()),
            payload,
            commit: group.clone(),
            reference,
            branch: "main".to_owned(),
            about: (group.clone(), branch, None),
            actor: "maintainer".to_owned(),
            finished: None,
            only: None,
            reads_only: false,
        });
        (group, ran)
    }

    /// Starts a workflow by hand on a branch. GitHub requires that it exists on the default branch.
    pub(crate) fn dispatch(
        &self,
        file: &str,
        branch: &str,
        actor: &str,
        inputs: Value,
    ) -> Vec<Ran> {
        let tip = self.tip(branch);
        let reference = format!("refs/heads/{branch}");
        let mut payload = example("workflow_dispatch", &self.repository);
        put(
            &mut payload,
            &[
                ("/inputs", inputs),
                ("/ref", json!(reference)),
                ("/workflow", json!(file)),
                ("/sender/login", json!(actor)),
            ],
        );
        self.tell(&Event {
            name: "workflow_dispatch",
            action: None,
            payload,
            commit: tip.clone(),
            reference,
            branch: branch.to_owned(),
            about: (tip, branch.to_owned(), None),
            actor: actor.to_owned(),
            finished: None,
            only: Some(file.to_owned()),
            reads_only: false,
        })
    }

    /// Runs every workflow that listens, one after the other, and those that listen to their ends.
    fn tell(&self, event: &Event) -> Vec<Ran> {
        let mut all = Vec::new();
        for (file, workflow, path) in self.workflow_files(&event.commit) {
            let signal = Signal {
                event: event.name,
                action: event.action.as_deref(),
                branch: &event.branch,
                workflow: event.finished.as_deref(),
            };
            let wanted = event.only.as_ref().is_none_or(|only| *only == file);
            if !wanted || !workflow.starts(&signal) {
                continue;
            }
            let ran = self.run(event, &file, &workflow, &path);
            let follows = self.finished(event, &workflow, &ran);
            all.push(ran);
            all.extend(follows);
        }
        all
    }

    /// Registers, executes and finishes one run.
    fn run(&self, event: &Event, file: &str, workflow: &Workflow, path: &Path) -> Ran {
        let id = self.forge.register_workflow(&workflow.name, file);
        let (head, branch, pull) = &event.about;
        let order = NewRun {
            workflow: id,
            event: event.name.to_owned(),
            head_sha: CommitId::parse(head).unwrap(),
            head_branch: Some(branch.clone()),
            actor: event.actor.clone(),
            pull: *pull,
        };
        let run = self.forge.start_run(order).unwrap();
        self.attempt(run, event, file, workflow, path)
    }

    /// Re-runs a run, like the button "Re-run all jobs": the same file and event, another attempt of the same run.
    pub(crate) fn run_again(&self, ran: &Ran, actor: &str) -> Vec<Ran> {
        let files = self.workflow_files(&ran.event.commit);
        let same = files.iter().find(|(file, ..)| *file == ran.file);
        let (file, workflow, path) = same.unwrap();
        self.forge.rerun(ran.run, actor).unwrap();
        let again = self.attempt(ran.run, &ran.event, file, workflow, path);
        let follows = self.finished(&ran.event, workflow, &again);
        std::iter::once(again).chain(follows).collect()
    }

    fn attempt(
        &self,
        run: RunId,
        event: &Event,
        file: &str,
        workflow: &Workflow,
        path: &Path,
    ) -> Ran {
        self.forge.set_run(run, "in_progress", None).unwrap();
        // A token for this run, which expires with it: with the permissions of its jobs, and read-only for a fork's
        // code.
        let token = format!("token-of-run-{run}");
        let mut rights = workflow.rights.clone();
        if event.reads_only {
            let each = rights.values_mut();
            each.for_each(|right| *right = (*right).min(Access::Read));
        }
        let label = if event.reads_only {
            "fork"
        } else {
            "automation"
        };
        let bot = "github-actions[bot]";
        self.forge.add_token(&token, label, bot, Role::Write);
        self.forge.limit_token(&token, rights);
        let folder = self.fresh_folder();
        let ended = runner::run(&Order {
            folder: &folder,
            home: &self.home(),
            file: path,
            workflow,
            event: event.name,
            payload: &event.payload,
            actor: &event.actor,
            token: &token,
            vars: self.vars(event, run),
        });
        self.forge.revoke_token(&token);
        for (job, result) in &ended.jobs {
            self.forge.set_job(run, job, Some(result)).unwrap();
        }
        let conclusion = Some(ended.conclusion.as_str());
        self.forge.set_run(run, "completed", conclusion).unwrap();
        Ran {
            run,
            file: file.to_owned(),
            event: event.clone(),
            ended,
        }
    }

    fn vars(&self, event: &Event, run: RunId) -> Vec<(&'static str, String)> {
        let attempt = |state: &State| state.run(run).unwrap().attempt_number();
        let attempt = self.forge.look(attempt);
        vec![
            ("GITHUB_RUN_ID", run.to_string()),
            ("GITHUB_RUN_ATTEMPT", attempt.to_string()),
            ("GITHUB_REPOSITORY", self.repository.clone()),
            ("GITHUB_REF", event.reference.clone()),
            ("SHA_REF", event.commit.clone()), // act reads `github.sha` from this
            ("GITHUB_SERVER_URL", self.forge.base_url()),
            ("GITHUB_API_URL", self.forge.api_url()),
            ("GITHUB_TRIGGERING_ACTOR", event.actor.clone()),
            ("GITHUB_RETENTION_DAYS", "90".to_owned()),
            ("ACTIONS_RESULTS_URL", self.forge.base_url()),
            (
                "ACTIONS_RUNTIME_TOKEN",
                self.forge.runtime_token(run).unwrap(),
            ),
            ("LOCKGATE_PAUSE_MS", "1".to_owned()),
            ("LOCKGATE_TIMEOUT", "20".to_owned()),
        ]
    }

    /// Runs what listens to the end of a run: files of the default branch, with a token that can write.
    fn finished(&self, event: &Event, workflow: &Workflow, ran: &Ran) -> Vec<Ran> {
        if event.name == "workflow_run" {
            return Vec::new(); // three levels are allowed; a second is not needed here
        }
        let (head, branch, _) = &event.about;
        let mut payload = example("workflow_run", &self.repository);
        put(
            &mut payload,
            &[
                ("/workflow/name", json!(workflow.name)),
                ("/workflow/path", json!(ran.file)),
                ("/workflow_run/id", json!(ran.run.0)),
                ("/workflow_run/name", json!(workflow.name)),
                ("/workflow_run/event", json!(event.name)),
                ("/workflow_run/head_sha", json!(head)),
                ("/workflow_run/head_branch", json!(branch)),
                ("/workflow_run/status", json!("completed")),
                ("/workflow_run/conclusion", json!(ran.ended.conclusion)),
                ("/workflow_run/pull_requests", json!([])), // empty for forks, so it must not be relied on
            ],
        );
        let tip = self.tip("main");
        self.tell(&Event {
            name: "workflow_run",
            action: Some("completed".to_owned()),
            payload,
            commit: tip.clone(),
            reference: "refs/heads/main".to_owned(),
            branch: branch.clone(),
            about: (tip, "main".to_owned(), None),
            actor: event.actor.clone(),
            finished: Some(workflow.name.clone()),
            only: None,
            reads_only: false,
        })
    }

    /// Returns the workflow files of a commit: path in the repository, content, and path of the text.
    fn workflow_files(&self, commit: &str) -> Vec<(String, Workflow, PathBuf)> {
        let folder = self.fresh_folder();
        let names = ["ls-tree", "--name-only", commit, ".github/workflows/"];
        let names = git(&self.origin(), &names);
        let mut files = Vec::new();
        for name in names.lines() {
            let path = folder.join(name.rsplit('/').next().unwrap());
            let text = git(&self.origin(), &["show", &format!("{commit}:{name}")]);
            let text = self.edited(name).unwrap_or(text + "\n");
            std::fs::write(&path, text).unwrap();
            files.push((name.to_owned(), path));
        }
        let paths: Vec<_> = files.iter().map(|(_, path)| path.clone()).collect();
        let mut read = Workflow::read(&paths);
        let known = files.into_iter().map(|(name, path)| {
            let workflow = read.remove(path.to_str().unwrap()).unwrap();
            (name, workflow, path)
        });
        known.collect()
    }

    fn fresh_folder(&self) -> PathBuf {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder().join(format!("runs/{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Returns the current state of a pull request.
    pub(crate) fn pull(&self, number: PullNumber) -> PullRequest {
        self.forge.sync().unwrap();
        self.forge.look(|state| state.pull(number).unwrap().clone())
    }
}

fn pull_payload(fixture: &Fixture, pull: &PullRequest, action: &str) -> Value {
    let full_name = match &pull.head_repository {
        HeadRepository::Here => fixture.repository.clone(),
        HeadRepository::Fork { owner, name, .. } => format!("{owner}/{name}"),
        HeadRepository::Deleted => String::new(),
    };
    let mut payload = example("pull_request", &fixture.repository);
    let merge = pull.test_merge.as_ref().map(ToString::to_string);
    put(
        &mut payload,
        &[
            ("/action", json!(action)),
            ("/number", json!(pull.number.0)),
            ("/pull_request/number", json!(pull.number.0)),
            ("/pull_request/title", json!(pull.title)),
            ("/pull_request/head/ref", json!(pull.head_branch)),
            ("/pull_request/head/sha", json!(pull.head_sha.to_string())),
            ("/pull_request/head/repo/full_name", json!(full_name)),
            ("/pull_request/base/ref", json!(pull.base_branch)),
            ("/pull_request/base/sha", json!(pull.base_sha.to_string())),
            (
                "/pull_request/base/repo/full_name",
                json!(fixture.repository),
            ),
            ("/pull_request/merge_commit_sha", json!(merge)),
            ("/pull_request/user/login", json!(pull.author)),
            ("/sender/login", json!(pull.author)),
        ],
    );
    payload
}
