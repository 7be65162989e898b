//! Checks for users, pull requests, comments and statuses.

use lockgate_core::promote::PullState;
use lockgate_core::{BranchName, Login, PullNumber, Role, gate};

use super::{Broken, Check, Outcome, Who, World, holds, present, refused, same, word};
use crate::{ErrorKind, Pull};

pub(super) const CHECKS: &[Check] = &[
    (
        "a token belongs to a person, the one of workflows to nobody",
        tokens,
    ),
    ("a role is told apart from the one below it", roles),
    (
        "a pull request tells its head, its base and its repository",
        one_pull,
    ),
    ("a pull request is open, then merged or closed", pull_states),
    (
        "pull requests are found by their branch while they are open or merged",
        pulls_of_a_branch,
    ),
    (
        "only open pull requests into the branch are listed",
        open_pulls,
    ),
    ("a comment is replaced in place", replaced_comment),
    (
        "a hundred and twenty comments all come back, oldest first",
        many_comments,
    ),
    (
        "the newest status of a context counts, without case",
        statuses,
    ),
    ("a status needs a right", status_rights),
];

fn tokens(world: &dyn World) -> Outcome {
    let (maintainer, developer) = (
        world.forge_as(Who::Maintainer).viewer()?,
        world.forge_as(Who::Developer).viewer()?,
    );
    holds("that two people have two names", maintainer != developer)?;
    refused(
        "the name of the automation",
        world.forge_as(Who::Automation).viewer(),
        &[ErrorKind::Denied],
    )?;
    refused(
        "the name of nobody",
        world.forge_as(Who::Anonymous).viewer(),
        &[ErrorKind::Denied],
    )
}

fn roles(world: &dyn World) -> Outcome {
    let forge = world.forge_as(Who::Automation);
    let role = |who| -> Result<Role, Broken> { Ok(forge.role(&world.forge_as(who).viewer()?)?) };
    same(
        "the maintainer's role",
        role(Who::Maintainer)?,
        Role::Maintain,
    )?;
    same("the developer's role", role(Who::Developer)?, Role::Write)?;
    let nobody: Login = word("nobody-has-this-name")?;
    match forge.role(&nobody) {
        Ok(role) => holds("that somebody unknown may not promote", !role.may_promote()),
        other => refused(
            "the role of somebody unknown",
            other,
            &[ErrorKind::NotFound],
        ),
    }
}

fn one_pull(world: &dyn World) -> Outcome {
    let opened = world.open_pull("bump");
    let forge = world.forge_as(Who::Automation);
    let (repository, pull) = (forge.repository()?, forge.pull(opened.number)?);
    same("the repository", pull.repository, repository.clone())?;
    same("the number", pull.facts.number, opened.number)?;
    same("the head", pull.facts.head, opened.head)?;
    same(
        "the head's repository",
        pull.facts.head_repository,
        Some(repository.id),
    )?;
    same("the head's branch", pull.facts.head_branch.as_str(), "bump")?;
    same("the base", pull.facts.base, repository.default_branch)?;
    refused(
        "a pull request that is not there",
        forge.pull(PullNumber(987_654)),
        &[ErrorKind::NotFound],
    )
}

fn pull_states(world: &dyn World) -> Outcome {
    let (merged, closed) = (
        world.open_pull("merged").number,
        world.open_pull("closed").number,
    );
    let forge = world.forge_as(Who::Anonymous);
    let state = |number| forge.pull(number).map(|pull| pull.facts.state);
    same(
        "the states",
        (state(merged)?, state(closed)?),
        (PullState::Open, PullState::Open),
    )?;
    world.merge(merged);
    world.close(closed);
    same(
        "the states",
        (state(merged)?, state(closed)?),
        (PullState::Merged, PullState::Closed),
    )
}

fn pulls_of_a_branch(world: &dyn World) -> Outcome {
    let (open, merged, closed) = (
        world.open_pull("open").number,
        world.open_pull("merged").number,
        world.open_pull("closed").number,
    );
    world.merge(merged);
    world.close(closed);
    let forge = world.forge_as(Who::Automation);
    let owner = forge.repository()?.name.owner().to_owned();
    let found = |owner: &str, branch: &str| -> Result<Vec<PullNumber>, Broken> {
        let branch: BranchName = word(branch)?;
        Ok(numbers(&forge.pulls_from(owner, &branch)?))
    };
    same(
        "from the open one's branch",
        found(&owner, "open")?,
        vec![open],
    )?;
    same(
        "from the merged one's branch",
        found(&owner, "merged")?,
        vec![merged],
    )?;
    same(
        "from the closed one's branch",
        found(&owner, "closed")?,
        vec![],
    )?;
    same(
        "from somebody else's branch of that name",
        found("somebody-else", "open")?,
        vec![],
    )
}

