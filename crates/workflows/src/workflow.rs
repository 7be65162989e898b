//! A workflow as a typed description, and its conversion to a document. Every job declares its permissions, every step
//! is one call.
//!
//! This module does not know what the steps are for; see [`crate::build`], [`crate::gate`] and [`crate::promote`].

use crate::yaml::write::{Item, Table, Value};

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Comment lines at the top.
    pub about: Vec<String>,
    /// The name on GitHub.
    pub name: String,
    /// The name of each run on GitHub.
    pub run_name: Option<String>,
    /// The events that start it.
    pub on: Vec<Trigger>,
    /// The concurrency group of its runs.
    pub concurrency: Concurrency,
    /// The jobs.
    pub jobs: Vec<Job>,
}

/// An event that starts a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Name of the event.
    pub event: &'static str,
    /// The reason, as a comment.
    pub why: Option<&'static str>,
    /// The filters of the event.
    pub settings: Table,
}

/// The concurrency group of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrency {
    /// Runs in the same group exclude each other.
    pub group: String,
    /// Whether a newer run cancels an older one.
    pub cancel: bool,
    /// The reason, as a comment.
    pub why: &'static str,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Job {
    /// The id by which other jobs refer to it.
    pub id: &'static str,
    /// The display name.
    pub name: String,
    /// A comment on the job.
    pub why: Option<&'static str>,
    /// The jobs that must finish first.
    pub needs: &'static [&'static str],
    /// The condition for running it.
    pub condition: Option<String>,
    /// The list for a matrix, with one job for each entry.
    pub matrix: Option<String>,
    /// The label of the runner.
    pub runs_on: String,
    /// The timeout in minutes.
    pub timeout: Option<u32>,
    /// The environment whose rules and secrets apply.
    pub environment: Option<&'static str>,
    /// The permissions of its token, each with its reason.
    pub permissions: Vec<Permission>,
    /// The outputs for other jobs.
    pub outputs: Vec<(&'static str, String)>,
    /// The custom block for keys of the job.
    pub custom_block: Option<&'static str>,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// A permission of a job's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The scope, such as `contents`.
    pub scope: &'static str,
    /// Whether it includes writing.
    pub write: bool,
    /// The reason, as a comment.
    pub why: &'static str,
}

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One call of Lockgate.
    Run {
        /// The id by which other steps refer to it.
        id: Option<&'static str>,
        /// The condition for running it.
        condition: Option<String>,
        /// The environment variables.
        env: Vec<(&'static str, String)>,
        /// The command.
        command: String,
    },
    /// An action.
    Uses {
        /// The condition for running it.
        condition: Option<String>,
        /// `NAME@COMMIT`.
        action: String,
        /// The version for the comment.
        version: Option<String>,
        /// The inputs.
        with: Table,
    },
    /// A custom block for steps.
    Place(&'static str),
}

impl Workflow {
    /// Returns the document, without the comment at the top.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::default();
        table.text("name", &self.name);
        if let Some(name) = &self.run_name {
            table.text("run-name", name);
        }
        table.gap();
        table.put("on", Value::Table(self.triggers()));
        table.gap();
        table.put("permissions", Value::Empty);
        table.gap();
        let mut concurrency = Table::default();
        concurrency.text("group", &self.concurrency.group);
        concurrency.put("cancel-in-progress", Value::Flag(self.concurrency.cancel));
        table.put_why(
            "concurrency",
            Value::Table(concurrency),
            self.concurrency.why,
        );
        table.gap();
        let mut jobs = Table::default();
        for (at, job) in self.jobs.iter().enumerate() {
            if at > 0 {
                jobs.gap();
            }
            let value = Value::Table(job.table());
            match job.why {
                Some(why) => jobs.put_why(job.id, value, why),
                None => jobs.put(job.id, value),
            }
        }
        table.put("jobs", Value::Table(jobs));
        table
    }

    fn triggers(&self) -> Table {
        let mut on = Table::default();
        for trigger in &self.on {
            let value = match trigger.settings == Table::default() {
                true => Value::Nothing,
                false => Value::Table(trigger.settings.clone()),
            };
            match trigger.why {
                Some(why) => on.put_why(trigger.event, value, why),
                None => on.put(trigger.event, value),
            }
        }
        on
    }
}

impl Job {
    fn table(&self) -> Table {
        let mut table = Table::default();
        table.text("name", &self.name);
        match self.needs {
            [] => {}
            [one] => table.text("needs", *one),
            several => {
                let names = several.iter().map(|name| (*name).to_owned()).collect();
                table.put("needs", Value::Words(names));
            }
        }
        if let Some(condition) = &self.condition {
            table.text("if", condition);
        }
        if let Some(matrix) = &self.matrix {
            let mut strategy = Table::default();
            strategy.put("fail-fast", Value::Flag(false));
            strategy.text("matrix", matrix);
            table.put("strategy", Value::Table(strategy));
        }
        table.text("runs-on", &self.runs_on);
        if let Some(minutes) = self.timeout {
            table.put("timeout-minutes", Value::Number(minutes));
        }
        if let Some(environment) = self.environment {
            table.text("environment", environment);
        }
        let mut permissions = Table::default();
        for right in &self.permissions {
            let access = if right.write { "write" } else { "read" };
            permissions.put_why(right.scope, Value::Text(access.to_owned()), right.why);
        }
        table.put("permissions", Value::Table(permissions));
        if !self.outputs.is_empty() {
            table.put("outputs", Value::Table(texts(&self.outputs)));
        }
        if let Some(name) = self.custom_block {
            table.custom_block(name);
        }
        table.put(
            "steps",
            Value::List(self.steps.iter().map(Step::item).collect()),
        );
        table
    }
}

impl Step {
    fn item(&self) -> Item {
        let mut table = Table::default();
        match self {
            Self::Place(name) => return Item::Block(name),
            Self::Run {
                id,
                condition,
                env,
                command,
            } => {
                if let Some(id) = id {
                    table.text("id", *id);
                }
                if let Some(condition) = condition {
                    table.text("if", condition);
                }
                if !env.is_empty() {
                    table.put("env", Value::Table(texts(env)));
                }
                table.text("run", command);
            }
            Self::Uses {
                condition,
                action,
                version,
                with,
            } => {
                if let Some(condition) = condition {
                    table.text("if", condition);
                }
                let action = Value::Text(action.clone());
                match version {
                    Some(version) => table.put_why("uses", action, version),
                    None => table.put("uses", action),
                }
                table.put("with", Value::Table(with.clone()));
            }
        }
        Item::Table(table)
    }
}

fn texts(pairs: &[(&'static str, String)]) -> Table {
    let mut table = Table::default();
    for (key, text) in pairs {
        table.text(key, text);
    }
    table
}
