//! Commit statuses: posted only if the newest one differs.

use lockgate_core::gate::Status;
use lockgate_core::{CommitId, PackageName, PullNumber};
use lockgate_forge::Forge as _;

use crate::exit::Failure;
use crate::observe::remote::Remote;

/// One posted status.
pub struct Posted {
    /// The pull request, if it is the status of one's head.
    pub pull: Option<PullNumber>,
    /// The package.
    pub package: PackageName,
    /// The context of the status.
    pub context: String,
    /// The commit that has it.
    pub commit: CommitId,
    /// The status.
    pub status: Status,
    /// Whether it was posted now; else the newest one is the same.
    pub written: bool,
}

/// Posts a status, unless the package's newest one is the same: a commit can have only 1,000.
pub fn post(
    remote: &Remote<'_>,
    commit: &CommitId,
    name: &PackageName,
    context: &str,
    status: &Status,
    url: Option<&str>,
) -> Result<Posted, Failure> {
    let newest = remote.forge.status(commit, context)?;
    let same = newest.is_some_and(|posted| {
        posted.state == status.state.as_str() && posted.description == status.description
    });
    if !same {
        remote.forge.post_status(commit, context, status, url)?;
    }
    Ok(Posted {
        pull: None,
        package: name.clone(),
        context: context.to_owned(),
        commit: commit.clone(),
        status: status.clone(),
        written: !same,
    })
}
