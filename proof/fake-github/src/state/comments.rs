//! Comments on pull requests: created with any suitable token, edited by their authors and by accounts with write
//! access.

use serde::{Deserialize, Serialize};

use super::State;
use super::people::{Actor, Role};
use super::refusal::{MissingPermission, Refusal};
use crate::ids::{CommentId, PullNumber};

/// The most characters of a comment.
const BODY_LIMIT: usize = 65_536;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The id.
    pub id: CommentId,
    /// The pull request.
    pub pull: PullNumber,
    /// The login of its author.
    pub author: String,
    /// The text, in Markdown.
    pub body: String,
    /// The time of its creation.
    pub created_at: i64,
    /// The time of the last change.
    pub updated_at: i64,
}

impl State {
    /// Returns the comments on a pull request, oldest first.
    pub fn comments(&self, pull: PullNumber) -> Result<Vec<&Comment>, Refusal> {
        self.pull(pull)?;
        Ok(self
            .comments
            .values()
            .filter(|comment| comment.pull == pull)
            .collect())
    }

    /// Returns one comment.
    pub fn comment(&self, id: CommentId) -> Result<&Comment, Refusal> {
        self.comments.get(&id).ok_or(Refusal::NotFound)
    }

    /// Comments on a pull request.
    pub fn create_comment(
        &mut self,
        actor: &Actor,
        now: i64,
        pull: PullNumber,
        body: &str,
    ) -> Result<&Comment, Refusal> {
        let author = actor.signed_in()?.to_owned();
        if actor.is_bot() {
            actor.with(Role::Write)?;
        }
        self.pull(pull)?;
        check_body(body)?;
        let id = CommentId(self.allocate());
        let comment = Comment {
            id,
            pull,
            author,
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
        };
        Ok(self.comments.entry(id).or_insert(comment))
    }

    /// Changes a comment.
    pub fn edit_comment(
        &mut self,
        actor: &Actor,
        now: i64,
        id: CommentId,
        body: &str,
    ) -> Result<&Comment, Refusal> {
        self.check_own(actor, id)?;
        check_body(body)?;
        let comment = self.comments.get_mut(&id).ok_or(Refusal::NotFound)?;
        comment.body = body.to_owned();
        comment.updated_at = now;
        Ok(comment)
    }

    /// Deletes a comment.
    pub fn delete_comment(&mut self, actor: &Actor, id: CommentId) -> Result<(), Refusal> {
        self.check_own(actor, id)?;
        self.comments.remove(&id);
        Ok(())
    }

    fn check_own(&self, actor: &Actor, id: CommentId) -> Result<(), Refusal> {
        let login = actor.signed_in()?;
        let comment = self.comment(id)?;
        match () {
            () if actor.may_write() => Ok(()),
            () if actor.is_bot() => Err(Refusal::Forbidden(MissingPermission::Integration)),
            () if comment.author == login => Ok(()),
            () => Err(Refusal::Forbidden(MissingPermission::Push)),
        }
    }
}

fn check_body(body: &str) -> Result<(), Refusal> {
    if body.trim().is_empty() {
        return Err(Refusal::missing("IssueComment", "body"));
    }
    if body.chars().count() > BODY_LIMIT {
        let message = format!("body is too long (maximum is {BODY_LIMIT} characters)");
        return Err(Refusal::custom("IssueComment", "body", message));
    }
    Ok(())
}
