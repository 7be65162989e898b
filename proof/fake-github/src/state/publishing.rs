//! Publishes a release: creates the tag, lets one release win, makes it immutable, and determines the latest release.
//!
//! The rules are GitHub's: one published release per tag; the tag of an immutable release can never be reused; the tag
//! is created at the target unless it exists; an app may not create a tag on a commit that changes workflows, and
//! receives a 404.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::State;
use super::people::Actor;
use super::references::has_room;
use super::refusal::Refusal;
use super::releases::Release;
use crate::ids::CommitId;
use crate::repository::{Repository, RepositoryError};

/// The folder of GitHub Actions workflows.
const WORKFLOWS: &str = ".github/workflows";

/// Whether a release becomes the latest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MakeLatest {
    /// Becomes the latest.
    #[default]
    True,
    /// Does not become the latest, now or later.
    False,
    /// Decided by the date of the commit.
    Legacy,
}

impl State {
    /// Returns the latest release, which is neither a draft nor a pre-release.
    pub fn latest_release(&self) -> Result<&Release, Refusal> {
        let fit =
            |release: &&Release| !release.draft && !release.prerelease && !release.never_latest;
        let pinned = self
            .latest
            .and_then(|id| self.releases.get(&id))
            .filter(fit);
        let by_date = || {
            let all = self.releases.values().filter(fit);
            all.max_by_key(|release| (release.created_at, Reverse(release.id)))
        };
        pinned.or_else(by_date).ok_or(Refusal::NotFound)
    }

    /// Publishes `release`, or returns why that is refused. Changes only the release and the tag.
    pub(super) fn publish(
        &self,
        actor: &Actor,
        now: i64,
        git: &dyn Repository,
        release: &mut Release,
    ) -> Result<(), Refusal> {
        self.check_tag_name(&release.tag_name)?;
        if self.release_by_tag(&release.tag_name).is_ok() {
            return Err(Refusal::exists("Release", "tag_name"));
        }
        let commit = self.tag_commit(actor, git, release)?;
        let made_at = git
            .commit(&commit)?
            .map_or(now, |commit| commit.committer.at);
        release.draft = false;
        release.immutable = self.settings.immutable_releases;
        release.created_at = made_at;
        release.published_at = Some(now);
        release.updated_at = now;
        Ok(())
    }

    /// Turns a published release into a draft again; the tag stays.
    pub(super) fn take_back(&self, release: &mut Release) -> Result<(), Refusal> {
        if release.immutable {
            let message = "draft cannot be changed when release is immutable";
            return Err(Refusal::custom("Release", "draft", message));
        }
        release.draft = true;
        release.published_at = None;
        Ok(())
    }

    /// Applies `make_latest` to a published release.
    pub(super) fn rank(&mut self, release: &mut Release, make_latest: MakeLatest) {
        release.never_latest = make_latest == MakeLatest::False;
        match make_latest {
            MakeLatest::True if release.prerelease => {}
            MakeLatest::True => self.latest = Some(release.id),
            MakeLatest::False if self.latest == Some(release.id) => self.latest = None,
            MakeLatest::False => {}
            MakeLatest::Legacy => self.latest = None,
        }
    }

    /// Refuses names that are invalid or retired.
    pub(super) fn check_tag_name(&self, tag: &str) -> Result<(), Refusal> {
        if tag.is_empty() {
            return Err(Refusal::missing("Release", "tag_name"));
        }
        if !is_ref_name(&format!("refs/tags/{tag}")) {
            return Err(Refusal::custom(
                "Release",
                "tag_name",
                "tag_name is not a valid tag",
            ));
        }
        if self.burnt_tags.contains(tag) {
            let message = "tag_name was used by an immutable release";
            return Err(Refusal::custom("Release", "tag_name", message));
        }
        Ok(())
    }

    /// Checks whether an app may not put a ref on `commit`, because the commit changes workflows.
    pub(super) fn needs_workflow_right(
        &self,
        actor: &Actor,
        git: &dyn Repository,
        commit: &CommitId,
    ) -> Result<bool, RepositoryError> {
        if !actor.is_bot() {
            return Ok(false);
        }
        let Some(tip) = git.resolve(&self.default_ref())? else {
            return Ok(false);
        };
        let base = git.merge_base(&tip, commit)?.unwrap_or_else(|| tip.clone());
        Ok(base != *commit
            && git.touches(&base, commit, WORKFLOWS)?
            && git.touches(&tip, commit, WORKFLOWS)?)
    }

    /// Returns the commit of the release's tag, and creates a missing tag.
    fn tag_commit(
        &self,
        actor: &Actor,
        git: &dyn Repository,
        release: &Release,
    ) -> Result<CommitId, Refusal> {
        let name = format!("refs/tags/{}", release.tag_name);
        if let Some(commit) = git.resolve(&name)? {
            return Ok(commit);
        }
        let target = self.target(git, &release.target_commitish)?;
        if self.needs_workflow_right(actor, git, &target)? {
            return Err(Refusal::NotFound);
        }
        if !has_room(git, &name)? {
            let message = "Published releases must have a valid tag";
            return Err(Refusal::custom("Release", "tag_name", message));
        }
        git.set_reference(&name, &target)?;
        Ok(target)
    }

    /// Returns the commit of a branch name or a commit id. A tag is not a valid target.
    fn target(&self, git: &dyn Repository, commitish: &str) -> Result<CommitId, Refusal> {
        let branch = commitish.strip_prefix("refs/heads/").unwrap_or(commitish);
        if let Some(commit) = git.resolve(&format!("refs/heads/{branch}"))? {
            return Ok(commit);
        }
        let known = match CommitId::parse(commitish) {
            Some(id) => git.commit(&id)?.map(|commit| commit.id),
            None => None,
        };
        known.ok_or_else(|| Refusal::invalid("Release", "target_commitish"))
    }
}

/// Returns whether `name` is a valid full name of a ref for git (`git check-ref-format`).
pub(super) fn is_ref_name(name: &str) -> bool {
    let bad = |c: char| c.is_ascii_control() || " ~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    name.starts_with("refs/")
        && name.split('/').count() >= 3
        && name.split('/').all(part)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.contains(bad)
}
