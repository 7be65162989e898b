//! `lockgate cleanup`: lists or deletes the drafts that interrupted promotions left.

use lockgate_core::cleanup::{self, Draft, Fate};
use lockgate_core::escape::quoted;
use lockgate_core::{ReleaseId, Tag};
use lockgate_forge::Forge as _;
use serde::Serialize;

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
                .map_or_else(|| "an unknown author".to_owned(), |it| it.to_string()),
            files: release.assets.into_iter().map(|asset| asset.name).collect(),
        })
        .collect();
    let refs = remote.refs()?;
    let published = |tag: &Tag| refs.contains_key(&format!("refs/tags/{tag}"));
    let fates = cleanup::decide(&packages, &drafts, published, args.open);
    let going = fates.iter().filter(|(_, _, fate)| fate.goes()).count();
    let apply = args.apply && (going == 0 || agreed(context, args, &fates, going));
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for (draft, tag, fate) in fates {
        if fate.goes() && apply {
            remote.forge.delete_release(draft.id)?;
        }
        let (word, outcome) = match (fate.goes(), apply) {
            (true, true) => ("deleted", Outcome::Deleted),
            (true, false) => ("can go", Outcome::Deletable),
            (false, _) => ("stays", Outcome::Kept),
        };
        lines.push(format!("{word:7}  {}: {}", shown(draft, &tag), fate.why()));
        rows.push(Row {
            draft: draft.id,
            tag,
            title: &draft.title,
            author: &draft.author,
            outcome,
            published: fate == Fate::Lost,
        });
    }
    if lines.is_empty() {
        lines.push("there are no drafts of Lockgate".to_owned());
    }
    let drafts = Drafts {
        applied: apply,
        drafts: rows,
    };
    context.reporter.result(&lines.join("\n"), &drafts);
    Ok(())
}

#[derive(Serialize)]
struct Drafts<'a> {
    applied: bool,
    drafts: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    draft: ReleaseId,
    tag: Tag,
    title: &'a str,
    author: &'a str,
    outcome: Outcome,
    /// Whether the version is published.
    published: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Deleted,
    Deletable,
    Kept,
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
    fates: &[(&Draft, Tag, Fate)],
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
