//! The port to the settings of a repository's administrator. It is separate and read-only: only `doctor` and `promote`
//! use it.

use lockgate_core::BranchName;
use lockgate_core::settings::{BranchRules, Environment, Reading, TagRules, WorkflowRights};

use crate::ForgeError;

/// The settings of a repository. What GitHub does not reveal is a [`Reading`], not an error.
pub trait Settings {
    /// Returns an environment that jobs can name.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn environment(&self, name: &str) -> Result<Reading<Environment>, ForgeError>;
    /// Returns the rules that restrict merges into a branch, in two requests.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn branch_rules(&self, branch: &BranchName) -> Result<Reading<BranchRules>, ForgeError>;
    /// Returns the active rulesets for tags: one request, and one for each ruleset.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn tag_rules(&self) -> Result<Reading<Vec<TagRules>>, ForgeError>;
    /// Returns whether releases become immutable when they are published.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn immutable_releases(&self) -> Result<Reading<bool>, ForgeError>;
    /// Returns the default permissions of the workflow token, used by workflows that declare none.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn workflow_rights(&self) -> Result<Reading<WorkflowRights>, ForgeError>;
}
