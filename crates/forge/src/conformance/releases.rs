//! Checks for releases and tags.

use lockgate_core::{ReleaseId, Tag};

use super::{Broken, Check, Outcome, Who, World, holds, present, refused, same, word};
use crate::ErrorKind::{Conflict, Denied, NotFound};
use crate::{Forge, NewRelease, Release};

pub(super) const CHECKS: &[Check] = &[
    ("a draft comes back as it was made", draft),
    ("a draft is not seen by its tag", draft_by_tag),
    ("anonymous readers see no draft", anonymous_draft),
    (
        "a draft makes no tag, publishing makes it at the target",
        tag,
    ),
    ("a tag that is there already stays where it is", kept_tag),
    ("of many drafts of a tag one is published", one_winner),
    ("a developer can publish", developer),
    ("nobody without a token changes a release", rights),
    ("publishing leaves the latest release alone", latest),
    (
        "title and notes can be changed, before and after publishing",
        notes,
    ),
    (
        "a deleted release is gone, its tag stays until it is deleted",
        deleted,
    ),
    ("a hundred and twenty releases all come back", many),
];

pub(super) fn tool() -> Result<Tag, Broken> {
    word("tool-v2")
}

/// Creates a draft of `tool-v2`, targeting a pull request's head.
pub(super) fn make(world: &dyn World, forge: &dyn Forge) -> Result<Release, Broken> {
    let (tag, target) = (tool()?, world.open_pull("bump").head);
    Ok(forge.create_draft(&NewRelease {
        tag: &tag,
        target: &target,
        title: "tool 2",
        notes: "The notes.\n",
        prerelease: false,
    })?)
}

fn draft(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    let found = forge.release(made.id)?;
    same("the tag", found.tag.as_str(), "tool-v2")?;
    same("the title", found.title.as_str(), "tool 2")?;
    same("the notes", found.notes.trim_end(), "The notes.")?;
    same(
        "that it is a draft, and not frozen",
        (found.draft, found.immutable),
        (true, false),
    )?;
    same("the files", found.assets, vec![])?;
    holds(
        "that it is listed",
        forge
            .releases()?
            .iter()
            .any(|release| release.id == made.id),
    )?;
    refused(
        "a release that is not there",
        forge.release(ReleaseId(987_654)),
        &[NotFound],
    )
}

fn draft_by_tag(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    same(
        "the release of the tag",
        forge.release_of_tag(&tool()?)?,
        None,
    )?;
    forge.publish(made.id)?;
    same(
        "the release of the tag",
        forge.release_of_tag(&tool()?)?.map(|release| release.id),
        Some(made.id),
    )
}

fn anonymous_draft(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    let asset = forge.upload(&made, "tool-amd64", 4, &mut &b"data"[..])?;
    let anonymous = world.forge_as(Who::Anonymous);
    refused("the draft", anonymous.release(made.id), &[NotFound])?;
    refused("its file", anonymous.open_asset(asset.id), &[NotFound])?;
    same("the listing", anonymous.releases()?, vec![])?;
    same(
        "the release of the tag",
        anonymous.release_of_tag(&tool()?)?,
        None,
    )
}

fn tag(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let target = world.open_pull("other").head;
    let made = forge.create_draft(&NewRelease {
        tag: &tool()?,
        target: &target,
        title: "t",
        notes: "n",
        prerelease: false,
    })?;
    same("the tag of a draft", world.tag(&tool()?), None)?;
    let published = forge.publish(made.id)?;
    same(
        "the release",
        (published.id, published.draft, published.tag.as_str()),
        (made.id, false, "tool-v2"),
    )?;
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
    let (one, two) = (
        world.forge_as(Who::Automation),
        world.forge_as(Who::Maintainer),
    );
    let target = world.open_pull("bump").head;
    let order = NewRelease {
        tag: &tool()?,
        target: &target,
        title: "t",
        notes: "n",
        prerelease: false,
    };
    let (first, second) = (one.create_draft(&order)?, two.create_draft(&order)?);
    holds("that there are two drafts", first.id != second.id)?;
    two.publish(second.id)?;
    refused("the second publication", one.publish(first.id), &[Conflict])?;
    same(
        "the release of the tag",
        one.release_of_tag(&tool()?)?.map(|release| release.id),
        Some(second.id),
    )?;
    holds(
        "that the loser is still a draft",
        one.release(first.id)?.draft,
    )
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
    let order = NewRelease {
        tag: &tool()?,
        target: &target,
        title: "t",
        notes: "n",
        prerelease: false,
    };
    let kinds = &[Denied, NotFound];
    refused("a draft by nobody", nobody.create_draft(&order), kinds)?;
    refused("a publication by nobody", nobody.publish(made.id), kinds)?;
    refused(
        "a file by nobody",
        nobody.upload(&made, "tool-amd64", 4, &mut &b"data"[..]),
        kinds,
    )?;
    refused(
        "other notes by nobody",
        nobody.describe_release(made.id, "t", "n"),
        kinds,
    )?;
    refused(
        "a deletion by nobody",
        nobody.delete_release(made.id),
        kinds,
    )?;
    same("the draft", forge.release(made.id)?, made)
}

fn latest(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    world.publish_other(&word("v1.0.0")?);
    let made = make(world, &*forge)?;
    forge.publish(made.id)?;
    same(
        "the latest release",
        world.latest().as_deref(),
        Some("v1.0.0"),
    )?;
    forge.describe_release(made.id, "t", "n")?;
    same(
        "the latest release",
        world.latest().as_deref(),
        Some("v1.0.0"),
    )
}

fn notes(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let made = make(world, &*forge)?;
    same(
        "the title",
        forge.describe_release(made.id, "one", "1")?.title.as_str(),
        "one",
    )?;
    let published = forge.publish(made.id)?;
    same(
        "after publishing",
        (published.title.as_str(), published.notes.as_str()),
        ("one", "1"),
    )?;
    forge.describe_release(made.id, "two", "2")?;
    let found = forge.release(made.id)?;
    same(
        "at the end",
        (found.title.as_str(), found.notes.as_str(), found.draft),
        ("two", "2", false),
    )
}

fn deleted(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Maintainer);
    let made = make(world, &*forge)?;
    forge.publish(made.id)?;
    forge.delete_release(made.id)?;
    refused("the release", forge.release(made.id), &[NotFound])?;
    same(
        "the release of the tag",
        forge.release_of_tag(&tool()?)?,
        None,
    )?;
    holds("that the tag is there", world.tag(&tool()?).is_some())?;
    forge.delete_tag(&tool()?)?;
    same("the tag", world.tag(&tool()?), None)?;
    refused(
        "a second deletion",
        forge.delete_release(made.id),
        &[NotFound],
    )?;
    refused(
        "a second deletion of the tag",
        forge.delete_tag(&tool()?),
        &[NotFound, Conflict],
    )
}

fn many(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let target = world.open_pull("bump").head;
    let mut expected = Vec::new();
    for number in 0..120 {
        let tag: Tag = word(&format!("tool-v{number}"))?;
        let made = forge.create_draft(&NewRelease {
            tag: &tag,
            target: &target,
            title: "t",
            notes: "n",
            prerelease: false,
        })?;
        expected.push(made.id);
    }
    let mut found: Vec<_> = forge
        .releases()?
        .into_iter()
        .map(|release| release.id)
        .collect();
    found.sort();
    expected.sort();
    same("the releases", found, expected)
}
