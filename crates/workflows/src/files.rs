//! The workflow files of a config: the expected content, given the present one, and the difference between the two.

use std::collections::BTreeSet;

use lockgate_core::config::{Config, Package};
use similar::TextDiff;

use crate::actions::Pins;
use crate::custom_blocks::{CustomBlockError, CustomBlocks};
use crate::steps::{MARK, Settings};
use crate::workflow::Workflow;
use crate::yaml::write;
use crate::{build, gate, promote};

/// One workflow file, with its expected content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path from the root of the repository.
    pub path: String,
    /// The expected content.
    pub text: String,
    /// The present content; `None` if the file does not exist.
    pub now: Option<String>,
    /// The user's own content that would be lost by writing the file.
    pub lost: Option<Lost>,
}

/// The user's own content that would be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// The whole file: Lockgate did not write it.
    NotOurs,
    /// The custom blocks cannot be read.
    Unreadable(CustomBlockError),
    /// The custom blocks that the new file does not have.
    Blocks(Vec<String>),
}

impl File {
    /// Returns whether the present content is the expected one.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.now.as_deref() == Some(self.text.as_str())
    }

    /// Returns a unified diff from the present content to the expected one.
    pub fn diff(&self) -> String {
        diff(&self.path, self.now.as_deref(), Some(&self.text))
    }
}

/// Returns whether Lockgate wrote a file.
#[must_use]
pub fn is_ours(text: &str) -> bool {
    text.starts_with(MARK)
}

/// Returns the files of every package, given the present ones.
#[must_use]
pub fn of(config: &Config, now: &dyn Fn(&str) -> Option<String>) -> Vec<File> {
    let packages = config.packages.values();
    packages
        .flat_map(|package| of_package(config, package, now))
        .collect()
}

/// Returns the paths of a config's files.
pub fn paths(config: &Config) -> BTreeSet<String> {
    let packages = config.packages.values();
    packages
        .flat_map(|package| kinds(package).map(|(path, _)| path))
        .collect()
}

type Writer = fn(&Settings<'_>) -> Workflow;

fn kinds(package: &Package) -> [(String, Writer); 3] {
    [
        (package.build_workflow(), build::workflow),
        (package.gate_workflow(), gate::workflow),
        (package.promote_workflow(), promote::workflow),
    ]
}

fn of_package(
    config: &Config,
    package: &Package,
    now: &dyn Fn(&str) -> Option<String>,
) -> Vec<File> {
    let file = |(path, workflow): (String, Writer)| {
        let now = now(&path);
        // Carriage returns, as in a checkout on Windows, are not a difference.
        let plain = now.as_ref().map(|text| text.replace("\r\n", "\n"));
        let read = plain.as_deref().map(CustomBlocks::read);
        let pins = plain.as_deref().map(Pins::of).unwrap_or_default();
        let settings = Settings {
            package,
            workflows: &config.workflows,
            alone: config.packages.len() == 1,
            pins: &pins,
        };
        let workflow = workflow(&settings);
        let (added, broken) = match read {
            Some(Ok(added)) => (added, None),
            Some(Err(error)) => (CustomBlocks::default(), Some(error)),
            None => (CustomBlocks::default(), None),
        };
        let text = print(&workflow, &added);
        let lost = match (&plain, broken) {
            (Some(now), _) if !is_ours(now) => Some(Lost::NotOurs),
            (_, Some(error)) => Some(Lost::Unreadable(error)),
            _ => lost_blocks(&added, &text),
        };
        let now = match plain {
            Some(plain) if plain == text => Some(plain),
            _ => now,
        };
        File {
            path,
            text,
            now,
            lost,
        }
    };
    kinds(package).map(file).into()
}

fn lost_blocks(added: &CustomBlocks, text: &str) -> Option<Lost> {
    let kept = CustomBlocks::read(text).unwrap_or_default();
    let kept: BTreeSet<&str> = kept.names().collect();
    let lost: Vec<String> = added
        .names()
        .filter(|name| !kept.contains(name))
        .map(ToOwned::to_owned)
        .collect();
    (!lost.is_empty()).then_some(Lost::Blocks(lost))
}

/// Returns the text of a workflow.
pub fn print(workflow: &Workflow, added: &CustomBlocks) -> String {
    let mut text = String::new();
    for line in &workflow.about {
        text.push_str(line);
        text.push('\n');
    }
    text + &write::document(&workflow.table(), added)
}

/// Returns a unified diff; a missing file is `/dev/null`, as in git.
#[must_use]
pub fn diff(path: &str, old: Option<&str>, new: Option<&str>) -> String {
    let name = |side: &str, text: Option<&str>| match text {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default())
        .unified_diff()
        .context_radius(3)
        .header(&name("a", old), &name("b", new))
        .to_string()
}
