//! A workflow as the rules see it: its kind, triggers, jobs and steps.

use lockgate_core::config::{Config, Package};

use crate::yaml::read::{Node, ReadError, read};

/// A workflow that is linted.
pub struct Doc<'t> {
    /// The kind of workflow.
    pub whose: Whose,
    /// The parsed document.
    pub root: Result<Node, ReadError>,
    /// The action that installs Lockgate, as `OWNER/NAME`.
    pub lockgate: Option<String>,
    text: &'t str,
}

/// The kind of a workflow, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// `build-<package>.yml`.
    Build,
    /// `gate-<package>.yml`.
    Gate,
    /// `promote-<package>.yml`.
    Promote,
    /// A workflow that Lockgate does not write.
    Other,
}

/// Events that give a run privileges although an outsider can cause them.
const WITH_RIGHTS: [&str; 5] = [
    "pull_request_target",
    "workflow_run",
    "issue_comment",
    "pull_request_review",
    "discussion_comment",
];

impl<'t> Doc<'t> {
    pub(super) fn new(config: &Config, path: &str, text: &'t str) -> Self {
        let is = |of: fn(&Package) -> String| {
            config.packages.values().any(|package| of(package) == path)
        };
        let whose = if is(Package::build_workflow) {
            Whose::Build
        } else if is(Package::gate_workflow) {
            Whose::Gate
        } else if is(Package::promote_workflow) {
            Whose::Promote
        } else {
            Whose::Other
        };
        let lockgate = config.workflows.lockgate.as_ref();
        Self {
            whose,
            root: read(text),
            lockgate: lockgate.map(|pinned| pinned.repository.to_string()),
            text,
        }
    }

    /// Returns whether Lockgate wrote it.
    pub(super) fn ours(&self) -> bool {
        self.whose != Whose::Other
    }

    /// Returns the value of a top-level key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.root.as_ref().ok()?.get(key)
    }

    /// Returns the events that start it, each with its settings, if any.
    pub(super) fn triggers(&self) -> Vec<(&str, &Node)> {
        let Some(on) = self.get("on") else {
            return Vec::new();
        };
        let table: Vec<_> = on
            .rows()
            .filter_map(|(key, value)| Some((key.text()?, value)))
            .collect();
        match table.is_empty() {
            false => table,
            true => on
                .items()
                .filter_map(|item| Some((item.text()?, item)))
                .collect(),
        }
    }

    /// Returns whether an outsider can cause a privileged run.
    pub(super) fn with_rights(&self) -> bool {
        self.triggers()
            .iter()
            .any(|(event, _)| WITH_RIGHTS.contains(event))
    }

    /// Returns the jobs, each with the node of its name.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &(Node, Node)> {
        self.get("jobs").into_iter().flat_map(Node::rows)
    }

    /// Returns the steps of all jobs.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Node> {
        self.jobs()
            .filter_map(|(_, job)| job.get("steps"))
            .flat_map(Node::items)
    }

    /// Returns the third-party actions of jobs and steps: `OWNER/NAME/PATH`, the part after the `@`, and the node.
    /// Actions in the repository itself are omitted.
    pub(super) fn actions(&self) -> Vec<(&str, &str, &Node)> {
        let of_jobs = self.jobs().filter_map(|(_, job)| job.get("uses"));
        let of_steps = self.steps().filter_map(|step| step.get("uses"));
        of_jobs
            .chain(of_steps)
            .filter_map(|node| {
                let text = node.text()?;
                let (name, reference) = text.split_once('@').unwrap_or((text, ""));
                (!text.starts_with("./")).then_some((name, reference, node))
            })
            .collect()
    }

    /// Returns the scripts of steps: shell scripts, and those of the action that works like a shell.
    pub(super) fn scripts(&self) -> Vec<(&str, &Node)> {
        let script = |step: &'_ Node| {
            let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
            uses.starts_with("actions/github-script@")
        };
        let runs = self.steps().filter_map(|step| match script(step) {
            true => step.at(&["with", "script"]),
            false => step.get("run"),
        });
        runs.filter_map(|node| Some((node.text()?, node))).collect()
    }

    /// Returns the comment after the `#` on a node's line.
    pub(super) fn comment_of(&self, node: &Node) -> Option<&'t str> {
        let row = self.text.lines().nth(node.line.checked_sub(1)?)?;
        row.split_once(" #").map(|(_, comment)| comment.trim())
    }

    /// Returns the line of a script on which a text occurs first.
    pub(super) fn line_of(&self, node: &Node, needle: &str) -> usize {
        let from = node.line.saturating_sub(1);
        let rows = self.text.lines().enumerate().skip(from);
        rows.take_while(|(at, _)| *at < from + 1000)
            .find(|(_, row)| row.contains(needle))
            .map_or(node.line, |(at, _)| at + 1)
    }
}
