//! The last check before the commit point: turns what was read again into the binding that it would make now.

use super::plan::{Binding, BoundArtifact, Rechecked};
use super::{ArtifactFacts, PullFacts, RunFacts, WorkflowFacts};
use crate::ids::{Fingerprint, RepositoryId};

/// Everything that a binding depends on, read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recheck {
    /// The id of the repository.
    pub repository_id: RepositoryId,
    /// The pull request.
    pub pull: PullFacts,
    /// The run.
    pub run: RunFacts,
    /// All artifacts of the run.
    pub artifacts: Vec<ArtifactFacts>,
    /// The build workflow in head and base.
    pub workflow: WorkflowFacts,
    /// The fingerprint of the merge of the head into the base; `None` if there is a conflict.
    pub merged: Option<Fingerprint>,
    /// Whether the release's tag exists already.
    pub tagged: bool,
    /// A tag below the name of the release's tag, if there is one.
    pub blocked: Option<String>,
}

impl Binding {
    /// Returns the binding as it would be made now, for [`Binding::difference`]. An artifact that expired counts as gone.
    pub fn recheck(&self, now: Recheck) -> Rechecked {
        if now.tagged {
            return Rechecked::Tagged;
        }
        if let Some(below) = now.blocked {
            return Rechecked::Blocked(below);
        }
        let Some(merged) = now.merged else {
            return Rechecked::Gone("merge with the base branch");
        };
        let in_base = now.workflow.in_base;
        let blob = now
            .workflow
            .in_head
            .filter(|blob| Some(blob) == in_base.as_ref());
        let Some(workflow_blob) = blob else {
            return Rechecked::Gone("file of the workflow");
        };
        let bound = |name: &str| self.artifacts.iter().any(|bound| bound.name == name);
        let listed = now.artifacts.into_iter();
        let mut artifacts: Vec<_> = listed
            .filter(|artifact| bound(&artifact.name) && !artifact.expired)
            .map(|artifact| BoundArtifact {
                name: artifact.name,
                id: artifact.id,
                sha256: artifact.sha256,
            })
            .collect();
        artifacts.sort();
        Rechecked::Read(Box::new(Self {
            repository_id: now.repository_id,
            pull: now.pull.number,
            state: now.pull.state,
            head: now.pull.head,
            base: now.pull.base,
            run: now.run.id,
            attempt: now.run.attempt,
            workflow_id: now.run.workflow_id,
            workflow_path: now.run.workflow_path,
            workflow_blob,
            artifacts,
            merged,
        }))
    }
}
