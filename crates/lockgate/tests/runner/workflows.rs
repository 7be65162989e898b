//! Parses workflow files as GitHub does before it starts anything: their events, and their permissions.
//!
//! An unsupported filter ends the test: nothing may start, or not start, by accident.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_forge_embedded::state::people::Rights;
use serde::Deserialize;

use crate::tools::{script, stderr};

/// A workflow file.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Workflow {
    /// The name in the file.
    pub(crate) name: String,
    on: Vec<Listens>,
    /// The actions that its steps use, as written.
    pub(crate) uses: Vec<String>,
    /// The permissions that any of its jobs requests.
    pub(crate) rights: Rights,
}

#[derive(Debug, Clone, Deserialize)]
struct Listens {
    event: String,
    types: Vec<String>,
    branches: Vec<String>,
    workflows: Vec<String>,
    narrowed: Vec<String>,
}

/// The properties of an event that determine whether a workflow starts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signal<'a> {
    pub(crate) event: &'a str,
    /// The activity, for events that have one.
    pub(crate) action: Option<&'a str>,
    /// The branch: pushed to, merged into, or the one of the finished run.
    pub(crate) branch: &'a str,
    /// The name of the workflow that finished.
    pub(crate) workflow: Option<&'a str>,
}

impl Workflow {
    /// Parses workflow files, by their paths.
    pub(crate) fn read(files: &[impl AsRef<Path>]) -> BTreeMap<String, Self> {
        if files.is_empty() {
            return BTreeMap::new();
        }
        let mut command = script("triggers.mjs");
        command.args(files.iter().map(AsRef::as_ref));
        serde_json::from_str(&stderr(&mut command)).unwrap()
    }

    /// Returns whether GitHub would start it.
    pub(crate) fn starts(&self, signal: &Signal<'_>) -> bool {
        self.on.iter().any(|listens| listens.to(signal))
    }
}

impl Listens {
    fn to(&self, signal: &Signal<'_>) -> bool {
        if self.event != signal.event {
            return false;
        }
        assert!(
            self.narrowed.is_empty(),
            "the filters {:?} of {} are not understood here",
            self.narrowed,
            self.event
        );
        let patterns = self.branches.iter().chain(&self.workflows);
        for pattern in patterns {
            assert!(
                !pattern.contains(['*', '!', '?', '[']),
                "{pattern} is a pattern"
            );
        }
        let usual: &[&str] = match signal.event {
            "pull_request" | "pull_request_target" => &["opened", "synchronize", "reopened"],
            _ => &[],
        };
        let types = self.types.iter().map(String::as_str);
        let wanted: Vec<&str> = if self.types.is_empty() {
            usual.to_vec()
        } else {
            types.collect()
        };
        let of_type = signal
            .action
            .is_none_or(|action| wanted.is_empty() || wanted.contains(&action));
        let on_branch =
            self.branches.is_empty() || self.branches.iter().any(|it| it == signal.branch);
        let of_workflow = signal
            .workflow
            .is_none_or(|name| self.workflows.iter().any(|it| it == name));
        of_type && on_branch && of_workflow
    }
}
