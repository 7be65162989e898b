//! Formats the state of the fake GitHub and the output of commands for a transcript. Changes nothing.

use lockgate_forge_embedded::state::people::Actor;
use lockgate_forge_embedded::{CommitId, PullNumber};

use super::fixture::{Fixture, StepResult};
use crate::exit::Failure;

/// Formats the newest status of each context on the head.
pub(super) fn statuses(fixture: &Fixture, pull: u64) -> Result<String, Failure> {
    let head = fixture.head(pull)?;
    let lines = fixture.forge.look(|state| {
        let Some(commit) = CommitId::parse(&head) else {
            return Vec::new();
        };
        let mut newest = std::collections::BTreeMap::new();
        state.statuses(&commit).iter().rev().for_each(|status| {
            newest.insert(
                status.context.clone(),
                format!(
                    "{}: {} ({})",
                    status.context,
                    status.verdict.name(),
                    status.description.clone().unwrap_or_default()
                ),
            );
        });
        newest.into_values().collect()
    });
    Ok(if lines.is_empty() {
        "no status".to_owned()
    } else {
        lines.join("\n")
    })
}

/// Formats every comment.
pub(super) fn comments(fixture: &Fixture, pull: u64) -> String {
    let all = fixture.forge.look(|state| {
        state
            .comments(PullNumber(pull))
            .map(|all| all.iter().map(|c| c.body.clone()).collect::<Vec<_>>())
            .unwrap_or_default()
    });
    if all.is_empty() {
        "no comment".to_owned()
    } else {
        all.join("\n---\n")
    }
}

/// Formats all releases as seen with write access.
pub(super) fn releases(fixture: &Fixture) -> String {
    let lines = fixture.forge.look(|state| {
        let Some(writer) = state.holder("maintainer-token") else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for release in state.releases(&writer).into_iter().rev() {
            let kind = if release.draft { "draft" } else { "published" };
            lines.push(format!(
                "{} {kind}: {}",
                release.tag_name,
                release.name.clone().unwrap_or_default()
            ));
            for asset in state.assets(&writer, release.id).unwrap_or_default() {
                lines.push(match &asset.blob {
                    Some(_) => format!("  {}", asset.name),
                    None => format!("  {} (starter)", asset.name),
                });
            }
        }
        lines
    });
    let seen_by_all = fixture
        .forge
        .look(|state| state.releases(&Actor::Anonymous).len());
    format!(
        "{}\nthe public sees {seen_by_all}",
        if lines.is_empty() {
            "none".to_owned()
        } else {
            lines.join("\n")
        }
    )
}

/// Formats the output of commands: with `brief`, without messages and local paths.
pub(super) fn reported(all: &[StepResult], brief: bool) -> String {
    let mut text = String::new();
    for did in all {
        if brief {
            let command: Vec<&str> = did.command.split(" --").take(1).collect();
            text += &format!("$ {}\n", command.join(""));
        }
        if !brief || did.ended.code != Some(0) {
            let reporter = did
                .ended
                .stderr
                .lines()
                .filter(|line| !line.starts_with("::"));
            let reporter: Vec<&str> = if brief {
                failure(reporter)
            } else {
                reporter.collect()
            };
            reporter
                .into_iter()
                .for_each(|line| text += &format!("| {line}\n"));
        }
        // A whole comment would make every transcript change with its layout: `show comment` prints it where it
        // matters.
        if brief && did.command.starts_with("lockgate report") && did.ended.code == Some(0) {
            continue;
        }
        text += &did.ended.stdout;
        if !did.ended.stdout.is_empty() && !did.ended.stdout.ends_with('\n') {
            text.push('\n');
        }
        if !brief || did.ended.code != Some(0) {
            text += &exit(did.ended.code);
        }
    }
    text
}

/// Returns the lines of the failure, without the messages before it.
fn failure<'t>(reporter: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let words = [
        "refused (",
        "waiting (",
        "error (",
        "wrong bytes (",
        "not published (",
        "usage (",
    ];
    reporter
        .skip_while(|line| !words.iter().any(|word| line.starts_with(word)))
        .collect()
}

/// Describes how a command ended, in one line.
pub(super) fn exit(code: Option<i32>) -> String {
    code.map_or_else(|| "killed\n".to_owned(), |code| format!("exit {code}\n"))
}
