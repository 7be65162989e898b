//! Refs through the API: read, create once, move forward, delete.
//!
//! Creating a ref that exists, or whose name is a folder of another, is refused, which makes it a compare-and-swap. The
//! tag of an immutable release can be neither moved nor deleted.

use super::State;
use super::people::{Actor, Role};
use super::publishing::is_ref_name;
use super::refusal::Refusal;
use crate::ids::CommitId;
use crate::repository::{Reference, Repository, RepositoryError};

impl State {
    /// Creates a ref, which must not exist yet.
    pub fn create_reference(
        &mut self,
        actor: &Actor,
        git: &dyn Repository,
        name: &str,
        to: &str,
    ) -> Result<Reference, Refusal> {
        actor.with(Role::Write)?;
        if !is_ref_name(name) {
            let message = "Reference name must start with 'refs/' and be a valid ref name";
            return Err(Refusal::Unprocessable(message.into()));
        }
        let commit = existing(git, to)?;
        if git.reference(name)?.is_some() {
            return Err(Refusal::Unprocessable("Reference already exists".into()));
        }
        if !has_room(git, name)? {
            return Err(Refusal::Unprocessable("Reference update failed".into()));
        }
        if name
            .strip_prefix("refs/tags/")
            .is_some_and(|tag| self.burnt_tags.contains(tag))
        {
            return Err(rule_violation(
                "Cannot create ref due to creations being restricted.",
            ));
        }
        self.point(actor, git, name, &commit)
    }

    /// Moves a ref: forward, or anywhere with `force`.
    pub fn move_reference(
        &mut self,
        actor: &Actor,
        git: &dyn Repository,
        name: &str,
        to: &str,
        force: bool,
    ) -> Result<Reference, Refusal> {
        actor.with(Role::Write)?;
        let commit = existing(git, to)?;
        let missing = || Refusal::Unprocessable("Reference does not exist".into());
        let old = git.resolve(name)?.ok_or_else(missing)?;
        self.check_thawed(name)?;
        if !force && !git.is_ancestor(&old, &commit)? {
            return Err(Refusal::Unprocessable(
                "Update is not a fast forward".into(),
            ));
        }
        self.point(actor, git, name, &commit)
    }

    /// Deletes a ref.
    pub fn delete_reference(
        &mut self,
        actor: &Actor,
        git: &dyn Repository,
        name: &str,
    ) -> Result<(), Refusal> {
        actor.with(Role::Write)?;
        if git.reference(name)?.is_none() {
            return Err(Refusal::Unprocessable("Reference does not exist".into()));
        }
        if name == self.default_ref() {
            return Err(Refusal::Unprocessable(
                "Cannot delete the default branch".into(),
            ));
        }
        self.check_thawed(name)?;
        Ok(git.delete_reference(name)?)
    }

    fn point(
        &self,
        actor: &Actor,
        git: &dyn Repository,
        name: &str,
        commit: &CommitId,
    ) -> Result<Reference, Refusal> {
        if self.needs_workflow_right(actor, git, commit)? {
            return Err(Refusal::NotFound);
        }
        git.set_reference(name, commit)?;
        git.reference(name)?.ok_or(Refusal::NotFound)
    }

    fn check_thawed(&self, name: &str) -> Result<(), Refusal> {
        let tag = name.strip_prefix("refs/tags/").unwrap_or_default();
        match self.release_by_tag(tag) {
            Ok(release) if release.immutable => Err(rule_violation(
                "Cannot change a tag that belongs to an immutable release.",
            )),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// Returns whether git can store a ref with this name: a ref is a file, so no other ref may be its folder, or be in it.
pub(super) fn has_room(git: &dyn Repository, name: &str) -> Result<bool, RepositoryError> {
    if !git.references(&format!("{name}/"))?.is_empty() {
        return Ok(false);
    }
    let mut rest = name;
    while let Some((folder, _)) = rest.rsplit_once('/') {
        if git.reference(folder)?.is_some() {
            return Ok(false);
        }
        rest = folder;
    }
    Ok(true)
}

fn existing(git: &dyn Repository, id: &str) -> Result<CommitId, Refusal> {
    let missing = || Refusal::Unprocessable("Object does not exist".into());
    let id = CommitId::parse(id).ok_or_else(missing)?;
    git.commit(&id)?.map(|commit| commit.id).ok_or_else(missing)
}

fn rule_violation(message: &str) -> Refusal {
    Refusal::Unprocessable(format!("Repository rule violations found\n\n{message}\n\n"))
}
