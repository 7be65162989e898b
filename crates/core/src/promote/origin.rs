//! Determines who published a release. A receipt is text, and any writer can publish one that claims a promotion; so the account that
//! published counts, and where every workflow uses that account, the promotion's run must have kept the receipt.

use super::{ArtifactFacts, RunFacts};
use crate::ids::{BranchName, Login, RepositoryId};

/// The account that publishes with a workflow's own token, whichever workflow it is.
pub const WORKFLOWS: &str = "github-actions[bot]";
/// The event that starts a promotion.
const DISPATCH: &str = "workflow_dispatch";

/// The account that published a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// The App that Lockgate signs in as: no other client can.
    App,
    /// A workflow's token. Any writer can run a workflow.
    Workflow,
    /// The person named in the receipt. GitHub knows whether they may promote.
    Promoter(Login),
    /// Another App, which the promotions may sign in as, though this process does not.
    OtherApp(Login),
    /// Any other account, with a description.
    Foreign(String),
}

/// Classifies the author of a release. `app` is the App that this process is signed in as: then only the App publishes.
pub fn author(author: Option<&Login>, promoter: &Login, app: Option<&Login>) -> Author {
    match (author, app) {
        (None, _) => Author::Foreign("the forge does not say who published it".to_owned()),
        (Some(author), Some(app)) if author == app => Author::App,
        (Some(author), Some(app)) => {
            Author::Foreign(format!("{author} published it, and not {app}"))
        }
        (Some(author), None) if author.as_str() == WORKFLOWS => Author::Workflow,
        (Some(author), None) if author.as_str().ends_with("[bot]") => {
            Author::OtherApp(author.clone())
        }
        (Some(author), None) if author == promoter => Author::Promoter(author.clone()),
        (Some(author), None) => Author::Foreign(format!(
            "{author} published it, and its receipt names {promoter}"
        )),
    }
}

/// Returns whether a run is a promotion: a run of the promotion's workflow, started manually, on the default branch of this
/// repository, whose file cannot change without a review.
pub fn is_promotion(
    run: &RunFacts,
    workflow_path: &str,
    default: &BranchName,
    repository: RepositoryId,
) -> bool {
    run.workflow_path == workflow_path
        && run.event == DISPATCH
        && run.head_branch.as_deref() == Some(default.as_str())
        && run.head_repository == Some(repository)
}

/// Returns whether an artifact can be a promotion's, by the run's data in the list of artifacts. Any workflow of a branch can upload
/// any number of artifacts with the same name: those are not worth a call.
pub fn may_be_of_promotion(
    artifact: &ArtifactFacts,
    default: &BranchName,
    repository: RepositoryId,
) -> bool {
    artifact.head_repository == Some(repository)
        && artifact.head_branch.as_deref() == Some(default.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::RunOutcome;
    use super::*;
    use crate::ids::{ArtifactId, Attempt, RunId, WorkflowId};

    fn login(name: &str) -> Login {
        name.parse().unwrap()
    }

    #[test]
    fn only_the_app_publishes_where_there_is_one_and_else_the_promoter_or_a_workflow() {
        let of = |name: &str, app: Option<&str>| {
            author(Some(&login(name)), &login("mia"), app.map(login).as_ref())
        };
        assert_eq!(of("lockgate[bot]", Some("lockgate[bot]")), Author::App);
        for other in ["github-actions[bot]", "mia", "dev", "other[bot]"] {
            assert!(
                matches!(of(other, Some("lockgate[bot]")), Author::Foreign(_)),
                "{other}"
            );
        }
        assert_eq!(of("github-actions[bot]", None), Author::Workflow);
        assert_eq!(of("mia", None), Author::Promoter(login("mia")));
        assert_eq!(
            of("other[bot]", None),
            Author::OtherApp(login("other[bot]"))
        );
        assert!(matches!(of("dev", None), Author::Foreign(_)));
        assert!(matches!(
            author(None, &login("mia"), None),
            Author::Foreign(_)
        ));
    }

    #[test]
    fn an_artifact_of_another_branch_or_repository_is_not_looked_into() {
        let of = |repository, branch: Option<&str>| {
            let artifact = ArtifactFacts {
                id: ArtifactId(1),
                name: "receipt".to_owned(),
                size: 1,
                sha256: None,
                expired: false,
                run: Some(RunId(1)),
                head_repository: repository,
                head_branch: branch.map(str::to_owned),
                head: None,
            };
            may_be_of_promotion(&artifact, &"main".parse().unwrap(), RepositoryId(42))
        };
        assert!(of(Some(RepositoryId(42)), Some("main")));
        assert!(!of(Some(RepositoryId(42)), Some("mine")));
        assert!(!of(Some(RepositoryId(4242)), Some("main")));
        assert!(!of(None, Some("main")) && !of(Some(RepositoryId(42)), None));
    }

    #[test]
    fn a_run_is_a_promotion_only_if_all_of_it_is_right() {
        let run = || RunFacts {
            id: RunId(1),
            attempt: Attempt(1),
            outcome: RunOutcome::Running,
            event: "workflow_dispatch".to_owned(),
            head: "a".repeat(40).parse().unwrap(),
            head_branch: Some("main".to_owned()),
            head_repository: Some(RepositoryId(42)),
            created: None,
            workflow_id: WorkflowId(3),
            workflow_path: ".github/workflows/promote-tool.yml".to_owned(),
        };
        let is = |run: &RunFacts| {
            let path = ".github/workflows/promote-tool.yml";
            is_promotion(run, path, &"main".parse().unwrap(), RepositoryId(42))
        };
        assert!(is(&run()));
        let changes: [fn(&mut RunFacts); 4] = [
            |run| run.event = "push".to_owned(),
            |run| run.head_branch = Some("mine".to_owned()),
            |run| run.head_repository = Some(RepositoryId(4242)),
            |run| run.workflow_path = ".github/workflows/mine.yml".to_owned(),
        ];
        for (row, change) in changes.iter().enumerate() {
            let mut run = run();
            change(&mut run);
            assert!(!is(&run), "row {row}");
        }
    }
}
