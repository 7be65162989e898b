//! The administrator's settings: immutable releases, environments, required checks, rulesets.
//!
//! Settings are changed by the embedding program, never over HTTP.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::refusal::Refusal;

/// The settings of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether releases become immutable when they are published.
    pub immutable_releases: bool,
    /// The status contexts that are required for merging into the default branch.
    pub required_contexts: Vec<String>,
    /// Whether `mergeable` is `null` the first time a pull request is read after a push.
    pub mergeable_unknown_at_first: bool,
    /// For how many reads a completed run still appears in progress.
    pub runs_behind: u32,
    /// Whether the repository is private.
    pub private: bool,
    /// The environments, by name.
    pub environments: BTreeMap<String, Environment>,
    /// The rulesets.
    pub rulesets: Vec<Ruleset>,
    /// Whether the default permissions of the workflow token include writing.
    pub workflows_write: bool,
    /// Whether workflows may approve pull requests.
    pub workflows_approve: bool,
}

/// An environment that jobs can name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The id, assigned by the fake.
    pub id: u64,
    /// The time of its creation, set by the fake.
    pub created_at: i64,
    /// The logins of required reviewers; empty for none.
    pub reviewers: Vec<String>,
    /// Whether the account that started a run may not approve it.
    pub prevent_self_review: bool,
    /// The wait timer in minutes.
    pub wait_minutes: u32,
    /// The branches that may deploy; `None` for all.
    pub branches: Option<BranchPolicy>,
}

/// The branches that may use an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BranchPolicy {
    /// Those with branch protection.
    Protected,
    /// Those with a name that matches one of these patterns.
    Named(Vec<String>),
}

/// A ruleset, which can be read but is not enforced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruleset {
    /// The id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// Whether it targets tags instead of branches.
    pub tags: bool,
    /// `active`, `evaluate` or `disabled`.
    pub enforcement: String,
    /// The actors that can bypass it: a type such as `Integration`, and an id.
    pub bypass: Vec<(String, u64)>,
    /// The ref patterns that it includes.
    pub include: Vec<String>,
    /// The types of its rules: `creation`, `update`, `deletion`, ...
    pub rules: Vec<String>,
    /// The contexts of a `required_status_checks` rule, and the app that each is bound to.
    pub required_checks: Vec<(String, Option<u64>)>,
    /// Whether that rule requires the head to contain the tip of its base branch.
    pub strict: bool,
    /// A `merge_queue` rule.
    pub queue: Option<Grouping>,
}

/// The commits of a merge queue's group that must pass the required checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grouping {
    /// `ALLGREEN`: each.
    Each,
    /// `HEADGREEN`: the last.
    Last,
}

impl State {
    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the settings for changing them.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Creates or changes an environment.
    pub fn set_environment(&mut self, now: i64, name: &str, environment: Environment) {
        let known = self
            .settings
            .environments
            .get(name)
            .map(|it| (it.id, it.created_at));
        let (id, created_at) = known.unwrap_or_else(|| (self.allocate(), now));
        let environment = Environment {
            id,
            created_at,
            ..environment
        };
        self.settings
            .environments
            .insert(name.to_owned(), environment);
    }

    /// Returns an environment, which is visible with read access.
    pub fn environment(&self, name: &str) -> Result<&Environment, Refusal> {
        self.settings
            .environments
            .get(name)
            .ok_or(Refusal::NotFound)
    }

    /// Returns the settings of the workflow token's default permissions, for administrators only.
    pub fn workflow_rights(&self, actor: &Actor) -> Result<&Settings, Refusal> {
        let reported = actor.role() >= Role::Admin;
        reported.then_some(&self.settings).ok_or(Refusal::NotFound)
    }

    /// Succeeds for an administrator if releases become immutable; otherwise nothing is found, as on GitHub.
    pub fn immutability(&self, actor: &Actor) -> Result<(), Refusal> {
        let reported = self.settings.immutable_releases && actor.role() >= Role::Admin;
        reported.then_some(()).ok_or(Refusal::NotFound)
    }
}
