//! Release assets: an upload begins, creates a `starter`, and completes or not.
//!
//! This module knows digests and sizes, not bytes.

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::refusal::Refusal;
use super::releases::Release;
use crate::blobs::Blob;
use crate::ids::{AssetId, ReleaseId};

/// The most assets that a release may have.
const ASSETS_LIMIT: usize = 1000;

/// An asset has to be smaller than this.
const SIZE_LIMIT: u64 = 2 << 30;

/// An asset of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// The id.
    pub id: AssetId,
    /// The release it belongs to.
    pub release: ReleaseId,
    /// The name, as GitHub rewrites it.
    pub name: String,
    /// The display name.
    pub label: Option<String>,
    /// The media type that the uploader gave.
    pub content_type: String,
    /// The bytes, once all of them have arrived. `None` is the state `starter`.
    pub blob: Option<Blob>,
    /// Whether the API omits the digest.
    pub hides_digest: bool,
    /// The login of the uploader.
    pub uploader: String,
    /// The number of downloads.
    pub downloads: u64,
    /// The time at which the upload began.
    pub created_at: i64,
    /// The time of the last change.
    pub updated_at: i64,
}

/// The parameters of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAsset {
    /// The name, before it is rewritten.
    pub name: String,
    /// The display name.
    pub label: Option<String>,
    /// The media type.
    pub content_type: String,
}

impl State {
    /// Returns the assets of a release that the actor can see.
    pub fn assets(&self, actor: &Actor, release: ReleaseId) -> Result<Vec<&Asset>, Refusal> {
        let release = self.release(actor, release)?;
        Ok(release
            .assets
            .iter()
            .filter_map(|id| self.assets.get(id))
            .collect())
    }

    /// Returns one asset of a release that the actor can see.
    pub fn asset(&self, actor: &Actor, id: AssetId) -> Result<&Asset, Refusal> {
        let asset = self.assets.get(&id).ok_or(Refusal::NotFound)?;
        self.release(actor, asset.release)?;
        Ok(asset)
    }

    /// Returns one asset without an access check.
    pub(crate) fn asset_anyway(&self, id: AssetId) -> Option<&Asset> {
        self.assets.get(&id)
    }

    /// Returns the text in place of the tag in an asset's addresses.
    pub(crate) fn address_tag_of(&self, asset: &Asset) -> String {
        self.releases
            .get(&asset.release)
            .map(Release::address_tag)
            .unwrap_or_default()
    }

    /// Returns a complete asset of a published release by tag and name, for anonymous downloads.
    pub fn public_asset(&self, tag: &str, name: &str) -> Result<&Asset, Refusal> {
        let release = self.release_by_tag(tag)?;
        let mut assets = release.assets.iter().filter_map(|id| self.assets.get(id));
        let found = assets.find(|asset| asset.name == name && asset.blob.is_some());
        found.ok_or(Refusal::NotFound)
    }

    /// Begins an upload. This takes the name, whether the bytes arrive or not.
    pub fn begin_upload(
        &mut self,
        actor: &Actor,
        now: i64,
        release: ReleaseId,
        order: NewAsset,
    ) -> Result<AssetId, Refusal> {
        let uploader = actor.with(Role::Write)?.to_owned();
        let (immutable, count) = {
            let release = self.release(actor, release)?;
            (release.immutable, release.assets.len())
        };
        if order.name.is_empty() {
            return Err(Refusal::missing("ReleaseAsset", "name"));
        }
        if immutable {
            let message = "Cannot upload assets to an immutable release.";
            return Err(Refusal::Unprocessable(message.into()));
        }
        if count >= ASSETS_LIMIT {
            let message = format!("cannot have more than {ASSETS_LIMIT} assets");
            return Err(Refusal::custom("ReleaseAsset", "release", message));
        }
        let name = rewritten(&order.name);
        if self
            .assets(actor, release)?
            .iter()
            .any(|asset| asset.name == name)
        {
            return Err(Refusal::exists("ReleaseAsset", "name"));
        }
        let id = AssetId(self.allocate());
        let asset = Asset {
            id,
            release,
            name,
            label: order.label,
            content_type: order.content_type,
            blob: None,
            hides_digest: false,
            uploader,
            downloads: 0,
            created_at: now,
            updated_at: now,
        };
        self.assets.insert(id, asset);
        self.touch(now, release, |release| release.assets.push(id));
        Ok(id)
    }

