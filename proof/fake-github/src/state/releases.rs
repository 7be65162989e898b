//! Releases: visibility, drafting, editing, deleting. Publishing is in `publishing`.
//!
//! A draft is visible only with write access, and never found by its tag. Many drafts may share a tag name.

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::publishing::MakeLatest;
use super::refusal::Refusal;
use crate::ids::{AssetId, CommitId, ReleaseId};
use crate::repository::Repository;

/// The most characters that release notes may have.
const NOTES_LIMIT: usize = 125_000;

/// A release, draft or published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The id.
    pub id: ReleaseId,
    /// The name of the tag, which is created on publishing.
    pub tag_name: String,
    /// The target of a tag that does not exist yet: a branch or a commit.
    pub target_commitish: String,
    /// The title.
    pub name: Option<String>,
    /// The notes.
    pub body: Option<String>,
    /// Whether it is still a draft.
    pub draft: bool,
    /// Whether it is marked as a pre-release.
    pub prerelease: bool,
    /// Whether tag and assets are permanently frozen.
    pub immutable: bool,
    /// Whether it is excluded when the latest release is chosen.
    pub never_latest: bool,
    /// The login of the account that drafted it.
    pub author: String,
    /// The time of drafting; once published, the time of its commit.
    pub created_at: i64,
    /// The time of the last change.
    pub updated_at: i64,
    /// The time of publishing.
    pub published_at: Option<i64>,
    /// The assets, oldest first.
    pub assets: Vec<AssetId>,
}

impl Release {
    /// Returns the text in place of the tag in web addresses, until there is a tag.
    #[must_use]
    pub fn address_tag(&self) -> String {
        if !self.draft {
            return self.tag_name.clone();
        }
        let made_up = CommitId::made_from(format!("untagged {}", self.id).as_bytes());
        format!("untagged-{}", &made_up.as_str()[..20])
    }
}

/// The parameters of a new release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRelease {
    /// The name of the tag.
    pub tag_name: String,
    /// A branch or a commit; empty for the default branch.
    pub target_commitish: String,
    /// The title.
    pub name: Option<String>,
    /// The notes.
    pub body: Option<String>,
    /// Whether to keep it a draft.
    pub draft: bool,
    /// Whether to mark it as a pre-release.
    pub prerelease: bool,
    /// Whether it becomes the latest, if it is published now.
    pub make_latest: MakeLatest,
}

/// The changes to a release: `None` keeps a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseEdit {
    /// The new tag name.
    pub tag_name: Option<String>,
    /// The new target.
    pub target_commitish: Option<String>,
    /// The new title.
    pub name: Option<String>,
    /// The new notes.
    pub body: Option<String>,
    /// `Some(false)` publishes; `Some(true)` turns a mutable release back into a draft.
    pub draft: Option<bool>,
    /// The new pre-release mark.
    pub prerelease: Option<bool>,
    /// Whether it becomes the latest.
    pub make_latest: Option<MakeLatest>,
}

impl State {
    /// Returns the releases that `actor` can see, newest first.
    #[must_use]
    pub fn releases(&self, actor: &Actor) -> Vec<&Release> {
        let seen = self.releases.values().rev();
        seen.filter(|release| !release.draft || actor.may_write())
            .collect()
    }

    /// Returns one release. A draft is not found without write access.
    pub fn release(&self, actor: &Actor, id: ReleaseId) -> Result<&Release, Refusal> {
        let release = self.releases.get(&id).ok_or(Refusal::NotFound)?;
        let seen = !release.draft || actor.may_write();
        seen.then_some(release).ok_or(Refusal::NotFound)
    }

    /// Returns the published release with this tag, never a draft.
    pub fn release_by_tag(&self, tag: &str) -> Result<&Release, Refusal> {
        let mut published = self.releases.values().filter(|release| !release.draft);
        published
            .find(|release| release.tag_name == tag)
            .ok_or(Refusal::NotFound)
    }

