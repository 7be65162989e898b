//! The port to what an administrator has set. A port of its own: only `doctor` and `promote` ask, and nothing is written.

use lockgate_core::BranchName;
use lockgate_core::settings::{BranchRules, Environment, Reading, TagRules, WorkflowRights};

use crate::ForgeError;

/// What is set around a repository. What the forge does not tell is a [`Reading`], not an error.
pub trait Settings {
    /// An environment that jobs can name.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn environment(&self, name: &str) -> Result<Reading<Environment>, ForgeError>;
    /// What holds merges into a branch back: two calls.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn branch_rules(&self, branch: &BranchName) -> Result<Reading<BranchRules>, ForgeError>;
    /// The rulesets about tags that are enforced: one call, and one for each.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn tag_rules(&self) -> Result<Reading<Vec<TagRules>>, ForgeError>;
    /// Whether releases freeze when they are published.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn immutable_releases(&self) -> Result<Reading<bool>, ForgeError>;
    /// What the token of a workflow may do that names no rights.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn workflow_rights(&self) -> Result<Reading<WorkflowRights>, ForgeError>;
}
