//! Releases, their files, and tags.

use std::io::{self, Read};

use lockgate_core::{Digest, ReleaseId, Tag};

use super::{Broken, Check, Outcome, Who, World, holds, present, read, refused, same, word};
use crate::ErrorKind::{Ambiguous, Conflict, Denied, NotFound, Source};
use crate::{Forge, NewRelease, Release};

pub(super) const CHECKS: &[Check] = &[
    ("a draft comes back as it was made", draft),
    ("a draft is not seen by its tag", draft_by_tag),
    ("anonymous readers see no draft", anonymous_draft),
    ("a draft makes no tag, publishing makes it at the target", tag),
    ("a tag that is there already stays where it is", kept_tag),
    ("of many drafts of a tag one is published", one_winner),
    ("a developer can publish", developer),
    ("nobody without a token changes a release", rights),
    ("publishing leaves the latest release alone", latest),
    ("a file comes back as it was sent, with its digest", file),
    ("everybody reads the files of a release", public_file),
    ("an asset name that is taken is a conflict", taken_name),
    ("a source that fails leaves no complete file", failing_source),
    ("title and notes can be changed, before and after publishing", notes),
    ("a frozen release keeps its files and its tag, and its notes can be changed", frozen),
    ("a deleted release is gone, its tag stays until it is deleted", deleted),
    ("a hundred and twenty releases all come back", many),
];

fn tool() -> Result<Tag, Broken> {
    word("tool-v2")
}

/// A draft of `tool-v2`, targeting a pull request's head.
fn make(world: &dyn World, forge: &dyn Forge) -> Result<Release, Broken> {
    let (tag, target) = (tool()?, world.open_pull("bump").head);
    Ok(forge.create_draft(&NewRelease { tag: &tag, target: &target, title: "tool 2", notes: "The notes.\n" })?)
}

fn draft(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    let found = forge.release(made.id)?;
    same("the tag", found.tag.as_str(), "tool-v2")?;
    same("the title", found.title.as_str(), "tool 2")?;
    same("the notes", found.notes.trim_end(), "The notes.")?;
    same("that it is a draft, and not frozen", (found.draft, found.immutable), (true, false))?;
    same("the files", found.assets, vec![])?;
    holds("that it is listed", forge.releases()?.iter().any(|release| release.id == made.id))?;
    refused("a release that is not there", forge.release(ReleaseId(987_654)), &[NotFound])
}

fn draft_by_tag(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    same("the release of the tag", forge.release_of_tag(&tool()?)?, None)?;
    forge.publish(made.id)?;
    same("the release of the tag", forge.release_of_tag(&tool()?)?.map(|release| release.id), Some(made.id))
}

fn anonymous_draft(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    let asset = forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    let anonymous = world.forge_as(Who::Anonymous);
    refused("the draft", anonymous.release(made.id), &[NotFound])?;
    refused("its file", anonymous.open_asset(asset.id), &[NotFound])?;
    same("the listing", anonymous.releases()?, vec![])?;
    same("the release of the tag", anonymous.release_of_tag(&tool()?)?, None)
}

fn tag(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let target = world.open_pull("other").head;
    let made = forge.create_draft(&NewRelease { tag: &tool()?, target: &target, title: "t", notes: "n" })?;
    same("the tag of a draft", world.tag(&tool()?), None)?;
    let published = forge.publish(made.id)?;
    same("the release", (published.id, published.draft, published.tag.as_str()), (made.id, false, "tool-v2"))?;
    same("the tag", world.tag(&tool()?), Some(target))
}

fn kept_tag(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    world.publish_other(&tool()?);
    let before = present("the tag", world.tag(&tool()?))?;
    let other = present("the release", forge.release_of_tag(&tool()?)?)?;
    forge.delete_release(other.id)?;
    let made = make(world, &*forge)?;
    forge.publish(made.id)?;
    same("the tag", world.tag(&tool()?), Some(before))
}

fn one_winner(world: &dyn World) -> Outcome {
    let (one, two) = (world.forge_as(Who::Automation), world.forge_as(Who::Maintainer));
    let target = world.open_pull("bump").head;
    let order = NewRelease { tag: &tool()?, target: &target, title: "t", notes: "n" };
    let (first, second) = (one.create_draft(&order)?, two.create_draft(&order)?);
    holds("that there are two drafts", first.id != second.id)?;
    two.publish(second.id)?;
    refused("the second publication", one.publish(first.id), &[Conflict])?;
    same("the release of the tag", one.release_of_tag(&tool()?)?.map(|release| release.id), Some(second.id))?;
    holds("that the loser is still a draft", one.release(first.id)?.draft)
}

fn developer(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Developer);
    let made = make(world, &*forge)?;
    forge.publish(made.id)?;
    same("the tag", world.tag(&tool()?).is_some(), true)
}

fn rights(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    let nobody = world.forge_as(Who::Anonymous);
    let target = world.open_pull("other").head;
    let order = NewRelease { tag: &tool()?, target: &target, title: "t", notes: "n" };
    let kinds = &[Denied, NotFound];
    refused("a draft by nobody", nobody.create_draft(&order), kinds)?;
    refused("a publication by nobody", nobody.publish(made.id), kinds)?;
    refused("a file by nobody", nobody.upload(&made, "tool-amd64", 4, &mut &b"data"[..]), kinds)?;
    refused("other notes by nobody", nobody.describe_release(made.id, "t", "n"), kinds)?;
    refused("a deletion by nobody", nobody.delete_release(made.id), kinds)?;
    same("the draft", forge.release(made.id)?, made)
}

