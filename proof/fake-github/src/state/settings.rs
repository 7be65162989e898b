//! What an administrator has set: immutable releases, environments, required checks, rulesets.
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
    /// Whether releases freeze when they are published.
    pub immutable_releases: bool,
    /// Status contexts without which nothing merges into the default branch.
    pub required_contexts: Vec<String>,
    /// Whether a pull request says `mergeable: null` the first time it is read after a push.
    pub mergeable_unknown_at_first: bool,
    /// How many reads of a run that has ended still show it in progress.
    pub runs_behind: u32,
    /// Whether strangers get nothing.
    pub private: bool,
    /// The environments, by name.
    pub environments: BTreeMap<String, Environment>,
    /// The rulesets.
    pub rulesets: Vec<Ruleset>,
    /// Whether the token of a workflow that names no rights may write.
    pub workflows_write: bool,
    /// Whether workflows may approve pull requests.
    pub workflows_approve: bool,
}

/// An environment that jobs can name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its number; given by the forge.
    pub id: u64,
    /// When it was made; given by the forge.
    pub created_at: i64,
    /// Logins of whom must approve; empty for nobody.
    pub reviewers: Vec<String>,
    /// Whether who started a run may not approve it.
    pub prevent_self_review: bool,
    /// Minutes to wait.
    pub wait_minutes: u32,
    /// Which branches may deploy; `None` for all.
    pub branches: Option<BranchPolicy>,
}

/// Which branches may use an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BranchPolicy {
    /// Those with branch protection.
    Protected,
    /// Those whose names match one of these patterns.
    Named(Vec<String>),
}

/// A ruleset, as far as reading it back goes. It is not enforced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruleset {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Whether it is about tags rather than branches.
    pub tags: bool,
    /// `active`, `evaluate` or `disabled`.
    pub enforcement: String,
    /// Whom it does not hold back: a type such as `Integration`, and a number.
    pub bypass: Vec<(String, u64)>,
    /// Ref patterns that it covers.
    pub include: Vec<String>,
    /// The types of its rules: `creation`, `update`, `deletion`, ...
    pub rules: Vec<String>,
    /// Contexts of a `required_status_checks` rule, and the app each is bound to.
    pub required_checks: Vec<(String, Option<u64>)>,
    /// Whether that rule wants a head that contains the tip of its base branch.
    pub strict: bool,
    /// A `merge_queue` rule.
    pub queue: Option<Grouping>,
}

/// Which commits of a merge queue's group the required checks are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grouping {
    /// `ALLGREEN`: each.
    Each,
    /// `HEADGREEN`: the last.
    Last,
}

impl State {
    /// What is set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes what is set.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Makes an environment, or changes one.
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

    /// An environment, for whoever may read the repository.
    pub fn environment(&self, name: &str) -> Result<&Environment, Refusal> {
        self.settings
            .environments
            .get(name)
            .ok_or(Refusal::NotFound)
    }

    /// What workflows may do that name no rights: an administrator learns it.
    pub fn workflow_rights(&self, actor: &Actor) -> Result<&Settings, Refusal> {
        let told = actor.role() >= Role::Admin;
        told.then_some(&self.settings).ok_or(Refusal::NotFound)
    }

    /// Whether releases freeze: only an administrator learns that they do, and nobody that they
    /// do not.
    pub fn immutability(&self, actor: &Actor) -> Result<(), Refusal> {
        let told = self.settings.immutable_releases && actor.role() >= Role::Admin;
        told.then_some(()).ok_or(Refusal::NotFound)
    }
}