fn open_pulls(world: &dyn World) -> Outcome {
    let (open, closed) = (
        world.open_pull("open").number,
        world.open_pull("closed").number,
    );
    world.close(closed);
    let forge = world.forge_as(Who::Automation);
    let base = forge.repository()?.default_branch;
    same(
        "into the default branch",
        numbers(&forge.open_pulls(&base)?),
        vec![open],
    )?;
    same(
        "into another branch",
        numbers(&forge.open_pulls(&word("other")?)?),
        vec![],
    )
}

fn numbers(pulls: &[Pull]) -> Vec<PullNumber> {
    pulls.iter().map(|pull| pull.facts.number).collect()
}

fn replaced_comment(world: &dyn World) -> Outcome {
    let pull = world.open_pull("bump").number;
    let forge = world.forge_as(Who::Automation);
    let first = forge.create_comment(pull, "first")?;
    world
        .forge_as(Who::Developer)
        .create_comment(pull, "between")?;
    let text = "second\n\n| a | b |\n| --- | --- |\n| ü | 🚦 |\n";
    same(
        "the number",
        forge.update_comment(first.id, text)?.id,
        first.id,
    )?;
    let comments = world.forge_as(Who::Anonymous).comments(pull)?;
    let found: Vec<_> = comments
        .iter()
        .map(|comment| (comment.id == first.id, comment.body.trim_end()))
        .collect();
    same(
        "the comments",
        found,
        vec![(true, text.trim_end()), (false, "between")],
    )?;
    let author = present(
        "the comment",
        comments.into_iter().find(|comment| comment.id == first.id),
    )?
    .author;
    same("the author", author.is_some(), true)?;
    refused(
        "a comment by nobody",
        world.forge_as(Who::Anonymous).create_comment(pull, "x"),
        &[ErrorKind::Denied, ErrorKind::NotFound],
    )
}

fn many_comments(world: &dyn World) -> Outcome {
    let pull = world.open_pull("bump").number;
    let forge = world.forge_as(Who::Automation);
    let expected: Vec<_> = (0..120).map(|number| format!("comment {number}")).collect();
    for text in &expected {
        forge.create_comment(pull, text)?;
    }
    let found: Vec<_> = forge
        .comments(pull)?
        .into_iter()
        .map(|comment| comment.body)
        .collect();
    same("the comments", found, expected)
}

fn posted(state: gate::StatusState, description: &str) -> gate::Status {
    gate::Status {
        state,
        code: "test",
        description: description.into(),
    }
}

fn statuses(world: &dyn World) -> Outcome {
    let head = world.open_pull("bump").head;
    let forge = world.forge_as(Who::Automation);
    same("no status", forge.status(&head, "lockgate/tool")?, None)?;
    forge.post_status(
        &head,
        "lockgate/tool",
        &posted(gate::StatusState::Pending, "wait"),
        None,
    )?;
    forge.post_status(
        &head,
        "LockGate/Tool",
        &posted(gate::StatusState::Success, "go"),
        Some("https://example.com/1"),
    )?;
    forge.post_status(
        &head,
        "lockgate/other",
        &posted(gate::StatusState::Failure, &"x".repeat(gate::DESCRIPTION)),
        None,
    )?;
    let found = present("the status", forge.status(&head, "lockgate/tool")?)?;
    same(
        "the status",
        (found.state.as_str(), found.description.as_str()),
        ("success", "go"),
    )?;
    let other = present("the other status", forge.status(&head, "lockgate/other")?)?;
    same(
        "the longest description",
        other.description.len(),
        gate::DESCRIPTION,
    )
}

fn status_rights(world: &dyn World) -> Outcome {
    let head = world.open_pull("bump").head;
    let status = posted(gate::StatusState::Success, "forged");
    let answer = world
        .forge_as(Who::Anonymous)
        .post_status(&head, "lockgate/tool", &status, None);
    refused(
        "a status by nobody",
        answer,
        &[ErrorKind::Denied, ErrorKind::NotFound],
    )?;
    same(
        "the status",
        world
            .forge_as(Who::Automation)
            .status(&head, "lockgate/tool")?,
        None,
    )
}