fn latest(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    world.publish_other(&word("v1.0.0")?);
    let made = make(world, &*forge)?;
    forge.publish(made.id)?;
    same("the latest release", world.latest().as_deref(), Some("v1.0.0"))?;
    forge.describe_release(made.id, "t", "n")?;
    same("the latest release", world.latest().as_deref(), Some("v1.0.0"))
}

fn file(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    let bytes: Vec<u8> = (0..700_000_u32).flat_map(u32::to_be_bytes).collect();
    let size = bytes.len() as u64;
    let sent = forge.upload(&made, "tool-amd64.bin", size, &mut &bytes[..])?;
    let found = present("the file", forge.release(made.id)?.assets.pop())?;
    same("the file", (&found.id, found.name.as_str(), found.size, found.complete), (&sent.id, "tool-amd64.bin", size, true))?;
    same("the digest", found.sha256.unwrap_or_else(|| Digest::of(&bytes)), Digest::of(&bytes))?;
    let body = forge.open_asset(found.id)?;
    same("the announced size", body.size.unwrap_or(size), size)?;
    holds("that the bytes are the same", read(body)? == bytes)
}

fn public_file(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    forge.publish(made.id)?;
    let anonymous = world.forge_as(Who::Anonymous);
    let mut release = present("the release", anonymous.release_of_tag(&tool()?)?)?;
    let asset = present("the file", release.assets.pop())?;
    holds("that its address names tag and file", asset.download_url.ends_with("/tool-v2/tool-amd64"))?;
    same("the bytes", read(anonymous.open_asset(asset.id)?)?, b"data".to_vec())
}

fn taken_name(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    refused("a second file of the name", forge.upload(&made, "tool-amd64", 4, &mut &b"more"[..]), &[Conflict])?;
    let asset = present("the file", forge.release(made.id)?.assets.pop())?;
    same("the bytes", read(forge.open_asset(asset.id)?)?, b"data".to_vec())
}

/// A file whose digest turns out to be wrong when all of it was read.
struct Doubtful(io::Take<io::Repeat>);

impl Read for Doubtful {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the digest is wrong")),
            read => Ok(read),
        }
    }
}

fn failing_source(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    for (name, size) in [("small", 4), ("large", 3_000_000)] {
        let mut source = Doubtful(io::repeat(b'x').take(size));
        refused("a file of a source that fails", forge.upload(&made, name, size, &mut source), &[Source])?;
    }
    let complete: Vec<_> = forge.release(made.id)?.assets.into_iter().filter(|asset| asset.complete).collect();
    same("the complete files", complete, vec![])
}

fn notes(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    same("the title", forge.describe_release(made.id, "one", "1")?.title.as_str(), "one")?;
    let published = forge.publish(made.id)?;
    same("after publishing", (published.title.as_str(), published.notes.as_str()), ("one", "1"))?;
    forge.describe_release(made.id, "two", "2")?;
    let found = forge.release(made.id)?;
    same("at the end", (found.title.as_str(), found.notes.as_str(), found.draft), ("two", "2", false))
}

fn frozen(world: &dyn World) -> Outcome {
    world.freeze();
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    holds("that a draft is not frozen", !forge.release(made.id)?.immutable)?;
    forge.publish(made.id)?;
    holds("that the release is frozen", forge.release(made.id)?.immutable)?;
    let late = forge.upload(&made, "late", 4, &mut &b"data"[..]);
    // Some forges find out only when the bytes are there.
    refused("a late file", late, &[Conflict, Denied, Ambiguous])?;
    refused("the tag's deletion", forge.delete_tag(&tool()?), &[Conflict, Denied])?;
    same("the notes", forge.describe_release(made.id, "tool 2", "withdrawn")?.notes.as_str(), "withdrawn")?;
    same("the number of files", forge.release(made.id)?.assets.len(), 1)?;
    holds("that the tag is there", world.tag(&tool()?).is_some())
}

fn deleted(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Maintainer);
    let made = make(world, &*forge)?;
    forge.publish(made.id)?;
    forge.delete_release(made.id)?;
    refused("the release", forge.release(made.id), &[NotFound])?;
    same("the release of the tag", forge.release_of_tag(&tool()?)?, None)?;
    holds("that the tag is there", world.tag(&tool()?).is_some())?;
    forge.delete_tag(&tool()?)?;
    same("the tag", world.tag(&tool()?), None)?;
    refused("a second deletion", forge.delete_release(made.id), &[NotFound])?;
    refused("a second deletion of the tag", forge.delete_tag(&tool()?), &[NotFound, Conflict])
}

fn many(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let target = world.open_pull("bump").head;
    let mut expected = Vec::new();
    for number in 0..120 {
        let tag: Tag = word(&format!("tool-v{number}"))?;
        let made = forge.create_draft(&NewRelease { tag: &tag, target: &target, title: "t", notes: "n" })?;
        expected.push(made.id);
    }
    let mut found: Vec<_> = forge.releases()?.into_iter().map(|release| release.id).collect();
    found.sort();
    expected.sort();
    same("the releases", found, expected)
}