    /// Creates a release and, unless it stays a draft, publishes it.
    pub fn create_release(
        &mut self,
        actor: &Actor,
        now: i64,
        git: &dyn Repository,
        order: NewRelease,
    ) -> Result<ReleaseId, Refusal> {
        let author = actor.with(Role::Write)?.to_owned();
        self.check_tag_name(&order.tag_name)?;
        check_notes(order.body.as_deref())?;
        let target = match order.target_commitish.as_str() {
            "" => self.repository.default_branch.clone(),
            other => other.to_owned(),
        };
        let mut release = Release {
            id: ReleaseId(self.allocate()),
            tag_name: order.tag_name,
            target_commitish: target,
            name: order.name,
            body: order.body,
            draft: true,
            prerelease: order.prerelease,
            immutable: false,
            never_latest: false,
            author,
            created_at: now,
            updated_at: now,
            published_at: None,
            assets: Vec::new(),
        };
        if !order.draft {
            self.publish(actor, now, git, &mut release)?;
            self.rank(&mut release, order.make_latest);
        }
        let id = release.id;
        self.releases.insert(id, release);
        Ok(id)
    }

    /// Changes a release; with `draft: Some(false)`, publishes it.
    pub fn edit_release(
        &mut self,
        actor: &Actor,
        now: i64,
        git: &dyn Repository,
        id: ReleaseId,
        edit: ReleaseEdit,
    ) -> Result<&Release, Refusal> {
        actor.with(Role::Write)?;
        check_notes(edit.body.as_deref())?;
        let mut release = self.release(actor, id)?.clone();
        let was_draft = release.draft;
        self.apply_names(&mut release, &edit)?;
        release.name = edit.name.or(release.name);
        release.body = edit.body.or(release.body);
        release.prerelease = edit.prerelease.unwrap_or(release.prerelease);
        release.updated_at = now;
        match (was_draft, edit.draft) {
            (true, Some(false)) => {
                self.publish(actor, now, git, &mut release)?;
                self.rank(&mut release, edit.make_latest.unwrap_or_default());
            }
            (false, Some(true)) => self.take_back(&mut release)?,
            (true, Some(true) | None) => {}
            (false, Some(false) | None) => {
                if let Some(make_latest) = edit.make_latest {
                    self.rank(&mut release, make_latest);
                }
            }
        }
        self.releases.insert(id, release);
        self.releases.get(&id).ok_or(Refusal::NotFound)
    }

    /// Deletes a release and its assets. The tag stays; that of an immutable release can never be reused.
    pub fn delete_release(&mut self, actor: &Actor, id: ReleaseId) -> Result<(), Refusal> {
        actor.with(Role::Write)?;
        let release = self.release(actor, id)?.clone();
        if release.immutable {
            self.burnt_tags.insert(release.tag_name);
        }
        for asset in release.assets {
            self.assets.remove(&asset);
        }
        if self.latest == Some(id) {
            self.latest = None;
        }
        self.releases.remove(&id);
        Ok(())
    }

    /// Changes tag and target, which is refused for an immutable release.
    fn apply_names(&self, release: &mut Release, edit: &ReleaseEdit) -> Result<(), Refusal> {
        let given = |new: &Option<String>, old: &str| new.clone().filter(|new| new != old);
        if let Some(tag) = given(&edit.tag_name, &release.tag_name) {
            self.check_tag_name(&tag)?;
            frozen(release, "tag_name")?;
            if !release.draft && self.release_by_tag(&tag).is_ok() {
                return Err(Refusal::exists("Release", "tag_name"));
            }
            release.tag_name = tag;
        }
        if let Some(target) = given(&edit.target_commitish, &release.target_commitish) {
            frozen(release, "target_commitish")?;
            release.target_commitish = target;
        }
        Ok(())
    }
}

fn frozen(release: &Release, field: &'static str) -> Result<(), Refusal> {
    if !release.immutable {
        return Ok(());
    }
    let message = format!("{field} cannot be changed when release is immutable");
    Err(Refusal::custom("Release", field, message))
}

fn check_notes(body: Option<&str>) -> Result<(), Refusal> {
    let length = body.map_or(0, |text| text.chars().count());
    if length <= NOTES_LIMIT {
        return Ok(());
    }
    let message = format!("body is too long (maximum is {NOTES_LIMIT} characters)");
    Err(Refusal::custom("Release", "body", message))
}
