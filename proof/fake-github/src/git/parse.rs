//! Parses the output of `git`. Runs no processes.

use std::collections::BTreeMap;

use crate::ids::CommitId;
use crate::repository::{Change, ChangeKind, Commit, Reference, Signature, TreeEntry};

/// Parses a line of `for-each-ref`: the ref, and the commit that it resolves to.
pub(super) fn reference(line: &str) -> Option<(Reference, String)> {
    let mut fields = line.split('\0');
    let (name, object) = (fields.next()?, fields.next()?);
    let (kind, peeled) = (fields.next()?, fields.next()?);
    let commit = if peeled.is_empty() { object } else { peeled };
    let reference = Reference {
        name: name.to_owned(),
        object: object.to_owned(),
        annotated: kind == "tag",
    };
    Some((reference, commit.to_owned()))
}

/// Parses a commit object: headers, an empty line, the message.
pub(super) fn commit(id: &CommitId, text: &str) -> Option<Commit> {
    let (headers, message) = text.split_once("\n\n").unwrap_or((text, ""));
    let values = |name: &'static str| {
        let lines = headers.lines().filter_map(|line| line.split_once(' '));
        lines
            .filter(move |(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    Some(Commit {
        id: id.clone(),
        tree: values("tree").next()?.to_owned(),
        parents: values("parent").filter_map(CommitId::parse).collect(),
        author: signature(values("author").next()?)?,
        committer: signature(values("committer").next()?)?,
        message: message.to_owned(),
    })
}

/// Parses `Name <mail> seconds zone`.
fn signature(text: &str) -> Option<Signature> {
    let (name, rest) = text
        .split_once(" <")
        .or_else(|| Some(("", text.strip_prefix('<')?)))?;
    let (email, when) = rest.split_once("> ")?;
    Some(Signature {
        name: name.to_owned(),
        email: email.to_owned(),
        at: when.split(' ').next()?.parse().ok()?,
    })
}

/// Parses `ls-tree -z -l`: `mode kind id size TAB path`.
pub(super) fn entries(text: &str) -> Vec<TreeEntry> {
    let entry = |line: &str| {
        let (facts, path) = line.split_once('\t')?;
        let mut facts = facts.split_ascii_whitespace();
        Some(TreeEntry {
            path: path.to_owned(),
            mode: facts.next()?.to_owned(),
            kind: facts.next()?.to_owned(),
            id: facts.next()?.to_owned(),
            size: facts.next()?.parse().ok(),
        })
    };
    text.split('\0').filter_map(entry).collect()
}

/// Parses `diff-tree -z --raw --numstat`: first the raw lines, then the counted ones.
pub(super) fn changes(text: &str) -> Vec<Change> {
    let mut fields = text.split('\0').filter(|field| !field.is_empty());
    let mut changes = Vec::new();
    let mut counts = BTreeMap::new();
    while let Some(field) = fields.next() {
        if let Some(raw) = field.strip_prefix(':') {
            changes.extend(fields.next().and_then(|path| change(raw, path)));
        } else if let Some((added, removed, path)) = counted(field) {
            counts.insert(path, (added, removed));
        }
    }
    for change in &mut changes {
        if let Some((added, removed)) = counts.get(change.path.as_str()) {
            (change.additions, change.deletions) = (*added, *removed);
        }
    }
    changes
}

/// Parses `oldmode newmode oldid newid letter`.
fn change(raw: &str, path: &str) -> Option<Change> {
    let fields: Vec<&str> = raw.split(' ').collect();
    let (old, new, letter) = (*fields.get(2)?, *fields.get(3)?, *fields.get(4)?);
    let (kind, blob) = match letter {
        "A" => (ChangeKind::Added, new),
        "D" => (ChangeKind::Removed, old),
        _ => (ChangeKind::Modified, new),
    };
    Some(Change {
        path: path.to_owned(),
        kind,
        blob: blob.to_owned(),
        additions: 0,
        deletions: 0,
    })
}

/// Parses `added TAB removed TAB path`, with `-` for both numbers of a binary file.
fn counted(field: &str) -> Option<(u64, u64, &str)> {
    let mut parts = field.splitn(3, '\t');
    let (added, removed) = (parts.next()?, parts.next()?);
    Some((
        added.parse().unwrap_or(0),
        removed.parse().unwrap_or(0),
        parts.next()?,
    ))
}