    /// Finishes an upload, unless the asset was deleted or the release published in the meantime.
    pub fn finish_upload(&mut self, now: i64, id: AssetId, blob: Blob) -> Result<&Asset, Refusal> {
        let frozen = self
            .assets
            .get(&id)
            .and_then(|asset| self.releases.get(&asset.release));
        if frozen.is_some_and(|release| release.immutable) {
            let message = "Cannot upload assets to an immutable release.";
            return Err(Refusal::Unprocessable(message.into()));
        }
        let asset = self.assets.get_mut(&id).ok_or(Refusal::NotFound)?;
        if blob.size == 0 || blob.size >= SIZE_LIMIT {
            return Err(Refusal::custom(
                "ReleaseAsset",
                "size",
                "size is not in range",
            ));
        }
        asset.blob = Some(blob);
        asset.updated_at = now;
        Ok(asset)
    }

    /// Begins and finishes an upload.
    pub fn upload_asset(
        &mut self,
        actor: &Actor,
        now: i64,
        release: ReleaseId,
        order: NewAsset,
        blob: Blob,
    ) -> Result<&Asset, Refusal> {
        let id = self.begin_upload(actor, now, release, order)?;
        self.finish_upload(now, id, blob)
    }

    /// Changes the name or the label of an asset.
    pub fn edit_asset(
        &mut self,
        actor: &Actor,
        now: i64,
        id: AssetId,
        name: Option<String>,
        label: Option<String>,
    ) -> Result<&Asset, Refusal> {
        actor.with(Role::Write)?;
        let release = self.thawed_release_of(actor, id)?;
        let name = name.map(|name| rewritten(&name));
        let taken = |asset: &&Asset| asset.id != id && Some(&asset.name) == name.as_ref();
        if self.assets(actor, release)?.iter().any(taken) {
            return Err(Refusal::exists("ReleaseAsset", "name"));
        }
        let asset = self.assets.get_mut(&id).ok_or(Refusal::NotFound)?;
        asset.name = name.unwrap_or_else(|| asset.name.clone());
        asset.label = label.or_else(|| asset.label.clone());
        asset.updated_at = now;
        Ok(asset)
    }

    /// Deletes an asset.
    pub fn delete_asset(&mut self, actor: &Actor, now: i64, id: AssetId) -> Result<(), Refusal> {
        actor.with(Role::Write)?;
        let release = self.thawed_release_of(actor, id)?;
        self.assets.remove(&id);
        self.touch(now, release, |release| {
            release.assets.retain(|other| *other != id)
        });
        Ok(())
    }

    /// Counts a download.
    pub fn count_download(&mut self, id: AssetId) {
        if let Some(asset) = self.assets.get_mut(&id) {
            asset.downloads += 1;
        }
    }

    /// Hides an asset's digest: older assets have none.
    pub fn hide_digest(&mut self, id: AssetId) -> Result<(), Refusal> {
        let asset = self.assets.get_mut(&id).ok_or(Refusal::NotFound)?;
        asset.hides_digest = true;
        Ok(())
    }

    /// Replaces an asset's bytes, immutable or not: an attack, not an operation of the API.
    pub fn tamper_asset(&mut self, id: AssetId, blob: Blob) -> Result<(), Refusal> {
        let asset = self.assets.get_mut(&id).ok_or(Refusal::NotFound)?;
        asset.blob = Some(blob);
        Ok(())
    }

    fn thawed_release_of(&self, actor: &Actor, id: AssetId) -> Result<ReleaseId, Refusal> {
        let release = self.asset(actor, id)?.release;
        if self.release(actor, release)?.immutable {
            let message = "Cannot change assets of an immutable release.";
            return Err(Refusal::Unprocessable(message.into()));
        }
        Ok(release)
    }

    fn touch(&mut self, now: i64, id: ReleaseId, change: impl FnOnce(&mut Release)) {
        if let Some(release) = self.releases.get_mut(&id) {
            release.updated_at = now;
            change(release);
        }
    }
}

/// Rewrites a name as GitHub does: what is not a letter, a digit, `.`, `_` or `-` becomes a dot, repeated dots become
/// one, and dots at the ends are removed (a hidden file gets a first name).
fn rewritten(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let mut out = String::new();
    for c in name.chars().map(|c| if plain(c) { c } else { '.' }) {
        if c != '.' || !out.ends_with('.') {
            out.push(c);
        }
    }
    let trimmed = out.trim_end_matches('.');
    match trimmed.strip_prefix('.') {
        Some(rest) => format!("default.{rest}"),
        None if trimmed.is_empty() => "default".to_owned(),
        None => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn odd_names_are_rewritten_as_github_does() {
        for (given, kept) in [
            ("tool-v2", "tool-v2"),
            ("a_b.C-1", "a_b.C-1"),
            ("The Brain.js", "The.Brain.js"),
            ("tobwen-1.1.0-1~buster.deb", "tobwen-1.1.0-1.buster.deb"),
            ("a (1)!.txt", "a.1.txt"),
            (".deb", "default.deb"),
            ("end..", "end"),
            ("...", "default"),
            ("żółw", "default.w"),
        ] {
            assert_eq!(rewritten(given), kept, "{given}");
        }
    }
}
