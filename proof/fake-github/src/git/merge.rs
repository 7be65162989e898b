//! Merges in a bare repository, with plumbing commands only: no index, no working tree, no refs.
//!
//! `merge-tree --write-tree` makes the tree, `commit-tree` the commit. A rebase picks each commit by merging it with a
//! stand-in: a commit that has the new tree and the old parent, so that the parent is the merge base.

use super::GitRepository;
use super::command::failed;
use crate::ids::CommitId;
use crate::repository::{Merge, MergeMethod, Repository as _, RepositoryError, Signature};

impl GitRepository {
    /// Returns the commit of a merge, or `None` for a conflict.
    pub(super) fn merged(&self, order: &Merge) -> Result<Option<CommitId>, RepositoryError> {
        let (base, head) = (&order.base, &order.head);
        if self.merge_base(base, head)?.is_none() {
            return Ok(None);
        }
        if order.method == MergeMethod::Rebase {
            return self.rebased(order);
        }
        let Some(tree) = self.merged_tree(base, head)? else {
            return Ok(None);
        };
        let mut new = NewCommit {
            tree,
            parents: vec![base.clone()],
            author: order.by.clone(),
            committer: order.by.clone(),
            message: order.message.clone(),
        };
        if order.method == MergeMethod::Merge {
            new.parents.push(head.clone());
        } else if let Some(commit) = self.commit(head)? {
            new.author = commit.author;
        }
        self.write_commit(&new).map(Some)
    }

    fn rebased(&self, order: &Merge) -> Result<Option<CommitId>, RepositoryError> {
        let mut tip = order.base.clone();
        for id in self.commits_between(&order.base, &order.head)? {
            let Some(commit) = self.commit(&id)?.filter(|commit| commit.parents.len() == 1) else {
                continue;
            };
            let mut new = NewCommit {
                tree: self.tree_of(&tip)?,
                parents: commit.parents,
                author: commit.author,
                committer: order.by.clone(),
                message: commit.message,
            };
            let stand_in = self.write_commit(&new)?;
            let Some(tree) = self.merged_tree(&stand_in, &id)? else {
                return Ok(None);
            };
            if tree == new.tree {
                continue; // the base already has this change
            }
            new.tree = tree;
            new.parents = vec![tip];
            tip = self.write_commit(&new)?;
        }
        Ok(Some(tip))
    }

    fn tree_of(&self, id: &CommitId) -> Result<String, RepositoryError> {
        let commit = self.commit(id)?.ok_or_else(|| RepositoryError {
            operation: format!("reading commit {id}"),
            detail: "it is not there".into(),
        })?;
        Ok(commit.tree)
    }

    fn merged_tree(
        &self,
        ours: &CommitId,
        theirs: &CommitId,
    ) -> Result<Option<String>, RepositoryError> {
        let args = [
            "merge-tree",
            "--write-tree",
            "--no-messages",
            ours.as_str(),
            theirs.as_str(),
        ];
        let output = self.run(&args, None, &[])?;
        match output.status.code() {
            Some(0) => {}
            Some(1) => return Ok(None),
            Some(_) | None => return Err(failed(&args, &output)),
        }
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().next().map(str::to_owned))
    }

    fn write_commit(&self, new: &NewCommit) -> Result<CommitId, RepositoryError> {
        let mut args = vec!["commit-tree", "-F", "-"];
        for parent in &new.parents {
            args.extend(["-p", parent.as_str()]);
        }
        args.push(&new.tree);
        let date = |signature: &Signature| format!("@{} +0000", signature.at);
        let (authored, committed) = (date(&new.author), date(&new.committer));
        let variables = [
            ("GIT_AUTHOR_NAME", new.author.name.as_str()),
            ("GIT_AUTHOR_EMAIL", new.author.email.as_str()),
            ("GIT_AUTHOR_DATE", authored.as_str()),
            ("GIT_COMMITTER_NAME", new.committer.name.as_str()),
            ("GIT_COMMITTER_EMAIL", new.committer.email.as_str()),
            ("GIT_COMMITTER_DATE", committed.as_str()),
        ];
        let output = self.run(&args, Some(new.message.as_bytes()), &variables)?;
        let text = String::from_utf8_lossy(&output.stdout);
        CommitId::parse(text.trim()).ok_or_else(|| failed(&args, &output))
    }
}

struct NewCommit {
    tree: String,
    parents: Vec<CommitId>,
    author: Signature,
    committer: Signature,
    message: String,
}
