//! `lockgate cleanup`: lists or deletes the drafts that interrupted promotions left.

use lockgate_core::Tag;
use lockgate_core::cleanup::{self, Draft};
use lockgate_core::escape::quoted;
use lockgate_forge::Forge as _;
use serde_json::json;

use super::Context;
use crate::cli;
use crate::exit::Failure;
use crate::observe::remote::{Base, Remote};
use crate::observe::{self, Published as _};

/// Runs the command.
pub fn run(context: &Context, args: &cli::Cleanup) -> Result<(), Failure> {
    let remote = Remote::open(&context.env)?;
    let Base { branch, tree, .. } = remote.base(args.base.as_deref())?;
    let config = tree.config(&format!("the branch {branch}"))?;
    let packages = observe::packages(config, args.package.as_deref())?;
    let releases = remote.forge.releases()?;
    let drafts: Vec<Draft> = releases
        .into_iter()
        .filter(|release| release.draft)
        .map(|release| Draft {
            id: release.id,
            tag: release.tag,
            title: release.title,
            notes: release.notes,
            author: release
                .author
                .map_or_else(|| "nobody known".to_owned(), |it| it.to_string()),
            files: release.assets.into_iter().map(|asset| asset.name).collect(),
        })
        .collect();
    let refs = remote.refs()?;
    let published = |tag: &Tag| refs.contains_key(&format!("refs/tags/{tag}"));
    let fates = cleanup::decide(&packages, &drafts, published, args.open);
    let going = fates.iter().filter(|(_, _, fate)| fate.goes()).count();
    let apply = args.apply && (going == 0 || agreed(context, args, &fates, going));
    let mut rows = Vec::new();
    for (draft, tag, fate) in fates {
        if fate.goes() && apply {
            remote.forge.delete_release(draft.id)?;
        }
        let word = match (fate.goes(), apply) {
            (true, true) => "deleted",
            (true, false) => "can go",
            (false, _) => "stays",
        };
        rows.push((draft, tag, word, fate.why()));
    }
    let text: Vec<String> = rows
        .iter()
        .map(|(draft, tag, word, why)| format!("{word:7}  {}: {why}", shown(draft, tag)))
        .collect();
    let objects: Vec<_> = rows
        .iter()
        .map(|(draft, tag, word, why)| json!({ "draft": draft.id, "tag": tag, "title": draft.title, "author": draft.author, "outcome": word, "reason": why }))
        .collect();
    let text = if text.is_empty() {
        "there are no drafts of Lockgate".to_owned()
    } else {
        text.join("\n")
    };
    context.reporter.result(
        "retain",
        &text,
        json!({ "applied": apply, "drafts": objects }),
    );
    Ok(())
}

/// Formats a draft with its title and author, so that the user can decide whether to delete it.
fn shown(draft: &Draft, tag: &Tag) -> String {
    format!(
        "draft {} of {tag}, {} by {}",
        draft.id,
        quoted(&draft.title),
        draft.author
    )
}

/// Asks at a terminal. Without a terminal, only drafts that Lockgate wrote are deleted.
fn agreed(
    context: &Context,
    args: &cli::Cleanup,
    fates: &[(&Draft, Tag, cleanup::Fate)],
    going: usize,
) -> bool {
    if args.yes || !context.reporter.is_asked() {
        return true;
    }
    for (draft, tag, _) in fates.iter().filter(|(_, _, fate)| fate.goes()) {
        context.reporter.say(&shown(draft, tag));
    }
    let answer = context
        .reporter
        .ask(&format!("delete {going} of these? (yes, no)"), Some("no"));
    answer.is_some_and(|answer| answer == "yes" || answer == "y")
}
